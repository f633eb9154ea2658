//! What a host is: a Service of the cluster, an address of it, or something outside.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::host::{Host, HostName};
use super::object::{Pods, label_selector, pods_peer, target_port};
use crate::model::cni::Cni;
use crate::model::ips::IpSet;
use crate::model::ports::Protocol;
use crate::model::service::{Service, ServiceAddress, ServiceId, ServicePort, TargetPort};
use crate::model::snapshot::Snapshot;

/// The domain of the cluster, where none other was set up.
const CLUSTER_DOMAIN: &str = "cluster.local";
/// How many names in a row are followed.
const LONGEST_CHAIN: usize = 8;

/// What a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostClass {
    /// A Service, whose pods or addresses are to be allowed.
    Service(ServiceId),
    /// The API server, by its Service `kubernetes.default`.
    ApiServer(ServiceId),
    /// An address outside.
    Literal(IpAddr),
    /// A name that is to be resolved.
    External(HostName),
}

/// A host that is no destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    /// The form of a Service, which there is not.
    #[error("there is no Service {name} in namespace {namespace}")]
    NoService {
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
    },
    /// Names that lead to each other.
    #[error("the Service {0} leads in a circle of names")]
    Circle(String),
    /// A port that the Service does not have.
    #[error("the Service {name} has no port TCP/{port}; it has {known}")]
    NoPort {
        /// The Service.
        name: String,
        /// The port.
        port: u16,
        /// Its ports.
        known: String,
    },
    /// A Service of which nobody knows where it leads.
    #[error("the Service {0} has no selector and no EndpointSlice: nobody knows where it leads")]
    Nowhere(String),
}

/// Which kind of policy is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The one that fits the network plugin.
    #[default]
    Auto,
    /// A NetworkPolicy, with addresses that are refreshed.
    NetworkPolicy,
    /// A CiliumNetworkPolicy, with names.
    Cilium,
}

impl Mode {
    /// Chooses for a network plugin: names where it knows names, else addresses.
    #[must_use]
    pub fn choose(self, cni: Option<Cni>) -> Self {
        match (self, cni) {
            (Self::Auto, Some(Cni::Cilium)) => Self::Cilium,
            (Self::Auto, _) => Self::NetworkPolicy,
            (mode, _) => mode,
        }
    }
}

/// Finds out what a host is, for pods of a namespace; names of Services are followed.
///
/// # Errors
/// A host that is no destination.
pub fn classify(snapshot: &Snapshot, namespace: &str, host: &Host) -> Result<HostClass, ClassError> {
    let mut host = host.clone();
    for _ in 0..LONGEST_CHAIN {
        let name = match &host {
            Host::Ip(ip) => {
                let found = holder(snapshot, *ip);
                return Ok(found.map_or(HostClass::Literal(*ip), |id| service_class(snapshot, id)));
            }
            Host::Name(name) => name,
        };
        let Some(id) = service_of(snapshot, namespace, name)? else {
            return Ok(HostClass::External(name.clone()));
        };
        let service = snapshot.services.at(id);
        let ServiceAddress::Name(target) = &service.address else {
            return Ok(service_class(snapshot, id));
        };
        host = Host::parse(target).map_err(|_| ClassError::Nowhere(title(snapshot, service)))?;
    }
    Err(ClassError::Circle(host.to_string()))
}

fn service_class(snapshot: &Snapshot, id: ServiceId) -> HostClass {
    let service = snapshot.services.at(id);
    let namespace = &*snapshot.namespaces.at(service.namespace).name;
    match (namespace, &*service.name) {
        ("default", "kubernetes") => HostClass::ApiServer(id),
        _ => HostClass::Service(id),
    }
}

/// Finds the Service that an address belongs to.
pub fn holder(snapshot: &Snapshot, ip: IpAddr) -> Option<ServiceId> {
    let holds = |id: &ServiceId| snapshot.services.at(*id).addresses().any(|own| own == ip);
    snapshot.services.ids().find(holds)
}

/// Finds the Service of `SVC`, `SVC.NS`, `SVC.NS.svc` and `SVC.NS.svc.cluster.local`, and of a pod of
/// one, which has its own name in front.
fn service_of(
    snapshot: &Snapshot,
    namespace: &str,
    host: &HostName,
) -> Result<Option<ServiceId>, ClassError> {
    let inside = host.as_str().strip_suffix(CLUSTER_DOMAIN).and_then(|rest| rest.strip_suffix('.'));
    let labels: Vec<&str> = inside.unwrap_or(host.as_str()).split('.').collect();
    match *labels {
        [.., name, namespace, "svc"] => {
            let missing = || ClassError::NoService { namespace: namespace.into(), name: name.into() };
            find(snapshot, namespace, name).ok_or_else(missing).map(Some)
        }
        // The domain follows the word `svc` only.
        _ if inside.is_some() => Ok(None),
        [name] => Ok(find(snapshot, namespace, name)),
        [name, namespace] => Ok(find(snapshot, namespace, name)),
        _ => Ok(None),
    }
}

fn find(snapshot: &Snapshot, namespace: &str, name: &str) -> Option<ServiceId> {
    let namespace = snapshot.namespace(namespace)?;
    snapshot.services.find_by(|service| (service.namespace, &*service.name).cmp(&(namespace, name)))
}

fn title(snapshot: &Snapshot, service: &Service) -> String {
    format!("{}/{}", snapshot.namespaces.at(service.namespace).name, service.name)
}

/// Builds the rules that let pods reach a Service at one of its ports: its pods at the port that it
/// sends to, since policies judge after the address and port were rewritten.
///
/// # Errors
/// A port that it does not have, or a Service that leads nowhere.
pub fn service_rules(snapshot: &Snapshot, id: ServiceId, port: u16) -> Result<Vec<Value>, ClassError> {
    let service = snapshot.services.at(id);
    let own = |own: &&ServicePort| own.protocol == Protocol::Tcp && own.port == port;
    let (name, target) = match (service.ports.iter().find(own), &service.address) {
        (Some(own), ServiceAddress::Own(_)) => (Some(&own.name), own.target.clone()),
        // A headless Service rewrites nothing.
        (own, ServiceAddress::Headless) => (own.map(|own| &own.name), TargetPort::Number(port)),
        _ => {
            let known = service.ports.iter().map(|own| format!("{}/{}", own.protocol, own.port));
            let known = known.collect::<Vec<_>>().join(", ");
            return Err(ClassError::NoPort { name: title(snapshot, service), port, known });
        }
    };
    let namespace = &snapshot.namespaces.at(service.namespace).name;
    if let Some(selector) = &service.selector {
        let peer = pods_peer(namespace, selector);
        return Ok(vec![rule(&[peer], &target_port(&target))]);
    }
    let rules: Vec<Value> = service
        .slices
        .iter()
        .filter_map(|slice| {
            let ips: IpSet = slice.ips.iter().copied().collect();
            let slice_port =
                slice.ports.iter().find(|own| Some(&own.name) == name).and_then(|own| own.port);
            let port = slice_port.map_or_else(|| target_port(&target), |number| json!(number));
            let block = |block| json!({ "ipBlock": { "cidr": block } });
            let peers: Vec<Value> = ips.cidrs().into_iter().map(block).collect();
            (!peers.is_empty()).then(|| rule(&peers, &port))
        })
        .collect();
    if rules.is_empty() { Err(ClassError::Nowhere(title(snapshot, service))) } else { Ok(rules) }
}

fn rule(to: &[Value], port: &Value) -> Value {
    json!({ "to": to, "ports": [{ "protocol": "TCP", "port": port }] })
}

/// Builds the CiliumNetworkPolicy that lets pods reach hosts by name, and the rule for names that it
/// learns their addresses by.
///
/// It is only ever printed: its effect is not judged.
pub fn cilium_policy(pods: &Pods, name: &str, hosts: &[(HostName, u16)], dns: &DnsPods<'_>) -> Value {
    let names: std::collections::BTreeSet<&HostName> = hosts.iter().map(|(host, _)| host).collect();
    let names: Vec<Value> = names.into_iter().map(|host| json!({ "matchName": host })).collect();
    let mut labels = serde_json::Map::new();
    labels.insert("k8s:io.kubernetes.pod.namespace".to_owned(), json!(dns.namespace));
    for (key, value) in dns.labels {
        labels.insert(format!("k8s:{key}"), json!(value));
    }
    let ports = ["UDP", "TCP"].map(|protocol| json!({ "port": "53", "protocol": protocol }));
    let mut egress = vec![json!({
        "toEndpoints": [{ "matchLabels": labels }],
        "toPorts": [{ "ports": ports, "rules": { "dns": names } }],
    })];
    egress.extend(hosts.iter().map(|(host, port)| {
        json!({
            "toFQDNs": [{ "matchName": host }],
            "toPorts": [{ "ports": [{ "port": port.to_string(), "protocol": "TCP" }] }],
        })
    }));
    json!({
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": { "name": name, "namespace": pods.namespace },
        "spec": { "endpointSelector": label_selector(&pods.selector), "egress": egress },
    })
}

/// The pods of the cluster's DNS, by labels, as Cilium has to be told.
#[derive(Clone, Copy, Debug)]
pub struct DnsPods<'a> {
    /// Their namespace.
    pub namespace: &'a str,
    /// Their labels.
    pub labels: &'a [(&'a str, &'a str)],
}
