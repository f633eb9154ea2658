//! Clusters of the sizes that the figures speak of, the same at every run.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use k8s_openapi::api::networking::v1::NetworkPolicySpec;
use netpol::model::endpoint::{NamedPort, Namespace, NamespaceId, Pod, PodState, Workload};
use netpol::model::labels::NAMESPACE_NAME_LABEL;
use netpol::model::origin::ObjectOrigin;
use netpol::model::ports::Protocol;
use netpol::model::snapshot::{PolicyMeta, PolicyObject, Snapshot};
use serde_json::json;

const NAMESPACES: usize = 2_000;
const WORKLOADS_PER_NAMESPACE: usize = 8;
const PODS: usize = 150_000;

/// Returns the largest cluster that Kubernetes supports: 150,000 pods, 10,000 policies.
pub(crate) fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::default();
    for number in 0..NAMESPACES {
        let name = format!("ns-{number:04}");
        let pairs =
            [(NAMESPACE_NAME_LABEL, name.as_str()), ("team", ["red", "green", "blue"][number % 3])];
        let labels = labels(&mut snapshot, &pairs);
        snapshot.namespaces.push(Namespace { name: name.into(), labels, labels_known: true });
    }
    let http = snapshot.names.intern("http");
    let ports = [NamedPort { name: http, protocol: Protocol::Tcp, port: 8080 }];
    let ports = snapshot.ports.intern(&ports);
    let mut workloads = BTreeMap::new();
    for number in 0..PODS {
        let namespace = number * NAMESPACES / PODS;
        let workload = number % WORKLOADS_PER_NAMESPACE;
        let app = format!("app-{workload}");
        let tier = ["front", "back"][workload % 2];
        let labels = labels(&mut snapshot, &[("app", &app), ("tier", tier), ("release", "stable")]);
        let own = *workloads.entry((namespace, workload)).or_insert_with(|| {
            let (kind, namespace) = ("Deployment".into(), NamespaceId::new(namespace));
            snapshot.workloads.push(Workload {
                kind,
                namespace,
                name: app.as_str().into(),
                selector: None,
            })
        });
        snapshot.pods.push(Pod {
            namespace: NamespaceId::new(namespace),
            name: format!("{app}-{number:06}").into(),
            labels,
            ports,
            ips: vec![Ipv4Addr::from_bits(0x0a00_0000 + number as u32 + 2).into()],
            node: None,
            host_network: false,
            ready: true,
            host_ports: Box::default(),
            state: PodState::Active,
            workload: Some(own),
        });
    }
    for namespace in 0..NAMESPACES {
        policies(&mut snapshot, namespace);
    }
    snapshot
}

fn labels(snapshot: &mut Snapshot, pairs: &[(&str, &str)]) -> netpol::model::labels::LabelsId {
    let names = &mut snapshot.names;
    let mut pairs: Vec<_> =
        pairs.iter().map(|(key, value)| (names.intern(*key), names.intern(*value))).collect();
    pairs.sort_unstable();
    snapshot.labels.intern(&pairs)
}

/// Adds five policies: deny all, DNS, what the namespace does inside, its friends, its database.
fn policies(snapshot: &mut Snapshot, namespace: usize) {
    let app = |number: usize| json!({"matchLabels": {"app": format!("app-{}", number % 8)}});
    let dns = json!({"matchLabels": {(NAMESPACE_NAME_LABEL): "ns-0000"}});
    let block = format!("172.{}.{}.0/24", 16 + namespace / 256, namespace % 256);
    let specs = [
        ("deny-all", json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})),
        (
            "dns",
            json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [
            {"to": [{"namespaceSelector": dns, "podSelector": app(0)}],
             "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}]}),
        ),
        (
            "inside",
            json!({"podSelector": app(namespace), "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": app(namespace + 1)}], "ports": [{"port": "http"}]},
                        {"from": [{"podSelector": {"matchLabels": {"tier": "front"}}}]}],
            "egress": [{"to": [{"podSelector": {}}], "ports": [{"port": 8080, "endPort": 8090}]}]}),
        ),
        (
            "friends",
            json!({"podSelector": {"matchExpressions": [
                {"key": "tier", "operator": "NotIn", "values": ["back"]}]},
            "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": "red"}},
                                   "podSelector": app(namespace + 2)}]}]}),
        ),
        (
            "outside",
            json!({"podSelector": app(namespace + 3), "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
                         "ports": [{"port": 443}]}],
            "egress": [{"to": [{"ipBlock": {"cidr": block}}], "ports": [{"port": 5432}]}]}),
        ),
    ];
    for (name, spec) in specs {
        let spec: NetworkPolicySpec = serde_json::from_value(spec).unwrap();
        snapshot.policies.push(PolicyObject {
            namespace: Some(format!("ns-{namespace:04}").into()),
            name: name.into(),
            metadata: PolicyMeta::default(),
            origin: ObjectOrigin::Live { resource_version: Arc::from("1") },
            spec: spec.into(),
        });
    }
}

/// Returns 3,000 workloads in 120 namespaces; with policies, a workload talks inside its own.
pub(crate) fn manifests(with_policies: bool) -> String {
    let mut text = String::new();
    for namespace in 0..120 {
        write!(text, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: team-{namespace:03}\n---\n")
            .unwrap();
        for number in 0..25 {
            workload(&mut text, namespace, number);
        }
        if with_policies {
            for (name, spec) in policy_specs(namespace) {
                write!(
                    text,
                    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\n  \
                     namespace: team-{namespace:03}\nspec:\n{spec}---\n"
                )
                .unwrap();
            }
        }
    }
    text
}

fn policy_specs(namespace: usize) -> Vec<(&'static str, String)> {
    let deny = "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n".to_owned();
    let ingress = "  podSelector: {}\n  ingress:\n  - from:\n    - podSelector: {}\n".to_owned();
    let egress =
        "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - to:\n    - podSelector: {}\n    \
                  ports:\n    - port: 8080\n    - port: metrics\n"
            .to_owned();
    let block = format!(
        "  podSelector:\n    matchLabels:\n      app: service-{namespace:03}-01\n  policyTypes: [Egress]\n  \
         egress:\n  - to:\n    - ipBlock:\n        cidr: 198.51.100.{namespace}/32\n    ports:\n    \
         - port: 443\n"
    );
    let mut specs = vec![("deny-all", deny), ("ingress-inside", ingress), ("egress-inside", egress)];
    if namespace.is_multiple_of(3) {
        specs.push(("partner", block));
    }
    specs
}

fn workload(text: &mut String, namespace: usize, number: usize) {
    let name = format!("service-{namespace:03}-{number:02}");
    write!(
        text,
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: team-{namespace:03}
spec:
  replicas: 1
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        part-of: platform
    spec:
      containers:
      - name: main
        image: example/{name}:1.0
        ports:
        - name: http
          containerPort: 8080
        - name: metrics
          containerPort: 9090
        env:
        - name: MODE
          value: production
        resources:
          limits: {{cpu: 500m, memory: 256Mi}}
---
"
    )
    .unwrap();
}

/// Writes files of one object each: policies, and pods; the last pod is `app` of the first namespace.
pub(crate) fn tree(policies: usize, files: usize) -> Vec<(String, String)> {
    let object = |index: usize| {
        let (space, name) = match index + 1 == files {
            true => (0, "app".to_owned()),
            false => (index % 100, format!("x-{index}")),
        };
        let metadata = format!("metadata: {{name: {name}, namespace: ns-{space}}}");
        let text = match index < policies {
            true => format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{metadata}\nspec:\n  podSelector:\n    \
                 matchLabels: {{app: app-{index}}}\n  policyTypes: [Ingress, Egress]\n  ingress:\n  - from:\n    - \
                 podSelector:\n        matchLabels: {{app: app-{}}}\n    ports:\n    - port: 8080\n",
                index + 1
            ),
            false => {
                format!(
                    "apiVersion: v1\nkind: Pod\n{metadata}\nspec: {{containers: [{{name: c, image: i}}]}}\n"
                )
            }
        };
        (format!("ns-{space}/{name}.yaml"), text)
    };
    (0..files).map(object).collect()
}
