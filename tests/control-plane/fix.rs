//! Fixes of live denials: the same as from files, and right once they are applied.

use std::collections::BTreeSet;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::limits::put;
use super::plugin::{answer, answer_from, ask};
use super::rights::{gaps, grant, wait_until_may};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("fix::what_is_applied_opens_what_was_told", applied),
        shared.trial("fix::connections_that_cannot_be_counted_are_not", uncounted),
    ]
}

/// A shop that lets nothing out and a database that lets only one in. `late`, which has no pods
/// yet, has the labels of `web`.
const MANIFESTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: fix-shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: fix-db}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: fix-shop, labels: {app: web}}
spec: {containers: [{name: main, image: example.test/web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: fix-shop, labels: {app: other}}
spec: {containers: [{name: main, image: example.test/other}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: late, namespace: fix-shop}
spec:
  selector: {matchLabels: {app: web, tier: late}}
  template: {metadata: {labels: {app: web, tier: late}}, spec: {containers: [{name: main, image: example.test/web}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: fix-db, labels: {app: db}}
spec: {containers: [{name: main, image: example.test/db}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: fix-db, labels: {app: api}}
spec: {containers: [{name: main, image: example.test/api}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nothing, namespace: fix-shop}
spec: {podSelector: {}, policyTypes: [Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: fix-db, labels: {part: data}, annotations: {who: only-its-owner}}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}]
";

/// Whom nothing lets through, and how many others get in with them.
const SOURCES: [(&str, usize); 2] = [("fix-shop/pod/other", 0), ("fix-shop/pod/web", 1)];
const DESTINATION: [&str; 4] = ["--to", "fix-db/pod/db", "--port", "5432"];

fn applied(plane: &ControlPlane) {
    plane.apply(MANIFESTS);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("all.yaml"), MANIFESTS).expect("the manifests");
    let ask_for = |source| [&["explain", source], &DESTINATION[..]].concat();
    for (source, opens) in SOURCES {
        let generic = [&ask_for(source)[..], &["--cni", "generic"]].concat();
        let live = answer(plane, "admin", &generic)["fix"].clone();
        assert_eq!(told(&live), told(&answer_from(folder.path(), &generic)["fix"]));
        assert_eq!(live["opens"], opens, "{live:#}");
    }
    for (source, opens) in SOURCES {
        let before = rows(plane);
        let fix_only = [&ask_for(source)[..], &["--fix-only"]].concat();
        let objects = ask(plane, "admin", &fix_only).expect_success();
        let try_it = ["apply", "--dry-run=server", "--filename=-"];
        plane.kubectl(&try_it, Some(&objects)).expect_success();
        assert_eq!(rows(plane), before);
        plane.apply(&objects);

        assert_eq!(answer(plane, "admin", &ask_for(source))["verdict"], "allow");
        let after = rows(plane);
        assert_eq!(before.difference(&after).next(), None);
        let gained: BTreeSet<&String> = after.difference(&before).collect();
        assert_eq!(gained.len(), 1 + opens, "{gained:#?}");
        assert!(gained.iter().all(|row| row.ends_with("-> fix-db/db [\"TCP/5432\"]")), "{gained:#?}");
    }
    let policy = plane.get(&["--namespace=fix-db", "networkpolicy", "db"]);
    let metadata = &policy["metadata"];
    assert_eq!(
        (&metadata["annotations"]["who"], &metadata["labels"]["part"]),
        (&json!("only-its-owner"), &json!("data"))
    );

    // A snapshot is for others too: what an annotation says is nobody's business.
    let saved = ask(plane, "admin", &["snapshot", "-"]).expect_success();
    assert!(saved.contains(r#""metadata":{"labels":{"part":"data"}}"#), "no labels");
    assert!(!saved.contains("only-its-owner") && !saved.contains("last-applied"), "annotations");
}

/// Takes out what only one side can have: where policies were read, and what the server writes into
/// them.
fn told(fix: &Value) -> Value {
    let mut fix = fix.clone();
    fix.as_object_mut().expect("a fix").remove("objects");
    for change in fix["changes"].as_array_mut().expect("changes") {
        change.as_object_mut().expect("a change").remove("origin");
    }
    fix
}

/// Lists what may talk to what in the two namespaces, pod by pod.
fn rows(plane: &ControlPlane) -> BTreeSet<String> {
    let list = answer(plane, "admin", &["list", "--all-namespaces", "--pods"]);
    let name = |end: &Value| {
        let own =
            end["namespace"].as_str().filter(|name| name.starts_with("fix-shop") || *name == "fix-db");
        own.map(|namespace| format!("{namespace}/{}", end["name"].as_str().unwrap_or_default()))
    };
    let rows = list["connections"].as_array().expect("rows").iter();
    rows.filter_map(|row| {
        Some(format!("{} -> {} {}", name(&row["source"])?, name(&row["destination"])?, row["ports"]))
    })
    .collect()
}

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: closed, namespace: fix-own}
spec: {selector: {app: closed}, publishNotReadyAddresses: true, ports: [{port: 80, targetPort: 8080}]}
";

/// Not even the namespace's other pods may be read; only those, which is enough to count; only
/// those, where a question takes more.
fn uncounted(plane: &ControlPlane) {
    let list = |group: &str, kinds: &[&str]| json!({"apiGroups": [group], "resources": kinds, "verbs": ["list"]});
    let policies = list("networking.k8s.io", &["networkpolicies"]);
    let unknown = "pods were not read: how many other connections it opens is not known";

    put(plane, "fix-two");
    let mut two = list("", &["pods"]);
    two["resourceNames"] = json!(["open", "closed"]);
    grant(plane, "of-two-pods", Some("fix-two"), &json!([two, policies]));
    wait_until_may(plane, "of-two-pods", "list", "networkpolicies", &["-n", "fix-two"]);
    let question = ["explain", "fix-two/pod/open", "--to", "fix-two/pod/closed"];
    let told = answer(plane, "of-two-pods", &question);
    assert_eq!((&told["verdict"], &told["fix"]["opens"]), (&json!("deny"), &Value::Null), "{told:#}");
    assert!(told["fix"]["notes"].as_array().expect("notes").contains(&json!(unknown)), "{told:#}");
    assert!(gaps(&told).contains("could not list pods in namespace fix-two: forbidden"), "{told:#}");
    let all = answer(plane, "admin", &question);
    assert_eq!(
        (&all["fix"]["opens"], &all["fix"]["changes"].as_array().map(Vec::len)),
        (&json!(0), &Some(1))
    );

    put(plane, "fix-own");
    plane.apply(SERVICE);
    let kinds = ["pods", "services", "replicationcontrollers"];
    let all_of = [list("", &kinds), policies, list("discovery.k8s.io", &["endpointslices"])];
    grant(plane, "of-its-namespace", Some("fix-own"), &json!(all_of));
    wait_until_may(plane, "of-its-namespace", "list", "networkpolicies", &["-n", "fix-own"]);
    let source = ["explain", "fix-own/pod/open", "--to"];
    let told = answer(plane, "of-its-namespace", &[&source[..], &["fix-own/pod/closed"]].concat());
    assert_eq!(told["fix"]["opens"], 0, "{told:#}");
    let told = answer(plane, "of-its-namespace", &[&source[..], &["fix-own/svc/closed:80"]].concat());
    assert_eq!((&told["verdict"], &told["fix"]["opens"]), (&json!("deny"), &Value::Null), "{told:#}");
    assert!(told["fix"]["notes"].as_array().expect("notes").contains(&json!(unknown)), "{told:#}");
    // The rule is about the port of the pods.
    let rule = &told["fix"]["changes"][0]["rule"];
    assert_eq!(rule["ports"], json!([{"port": 8080, "protocol": "TCP"}]), "{told:#}");
}
