//! `-k DIR` with the real kubectl.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;

use super::Shared;
use super::harness::ControlPlane;
use super::plugin::PLUGIN;
use super::process::{Output, run};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![shared.trial("kustomize::directories_are_rendered_by_kubectl", rendered)]
}

const FILES: [(&str, &str); 6] = [
    ("base/kustomization.yaml", "resources: [all.yaml]\n"),
    (
        "base/all.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
         template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: c, image: i}]}\n---\n\
         apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec:\n  podSelector: {matchLabels: \
         {app: web}}\n  ingress: [{ports: [{port: 80}]}]\n",
    ),
    (
        "overlay/kustomization.yaml",
        "resources: [../base]\nnamespace: shop\nnamePrefix: prod-\nbuildMetadata: [originAnnotations]\n\
         patches: [{path: patch.yaml}]\n",
    ),
    (
        "overlay/patch.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: {ingress: [{ports: \
         [{port: 81}]}]}\n",
    ),
    ("helm/kustomization.yaml", "helmCharts: [{name: a, repo: 'https://charts.example.test'}]\n"),
    ("outside/kustomization.yaml", "resources: [../base/all.yaml]\n"),
];

fn rendered(plane: &ControlPlane) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in FILES {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        fs::write(path, text).expect("a written file");
    }
    let ask = |line: &str| asked(plane, folder.path(), line);
    // The patch counts, and the name and the namespace are those of the overlay.
    let output = ask("explain internet --to shop/deploy/prod-web:81 --expect allow -k overlay");
    assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{output:#?}");
    assert!(output.stdout.contains("../base/all.yaml"), "{output:#?}");
    assert_eq!(
        ask("explain internet --to shop/deploy/prod-web:80 --expect deny -k overlay").code,
        Some(0)
    );
    assert_eq!(ask("explain internet --to deploy/web:80 --expect allow -k base").code, Some(0));
    assert_eq!(ask("diff kustomize:base kustomize:base").code, Some(0));
    // The words are kubectl's, and no flag lets more in.
    for (name, why) in [("helm", "enable-helm"), ("outside", "security; file"), ("none", "none")] {
        let output = ask(&format!("list -k {name}"));
        assert_eq!((output.code, &*output.stdout), (Some(2), ""), "{output:#?}");
        assert!(output.stderr.starts_with("error: ") && output.stderr.contains(why), "{output:#?}");
        let own = kubectl(plane, folder.path(), name);
        let (own, ours) = (own.stderr.trim(), output.stderr.trim());
        assert_eq!(ours.to_lowercase(), own.to_lowercase());
    }
}

fn asked(plane: &ControlPlane, folder: &Path, line: &str) -> Output {
    let mut command = Command::new(PLUGIN);
    let programs = plane.kubectl_path();
    command.args(line.split_whitespace()).current_dir(folder).env("HOME", folder);
    command.env("PATH", programs.parent().expect("a folder")).env("KUBECONFIG", folder.join("none"));
    run(command, None)
}

fn kubectl(plane: &ControlPlane, folder: &Path, name: &str) -> Output {
    let mut command = Command::new(plane.kubectl_path());
    command.args(["kustomize", name]).current_dir(folder).env("HOME", folder);
    run(command, None)
}
