//! Files that hold a part of the cluster: what is not in them is told where it matters, and nowhere else.

use serde_json::Value;

use crate::run::{Folder, items};

/// A workload of a release, and one that takes nothing.
const APPS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: gw, namespace: shop}
spec:
  selector: {matchLabels: {app: gw}}
  template:
    metadata: {labels: {app: gw, build: \"4711\", git-commit: abcdef0}}
    spec: {containers: [{name: c}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api, build: \"4712\"}}
    spec: {containers: [{name: c}]}
---
";

const DENY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
";

/// A policy that admits some namespace by a label.
fn admitting(test: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: admit, namespace: shop}}
spec:
  podSelector: {{matchLabels: {{app: api}}}}
  ingress: [{{from: [{{namespaceSelector: {{matchExpressions: [{test}]}}}}]}}]
---
"
    )
}

/// A policy of which one of two rules matches any namespace.
const EITHER: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: either, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
  - from: [{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}}]
  - from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]
---
";

/// A client in a namespace whose labels are not known.
const CLIENT: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: far}
spec: {containers: [{name: c}]}
status: {podIP: 10.0.0.9}
---
";

fn folder(parts: &[&str]) -> Folder {
    Folder::of(&[("f.yaml", &parts.concat())])
}

#[test]
fn labels_of_namespaces_are_missing_only_where_something_selects_by_them() {
    let gaps = |parts: &[&str]| items(&folder(parts).json("list -f f.yaml")["gaps"]).len();
    assert_eq!(gaps(&[APPS, DENY]), 0);
    let by_name = admitting("{key: kubernetes.io/metadata.name, operator: In, values: [far]}");
    assert_eq!(gaps(&[APPS, DENY, &by_name]), 0);
    assert_eq!(gaps(&[APPS, DENY, &admitting("{key: team, operator: Exists}")]), 1);
}

#[test]
fn what_every_outcome_allows_has_the_rules_that_may_allow_it_as_its_reason() {
    let folder = folder(&[APPS, CLIENT, EITHER]);
    let answer = folder.json("explain far/pod/client --to shop/deploy/api:80 -f f.yaml");
    assert_eq!(answer["verdict"], "allow");
    let half = &answer["groups"][0]["ingress"];
    assert_eq!((&half["reason"], &half["decidedBy"]), (&Value::from("rule"), &Value::Null));
    let text = folder.run("explain far/pod/client --to shop/deploy/api:80 -f f.yaml").out;
    assert!(text.contains("ingress  allowed  a rule matches, however the unknown turns out"), "{text}");
    assert_eq!(text.matches("not known whether it matches").count(), 2, "{text}");
    let text = folder.run("who-can-reach shop/deploy/api:80 --why -f f.yaml").out;
    assert!(text.contains("spec.ingress[0]") && text.contains("spec.ingress[1]"), "{text}");
}

/// Eighty rules by seven labels of a namespace that was not read: too many ways to try them all, so that
/// without a budget this would not end soon.
#[test]
fn too_many_unknown_labels_stay_a_doubt() {
    let rule = |index: usize| {
        format!(
            "  - from: [{{namespaceSelector: {{matchExpressions: [{{key: k{}, operator: In, values: [v{index}]}}]}}}}]\n",
            index % 7
        )
    };
    let rules: String = (0..80).map(rule).collect();
    let policy = format!(
        "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: many, namespace: shop}}
spec:
  podSelector: {{}}
  ingress:
{rules}---
"
    );
    let folder = folder(&[APPS, CLIENT, &policy]);
    assert_eq!(folder.verdict("far/pod/client --to shop/deploy/api:80 -f f.yaml"), "depends");
}

#[test]
fn a_fix_selects_by_the_workloads_own_selector() {
    let folder = folder(&[APPS, DENY]);
    let answer = folder.json("explain shop/deploy/gw --to shop/deploy/api:8080 -f f.yaml");
    let text = answer["fix"].to_string();
    assert!(text.contains(r#"{"app":"gw"}"#) && text.contains(r#"{"app":"api"}"#), "{text}");
    assert!(!text.contains("4711") && !text.contains("4712") && !text.contains("git-commit"), "{text}");
}

/// What `allow-endpoint` wrote is refreshed by it, so a rule of somebody else has no place there.
#[test]
fn a_fix_adds_to_no_policy_that_the_plugin_writes() {
    let policy = |label: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: present, namespace: shop, labels: {{app.kubernetes.io/managed-by: {label}}}}}
spec: {{podSelector: {{matchLabels: {{app: gw}}}}, policyTypes: [Egress]}}
---
"
        )
    };
    let changed = |label: &str| {
        let folder = folder(&[APPS, &policy(label)]);
        let fix =
            folder.json("explain shop/deploy/gw --to shop/deploy/api:8080 -f f.yaml")["fix"].to_string();
        assert!(fix.contains("8080"), "{fix}");
        fix.contains("present")
    };
    assert!(changed("somebody"));
    assert!(!changed("kubectl-netpol"));
}

#[test]
fn a_base_opens_dns_of_kube_system_where_the_files_do_not_hold_it() {
    let folder = folder(&[APPS]);
    let base = folder.run("default-deny ns/shop -f f.yaml").out;
    assert!(base.starts_with("# kube-system was not read: DNS is allowed to its pods with"), "{base}");
    assert!(base.contains("k8s-app: kube-dns") && !base.contains("0.0.0.0/0"), "{base}");
}

#[test]
fn a_route_is_told_only_to_what_it_leads_to() {
    let route = "\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: shop}
spec: {parentRefs: [{name: public}], rules: [{backendRefs: [{name: gone, port: 80}]}]}
---
";
    let folder = folder(&[APPS, route]);
    let findings =
        |end: &str| items(&folder.json(&format!("explain {end} -f f.yaml"))["findings"]).len();
    assert_eq!((findings("shop/deploy/api"), findings("ns/shop")), (0, 2));
}

#[test]
fn policies_alone_beside_workloads_are_told_to_be_an_overlay() {
    let folder = Folder::of(&[("apps.yaml", APPS), ("policies/deny.yaml", DENY)]);
    let ended = folder.run("diff apps.yaml policies");
    assert!(ended.err.contains("what policies change is told by an overlay"), "{}", ended.err);
    let ended = folder.run("diff apps.yaml apps.yaml");
    assert!(!ended.err.contains("overlay"), "{}", ended.err);
}

#[test]
fn dns_is_not_cut_where_a_rule_opens_it_to_a_namespace_that_no_file_holds() {
    let opening = |namespace: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: dns, namespace: shop}}
spec:
  podSelector: {{}}
  policyTypes: [Egress]
  egress:
  - to:
    - namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}
      podSelector: {{matchLabels: {{k8s-app: kube-dns}}}}
    ports: [{{port: 53, protocol: UDP}}]
---
"
        )
    };
    let is_cut = |namespace: &str| {
        let answer = folder(&[APPS, &opening(namespace)]).json("explain shop/deploy/api -f f.yaml");
        items(&answer["findings"]).iter().any(|own| own["id"] == "dns-blocked")
    };
    assert_eq!((is_cut("kube-system"), is_cut("elsewhere")), (false, true));
}
