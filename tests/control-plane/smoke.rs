//! Trials of the control plane itself.

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;

use super::Shared;
use super::harness::ControlPlane;

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("smoke::status_is_written_and_read_back", status),
        shared.trial("smoke::users_may_do_what_rbac_says", users),
    ]
}

const MANIFESTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: smoke-status}
---
apiVersion: v1
kind: Node
metadata: {name: smoke-status}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: smoke-status, labels: {app: web}}
spec:
  nodeName: smoke-status
  containers: [{name: web, image: example.test/web}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: smoke-status}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
";

fn status(plane: &ControlPlane) {
    let in_namespace = "--namespace=smoke-status";
    plane.apply(MANIFESTS);

    let running = json!({"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]});
    plane.set_pod_status("smoke-status", "web", &running);
    let pod = plane.get(&[in_namespace, "pod", "web"]);
    assert_eq!(pod["status"]["podIPs"], running["podIPs"]);

    plane.apply_status(
        "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: smoke-status},
          status: {phase: Succeeded}}",
    );
    let pod = plane.get(&[in_namespace, "pod", "web"]);
    assert_eq!(pod["status"]["phase"], "Succeeded");

    let addresses = json!([{"type": "InternalIP", "address": "192.0.2.7"}]);
    plane.set_node_status("smoke-status", &json!({ "addresses": addresses }));
    let node = plane.get(&["node", "smoke-status"]);
    assert_eq!(node["status"]["addresses"], addresses);

    let policy = plane.get(&[in_namespace, "networkpolicy", "deny"]);
    assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress"]));
}

fn users(plane: &ControlPlane) {
    plane.kubectl_as("admin", &["get", "pods", "--all-namespaces"], None).expect_success();
    for user in ["limited", "other"] {
        let refused = plane.kubectl_as(user, &["get", "pods", "--all-namespaces"], None);
        assert_eq!(refused.code, Some(1));
        let sentence = format!(
            "Error from server (Forbidden): pods is forbidden: User \"{user}\" cannot list \
             resource \"pods\" in API group \"\" at the cluster scope\n"
        );
        assert_eq!(refused.stderr, sentence);
    }
}
