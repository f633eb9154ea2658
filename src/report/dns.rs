//! Where the cluster's DNS servers are, as far as pods tell.

use std::collections::BTreeSet;

use crate::model::endpoint::{Pod, PodState};
use crate::model::ports::Protocol;
use crate::model::snapshot::Snapshot;

/// The labels by which DNS servers go: CoreDNS and kube-dns, OpenShift's, and node-local caches.
const LABELS: [(&str, &str); 3] = [
    ("k8s-app", "kube-dns"),
    ("dns.operator.openshift.io/daemonset-dns", "default"),
    ("k8s-app", "node-local-dns"),
];

/// DNS servers of one namespace and label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DnsServers {
    /// Their namespace.
    pub namespace: String,
    /// The label that selects them.
    pub label: (&'static str, &'static str),
    /// Whether they use their node's network, where no pod selector matches.
    pub host_network: bool,
    /// The ports on which they answer.
    pub ports: BTreeSet<(Protocol, u16)>,
}

/// Finds the DNS servers of a cluster.
pub fn dns_servers(snapshot: &Snapshot) -> Vec<DnsServers> {
    let mut found: Vec<DnsServers> = Vec::new();
    let alive = snapshot.pods.values().filter(|pod| pod.state != PodState::Finished);
    for (pod, label) in alive.filter_map(|pod| Some((pod, label_of(snapshot, pod)?))) {
        let namespace = snapshot.namespaces.at(pod.namespace).name.to_string();
        let own = DnsServers {
            namespace,
            label,
            host_network: pod.host_network,
            ports: ports_of(snapshot, pod),
        };
        let same = |other: &&mut DnsServers| {
            (&other.namespace, other.label, other.host_network)
                == (&own.namespace, own.label, own.host_network)
        };
        match found.iter_mut().find(same) {
            Some(other) => other.ports.extend(own.ports),
            None => found.push(own),
        }
    }
    found.sort();
    found
}

fn label_of(snapshot: &Snapshot, pod: &Pod) -> Option<(&'static str, &'static str)> {
    let own = snapshot.labels.get(pod.labels);
    let has = |(key, value): &(&str, &str)| {
        own.iter().any(|pair| (snapshot.names.get(pair.0), snapshot.names.get(pair.1)) == (*key, *value))
    };
    LABELS.into_iter().find(has)
}

/// Returns the ports that a pod names for DNS; 53 where it names none.
fn ports_of(snapshot: &Snapshot, pod: &Pod) -> BTreeSet<(Protocol, u16)> {
    let named = snapshot.ports.get(pod.ports).iter();
    let named = named.filter(|port| matches!(snapshot.names.get(port.name), "dns" | "dns-tcp"));
    let ports: BTreeSet<_> = named.map(|port| (port.protocol, port.port)).collect();
    if ports.is_empty() { any_dns_port() } else { ports }
}

/// Returns the port of DNS in both protocols.
pub fn any_dns_port() -> BTreeSet<(Protocol, u16)> {
    BTreeSet::from([(Protocol::Udp, 53), (Protocol::Tcp, 53)])
}
