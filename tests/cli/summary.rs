//! The text of a list says no more than its rows.

use crate::run::Folder;

fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: x}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: c, image: i}}]}}}}
---
"
    )
}

const ONLY_OTHERS: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: x}
spec:
  podSelector: {matchLabels: {app: a}}
  ingress: [{from: [{podSelector: {matchLabels: {app: b}}}, {podSelector: {matchLabels: {app: c}}}]}]
";

#[test]
fn replicas_that_may_not_talk_to_each_other_are_not_counted_as_all_pods() {
    let workloads = ["a", "b", "c"].map(deployment).concat();
    let folder = Folder::of(&[("x.yaml", &format!("{workloads}{ONLY_OTHERS}"))]);
    let text = folder.run("list -f x.yaml").out;
    let from_a: Vec<&str> = text.lines().filter(|line| line.starts_with("x/deploy/a ")).collect();
    assert_eq!(from_a.len(), 3, "{text}");
    assert!(from_a.iter().all(|line| !line.contains("all pods")), "{text}");
}

const DUAL_STACK: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x, labels: {app: a}}
spec: {containers: [{name: c, image: i}]}
status: {phase: Running, podIPs: [{ip: 10.1.0.5}, {ip: \"fd00::5\"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x, labels: {app: b}}
spec: {containers: [{name: c, image: i}]}
status: {phase: Running, podIPs: [{ip: 10.1.0.6}, {ip: \"fd00::6\"}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: six, namespace: x}
spec:
  podSelector: {matchLabels: {app: b}}
  ingress: [{from: [{ipBlock: {cidr: \"fd00::/64\"}}]}]
";

#[test]
fn one_address_family_of_two_is_told() {
    let folder = Folder::of(&[("x.yaml", DUAL_STACK)]);
    for flags in ["", " -o wide", " --pods"] {
        let text = folder.run(&format!("list --from x/pod/a --to x/pod/b -f x.yaml{flags}")).out;
        assert!(text.contains("x/pod/a (fd00::5)   x/pod/b (fd00::6)   any"), "{flags}: {text}");
    }
}

#[test]
fn a_cluster_whose_pods_all_have_addresses_gets_no_caveat_about_addresses() {
    let folder = Folder::of(&[("x.yaml", DUAL_STACK)]);
    let text = folder.run("list -f x.yaml").out;
    assert!(!text.contains("without an address"), "{text}");
}
