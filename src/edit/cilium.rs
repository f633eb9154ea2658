//! The CiliumNetworkPolicy that opens hosts by name: it is only ever printed, and its effect is not judged.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Map, Value, json};

use super::host::HostName;
use super::object::Pods;
use crate::model::cni::Cni;
use crate::model::ports::ProtocolPort;

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
    let labels = LabelSelector::from(&dns.selector).match_labels.unwrap_or_default();
    let labels = labels.into_iter().map(|(key, value)| (format!("k8s:{key}"), json!(value)));
    let namespace = ("k8s:io.kubernetes.pod.namespace".to_owned(), json!(dns.namespace));
    let labels: Map<String, Value> = [namespace].into_iter().chain(labels).collect();
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
    json!({
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": { "name": name, "namespace": pods.namespace },
        "spec": { "endpointSelector": LabelSelector::from(&pods.selector), "egress": egress },
    })
}
