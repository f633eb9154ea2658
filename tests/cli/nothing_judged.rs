//! Where nobody is there to be judged, no verdict is told and no check passes.

use crate::run::Folder;

/// A namespace, and a pod of another.
const NAMESPACE: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: other}
spec: {containers: [{name: c}]}
status: {podIP: 172.30.0.1}
---
";

/// A default deny, and a rule for the pods of a label.
const POLICIES: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  egress: [{to: [{ipBlock: {cidr: 8.8.8.8/32}}], ports: [{port: 443}]}]
  policyTypes: [Egress]
---
";

const FINISHED: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: shop, labels: {app: done}}
spec: {containers: [{name: c}]}
status: {phase: Succeeded}
---
";

/// A workload whose pods have no address, and one that takes what comes from an address.
const UNPLACED: &str = "\
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
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 5432}]}]
---
";

#[test]
fn a_check_that_judged_nothing_fails_whatever_it_expects() {
    let empty = "ns/shop has no pod or address";
    let finished = "shop/pod/done: the pod has finished: no connections to or from it";
    for (input, end, why) in [("", "ns/shop", empty), (FINISHED, "shop/pod/done", finished)] {
        let folder = Folder::of(&[("f.yaml", &format!("{NAMESPACE}{POLICIES}{input}"))]);
        for question in [
            format!("explain {end} --to internet --port 443 --expect deny"),
            format!("explain {end} --to internet --expect allow"),
            format!("explain {end} --from internet --expect deny"),
            format!("who-can-reach {end} --expect only=ns/shop"),
        ] {
            let ended = folder.run(&format!("{question} -f f.yaml"));
            let expected = (Some(2), format!("error: nothing was judged: {why}\n"), String::new());
            assert_eq!((ended.code, ended.err, ended.out), expected, "{question}");
        }
    }
}

#[test]
fn without_an_end_there_is_no_verdict() {
    let folder = Folder::of(&[("f.yaml", &format!("{NAMESPACE}{POLICIES}"))]);
    let answer = folder.json("explain ns/shop --to internet -f f.yaml");
    assert_eq!(answer["verdict"], "depends");
    assert_eq!(answer["noFix"], "ns/shop has no pods");
    let text = folder.run("who-can-reach ns/shop -f f.yaml").out;
    assert!(text.starts_with("ns/shop: no source was found; see the caveats and gaps\n"), "{text}");
}

#[test]
fn a_namespace_without_pods_is_explained_by_what_governs_those_to_come() {
    let folder = Folder::of(&[("f.yaml", &format!("{NAMESPACE}{POLICIES}"))]);
    let answer = folder.json("explain ns/shop -f f.yaml");
    for direction in ["ingress", "egress"] {
        assert_eq!(answer[direction]["isolated"], true, "{direction}");
        assert_eq!(answer[direction]["by"][0]["name"], "deny", "{direction}");
    }
    // Only a pod with its label is governed by the other.
    assert_eq!(answer["egress"]["allows"][0]["verdict"], "depends");
    let caveats = answer["caveats"].to_string();
    assert!(caveats.contains("ns/shop has no pod: this is what holds for one to come"), "{caveats}");
    let (_, only_web) = POLICIES.split_once("---\n").unwrap();
    let folder = Folder::of(&[("f.yaml", &format!("{NAMESPACE}{only_web}"))]);
    let answer = folder.json("explain ns/shop -f f.yaml");
    assert_eq!(answer["ingress"]["isolated"], false);
    assert_eq!(answer["ingress"]["isolationUnknown"], serde_json::Value::Null);
    assert_eq!(answer["egress"]["isolated"], true);
    assert_eq!(answer["egress"]["isolationUnknown"], true);
}

#[test]
fn a_finished_pod_is_told_first() {
    let folder = Folder::of(&[("f.yaml", &format!("{NAMESPACE}{FINISHED}"))]);
    let ended = folder.run("explain shop/pod/done -f f.yaml");
    let expected = "shop/pod/done: no connections\n\ncaveat   shop/pod/done: the pod has finished: no \
                    connections to or from it\n";
    assert_eq!(ended.out, expected);
}

#[test]
fn an_audit_fails_where_an_address_decides_that_is_not_known() {
    let folder = Folder::of(&[("f.yaml", &format!("{NAMESPACE}{UNPLACED}"))]);
    let question = "shop/deploy/web --to shop/sts/db:5432 -f f.yaml";
    assert_eq!(folder.verdict(question), "depends");
    for verdict in ["allow", "deny"] {
        let ended = folder.run(&format!("explain {question} --expect {verdict}"));
        assert_eq!(ended.code, Some(1), "{verdict}");
    }
    let audit =
        |only: &str| folder.run(&format!("who-can-reach shop/sts/db --expect only={only} -f f.yaml"));
    let ended = audit("10.0.0.0/8");
    assert_eq!(ended.code, Some(1));
    let told = "not known of shop/deploy/web: an ipBlock decides, and a pod has no address yet";
    assert!(ended.out.starts_with("NOT KNOWN TO BE ONLY 10.0.0.0/8 can connect"), "{}", ended.out);
    assert!(ended.out.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{}", ended.out);
    assert_eq!(audit("10.0.0.0/8,shop/deploy/web").code, Some(0));
}
