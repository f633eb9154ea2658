//! What a diff says of a live cluster, and what `default-deny` prints for it.

use std::fs;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Shared;
use super::harness::ControlPlane;
use super::plugin::{PLUGIN, ask, assert_fails};
use super::process::{Output, run};

/// Lists the trials of this file; each looks at namespaces of its own.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("diff::a_file_is_laid_over_the_cluster", overlay),
        shared.trial("diff::live_contexts_and_snapshots_are_sources", sources),
        shared.trial("diff::a_source_that_cannot_be_read_is_one_line_and_no_answer", unreadable),
        shared.trial("diff::a_namespace_that_is_being_deleted_is_there_until_it_is_gone", deleted),
        shared.trial("diff::the_base_of_a_namespace_is_what_it_says", base),
    ]
}

/// A namespace with a client and a server, of which a policy isolates the server.
fn shop(namespace: &str) -> String {
    let pod = |name: &str, ip: &str| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
            "spec": {"containers": [{"name": "main", "image": "example.test/main"}]},
            "status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}]},
        })
    };
    let namespace_object =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    let items =
        [namespace_object, pod("client", "10.1.0.1"), pod("server", "10.1.0.2"), policy(namespace, 80)];
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// A policy that lets clients into the server, on one port.
fn policy(namespace: &str, port: u16) -> Value {
    let select = |app: &str| json!({"matchLabels": {"app": app}});
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "server", "namespace": namespace},
        "spec": {
            "podSelector": select("server"),
            "ingress": [{"from": [{"podSelector": select("client")}], "ports": [{"port": port}]}],
        },
    })
}

fn file(text: &Value) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new.json");
    fs::write(&path, text.to_string()).expect("a written manifest");
    let path = path.display().to_string();
    (folder, path)
}

/// Runs a diff, which ends so; returns its answer.
#[track_caller]
fn diff(plane: &ControlPlane, args: &[&str], code: i32) -> Value {
    let (found, answer) = ends(plane, args);
    assert_eq!(found, Some(code), "{answer:#}");
    answer
}

/// Runs a diff; returns how it ended, and its answer.
#[track_caller]
fn ends(plane: &ControlPlane, args: &[&str]) -> (Option<i32>, Value) {
    let output = ask(plane, "admin", &[&["diff"], args, &["-o", "json"]].concat());
    assert_eq!(output.stderr, "", "{output:#?}");
    (output.code, serde_json::from_str(&output.stdout).expect("the plugin answers with JSON"))
}

/// Compares two sources; returns the changes inside a namespace. What is read twice may differ in
/// what other trials do meanwhile.
#[track_caller]
fn inside(plane: &ControlPlane, [old, new]: [&str; 2], namespace: &str) -> Vec<String> {
    let (code, answer) = ends(plane, &[old, new, "-n", namespace]);
    let is_empty = |list: &str| answer[list].as_array().is_some_and(Vec::is_empty);
    let differs = !is_empty("changes") || !is_empty("isolations");
    assert_eq!(code, Some(i32::from(differs)), "{answer:#}");
    changes(&answer, namespace)
}

/// Writes the changes of an answer inside a namespace.
fn changes(answer: &Value, namespace: &str) -> Vec<String> {
    let all = answer["changes"].as_array().expect("changes").iter();
    let own =
        all.filter(|own| ["source", "destination"].iter().all(|end| own[end]["namespace"] == namespace));
    let line = |own: &Value| {
        let [source, destination] = ["source", "destination"].map(|end| own[end]["name"].as_str());
        let (source, destination) = (source.expect("a name"), destination.expect("a name"));
        let cause = own["causes"][0]["cause"].as_str().unwrap_or("unknown");
        format!("{source} -> {destination}: {} {} {cause}", own["before"], own["after"])
    };
    own.map(line).collect()
}

fn overlay(plane: &ControlPlane) {
    plane.apply(&shop("overlay"));
    let (_same, same) = file(&policy("overlay", 80));
    // The server wrote defaults into its own: they are no difference.
    assert_eq!(diff(plane, &["-f", &same], 0)["changes"], json!([]));

    let (_other, other) = file(&policy("overlay", 81));
    let moved = vec![r#"client -> server: ["TCP/80"] ["TCP/81"] policy-changed"#.to_owned()];
    // The context names the namespace `default`: a change elsewhere is told all the same.
    let answer = diff(plane, &["-f", &other], 1);
    assert_eq!(changes(&answer, "overlay"), moved);
    assert_eq!(answer["changes"][0]["causes"][0]["cause"], "policy-changed");
    assert_eq!(answer["changes"][0]["causes"][0]["origin"]["file"], other);
    assert_eq!(diff(plane, &["-f", &other, "-n", "default"], 0)["changes"], json!([]));

    let answer = diff(plane, &["--without", "overlay/netpol/server"], 1);
    let change = &answer["changes"][0]["causes"][0];
    assert_eq!(change["cause"], "policy-removed");
    assert!(change["origin"]["live"].is_string(), "{change}");

    let mut rejected = policy("overlay", 80);
    rejected["spec"]["ingress"][0]["ports"][0]["port"] = json!(70000);
    let (_rejected, rejected) = file(&rejected);
    let refused = plane.kubectl(&["apply", "--dry-run=server", "-f", &rejected], None);
    assert!(!refused.is_success() && refused.stderr.contains("spec.ingress[0].ports[0].port"));
    let output = ask(plane, "admin", &["diff", "-f", &rejected]);
    assert_eq!((output.code, &*output.stdout), (Some(2), ""), "{output:#?}");
    assert!(output.stderr.contains("spec.ingress[0].ports[0].port"), "{output:#?}");
}

fn sources(plane: &ControlPlane) {
    plane.apply(&shop("sources"));
    let folder = tempfile::tempdir().expect("a folder");
    let saved = folder.path().join("saved.json.gz").display().to_string();
    assert_eq!(ask(plane, "admin", &["snapshot", &saved]).code, Some(0));
    for [old, new] in [["live", &*saved], [&*saved, "live"], ["context:admin", "live"]] {
        assert_eq!(inside(plane, [old, new], "sources"), Vec::<String>::new(), "{old} {new}");
    }
    assert_eq!(diff(plane, &[&saved, &saved], 0)["changes"], json!([]));

    plane.apply(&policy("sources", 81).to_string());
    for new in ["live", "context:admin"] {
        let moved = r#"client -> server: ["TCP/80"] ["TCP/81"] policy-changed"#;
        assert_eq!(inside(plane, [&*saved, new], "sources"), [moved]);
    }
    let back = r#"client -> server: ["TCP/81"] ["TCP/80"] policy-changed"#;
    assert_eq!(inside(plane, ["live", &*saved], "sources"), [back]);
}

fn unreadable(plane: &ControlPlane) {
    for [old, new] in [["context:elsewhere", "live"], ["live", "context:elsewhere"]] {
        let output = ask(plane, "admin", &["diff", old, new]);
        let line = "error: context:elsewhere: context \"elsewhere\" does not exist\n";
        assert_fails(&output, 2, line);
    }
    let output = ask(plane, "admin", &["diff", "live", "nowhere.yaml"]);
    assert_eq!((output.code, &*output.stdout), (Some(2), ""), "{output:#?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:#?}");
    // Whoever may read nothing compares nothing with the file.
    let (_file, path) = file(&policy("unreadable", 80));
    let output = ask(plane, "other", &["diff", "-f", &path]);
    assert_eq!((output.code, &*output.stdout), (Some(3), ""), "{output:#?}");
    let line = "error: no pods were read, so there is nothing to compare\nhint: could not list ";
    assert!(output.stderr.starts_with(line), "{output:#?}");
}

/// A namespace stays `Terminating` here, and what was in it goes at once.
fn deleted(plane: &ControlPlane) {
    plane.apply(&shop("deleted"));
    let folder = tempfile::tempdir().expect("a folder");
    let saved = folder.path().join("saved.json").display().to_string();
    assert_eq!(ask(plane, "admin", &["snapshot", &saved]).code, Some(0));
    plane.kubectl(&["delete", "namespace", "deleted", "--wait=false"], None).expect_success();
    assert_eq!(inside(plane, [&*saved, "live"], "deleted"), Vec::<String>::new());
    let all = ["delete", "pods,networkpolicies", "--all", "--force", "--grace-period=0"];
    plane.kubectl(&[&all[..], &["-n", "deleted"]].concat(), None).expect_success();
    let gone = [
        r#"client -> server: ["TCP/80"] [] workload-removed"#,
        r#"server -> client: ["any"] [] workload-removed"#,
    ];
    assert_eq!(inside(plane, [&*saved, "live"], "deleted"), gone);
    // A file for it would be refused by the server only when it is applied.
    let (_file, path) = file(&policy("deleted", 80));
    assert_eq!(diff(plane, &["-f", &path], 0)["changes"], json!([]));
}

fn base(plane: &ControlPlane) {
    plane.apply(&shop("base"));
    let printed = ask(plane, "admin", &["default-deny", "ns/base", "--allow-apiserver"]);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    // The server tells of itself what it advertises.
    assert!(printed.stdout.contains("cidr: 192.0.2.1/32"), "{printed:#?}");
    let piped = |args: &[&str]| -> Output {
        let mut command = plane.command("admin", PLUGIN);
        command.args(args);
        run(command, Some(&printed.stdout))
    };
    let told = piped(&["diff", "-f", "-", "-o", "json"]);
    assert_eq!((told.code, &*told.stderr), (Some(1), ""), "{told:#?}");
    let answer: Value = serde_json::from_str(&told.stdout).expect("the plugin answers with JSON");
    let cut = [
        r#"client -> server: ["TCP/80"] [] policy-added"#,
        r#"server -> client: ["any"] [] policy-added"#,
    ];
    assert_eq!(changes(&answer, "base"), cut);
    // Both pods both ways, but the server's ingress that is isolated already; and no other pod.
    let isolations = answer["isolations"].as_array().expect("isolations");
    assert_eq!(isolations.len(), 3, "{answer:#}");
    assert!(isolations.iter().all(|own| own["subject"]["namespace"] == "base"), "{answer:#}");
    let line = "  base/pod/client becomes isolated for egress";
    assert!(printed.stderr.contains(line), "{printed:#?}");
    // A plain API server takes it, and then nothing is left to change.
    plane.apply(&printed.stdout);
    let after = piped(&["diff", "-f", "-"]);
    assert_eq!(after.code, Some(0), "{after:#?}");
    assert!(after.stdout.starts_with("No connection changes"), "{after:#?}");
}
