//! Every denial comes with what would allow it, as YAML that can be applied as it is.

use serde_json::{Value, json};

use crate::run::{Folder, items};

/// Two namespaces: `a` denies everything by default and lets `web` reach the DNS; `b` is open but
/// for `db`, which only `api` may reach.
const CLUSTER: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Namespace
metadata: {name: b}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web, helm.sh/chart: web-1.2.3}}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: old, namespace: a, labels: {app: old}}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: a}
status: {phase: Running, podIP: 10.0.0.3}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: late, namespace: a}
spec:
  selector: {matchLabels: {app: late}}
  template: {metadata: {labels: {app: late}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: b, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: c, image: i, ports: [{name: sql, containerPort: 5432}]}]}
status: {phase: Running, podIP: 10.0.1.1}
---
apiVersion: v1
kind: Pod
metadata: {name: twin, namespace: b, labels: {app: twin}}
status: {phase: Running, podIP: 10.0.1.2}
---
apiVersion: v1
kind: Pod
metadata: {name: ads, namespace: b, labels: {app: ads}}
status: {phase: Running, podIP: 10.0.1.3}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: twin, namespace: b}
spec:
  selector: {matchLabels: {app: twin, of: deployment}}
  template: {metadata: {labels: {app: twin, of: deployment}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: b, labels: {app: agent}}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 192.168.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: roaming, namespace: b, labels: {app: roaming}}
spec: {hostNetwork: true, containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: a}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{ports: [{protocol: UDP, port: 53}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db
  namespace: b
  labels: {part: data}
  annotations: {who: us, kubectl.kubernetes.io/last-applied-configuration: '{}'}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]
";

fn folder() -> Folder {
    Folder::of(&[("cluster.yaml", CLUSTER)])
}

/// Returns the fix of a question.
fn fix(folder: &Folder, question: &str) -> Value {
    let answer = folder.json(&format!("explain {question} -f cluster.yaml"));
    assert!(answer["noFix"].is_null(), "{question}: {}", answer["noFix"]);
    answer["fix"].clone()
}

/// Returns why a question has no fix.
fn no_fix(folder: &Folder, question: &str) -> String {
    let answer = folder.json(&format!("explain {question} -f cluster.yaml"));
    assert!(answer["fix"].is_null(), "{question}: {}", answer["fix"]);
    answer["noFix"].as_str().unwrap_or_default().to_owned()
}

/// Writes what a fix adds: `rule a/web spec.egress[1]`.
fn places(fix: &Value) -> Vec<String> {
    let text = |change: &Value, key: &str| change[key].as_str().unwrap().to_owned();
    let place = |change: &Value| {
        let [kind, namespace, name, path] =
            ["change", "namespace", "name", "path"].map(|key| text(change, key));
        format!("{kind} {namespace}/{name} {path}")
    };
    items(&fix["changes"]).iter().map(place).collect()
}

#[test]
fn a_rule_goes_to_the_policy_that_selects_exactly_the_denied_pods() {
    let folder = folder();
    let ingress = fix(&folder, "b/pod/ads --to b/pod/db --port 5432");
    assert_eq!(places(&ingress), ["rule b/db spec.ingress[1]"]);
    assert_eq!(ingress["opens"], 0);
    let peer = json!({"podSelector": {"matchLabels": {"app": "ads"}}});
    let port = json!({"port": 5432, "protocol": "TCP"});
    assert_eq!(ingress["changes"][0]["rule"], json!({"from": [peer], "ports": [port]}));
    let egress = fix(&folder, "a/pod/web --to b/pod/twin:80-90/UDP");
    assert_eq!(places(&egress), ["rule a/web spec.egress[1]"]);
    let port = json!({"port": 80, "endPort": 90, "protocol": "UDP"});
    assert_eq!(egress["changes"][0]["rule"]["ports"], json!([port]));
}

#[test]
fn a_new_policy_is_better_than_a_rule_for_pods_that_nobody_asked_about() {
    let fix = fix(&folder(), "a/pod/old --to b/pod/ads --port 80");
    assert_eq!(places(&fix), ["policy a/old-to-b-ads spec.egress[0]"]);
    assert_eq!(fix["opens"], 0);
    let spec = &fix["objects"][0]["spec"];
    assert_eq!(spec["podSelector"], json!({"matchLabels": {"app": "old"}}));
    assert_eq!(spec["policyTypes"], json!(["Egress"]));
}

#[test]
fn a_rule_selects_no_pods_that_only_the_other_half_keeps_out() {
    let folder = folder();
    // Whatever pods of `a` may send, only `old` gets into `db` by the other rule.
    let fix = fix(&folder, "a/pod/old --to b/pod/db --port 5432");
    let places = places(&fix);
    assert_eq!(places, ["policy a/old-to-b-db spec.egress[0]", "rule b/db spec.ingress[1]"]);
}

#[test]
fn both_halves_get_a_rule_where_both_deny() {
    let fix = fix(&folder(), "a/pod/web --to b/pod/db --port sql");
    assert_eq!(places(&fix), ["rule a/web spec.egress[1]", "rule b/db spec.ingress[1]"]);
    let source = &fix["changes"][1]["rule"]["from"][0];
    assert_eq!(
        *source,
        json!({
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "a"}},
            "podSelector": {"matchLabels": {"app": "web"}},
        })
    );
    let ports = items(&fix["changes"]).iter().map(|change| change["rule"]["ports"][0]["port"].clone());
    assert_eq!(ports.collect::<Vec<_>>(), [5432, 5432]);
}

#[test]
fn addresses_nodes_and_host_network_pods_are_blocks() {
    let folder = folder();
    let block = |question: &str| {
        fix(&folder, question)["changes"][0]["rule"]["to"][0]["ipBlock"]["cidr"].clone()
    };
    assert_eq!(block("a/pod/web --to 203.0.113.7 --port 443"), "203.0.113.7/32");
    assert_eq!(block("a/pod/web --to 203.0.113.0/24 --port 443"), "203.0.113.0/24");
    assert_eq!(block("a/pod/web --to node/n1 --port 443"), "192.168.0.1/32");
    assert_eq!(block("a/pod/web --to b/pod/agent --port 443"), "192.168.0.1/32");
    // Only the family that the pod has.
    let internet = fix(&folder, "a/pod/web --to internet --port 443");
    let blocks = items(&internet["changes"][0]["rule"]["to"]);
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0]["ipBlock"]["cidr"], "0.0.0.0/0");
    let except = items(&blocks[0]["ipBlock"]["except"]);
    assert!(["10.0.0.0/8", "192.168.0.0/16"].iter().all(|own| except.contains(&json!(own))));
}

#[test]
fn connections_of_others_with_the_same_labels_are_counted() {
    let folder = folder();
    // The labels of the pod are also those of the deployment.
    assert_eq!(fix(&folder, "b/pod/twin --to b/pod/db --port 5432")["opens"], 1);
    assert_eq!(fix(&folder, "b/deploy/twin --to b/pod/db --port 5432")["opens"], 0);
    // What has no label could only get a rule of the default deny, which every later pod would have too.
    let bare = no_fix(&folder, "a/pod/bare --to b/pod/twin --port 80");
    assert_eq!(bare, "a/pod/bare has no label by which a policy could name it");
}

#[test]
fn a_pod_of_a_workload_is_named_with_its_replicas() {
    let shop = Folder::shop();
    shop.write("cluster.yaml", crate::run::SHOP.replace("track: canary", "track: stable").as_bytes());
    let replica = fix(&shop, "shop/pod/web-7d4b9-abcde --to db/sts/postgres --port 5432");
    let note = "policies select by labels: it holds for other pods of shop/deploy/web too";
    assert_eq!(replica["notes"], json!([note]));
    shop.write("cluster.yaml", crate::run::SHOP.as_bytes());
    let alone = fix(&shop, "shop/pod/web-7d4b9-abcde --to db/sts/postgres --port 5432");
    // A label of its own is no part of the workload's selector, and is gone with the next release.
    assert_eq!(alone["notes"], json!([note]));
}

#[test]
fn an_object_keeps_the_metadata_that_applying_it_would_remove() {
    let (folder, question) = (folder(), "b/pod/ads --to b/pod/db --port 5432");
    let object = folder.json(&format!("explain {question} --fix-only -f cluster.yaml"));
    let expected = json!({
        "name": "db", "namespace": "b", "labels": {"part": "data"}, "annotations": {"who": "us"},
    });
    assert_eq!(object["metadata"], expected);
    // Annotations may hold anything, and an answer is shown to others.
    let expected = json!({"name": "db", "namespace": "b", "labels": {"part": "data"}});
    assert_eq!(fix(&folder, question)["objects"][0]["metadata"], expected);
}

#[test]
fn labels_of_a_release_are_left_out_where_the_others_name_the_same_pods() {
    let folder = folder();
    let peer = |folder: &Folder| {
        let fix = fix(folder, "b/pod/db --from a/pod/web --port 5432");
        fix["changes"][1]["rule"]["from"][0]["podSelector"]["matchLabels"].clone()
    };
    assert_eq!(peer(&folder), json!({"app": "web"}));
    let twin =
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: next, namespace: a, labels: {app: web}}\n";
    folder.write("cluster.yaml", [CLUSTER, twin].concat().as_bytes());
    assert_eq!(peer(&folder), json!({"app": "web", "helm.sh/chart": "web-1.2.3"}));
}

#[test]
fn what_no_rule_can_name_has_no_fix_and_a_reason() {
    let folder = folder();
    let bare = no_fix(&folder, "a/pod/bare --to b/pod/db --port 5432");
    assert_eq!(bare, "a/pod/bare has no label by which a policy could name it");
    let roaming = no_fix(&folder, "a/pod/web --to b/pod/roaming --port 80");
    assert_eq!(roaming, "the address of b/pod/roaming is not known");
    assert_eq!(no_fix(&folder, "a/pod/web --to ns/b"), "the address of b/pod/roaming is not known");
    let many = no_fix(&folder, "b/pod/db --from 10.0.0.0/24 --port 5432");
    assert_eq!(many, "10.0.0.0/24 holds pods of several workloads: ask for one of them");
    for allowed in ["b/pod/twin --to b/pod/agent", "a/pod/web --to b/pod/twin:53/UDP"] {
        let answer = folder.json(&format!("explain {allowed} -f cluster.yaml"));
        assert!(answer["fix"].is_null() && answer["noFix"].is_null(), "{answer}");
    }
}

#[test]
fn nothing_is_isolated_that_was_not() {
    let folder = folder();
    // `front` shares its labels with a pod that nothing isolates.
    let pod = |name: &str, label: &str| {
        let labels = format!("{{app: front{label}}}");
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: b, labels: {labels}}}\n"
        )
    };
    let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
                  metadata: {name: front, namespace: b}\n\
                  spec: {podSelector: {matchExpressions: [{key: free, operator: DoesNotExist}]}}\n";
    let text = [CLUSTER, &pod("front", ""), &pod("free", ", free: please"), policy].concat();
    folder.write("cluster.yaml", text.as_bytes());
    let fix = fix(&folder, "b/pod/front --from b/pod/twin --port 80");
    assert_eq!(places(&fix), ["rule b/front spec.ingress[0]"]);
}

#[test]
fn the_objects_laid_over_the_cluster_allow_what_was_asked() {
    let folder = folder();
    for question in [
        "b/pod/twin --to b/pod/db --port 5432",
        "a/pod/old --to b/pod/twin --port 80",
        "a/pod/web --to b/pod/db --port sql",
        "b/pod/ads --to ns/a",
        "ns/a --to b/pod/twin --port 80",
        "b/deploy/twin --to a/pod/old --port 80",
        "a/pod/web --to internet",
        "b/pod/db --from internet --port 5432",
        "a/pod/old --to node/n1 --port 1-65535",
        "b/pod/db --from 172.16.0.0/12 --port 5432",
        "a/deploy/late --to internet:443",
    ] {
        let asked = format!("explain {question} -f cluster.yaml");
        for format in ["yaml", "json"] {
            let objects = folder.run(&format!("{asked} --fix-only -o {format}"));
            assert_eq!((objects.code, &*objects.err), (Some(0), ""), "{question}");
            let again = folder.run_with_input(&format!("{asked} --with - -o json"), &objects.out);
            assert_eq!(again.code, Some(0), "{question}\n{}{}", again.err, objects.out);
            let answer: Value = serde_json::from_str(&again.out).unwrap();
            assert_eq!(answer["verdict"], "allow", "{question}\n{}", objects.out);
            assert_eq!(again.err, "");
        }
        let yaml = folder.run(&format!("{asked} --fix-only")).out;
        assert_eq!(yaml, folder.run(&format!("{asked} --fix-only -o yaml")).out);
    }
}

#[test]
fn what_a_fix_opens_is_its_diff() {
    let folder = folder();
    for question in [
        "b/pod/twin --to b/pod/db --port 5432",
        "a/pod/old --to b/pod/twin --port 80",
        "a/pod/web --to b/pod/db --port sql",
        "a/pod/old --to internet:443",
    ] {
        let fix = fix(&folder, question);
        let objects = folder.run(&format!("explain {question} --fix-only -f cluster.yaml")).out;
        let ended = folder.run_with_input("diff --base cluster.yaml -f - -o json", &objects);
        assert_eq!((ended.code, &*ended.err), (Some(1), ""), "{question}");
        let diff: Value = serde_json::from_str(&ended.out).unwrap();
        let changes = items(&diff["changes"]);
        assert_eq!(changes.len() as u64, 1 + fix["opens"].as_u64().unwrap(), "{question}: {diff:#}");
        assert!(changes.iter().all(|change| change["change"] == "added"), "{question}: {diff:#}");
        assert_eq!(diff["isolations"], json!([]));
    }
}

#[test]
fn there_may_be_nothing_to_print() {
    let folder = folder();
    let allowed = folder.run("explain b/pod/twin --to b/pod/agent --fix-only -f cluster.yaml");
    assert_eq!((allowed.code, &*allowed.out), (Some(0), ""));
    assert_eq!(allowed.err, "b/pod/twin -> b/pod/agent is allowed: there is nothing to fix\n");
    let none = folder.run("explain a/pod/bare --to b/pod/db --fix-only -f cluster.yaml");
    assert_eq!((none.code, &*none.out), (Some(1), ""));
    assert!(none.err.starts_with("error: there is no fix: "), "{}", none.err);
    let alone = folder.run("explain a/pod/bare --fix-only -f cluster.yaml");
    assert_eq!(alone.err, "error: --fix-only needs --to or --from\n");
}
