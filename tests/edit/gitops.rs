//! Who else looks after an object.

use netpol::edit::gitops::{Weight, advice, evidence};
use serde_json::{Value, json};

/// Returns what is found: `refuse Helm: label …`.
fn found(metadata: &Value) -> Vec<String> {
    let each = evidence(metadata).into_iter();
    each.map(|one| {
        let word = if one.weight == Weight::Refuse { "refuse" } else { "warn" };
        format!("{word} {}: {}", one.tool, one.sign)
    })
    .collect()
}

#[test]
fn an_object_of_nobody_and_one_of_ours_have_no_evidence() {
    assert!(found(&json!({"name": "x"})).is_empty());
    assert!(found(&Value::Null).is_empty());
    let ours = json!({
        "labels": {"app.kubernetes.io/managed-by": "kubectl-netpol", "kubectl-netpol/endpoint": "0123456789"},
        "annotations": {"kubectl-netpol/endpoints": "{}"},
        "managedFields": [{"manager": "kubectl-netpol", "operation": "Apply"}],
    });
    assert!(found(&ours).is_empty());
}

#[test]
fn tools_are_recognised_by_their_managers() {
    let tools = [
        ("argocd-controller", "Argo CD"),
        ("argocd-application-controller", "Argo CD"),
        ("kustomize-controller", "Flux"),
        ("helm-controller", "Flux"),
        ("helm", "Helm"),
        ("fleet-agent", "Fleet"),
        ("fleetagent", "Fleet"),
        ("HashiCorp", "Terraform"),
        ("Terraform", "Terraform"),
        ("pulumi-kubernetes-1a2b", "Pulumi"),
    ];
    for (manager, tool) in tools {
        let metadata = json!({"managedFields": [{"manager": manager, "operation": "Update"}]});
        assert_eq!(found(&metadata), [format!("refuse {tool}: field manager {manager}")]);
        assert!(!advice(tool).is_empty());
    }
}

#[test]
fn tools_are_recognised_by_their_keys() {
    let keys = [
        ("annotations", "argocd.argoproj.io/tracking-id", "Argo CD", "annotation"),
        ("labels", "argocd.argoproj.io/instance", "Argo CD", "label"),
        ("annotations", "meta.helm.sh/release-name", "Helm", "annotation"),
        ("labels", "kustomize.toolkit.fluxcd.io/name", "Flux", "label"),
        ("labels", "helm.toolkit.fluxcd.io/name", "Flux", "label"),
    ];
    for (field, key, tool, word) in keys {
        let metadata = json!({ (field): { (key): "x" } });
        assert_eq!(found(&metadata), [format!("refuse {tool}: {word} {key}")]);
    }
    let helm = json!({"labels": {"app.kubernetes.io/managed-by": "Helm"}});
    assert_eq!(found(&helm), ["refuse Helm: label app.kubernetes.io/managed-by=Helm"]);
    assert!(found(&json!({"labels": {"app.kubernetes.io/managed-by": "me"}})).is_empty());
}

#[test]
fn a_controller_that_owns_it_would_undo_an_edit_and_another_owner_would_not() {
    let owner = |controller: Value| json!({"ownerReferences": [{"kind": "Tenant", "name": "shop", "controller": controller}]});
    let expected = ["refuse the controller of Tenant shop: owner Tenant/shop"];
    assert_eq!(found(&owner(json!(true))), expected);
    assert!(found(&owner(json!(false))).is_empty());
    assert!(found(&owner(Value::Null)).is_empty());
}

#[test]
fn kubectl_alone_is_a_warning_after_what_refuses() {
    let metadata = json!({
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
            "argocd.argoproj.io/tracking-id": "x",
        },
        "managedFields": [{"manager": "kubectl-client-side-apply"}, {"manager": "kubectl-edit"}],
    });
    let expected = [
        "refuse Argo CD: annotation argocd.argoproj.io/tracking-id",
        "warn kubectl: field manager kubectl-client-side-apply",
        "warn kubectl: field manager kubectl-edit",
        "warn kubectl apply: annotation kubectl.kubernetes.io/last-applied-configuration",
    ];
    assert_eq!(found(&metadata), expected);
}
