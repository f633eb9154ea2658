//! Which workload a pod of a manifest belongs to.

use crate::run::Folder;

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: x}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
---
";

fn pod(name: &str, labels: &str, owner: &str) -> String {
    let owner = match owner.split_once('/') {
        None => String::new(),
        Some((kind, name)) => {
            format!(
                ", ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: {name}, uid: u, controller: true}}]"
            )
        }
    };
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: x, labels: {{{labels}}}{owner}}}\n---\n"
    )
}

fn replica_set(name: &str, owner: &str, replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: {name}\n  namespace: x\n  ownerReferences: \
         [{{apiVersion: apps/v1, kind: Deployment, name: {owner}, uid: u, controller: true}}]\n\
         spec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{app: web}}}}\n  \
         template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: c, image: i}}]}}}}\n---\n"
    )
}

fn ends(documents: &[&str]) -> Vec<String> {
    Folder::of(&[("f.yaml", &documents.concat())]).ends("-f f.yaml")
}

#[test]
fn the_controller_chain_is_followed_to_its_top() {
    let documents =
        [DEPLOYMENT, &replica_set("web-1", "web", 1), &pod("web-1-a", "app: web", "ReplicaSet/web-1")];
    assert_eq!(ends(&documents), ["x/Deployment/web"]);
}

#[test]
fn where_the_replica_set_is_missing_the_hash_names_the_deployment() {
    let own = pod("web-abc-1", "app: web, pod-template-hash: abc", "ReplicaSet/web-abc");
    assert_eq!(ends(&[&own]), ["x/Deployment/web"]);
    assert_eq!(ends(&[DEPLOYMENT, &own]), ["x/Deployment/web"]);
    let other = pod("web-abc-1", "app: web, pod-template-hash: xyz", "ReplicaSet/web-abc");
    assert_eq!(ends(&[&other]), ["x/ReplicaSet/web-abc"]);
}

#[test]
fn an_unowned_pod_that_a_selector_selects_is_a_pod_of_the_workload() {
    assert_eq!(ends(&[DEPLOYMENT, &pod("web-0", "app: web", "")]), ["x/Deployment/web"]);
    assert_eq!(
        ends(&[DEPLOYMENT, &pod("other", "app: other", "")]),
        ["x/Deployment/web", "x/Pod/other"]
    );
    let controller = "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: rc, namespace: x}\n\
                      spec:\n  selector: {app: web}\n  template: {metadata: {labels: {app: web}}, spec: {containers: []}}\n---\n";
    assert_eq!(ends(&[controller, &pod("rc-0", "app: web", "")]), ["x/ReplicationController/rc"]);
}

#[test]
fn a_selector_of_another_namespace_selects_nothing_here() {
    let elsewhere = pod("web-0", "app: web", "").replace("namespace: x", "namespace: z");
    assert_eq!(ends(&[DEPLOYMENT, &elsewhere]), ["x/Deployment/web", "z/Pod/web-0"]);
}

#[test]
fn a_workload_is_never_shown_beside_its_own_pods() {
    let folder = Folder::of(&[(
        "f.yaml",
        &[DEPLOYMENT, &pod("web-abc-1", "app: web, pod-template-hash: abc", "ReplicaSet/web-abc")]
            .concat(),
    )]);
    assert_eq!(folder.ends("--pods -f f.yaml"), ["x/Pod/web-abc-1"]);
    assert_eq!(folder.ends("-f f.yaml"), ["x/Deployment/web"]);
}

#[test]
fn a_workload_without_pods_stands_for_its_replicas() {
    let folder = Folder::of(&[("f.yaml", DEPLOYMENT)]);
    assert_eq!(folder.ends("--pods -f f.yaml"), ["x/Deployment/web"]);
    let to_itself = "x/Deployment/web -> x/Deployment/web any".to_owned();
    assert!(folder.list("-f f.yaml").contains(&to_itself));
    let single = Folder::of(&[("f.yaml", &DEPLOYMENT.replace("replicas: 3", "replicas: 1"))]);
    assert!(!single.list("-f f.yaml").contains(&to_itself));
}

#[test]
fn an_old_replica_set_of_a_deployment_is_not_shown() {
    let documents = [DEPLOYMENT, &replica_set("web-old", "web", 0), &replica_set("web-new", "web", 3)];
    assert_eq!(ends(&documents), ["x/Deployment/web"]);
}

#[test]
fn a_node_owns_no_pod() {
    let mirror = "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd-n1, namespace: x, ownerReferences: \
                  [{apiVersion: v1, kind: Node, name: n1, uid: u, controller: true}]}\n";
    assert_eq!(ends(&[mirror]), ["x/Pod/etcd-n1"]);
}
