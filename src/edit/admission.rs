//! What the API server lets the account of the CronJob change, whatever its roles say: a ValidatingAdmissionPolicy.
//!
//! RBAC knows whole objects only. Whoever gets hold of the account could take the isolation from every pod.

use serde_json::{Value, json};

use super::name::ENDPOINT;
use super::record::ANNOTATION;

/// The version of both kinds.
pub const VERSION: &str = "admissionregistration.k8s.io/v1";

/// Builds the specification of the policy: the account changes policies that remember hosts, and of them the
/// rules of egress and what is remembered.
pub fn policy(account: &str) -> Value {
    json!({
        "failurePolicy": "Fail",
        "matchConstraints": { "resourceRules": [{
            "apiGroups": ["networking.k8s.io"],
            "apiVersions": ["*"],
            "operations": ["CREATE", "UPDATE", "DELETE"],
            "resources": ["networkpolicies"],
        }] },
        "matchConditions": [{
            "name": "account",
            "expression": format!("request.userInfo.username == '{account}'"),
        }],
        "variables": variables(),
        "validations": validations(),
    })
}

/// Builds the specification of its binding.
pub fn binding(policy: &str) -> Value {
    json!({ "policyName": policy, "validationActions": ["Deny"] })
}

fn variables() -> Value {
    let of = |object: &str, field: &str| format!("{object}.metadata.?{field}.orValue({{}})");
    json!([
        { "name": "labels", "expression": of("object", "labels") },
        { "name": "oldLabels", "expression": of("oldObject", "labels") },
        { "name": "annotations", "expression": of("object", "annotations") },
        { "name": "oldAnnotations", "expression": of("oldObject", "annotations") },
        { "name": "oldEgress", "expression": "oldObject.spec.?egress.orValue([])" },
    ])
}

fn validations() -> Value {
    let same = |fields: &[&str]| {
        let each = fields.iter().map(|field| format!("object.{field} == oldObject.{field}"));
        each.collect::<Vec<_>>().join(" && ")
    };
    let metadata = [
        same_but("labels", "oldLabels", ENDPOINT),
        same_but("annotations", "oldAnnotations", ANNOTATION),
        same(&["metadata.?ownerReferences", "metadata.?finalizers"]),
    ];
    let single = "has(rule.ports) && rule.ports.size() > 0 && has(rule.to) && rule.to.size() > 0 && \
                  rule.to.all(peer, has(peer.ipBlock) && int(peer.ipBlock.cidr.split('/')[1]) >= \
                  (peer.ipBlock.cidr.contains(':') ? 120 : 24))";
    json!([
        {
            "expression": format!("'{ENDPOINT}' in variables.labels && '{ENDPOINT}' in variables.oldLabels"),
            "message": "this account changes only policies that remember hosts",
        },
        {
            "expression": metadata.join(" && "),
            "message": "this account changes no metadata but what is remembered of hosts",
        },
        {
            "expression": same(&["spec.?podSelector", "spec.?policyTypes", "spec.?ingress"]),
            "message": "this account changes only egress",
        },
        {
            "expression": format!(
                "object.spec.?egress.orValue([]).all(rule, rule in variables.oldEgress || ({single}))"
            ),
            "message": "this account adds only rules for ports of single addresses",
        },
    ])
}

/// Compares two maps but for one key.
fn same_but(new: &str, old: &str, key: &str) -> String {
    let holds = |one: &str, other: &str| {
        format!(
            "variables.{one}.all(key, key == '{key}' || \
             (key in variables.{other} && variables.{one}[key] == variables.{other}[key]))"
        )
    };
    format!("{} && {}", holds(new, old), holds(old, new))
}
