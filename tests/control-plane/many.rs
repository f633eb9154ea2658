//! Five thousand pods: read page by page, alike in both wire forms, and not at all where a question
//! is about two of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use libtest_mimic::Trial;
use netpol::cluster::read as cluster;
use netpol::cluster::read::{Cluster, ConnectOptions, Question};
use netpol::objects::object::Object;
use serde_json::{Value, json};

use super::harness::ControlPlane;
use super::plugin::ask;
use super::{Shared, bulk};

/// Lists the trials of this file; the control plane is for them alone, as so many pods slow it down.
pub(crate) fn trials(alone: &Arc<Shared>) -> Vec<Trial> {
    vec![alone.trial("many::pods_in_thousands_cost_no_more_requests_and_are_read_alike", many)]
}

const PODS: usize = 5000;

const FEW: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: few}
---
apiVersion: v1
kind: Namespace
metadata: {name: many, labels: {team: crowd}}
---
apiVersion: v1
kind: Node
metadata: {name: node-0}
---
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: few, labels: {app: one}}
spec: {containers: [{name: main, image: example.test/main, ports: [{name: http, containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: two, namespace: few, labels: {app: two}}
spec: {containers: [{name: main, image: example.test/main}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: few}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: example.test/web}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: few}
spec:
  selector: {matchLabels: {app: db}}
  serviceName: db
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: example.test/db, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: few}
spec:
  clusterIP: 10.96.7.7
  selector: {app: db}
  ports: [{name: sql, port: 5432}, {name: metrics, port: 80, targetPort: m}]
---
apiVersion: v1
kind: Service
metadata: {name: away, namespace: few}
spec: {type: ExternalName, externalName: example.test}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: few}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 443, targetPort: 8443, nodePort: 30443, protocol: TCP}]
  externalIPs: [198.51.100.1]
  loadBalancerIP: 198.51.100.2
  loadBalancerSourceRanges: [203.0.113.0/24]
  externalTrafficPolicy: Local
  publishNotReadyAddresses: true
  allocateLoadBalancerNodePorts: false
status: {loadBalancer: {ingress: [{ip: 198.51.100.3}, {hostname: front.example.test}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: away-1, namespace: few, labels: {kubernetes.io/service-name: away}}
addressType: IPv4
ports: [{name: sql, protocol: TCP, port: 5432}, {name: all}]
endpoints:
- addresses: [10.0.0.8]
  conditions: {ready: true, serving: true, terminating: false}
  nodeName: node-0
  targetRef: {kind: Pod, namespace: many, name: crowd-0008}
- addresses: [198.51.100.7]
  conditions: {ready: false}
- addresses: [198.51.100.8]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: few}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
";

const QUESTIONS: [(&[&str], &str); 4] = [
    (&["explain", "few/pod/one", "--to", "few/pod/two"], "ALLOWED"),
    (&["explain", "few/pod/one", "--to", "few/sts/db", "--port", "5432"], "DENIED"),
    (&["explain", "few/deploy/web", "--to", "few/sts/db", "--port", "5432"], "ALLOWED"),
    (&["explain", "few/deploy/web", "--to", "few/sts/db:80"], "DENIED"),
];

fn many(plane: &ControlPlane) {
    plane.apply(FEW);
    plane.apply_status(FEW.split("\n---\n").find(|text| text.contains("\nstatus:")).expect("a status"));
    owned(plane);
    let before = QUESTIONS.map(|(question, verdict)| requests(plane, question, verdict));
    bulk::create(plane, "/api/v1/namespaces/many/pods", (0..PODS).map(pod));
    let after = QUESTIONS.map(|(question, verdict)| requests(plane, question, verdict));
    assert_eq!(before, after);
    for requests in after {
        let whole = |line: &&String| line.contains("/api/v1/pods?limit=");
        assert_eq!(requests.iter().find(whole), None, "all pods were listed");
        // A denial asks twice, as its fix takes all pods of the two namespaces.
        assert!(requests.len() < 40, "{requests:#?}");
    }

    let [protobuf, json] = [false, true].map(|json_only| read(plane, json_only));
    assert!(protobuf.objects.items == json.objects.items, "{}", difference(&protobuf, &json));
    assert_eq!(protobuf.objects.gaps, json.objects.gaps);
    assert_eq!(protobuf.objects.server_version, json.objects.server_version);
    assert_eq!(protobuf.objects.server_version.as_deref(), Some("v1.36.3"));
    assert_eq!(protobuf.objects.warnings, json.objects.warnings);
    // What was written is what was read.
    let pods = pods(&protobuf);
    let expected = (0..PODS).map(|number| format!("many/crowd-{number:04}"));
    let expected: BTreeSet<String> =
        expected.chain(["one", "two", "web", "db"].map(|name| format!("few/{name}"))).collect();
    assert!(pods == expected, "{} pods", pods.len());
    holds_what_was_written(&protobuf);
    while_pods_go(plane);
}

/// Adds a pod of each workload, with the ReplicaSet between.
fn owned(plane: &ControlPlane) {
    let uid = |kind: &str, name: &str| {
        let found = plane.get(&["--namespace=few", kind, name]);
        found["metadata"]["uid"].as_str().expect("a UID").to_owned()
    };
    let owner = |kind: &str, name: &str| {
        json!([{
            "apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid(kind, name), "controller": true,
        }])
    };
    let set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": "web-1", "namespace": "few", "labels": {"app": "web"},
            "ownerReferences": owner("Deployment", "web"),
        },
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": "example.test/web"}]},
            },
        },
    });
    plane.apply(&set.to_string());
    for (name, kind, owner_name) in [("web", "ReplicaSet", "web-1"), ("db", "StatefulSet", "db")] {
        let mut pod = pod(0);
        pod["metadata"] = json!({
            "name": name, "namespace": "few", "labels": {"app": name},
            "ownerReferences": owner(kind, owner_name),
        });
        plane.apply(&pod.to_string());
    }
}

/// Makes a pod; one differs from the next in what an analysis reads.
fn pod(number: usize) -> Value {
    let address = format!("10.{}.{}.{}", number >> 16, number >> 8 & 0xff, number & 0xff);
    let of_host = number % 50 == 49;
    let mut spec = json!({
        "containers": [
            {
                "name": "main", "image": "example.test/main",
                "ports": [{"name": "http", "containerPort": 8000 + number % 7}, {"containerPort": 53, "protocol": "UDP"}],
                "env": [{"name": "A", "value": "b"}],
            },
            {"name": "side", "image": "example.test/side"},
        ],
        "initContainers": [
            {"name": "first", "image": "example.test/first"},
            {"name": "stays", "image": "example.test/stays", "restartPolicy": "Always", "ports": [{"name": "m", "containerPort": 9090}]},
        ],
    });
    if of_host {
        spec["hostNetwork"] = json!(true);
        spec["nodeName"] = json!("node-0");
        for list in ["containers", "initContainers"] {
            for container in spec[list].as_array_mut().expect("containers") {
                container.as_object_mut().expect("a container").remove("ports");
            }
        }
    } else if number.is_multiple_of(3) {
        spec["nodeName"] = json!("node-0");
    }
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": format!("crowd-{number:04}"), "namespace": "many",
            "labels": {"app": format!("crowd-{}", number % 11), "empty": ""},
            "annotations": {"a": "b"},
        },
        "spec": spec,
    });
    if number.is_multiple_of(4) {
        let second = format!("fd00::{number:x}");
        pod["status"] = json!({
            "phase": if number.is_multiple_of(8) { "Running" } else { "Succeeded" },
            "podIP": address, "podIPs": [{"ip": address}, {"ip": second}],
            "hostIP": "192.0.2.1", "hostIPs": [{"ip": "192.0.2.1"}],
            "conditions": [{"type": "Ready", "status": if number.is_multiple_of(8) { "True" } else { "False" }}],
        });
    }
    pod
}

/// Asks, and returns the requests that were sent.
#[track_caller]
fn requests(plane: &ControlPlane, question: &[&str], verdict: &str) -> Vec<String> {
    let output = ask(plane, "admin", &[question, &["-v", "6"]].concat());
    assert!(output.is_success() && output.stdout.starts_with(verdict), "{output:#?}");
    let lines = output.stderr.lines().map(|line| line.split(" in ").next().unwrap_or_default());
    // They are under way at the same time.
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort_unstable();
    assert!(lines.len() > 3 && lines.iter().all(|line| line.starts_with("GET ")), "{lines:#?}");
    lines
}

fn read(plane: &ControlPlane, json_only: bool) -> Cluster {
    let kubeconfig = Some(plane.kubeconfig("admin"));
    let options = ConnectOptions { kubeconfig, json_only, ..ConnectOptions::default() };
    cluster::read(&options, Question::Everything(&[])).expect("the cluster")
}

fn pods(cluster: &Cluster) -> BTreeSet<String> {
    let is_pod = |object: &Object| matches!(object, Object::Pod(_));
    let pods = cluster.objects.items.iter().filter(|(_, object)| is_pod(object));
    pods.map(|(key, _)| format!("{}/{}", key.namespace, key.name)).collect()
}

/// Names the first object that differs.
fn difference(one: &Cluster, other: &Cluster) -> String {
    let (one, other) = (&one.objects.items, &other.objects.items);
    let differs = one.iter().find(|(key, object)| other.get(key) != Some(object));
    let missing = other.keys().find(|key| !one.contains_key(key));
    format!("{differs:#?}\n{missing:?}\n{:#?}", differs.and_then(|(key, _)| other.get(key)))
}

fn holds_what_was_written(cluster: &Cluster) {
    for (key, object) in &cluster.objects.items {
        let Object::Pod(read) = object else { continue };
        let Some(number) = key.name.strip_prefix("crowd-").and_then(|number| number.parse().ok()) else {
            continue;
        };
        let written = pod(number);
        let of = |path: &str| written.pointer(path).and_then(Value::as_str).unwrap_or_default();
        assert_eq!(read.spec.node_name, of("/spec/nodeName"));
        assert_eq!(read.spec.host_network, written["spec"]["hostNetwork"] == true);
        assert_eq!(json!(read.metadata.labels), written["metadata"]["labels"]);
        assert_eq!(read.status.pod_ip, of("/status/podIP"));
        assert_eq!(read.status.host_ip, of("/status/hostIP"));
        let own: Vec<&str> = read.status.pod_ips.iter().map(|ip| &*ip.ip).collect();
        let second = written.pointer("/status/podIPs/1/ip").and_then(Value::as_str);
        assert_eq!(own.get(1).copied(), second);
        // Of containers only those with ports are kept.
        let sidecars = read.spec.init_containers.iter().map(|container| &*container.restart_policy);
        let expected = if read.spec.host_network { Vec::new() } else { vec!["Always"] };
        assert_eq!(sidecars.collect::<Vec<_>>(), expected);
        let port = written.pointer("/spec/containers/0/ports/0/containerPort");
        let own = read.spec.containers.first().map(|container| json!(container.ports[0].container_port));
        assert_eq!(own.as_ref(), port);
    }
}

/// A list holds what was there when it began, however many pages it takes.
fn while_pods_go(plane: &ControlPlane) {
    let is_chosen = |number: &usize| number % 11 == 5;
    let chosen: BTreeSet<String> =
        (0..PODS).filter(is_chosen).map(|number| format!("many/crowd-{number:04}")).collect();
    std::thread::scope(|scope| {
        let args = ["delete", "pods", "--namespace=many", "--selector=app=crowd-5"];
        let now = ["--force", "--grace-period=0", "--wait=false"];
        let gone = scope.spawn(move || plane.kubectl(&[&args[..], &now].concat(), None));
        let mut read_before = usize::MAX;
        while !gone.is_finished() {
            for json_only in [false, true] {
                let found = pods(&read(plane, json_only));
                let left = found.intersection(&chosen).count();
                assert!(left <= read_before, "they came back");
                assert_eq!(found.len() - left, PODS + 4 - chosen.len(), "others went with them");
                read_before = left;
            }
        }
        gone.join().expect("they were deleted").expect_success();
    });
    assert_eq!(pods(&read(plane, false)).len(), PODS + 4 - chosen.len());
}
