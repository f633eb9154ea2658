//! The ranges of the cluster: a pod without an address lies in that of pods.

use crate::run::{Folder, items};

/// Two workloads; one takes what comes from private space, one sends to the internet only, and one to what
/// looks like Services.
const CLUSTER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec: {template: {metadata: {labels: {app: agent}}, spec: {hostNetwork: true, containers: [{name: c}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 5432}]}]
  egress:
  - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]
  - to: [{ipBlock: {cidr: 10.96.0.0/16}}]
";

fn verdict(question: &str, ranges: &str) -> String {
    let folder = Folder::of(&[("f.yaml", CLUSTER)]);
    folder.verdict(&format!("{question} -f f.yaml {ranges}"))
}

#[test]
fn a_block_that_holds_all_or_none_of_the_range_of_pods_is_certain() {
    let (into, out) = ("shop/deploy/web --to shop/sts/db:5432", "shop/sts/db --to shop/deploy/web:80");
    for (question, ranges, expected) in [
        (into, "", "depends"),
        (into, "--pod-cidr 10.244.0.0/16", "allow"),
        (into, "--pod-cidr 172.30.0.0/16", "deny"),
        (into, "--pod-cidr 10.244.0.0/16 --pod-cidr 172.30.0.0/16", "depends"),
        // Of the other family it says nothing, which such a pod has not.
        (into, "--pod-cidr fd00::/48", "deny"),
        (out, "", "depends"),
        (out, "--pod-cidr 10.244.0.0/16", "deny"),
        (out, "--pod-cidr 172.30.0.0/16", "allow"),
        // A pod in the network of its node is not there.
        ("shop/ds/agent --to shop/sts/db:5432", "--pod-cidr 10.244.0.0/16", "depends"),
    ] {
        assert_eq!(verdict(question, ranges), expected, "{question} {ranges}");
    }
}

#[test]
fn an_audit_of_files_holds_with_the_range_of_pods() {
    let folder = Folder::of(&[("f.yaml", CLUSTER)]);
    let audit = |ranges: &str| {
        let question = "who-can-reach shop/sts/db --expect only=10.0.0.0/8 -f f.yaml";
        folder.run(&format!("{question} {ranges}")).code
    };
    assert_eq!(audit(""), Some(1));
    assert_eq!(audit("--pod-cidr 10.244.0.0/16"), Some(1), "every pod may connect");
    let named = "who-can-reach shop/sts/db --expect only=10.0.0.0/8,ns/shop -f f.yaml";
    assert_eq!(folder.run(&format!("{named} --pod-cidr 10.244.0.0/16")).code, Some(0));
}

#[test]
fn a_block_in_the_range_of_services_is_a_finding() {
    let folder = Folder::of(&[("f.yaml", CLUSTER)]);
    let found = |ranges: &str| {
        let answer = folder.json(&format!("explain shop/sts/db -f f.yaml {ranges}"));
        items(&answer["findings"]).iter().filter(|own| own["id"] == "block-of-services").count()
    };
    assert_eq!((found(""), found("--service-cidr 10.96.0.0/12")), (0, 1));
    assert_eq!(found("--service-cidr 10.96.0.0/20"), 0);
}

#[test]
fn what_is_no_block_is_an_error() {
    let folder = Folder::of(&[("f.yaml", CLUSTER)]);
    let ended = folder.run("list -f f.yaml --pod-cidr 10.0.0.1/99");
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("not a CIDR block such as 10.244.0.0/16"), "{}", ended.err);
}
