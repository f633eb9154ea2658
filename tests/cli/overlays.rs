//! `--with` lays manifests over what is read, `--without` takes objects away.

use crate::run::Folder;

const CLUSTER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: x}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-abc
  namespace: x
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u, controller: true}]
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-abc-1
  namespace: x
  labels: {app: web, pod-template-hash: abc}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-abc, uid: u, controller: true}]
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: z}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: x}
spec: {podSelector: {}}
";

const CHANGED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: x}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web, tier: front}}, spec: {containers: [{name: c, image: i}]}}
";

const OPEN: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: x}
spec: {podSelector: {}, ingress: [{}]}
";

fn folder() -> Folder {
    Folder::of(&[("cluster.yaml", CLUSTER), ("changed.yaml", CHANGED), ("open.yaml", OPEN)])
}

#[test]
fn an_overlay_replaces_a_policy_and_names_its_own_file() {
    let folder = folder();
    assert_eq!(folder.verdict("z/pod/other --to x/deploy/web -f cluster.yaml"), "deny");
    let question = "z/pod/other --to x/deploy/web -f cluster.yaml --with open.yaml";
    assert_eq!(folder.verdict(question), "allow");
    assert_eq!(folder.places(question)["spec.ingress[0]"], "open.yaml:4");
}

#[test]
fn an_overlay_that_changes_the_pod_template_replaces_the_pods() {
    let folder = folder();
    assert_eq!(folder.ends("--pods -f cluster.yaml"), ["x/Pod/web-abc-1", "z/Pod/other"]);
    let ends = folder.ends("--pods -f cluster.yaml --with changed.yaml");
    assert_eq!(ends, ["x/Deployment/web", "z/Pod/other"]);
}

#[test]
fn an_overlay_that_changes_nothing_of_the_pods_leaves_them() {
    let folder = folder();
    folder.write("same.yaml", CLUSTER.split("---\n").next().unwrap().as_bytes());
    let ends = folder.ends("--pods -f cluster.yaml --with same.yaml");
    assert_eq!(ends, ["x/Pod/web-abc-1", "z/Pod/other"]);
    folder.write(
        "scaled.yaml",
        CHANGED.replace(", tier: front", "").replace("spec:\n", "spec:\n  replicas: 9\n").as_bytes(),
    );
    let ends = folder.ends("--pods -f cluster.yaml --with scaled.yaml");
    assert_eq!(ends, ["x/Pod/web-abc-1", "z/Pod/other"]);
}

#[test]
fn a_deleted_workload_takes_its_pods_with_it() {
    let folder = folder();
    for word in ["x/deploy/web", "x/deployment/web", "x/deployments.apps/web", "x/Deployment/web"] {
        let ends = folder.ends(&format!("-f cluster.yaml --without {word}"));
        assert_eq!(ends, ["z/Pod/other"], "{word}");
    }
    assert_eq!(folder.ends("-n x -f cluster.yaml --without deploy/web"), [""; 0]);
}

#[test]
fn a_deleted_policy_or_pod_is_gone() {
    let folder = folder();
    for word in ["x/netpol/deny", "x/networkpolicy/deny", "x/networkpolicies.networking.k8s.io/deny"] {
        let question = format!("z/pod/other --to x/deploy/web -f cluster.yaml --without {word}");
        assert_eq!(folder.verdict(&question), "allow", "{word}");
    }
    let ends = folder.ends("-f cluster.yaml --without z/pod/other");
    assert_eq!(ends, ["x/Deployment/web"]);
}

#[test]
fn a_deleted_namespace_takes_everything_in_it_along() {
    let folder = folder();
    folder.write("ns.yaml", b"apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n");
    let ends = folder.ends("-f cluster.yaml -f ns.yaml --without ns/x");
    assert_eq!(ends, ["z/Pod/other"]);
}

#[test]
fn what_is_laid_over_can_be_taken_away_again() {
    let folder = folder();
    let question =
        "z/pod/other --to x/deploy/web -f cluster.yaml --with open.yaml --without x/netpol/deny";
    assert_eq!(folder.verdict(question), "allow");
    assert!(folder.places(question).is_empty());
}

const BARE: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x, labels: {app: a}}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.1.0.5, hostIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x, labels: {app: b}}
spec: {nodeName: n2, containers: [{name: c, image: i}]}
status: {phase: Running, podIP: 10.1.0.6, hostIP: 10.0.0.2}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: block, namespace: x}
spec:
  podSelector: {matchLabels: {app: b}}
  ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/24}}]}]
";

const RELABELLED: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x, labels: {app: a, more: label}}
spec: {containers: [{name: c, image: i}]}
";

#[test]
fn an_applied_pod_keeps_the_address_that_the_cluster_gave_it() {
    let folder = Folder::of(&[("base.yaml", BARE), ("new.yaml", RELABELLED)]);
    let question = "x/pod/a --to x/pod/b -f base.yaml";
    assert_eq!(folder.verdict(question), "allow");
    assert_eq!(folder.verdict(&format!("{question} --with new.yaml")), "allow");
}

#[test]
fn a_deleted_replica_set_takes_its_pods_with_it() {
    let folder = folder();
    let ends = folder.ends("--pods -f cluster.yaml --without x/rs/web-abc");
    assert_eq!(ends, ["x/Deployment/web", "z/Pod/other"]);
}

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: x}
spec: {selector: {app: web}, clusterIP: 10.96.0.1, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  namespace: x
  labels: {kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}
addressType: IPv4
ports: [{port: 9999}]
endpoints: [{addresses: [10.9.9.9]}]
";

#[test]
fn an_overlay_makes_the_slices_of_controllers_outdated() {
    let folder = folder();
    folder.write("service.yaml", SERVICE.as_bytes());
    let question = "explain z/pod/other --to x/svc/web -f cluster.yaml -f service.yaml -o json";
    let target = |flags: &str| {
        let answer: serde_json::Value =
            serde_json::from_str(&folder.run(&format!("{question} {flags}")).out).unwrap();
        answer["groups"][0]["servicePorts"][0]["target"].to_string()
    };
    assert_eq!(target(""), "\"TCP/9999\"");
    assert_eq!(target("--without x/netpol/deny"), "\"TCP/80\"");
}

#[test]
fn an_applied_service_keeps_the_address_that_the_cluster_gave_it() {
    let folder = folder();
    folder.write("service.yaml", SERVICE.as_bytes());
    let applied = SERVICE.split("---").next().unwrap().replace("clusterIP: 10.96.0.1, ", "");
    folder.write("applied.yaml", applied.as_bytes());
    let question =
        "explain z/pod/other --to 10.96.0.1 -f cluster.yaml -f service.yaml --with applied.yaml";
    assert!(folder.run(question).out.starts_with("DENIED   z/pod/other -> x/svc/web\n"));
}
