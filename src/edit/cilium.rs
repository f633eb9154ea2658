//! The CiliumNetworkPolicies that open hosts by name, and servers of the cluster: they are only ever printed, and
//! their effect is not judged.

use std::collections::BTreeSet;

use ipnet::IpNet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Map, Value, json};

use super::host::HostName;
use super::object::Pods;
use crate::model::cni::Cni;
use crate::model::ports::ProtocolPort;
use crate::model::selector::Selector;
use crate::model::service::TargetPort;
use crate::world::servers::{At, Servers};

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

/// Builds the policy that lets pods reach hosts by name, with the rule for names by which Cilium learns
/// their addresses; `dns` are the pods of the cluster's name servers.
pub fn policy(pods: &Pods, name: &str, hosts: &[(HostName, ProtocolPort)], dns: &Pods) -> Value {
    let names: BTreeSet<&HostName> = hosts.iter().map(|(host, _)| host).collect();
    let names: Vec<Value> = names.into_iter().map(|host| json!({ "matchName": host })).collect();
    let labels = labels(&dns.namespace, &dns.selector);
    let ports = ["UDP", "TCP"].map(|protocol| json!({ "port": "53", "protocol": protocol }));
    let mut egress = vec![json!({
        "toEndpoints": [{ "matchLabels": labels }],
        "toPorts": [{ "ports": ports, "rules": { "dns": names } }],
    })];
    egress.extend(hosts.iter().map(|(host, port)| {
        json!({
            "toFQDNs": [{ "matchName": host }],
            "toPorts": [{ "ports": [
                { "port": port.number.to_string(), "protocol": port.protocol.name() },
            ] }],
        })
    }));
    object(pods, name, &egress)
}

/// Builds the policy that lets pods reach the API server, which Cilium knows by no address, and some servers.
pub fn to_servers(pods: &Pods, name: &str, servers: &[Servers]) -> Value {
    let mut egress = vec![json!({ "toEntities": ["kube-apiserver"] })];
    egress.extend(servers.iter().map(|servers| {
        let ports = servers.ports.iter().map(|(protocol, port)| {
            let port = match port {
                TargetPort::Number(number) => number.to_string(),
                TargetPort::Name(name) => name.to_string(),
            };
            json!({ "port": port, "protocol": protocol.name() })
        });
        let ports = json!([{ "ports": ports.collect::<Vec<_>>() }]);
        match &servers.at {
            At::Pods { namespace, selector } => {
                json!({ "toEndpoints": [{ "matchLabels": labels(namespace, selector) }], "toPorts": ports })
            }
            At::Addresses(ips) => {
                let blocks: Vec<String> = ips.iter().map(|ip| IpNet::from(*ip).to_string()).collect();
                json!({ "toCIDR": blocks, "toPorts": ports })
            }
        }
    }));
    object(pods, name, &egress)
}

fn labels(namespace: &str, selector: &Selector) -> Map<String, Value> {
    let labels = LabelSelector::from(selector).match_labels.unwrap_or_default();
    let labels = labels.into_iter().map(|(key, value)| (format!("k8s:{key}"), json!(value)));
    let namespace = ("k8s:io.kubernetes.pod.namespace".to_owned(), json!(namespace));
    [namespace].into_iter().chain(labels).collect()
}

fn object(pods: &Pods, name: &str, egress: &[Value]) -> Value {
    json!({
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": { "name": name, "namespace": pods.namespace },
        "spec": { "endpointSelector": LabelSelector::from(&pods.selector), "egress": egress },
    })
}
