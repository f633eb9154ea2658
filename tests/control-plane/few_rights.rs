//! A user who may read one namespace: what was not read is never counted as nothing.

use std::fs;
use std::io::Write;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::failures::{ask, plain, secretive};
use super::fake::{Fake, Request, object};
use super::kubeconfig::Written;
use super::process::Output;

/// Lists the trials of this file; none needs a control plane.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        plain("few_rights::a_rule_that_may_match_what_was_not_read_is_not_unused", rules),
        plain("few_rights::doctor_counts_what_it_read_and_says_so", doctor),
        plain("few_rights::a_snapshot_counts_what_it_read_and_of_nothing_there_is_none", snapshot),
    ]
}

fn forbidden() -> Vec<u8> {
    let status = json!({"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no"});
    object("403 Forbidden", &status).into_bytes()
}

fn policy(name: &str, spec: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop"}, "spec": spec})
}

/// A rule for each way to name pods elsewhere, or here.
fn policies() -> Value {
    let namespaces = |labels: Value| json!({"namespaceSelector": {"matchLabels": labels}});
    let own = |name: &str| json!({"podSelector": {"matchLabels": {"app": name}}});
    let to =
        |peer: Value, port: Value| json!({"to": [peer], "ports": [{"port": port, "protocol": "UDP"}]});
    let egress = json!([
        to(namespaces(json!({"kubernetes.io/metadata.name": "kube-system"})), json!(53)),
        to(namespaces(json!({"team": "sre"})), json!(53)),
        to(json!({"ipBlock": {"cidr": "10.0.0.0/8"}}), json!("metrics")),
        to(namespaces(json!({"kubernetes.io/metadata.name": "shop", "team": "sre"})), json!(53)),
        to(own("gone"), json!(53)),
    ]);
    let ingress = json!([
        {"from": [namespaces(json!({"team": "sre"}))], "ports": [{"port": 80}]},
        {"from": [namespaces(json!({"team": "sre"}))], "ports": [{"port": "a-name-it-has-not"}]},
        {"from": [own("gone")]},
    ]);
    json!([policy(
        "web",
        &json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": ingress, "egress": egress})
    )])
}

/// Answers as to a user who may list everything in the namespace shop, and nothing elsewhere.
fn answer(request: &Request, out: &mut dyn Write) -> std::io::Result<()> {
    let path = request.path.split('?').next().unwrap_or_default();
    if path.ends_with("/selfsubjectaccessreviews") {
        let asked: Value = serde_json::from_slice(&request.body).expect("a review");
        let asked = &asked["spec"]["resourceAttributes"];
        let allowed = asked["verb"] == "list" && asked["namespace"] == "shop";
        return out
            .write_all(object("201 Created", &json!({"status": {"allowed": allowed}})).as_bytes());
    }
    let pod = json!({
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "main"}]}, "status": {"phase": "Running", "podIP": "10.0.0.1"},
    });
    let items = match path {
        "/apis" => return out.write_all(object("200 OK", &json!({"groups": []})).as_bytes()),
        "/version" => {
            return out.write_all(object("200 OK", &json!({"gitVersion": "v1.37.0"})).as_bytes());
        }
        "/api/v1/namespaces/shop" => {
            let namespace =
                json!({"metadata": {"name": "shop", "labels": {"kubernetes.io/metadata.name": "shop"}}});
            return out.write_all(object("200 OK", &namespace).as_bytes());
        }
        path if !path.contains("/namespaces/shop/") => return out.write_all(&forbidden()),
        path if path.ends_with("/pods") => json!([pod]),
        path if path.ends_with("/networkpolicies") => policies(),
        _ => json!([]),
    };
    let list = json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items});
    out.write_all(object("200 OK", &list).as_bytes())
}

fn ask_in(namespace: &str, args: &[&str]) -> Output {
    let server = Fake::writing(answer);
    let kubeconfig: Written = secretive(&server.url());
    ask(&kubeconfig, &[args, &["-n", namespace]].concat())
}

fn rules() {
    let output = ask_in("shop", &["explain", "pod/web", "-o", "json"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let told: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let paths = |direction: &str, field: &str| -> Vec<String> {
        let rules = told[direction][field].as_array().expect("rules").iter();
        rules.map(|rule| rule["path"].as_str().expect("a path").to_owned()).collect()
    };
    let expected = ["spec.egress[0]", "spec.egress[1]", "spec.egress[2]"];
    assert_eq!(paths("egress", "unread"), expected, "{told:#}");
    assert_eq!(paths("egress", "unused"), ["spec.egress[3]", "spec.egress[4]"], "{told:#}");
    assert_eq!(paths("ingress", "unread"), ["spec.ingress[0]"], "{told:#}");
    assert_eq!(paths("ingress", "unused"), ["spec.ingress[1]", "spec.ingress[2]"], "{told:#}");
    // Nor is it known that no name server is reached.
    let findings = told["findings"].as_array().expect("findings");
    assert!(findings.iter().all(|finding| finding["id"] != "dns-blocked"), "{told:#}");
    let text = ask_in("shop", &["explain", "pod/web"]).stdout;
    assert_eq!(text.matches("matches nothing that was read:").count(), 4, "{text}");
    assert_eq!(text.matches("matches nothing now:").count(), 4, "{text}");
}

fn doctor() {
    let output = ask_in("shop", &["doctor"]);
    let line = |name: &str| {
        let line = output.stdout.lines().find_map(|line| line.trim().strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let outside = "1 NetworkPolicy: could not list networkpolicies outside";
    assert!(line("policies").starts_with(outside), "{output:#?}");
    let unwrapped = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for (place, namespace) in [("dns", "kube-system"), ("API server", "default")] {
        let told =
            format!(" {place} not known: could not list services in namespace {namespace}: forbidden ");
        assert!(unwrapped.contains(&told), "{output:#?}");
    }
    let told: Value =
        serde_json::from_str(&ask_in("shop", &["doctor", "-o", "json"]).stdout).expect("JSON");
    assert_eq!(told["policies"], 1);
    assert!(told["gaps"].as_array().is_some_and(|gaps| gaps.len() > 1), "{told:#}");
    // Of a namespace without rights there is no number at all.
    let told: Value =
        serde_json::from_str(&ask_in("other", &["doctor", "-o", "json"]).stdout).expect("JSON");
    assert_eq!(told.get("policies"), None, "{told:#}");
    let text = ask_in("other", &["doctor"]).stdout;
    assert!(text.contains("not known: could not list networkpolicies: forbidden"), "{text}");
    assert!(!text.contains("0 NetworkPolicies"), "{text}");
    // What edits need is told of each right that is missing, and no health where DNS was not seen.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        "may not get, create, patch, delete networkpolicies in namespace other",
        "may not create pods/portforward in namespace kube-system",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(!text.starts_with("no problems "), "{text}");
}

fn snapshot() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.json");
    let file = path.to_str().expect("text");
    let output = ask_in("shop", &["snapshot", file]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let counts = "1 namespaces of those that may be read, 1 pods of those that may be read, 1 network policies of \
                  those that may be read";
    assert_eq!(output.stderr.lines().next(), Some(&*format!("{file}: {counts}")), "{output:#?}");
    // What was not read is not nothing in an answer from the file either.
    let output = ask_in("shop", &["explain", "pod/web", "-f", file]);
    assert_eq!(output.stdout.matches("matches nothing that was read:").count(), 4, "{output:#?}");

    let path = folder.path().join("other.json");
    let output = ask_in("other", &["snapshot", path.to_str().expect("text")]);
    assert_eq!((output.code, &*output.stdout), (Some(3), ""), "{output:#?}");
    let first = output.stderr.lines().next().unwrap_or_default();
    assert!(
        first.contains("nothing that an answer needs may be read: no snapshot is saved"),
        "{output:#?}"
    );
    assert!(output.stderr.contains("could not list networkpolicies, pods, namespaces"), "{output:#?}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}
