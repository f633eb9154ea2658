//! `-k DIR`: what kubectl, or kustomize, makes of a directory; both are stand-ins here.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::run::{Ended, Folder};

const RENDERED: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
  annotations:
    config.kubernetes.io/origin: |
      path: ../base/policy.yaml
spec: {podSelector: {matchLabels: {app: web}}}
";

/// Makes a folder with programs in `bin`, each of which notes how it was called and then runs a script.
fn scene(programs: &[(&str, &str)]) -> Folder {
    let folder = Folder::of(&[("rendered.yaml", RENDERED)]);
    for (name, script) in programs {
        let path = format!("bin/{name}");
        let script = format!("#!/bin/sh\necho {name} \"$@\" KUBERC=$KUBERC >> calls\n{script}\n");
        folder.write(&path, script.as_bytes());
        fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

const PRINTS: &str = "while read -r line; do echo \"$line\"; done < /dev/stdin\n/bin/cat rendered.yaml";

fn run(folder: &Folder, arguments: &str) -> Ended {
    let mut command: Command = folder.command(arguments);
    command.env("PATH", folder.path().join("bin"));
    Ended::from(command.output().unwrap())
}

fn calls(folder: &Folder) -> String {
    fs::read_to_string(folder.path().join("calls")).unwrap_or_default()
}

#[test]
fn kubectl_renders_and_what_it_prints_is_read() {
    let folder = scene(&[("kubectl", PRINTS), ("kustomize", "exit 1")]);
    let ended = run(&folder, "explain internet --to shop/pod/web -k overlay --expect deny");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(
        ended.out.contains("(kustomize:overlay") && ended.out.contains("(../base/policy.yaml):5)"),
        "{}",
        ended.out
    );
    assert_eq!(calls(&folder), "kubectl kustomize -- overlay KUBERC=off\n");
}

#[test]
fn kustomize_renders_where_there_is_no_kubectl() {
    let folder = scene(&[("kustomize", PRINTS)]);
    let ended = run(&folder, "list -k=--enable-helm --no-headers");
    assert_eq!((ended.code, &*ended.err), (Some(0), ""));
    assert!(ended.out.contains("shop/pod/web"), "{}", ended.out);
    assert_eq!(calls(&folder), "kustomize build -- --enable-helm KUBERC=off\n");
}

#[test]
fn a_directory_to_be_rendered_stands_wherever_manifests_stand() {
    let folder = scene(&[("kubectl", PRINTS)]);
    folder.write(
        "pods.yaml",
        b"apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\n",
    );
    let deny = "explain internet --to shop/pod/web --expect deny";
    for arguments in [
        format!("{deny} -f kustomize:a"),
        format!("{deny} -f pods.yaml -k a"),
        format!("{deny} -f pods.yaml --with kustomize:a"),
    ] {
        assert_eq!(run(&folder, &arguments).code, Some(0), "{arguments}");
    }
    for arguments in [
        "diff --base pods.yaml -k a",
        "diff pods.yaml kustomize:a",
        "diff --base kustomize:a --without shop/netpol/web",
    ] {
        let ended = run(&folder, arguments);
        assert_eq!((ended.code, &*ended.err), (Some(1), ""), "{arguments}");
    }
    assert_eq!(run(&folder, "diff kustomize:a kustomize:b").code, Some(0));
}

#[test]
fn what_cannot_be_rendered_is_an_error_in_the_words_of_kubectl() {
    let said = "error: no such base: 'x'\n";
    for (programs, expected) in [
        (vec![("kubectl", "echo \"error: no such base: 'x'\" >&2; exit 1")], said),
        (vec![("kubectl", "exit 1")], "error: a: kustomize failed, and did not say why\n"),
        (vec![], "error: a: kustomize is needed, and neither kubectl nor kustomize is on the PATH\n"),
        (vec![("kubectl", "exit 0")], "error: kustomize:a: no Kubernetes object\n"),
        (vec![("kubectl", "echo 'a: ['")], "error: kustomize:a:1:4: unclosed bracket '['\n"),
    ] {
        let ended = run(&scene(&programs), "list -k a");
        assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(2), "", expected));
    }
}

#[test]
fn what_kubectl_says_beside_is_a_warning() {
    let script = format!("echo \"# Warning: 'commonLabels' is deprecated.\" >&2\n{PRINTS}");
    let ended = run(&scene(&[("kubectl", &script)]), "list -k a");
    let warning = "Warning: kustomize:a: 'commonLabels' is deprecated.\n";
    assert_eq!((ended.code, &*ended.err), (Some(0), warning));
}
