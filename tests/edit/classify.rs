//! What a host is, as seen from a namespace; and that what is written for a Service lets it through.

use std::process::Command;

use netpol::edit::cilium::{self, Mode};
use netpol::edit::classify::{HostClass, classify};
use netpol::edit::host::{Host, HostName};
use netpol::edit::object::{self, Pods, on_the_wire};
use netpol::edit::service::{Backends, backends};
use netpol::files::manifests::{self, ReadOptions};
use netpol::model::cni::Cni;
use netpol::model::ports::ProtocolPort;
use netpol::model::selector::{Requirement, Selector};
use netpol::model::snapshot::Snapshot;
use netpol::world::addresses;
use netpol::world::servers::{At, api_server};
use serde_json::json;

const CLUSTER: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress]}
---
apiVersion: v1
kind: Pod
metadata: {name: pg-0, namespace: db, labels: {app: pg}}
spec: {containers: [{name: c, image: i, ports: [{name: sql, containerPort: 5433}]}]}
status: {phase: Running, podIP: 10.1.0.7, podIPs: [{ip: 10.1.0.7}]}
---
apiVersion: v1
kind: Service
metadata: {name: pg, namespace: db}
spec: {clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7], selector: {app: pg}, ports: [{port: 5432, targetPort: sql}]}
---
apiVersion: v1
kind: Service
metadata: {name: pods, namespace: db}
spec: {clusterIP: None, selector: {app: pg}, ports: [{port: 5432, targetPort: sql}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: pg.db.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: shop}
spec: {type: ExternalName, externalName: API.example.com}
---
apiVersion: v1
kind: Service
metadata: {name: circle, namespace: shop}
spec: {type: ExternalName, externalName: circle.shop.svc}
---
apiVersion: v1
kind: Service
metadata: {name: legacy, namespace: db}
spec: {clusterIP: 10.96.0.9, clusterIPs: [10.96.0.9], ports: [{name: sql, port: 3306}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: legacy-1, namespace: db, labels: {kubernetes.io/service-name: legacy}}
addressType: IPv4
endpoints: [{addresses: [192.168.7.8]}, {addresses: [192.168.7.9]}]
ports: [{name: sql, port: 3307, protocol: TCP}]
---
apiVersion: v1
kind: Service
metadata: {name: nowhere, namespace: db}
spec: {clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10], ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default}
spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1], ports: [{name: https, port: 443, targetPort: 6443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
endpoints: [{addresses: [192.168.0.1]}]
ports: [{name: https, port: 6443, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes-more, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
endpoints: [{addresses: [192.168.0.66]}]
ports: [{name: https, port: 22, protocol: TCP}]
"#;

/// Reads the cluster, and keeps the folder it is in.
fn cluster() -> (tempfile::TempDir, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.yaml");
    std::fs::write(&file, CLUSTER).unwrap();
    let options = ReadOptions::of("default");
    let snapshot = manifests::read(&[file.to_string_lossy().into_owned()], options).unwrap().assemble();
    (folder, snapshot)
}

fn web() -> Pods {
    let selector = Selector { requirements: vec![Requirement::equals("app", "web")] };
    Pods { namespace: "shop".into(), workload: Some("Deployment/web".into()), selector }
}

/// Names what a host is.
fn class(snapshot: &Snapshot, host: &str) -> String {
    let title = |id| {
        let service = snapshot.services.at(id);
        format!("{}/{}", snapshot.namespaces.at(service.namespace).name, service.name)
    };
    match classify(snapshot, "shop", &Host::parse(host).unwrap()).map(|found| found.class) {
        Ok(HostClass::Service(id)) => format!("service {}", title(id)),
        Ok(HostClass::ApiServer(id)) => format!("api server {}", title(id)),
        Ok(HostClass::Literal(ip)) => format!("literal {ip}"),
        Ok(HostClass::External(name)) => format!("external {name}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_host_is_what_the_cluster_says() {
    let (_folder, snapshot) = cluster();
    for (host, expected) in [
        ("pg.db", "service db/pg"),
        ("PG.db.svc.", "service db/pg"),
        ("pg.db.svc.cluster.local", "service db/pg"),
        ("pg-0.pods.db.svc.cluster.local", "service db/pods"),
        ("alias", "service db/pg"),
        ("alias.shop.svc", "service db/pg"),
        ("outside", "external api.example.com"),
        ("circle", "the Service circle.shop.svc leads in a circle of names"),
        ("10.96.0.7", "service db/pg"),
        ("10.96.0.1", "api server default/kubernetes"),
        ("kubernetes.default", "api server default/kubernetes"),
        ("kubernetes.default.svc", "api server default/kubernetes"),
        ("8.8.8.8", "literal 8.8.8.8"),
        ("pg", "external pg"),
        ("pg.other", "external pg.other"),
        ("pg.db.example.com", "external pg.db.example.com"),
        ("pg.other.svc", "there is no Service pg in namespace other"),
        ("x.db.svc.cluster.local", "there is no Service x in namespace db"),
        ("alias.cluster.local", "external alias.cluster.local"),
        ("svc", "external svc"),
        ("db.svc", "external db.svc"),
    ] {
        assert_eq!(class(&snapshot, host), expected, "{host}");
    }
    let own = addresses::of_cluster(&snapshot);
    for ip in ["10.1.0.7", "10.96.0.7", "10.96.0.1"] {
        assert!(own.contains(ip.parse().unwrap()), "{ip}");
    }
}

#[test]
fn a_service_is_allowed_at_the_port_that_it_sends_to() {
    let (_folder, snapshot) = cluster();
    let rules = |host: &str, port| {
        let found = classify(&snapshot, "shop", &Host::parse(host).unwrap()).unwrap().class;
        let HostClass::Service(id) = found else { return Err(host.to_owned()) };
        let found = backends(&snapshot, id, ProtocolPort::tcp(port), None);
        match found.map_err(|error| error.to_string())? {
            Backends::Pods(rule) => Ok(json!(rule)),
            Backends::Addresses(by_port) => Ok(json!(by_port)),
        }
    };
    let pods = |port| {
        json!({
            "to": [{
                "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "db" } },
                "podSelector": { "matchLabels": { "app": "pg" } },
            }],
            "ports": [{ "protocol": "TCP", "port": port }],
        })
    };
    assert_eq!(rules("pg.db", 5432).unwrap(), pods(json!("sql")));
    assert_eq!(rules("pods.db", 5433).unwrap(), pods(json!(5433)));
    let addresses = json!({ "3307": ["192.168.7.8", "192.168.7.9"] });
    assert_eq!(rules("legacy.db", 3306).unwrap(), addresses);
    assert_eq!(rules("pg.db", 80).unwrap_err(), "the Service db/pg has no port TCP/80; it has TCP/5432");
    let nowhere =
        "the Service db/nowhere has no selector and no EndpointSlice: nobody knows where it leads";
    assert_eq!(rules("nowhere.db", 80).unwrap_err(), nowhere);
}

/// Whoever may write EndpointSlices in `default` may give them the label of the API server's Service.
#[test]
fn the_api_server_is_where_its_own_slice_says_and_no_other() {
    let (_folder, snapshot) = cluster();
    let found = classify(&snapshot, "shop", &Host::parse("kubernetes.default").unwrap()).unwrap().class;
    let id = snapshot.services.ids().find(|id| found == HostClass::ApiServer(*id)).unwrap();
    let found = backends(&snapshot, id, ProtocolPort::tcp(443), None).unwrap();
    let own: std::net::IpAddr = "192.168.0.1".parse().unwrap();
    assert_eq!(found, Backends::Addresses([(6443, [own].into())].into()));
    let ips: Vec<At> = api_server(&snapshot).unwrap().into_iter().map(|servers| servers.at).collect();
    let service = At::Addresses(["10.96.0.1".parse().unwrap()].into());
    assert_eq!(ips, [service, At::Addresses([own].into())]);
}

#[test]
fn what_is_written_for_a_service_lets_the_workload_through_to_it() {
    let (folder, snapshot) = cluster();
    let found = classify(&snapshot, "shop", &Host::parse("pg.db").unwrap()).unwrap().class;
    let id = snapshot.services.ids().find(|id| found == HostClass::Service(*id)).unwrap();
    let rule = match backends(&snapshot, id, ProtocolPort::tcp(5432), None).unwrap() {
        Backends::Pods(rule) => Some(rule),
        Backends::Addresses(_) => None,
    };
    let rule = rule.unwrap();
    let policy = on_the_wire(&object::policy(&web(), "netpol-ep-pg-db", vec![rule]));
    std::fs::write(folder.path().join("ours.json"), policy.to_string()).unwrap();
    let explain = |files: &[&str], expect: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-netpol"));
        command.args(["explain", "shop/deploy/web", "--to", "db/svc/pg:5432", "--expect", expect]);
        for file in files {
            command.arg("-f").arg(folder.path().join(file));
        }
        command.output().unwrap().status.code()
    };
    assert_eq!(explain(&["cluster.yaml"], "deny"), Some(0));
    assert_eq!(explain(&["cluster.yaml", "ours.json"], "allow"), Some(0));
}

#[test]
fn cilium_is_told_names_and_the_rule_it_learns_their_addresses_by() {
    let name = |text: &str| HostName::try_from(text.to_owned()).unwrap();
    let selector = Selector { requirements: vec![Requirement::equals("k8s-app", "kube-dns")] };
    let dns = Pods { namespace: "kube-system".into(), workload: None, selector };
    let policy = cilium::policy(
        &web(),
        "netpol-ep-x",
        &[(name("api.example.com"), ProtocolPort::tcp(443))],
        &dns,
    );
    assert_eq!(
        policy["spec"],
        json!({
            "endpointSelector": { "matchLabels": { "app": "web" } },
            "egress": [
                {
                    "toEndpoints": [{ "matchLabels": {
                        "k8s:io.kubernetes.pod.namespace": "kube-system",
                        "k8s:k8s-app": "kube-dns",
                    } }],
                    "toPorts": [{
                        "ports": [{ "port": "53", "protocol": "UDP" }, { "port": "53", "protocol": "TCP" }],
                        "rules": { "dns": [{ "matchName": "api.example.com" }] },
                    }],
                },
                {
                    "toFQDNs": [{ "matchName": "api.example.com" }],
                    "toPorts": [{ "ports": [{ "port": "443", "protocol": "TCP" }] }],
                },
            ],
        })
    );
    assert_eq!(Mode::Auto.choose(Some(Cni::Cilium)), Mode::Cilium);
    assert_eq!(Mode::Auto.choose(Some(Cni::Calico)), Mode::NetworkPolicy);
    assert_eq!(Mode::NetworkPolicy.choose(Some(Cni::Cilium)), Mode::NetworkPolicy);
    assert_eq!(Mode::Cilium.choose(None), Mode::Cilium);
}
