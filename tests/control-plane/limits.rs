//! What cannot be read, or not judged, is told as a gap; what is read is read to the end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::plugin::{answer, ask};
use super::rights::gaps;

/// Lists the trials of this file; the last has a control plane alone, as its gap is everybody's.
pub(crate) fn trials(shared: &Arc<Shared>, alone: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("limits::a_list_of_many_pages_is_read_to_its_end", pages),
        shared.trial("limits::nodes_that_may_not_be_read_are_a_gap", without_nodes),
        shared.trial("limits::policies_that_may_not_be_read_put_everything_in_doubt", without_policies),
        shared.trial("limits::every_list_that_is_forbidden_is_a_gap", with_the_least),
        shared.trial("limits::who_may_read_nothing_gets_no_answer", with_nothing),
        alone.trial("limits::a_policy_of_an_unjudged_kind_puts_its_namespace_in_doubt", unjudged),
    ]
}

/// Pods beside the server: with it three pages, the last of them not full.
const MANY: usize = 1203;

const PAGES: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: pages}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: pages}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: to-server, namespace: pages}
spec:
  podSelector: {matchLabels: {app: client}}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {matchLabels: {app: server}}}], ports: [{port: 80}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: from-clients, namespace: pages}
spec:
  podSelector: {matchLabels: {app: server}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: client}}}], ports: [{port: 80}]}]
";

fn pages(plane: &ControlPlane) {
    plane.apply(PAGES);
    let names: Vec<String> = (0..MANY).map(|number| format!("client-{number:04}")).collect();
    let mut pods: Vec<Value> = names.iter().map(|name| pod(name, "client")).collect();
    pods.push(pod("server", "server"));
    // By several at once, as each holds back after three hundred requests.
    std::thread::scope(|scope| {
        for pods in pods.chunks(MANY / 5) {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": pods}).to_string();
            let create = ["create", "--filename=-"];
            scope.spawn(move || plane.kubectl(&create, Some(&list)).expect_success());
        }
    });

    let list = answer(plane, "admin", &["list", "--pods", "--namespace=pages"]);
    let rows = list["connections"].as_array().expect("rows");
    let sources: BTreeSet<&str> = rows.iter().filter_map(|row| row["source"]["name"].as_str()).collect();
    let expected: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    assert!(sources == expected, "{} of {MANY}", sources.len());
    assert_eq!(rows.len(), MANY);
    assert_eq!(list["gaps"], json!([]));

    let all =
        answer(plane, "admin", &["explain", "pages/pod/server", "--from", "ns/pages", "--port=80"]);
    assert_eq!(all["verdict"], "allow");
    let groups = all["groups"].as_array().expect("groups");
    let members = groups.iter().flat_map(|group| group["source"]["pods"].as_array().expect("pods"));
    let members: BTreeSet<&str> = members.filter_map(Value::as_str).collect();
    // The server is of the namespace too, but does not connect to itself.
    assert!(members == expected, "{} of {MANY}", members.len());
}

fn pod(name: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "pages", "labels": {"app": app}},
        "spec": {"containers": [{"name": "main", "image": "example.test/main"}]},
    })
}

/// All kinds that are read, by group.
const READ: [(&str, &[&str]); 5] = [
    ("", &["namespaces", "nodes", "pods", "services", "replicationcontrollers"]),
    ("apps", &["deployments", "statefulsets", "daemonsets", "replicasets"]),
    ("batch", &["jobs", "cronjobs"]),
    ("networking.k8s.io", &["networkpolicies", "ingresses", "ingressclasses"]),
    ("discovery.k8s.io", &["endpointslices"]),
];

/// Lets the user list some kinds of every namespace, and waits until it may.
fn allow(plane: &ControlPlane, user: &str, is_allowed: impl Fn(&str) -> bool) {
    let rules = READ.map(|(group, kinds)| {
        let kinds: Vec<&&str> = kinds.iter().filter(|kind| is_allowed(kind)).collect();
        json!({"apiGroups": [group], "resources": kinds, "verbs": ["list"]})
    });
    let rules = rules.into_iter().filter(|rule| rule["resources"] != json!([]));
    let api_version = "rbac.authorization.k8s.io/v1";
    let group = "rbac.authorization.k8s.io";
    let role = json!({
        "apiVersion": api_version,
        "kind": "ClusterRole",
        "metadata": {"name": user},
        "rules": rules.collect::<Vec<_>>(),
    });
    let binding = json!({
        "apiVersion": api_version,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": user},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    });
    plane.apply(&format!("{role}\n---\n{binding}"));
    // The server hears of new roles a moment later.
    let start = Instant::now();
    while !plane.kubectl_as(user, &["get", "pods", "--all-namespaces"], None).is_success() {
        assert!(start.elapsed() < Duration::from_secs(30), "{user} still may not list pods");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Applies a namespace with two pods, one of them closed.
pub(crate) fn put(plane: &ControlPlane, namespace: &str) {
    let pods = "
apiVersion: v1
kind: Namespace
metadata: {name: NAMESPACE}
---
apiVersion: v1
kind: Pod
metadata: {name: open, namespace: NAMESPACE, labels: {app: open}}
spec: {containers: [{name: main, image: example.test/open}]}
---
apiVersion: v1
kind: Pod
metadata: {name: closed, namespace: NAMESPACE, labels: {app: closed}}
spec: {containers: [{name: main, image: example.test/closed}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: NAMESPACE}
spec: {podSelector: {matchLabels: {app: closed}}, policyTypes: [Ingress]}
";
    plane.apply(&pods.replace("NAMESPACE", namespace));
}

fn verdict(plane: &ControlPlane, user: &str, source: &str, destination: &str) -> Value {
    answer(plane, user, &["explain", source, "--to", destination])["verdict"].clone()
}

fn without_nodes(plane: &ControlPlane) {
    put(plane, "without-nodes");
    allow(plane, "without-nodes", |kind| kind != "nodes");
    let (open, closed) = ("without-nodes/pod/open", "without-nodes/pod/closed");
    let gaps = json!(["could not list nodes: forbidden"]);
    for args in [
        &["explain", open][..],
        &["explain", open, "--to", "internet"],
        &["list", "-A"],
        &["list", "-A", "--pods"],
    ] {
        assert_eq!(answer(plane, "without-nodes", args)["gaps"], gaps, "{args:?}");
    }
    // What was read is judged as it is for anybody else.
    assert_eq!(verdict(plane, "without-nodes", open, closed), "deny");
    assert_eq!(verdict(plane, "without-nodes", closed, open), "allow");
    // The answer for a person has it too, on standard output.
    let output = ask(plane, "without-nodes", &["explain", open, "--to", "internet"]);
    assert!(output.stdout.starts_with("ALLOWED"), "{output:#?}");
    assert!(output.stdout.contains("could not list nodes: forbidden"), "{output:#?}");
    assert_eq!((output.code, &*output.stderr), (Some(0), ""));
    // Two pods are judged without any node: nothing is missing.
    assert_eq!(answer(plane, "without-nodes", &["explain", open, "--to", closed])["gaps"], json!([]));
}

fn without_policies(plane: &ControlPlane) {
    put(plane, "without-policies");
    allow(plane, "without-policies", |kind| kind != "networkpolicies");
    let ends = ["without-policies/pod/open", "without-policies/pod/closed", "internet"];
    for (source, destination) in [(0, 1), (1, 0), (0, 2), (2, 1)] {
        let args = ["explain", ends[source], "--to", ends[destination]];
        let told = answer(plane, "without-policies", &args);
        assert_eq!(told["verdict"], "depends", "{args:?}");
        let within = " in namespace without-policies";
        let within = if source == 2 || destination == 2 { "" } else { within };
        let gap = format!("could not list networkpolicies{within}: forbidden");
        assert_eq!(told["gaps"], json!([gap]));
        for expected in ["allow", "deny"] {
            let output = ask(plane, "without-policies", &[&args[..], &["--expect", expected]].concat());
            assert_eq!(output.code, Some(1), "{output:#?}");
        }
    }
    let list = answer(plane, "without-policies", &["list", "-n", "without-policies", "--pods"]);
    let rows = list["connections"].as_array().expect("rows");
    assert!(!rows.is_empty() && rows.iter().all(|row| row["verdict"] == "depends"), "{list:#}");
    assert_eq!(list["gaps"], json!(["could not list networkpolicies: forbidden"]));
}

fn with_the_least(plane: &ControlPlane) {
    put(plane, "with-the-least");
    let kinds = ["namespaces", "pods", "networkpolicies"];
    allow(plane, "with-the-least", |kind| kinds.contains(&kind));
    let args = ["explain", "with-the-least/pod/open", "--to", "with-the-least/pod/closed"];
    let told = answer(plane, "with-the-least", &args);
    // Who enforces is not known; for a fix the pods are enough, though not what they belong to.
    let workloads = READ.iter().filter(|(group, _)| ["apps", "batch"].contains(group));
    let workloads = workloads.flat_map(|(_, kinds)| kinds.iter()).chain(&["replicationcontrollers"]);
    let here = |kind: &&str| format!("could not list {kind} in namespace with-the-least: forbidden");
    let missing: BTreeSet<String> =
        workloads.map(here).chain(["could not list daemonsets: forbidden".to_owned()]).collect();
    assert_eq!(gaps(&told), missing.iter().map(String::as_str).collect());
    assert_eq!((&told["verdict"], &told["fix"]["opens"]), (&json!("deny"), &json!(0)));
    // Nothing else is missing where nothing is denied.
    let allowed = ["explain", "with-the-least/pod/closed", "--to", "with-the-least/pod/open"];
    let told = answer(plane, "with-the-least", &allowed);
    assert_eq!(told["gaps"], json!(["could not list daemonsets: forbidden"]));
    let told = answer(plane, "with-the-least", &["list", "-A"]);
    let all = READ.iter().flat_map(|(_, kinds)| kinds.iter()).filter(|kind| !kinds.contains(kind));
    let all: Vec<String> = all.map(|kind| format!("could not list {kind}: forbidden")).collect();
    assert_eq!(gaps(&told), all.iter().map(String::as_str).collect());
}

fn with_nothing(plane: &ControlPlane) {
    put(plane, "with-nothing");
    for args in [
        &["explain", "with-nothing/pod/open"][..],
        &["explain", "pod/open", "-n", "with-nothing", "--to", "internet", "-o", "json"],
        &["list", "--from", "with-nothing/pod/open"],
    ] {
        let output = ask(plane, "other", args);
        assert_eq!(output.stdout, "", "{output:#?}");
        assert_eq!(output.code, Some(3), "{output:#?}");
        // What was refused alike is one hint.
        let hint = output.stderr.lines().find_map(|line| line.strip_prefix("hint: could not list "));
        let kinds = hint.and_then(|rest| rest.strip_suffix(": forbidden")).unwrap_or_default();
        let told: BTreeSet<&str> = kinds.split(", ").collect();
        let all = READ.iter().flat_map(|(_, kinds)| kinds.iter().copied());
        assert_eq!(told, all.collect(), "{output:#?}");
        // Nobody said that it does not exist.
        assert!(!output.stderr.contains("not found"), "{output:#?}");
    }
    // An address may be that of a pod that was not read.
    let answer = verdict(plane, "other", "10.0.0.1", "internet");
    assert_eq!(answer, "depends");
}

const CRD: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ciliumnetworkpolicies.cilium.io}
spec:
  group: cilium.io
  scope: Namespaced
  names: {plural: ciliumnetworkpolicies, singular: ciliumnetworkpolicy, kind: CiliumNetworkPolicy, shortNames: [cnp]}
  versions:
  - name: v2
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

const CILIUM: &str = "
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: from-web, namespace: doubtful}
spec: {endpointSelector: {}}
";

fn unjudged(plane: &ControlPlane) {
    put(plane, "doubtful");
    put(plane, "certain");
    plane.apply(CRD);
    let established = ["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"];
    plane.kubectl(&established, None).expect_success();
    let [open, closed] = ["certain/pod/open", "certain/pod/closed"];
    let question = ["explain", open, "--to", closed];

    // The kind alone changes nothing.
    assert_eq!(answer(plane, "admin", &question)["gaps"], json!([]));

    plane.apply(CILIUM);
    let gaps = json!(["1 object of kind CiliumNetworkPolicy.cilium.io is not judged by this version"]);
    assert_eq!(answer(plane, "admin", &question)["gaps"], gaps);
    assert_eq!(answer(plane, "admin", &["list", "-A"])["gaps"], gaps);
    assert_eq!(verdict(plane, "admin", open, closed), "deny");
    assert_eq!(verdict(plane, "admin", closed, open), "allow");
    assert_eq!(verdict(plane, "admin", open, "internet"), "allow");
    for (source, destination) in [
        ("doubtful/pod/open", "doubtful/pod/closed"),
        (open, "doubtful/pod/open"),
        ("doubtful/pod/open", open),
        ("internet", "doubtful/pod/closed"),
    ] {
        assert_eq!(verdict(plane, "admin", source, destination), "depends", "{source} {destination}");
    }
    // The certain half denies, whatever the other says.
    assert_eq!(verdict(plane, "admin", "doubtful/pod/open", closed), "deny");

    // The object may not be read: nothing is certain any more.
    allow(plane, "without-policies", |_| true);
    let told = answer(plane, "without-policies", &question);
    assert_eq!(told["gaps"], json!(["could not list ciliumnetworkpolicies.cilium.io: forbidden"]));
    assert_eq!(told["verdict"], "depends");
}
