//! The pods, nodes and addresses that one end of a connection stands for.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::naming::{name_of, node_endpoint, pod_endpoint};
use crate::answer::caveat::Caveat;
use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::answer::finding::Finding;
use crate::engine::class::ClassId;
use crate::engine::network::Network;
use crate::model::endpoint::{NodeId, PodId};
use crate::model::ips::{Family, IpSet};
use crate::model::service::ServiceId;
use crate::world::services::Hop;

/// One end of a connection, looked up in a snapshot.
#[derive(Clone, Debug)]
pub struct End {
    /// What the user named.
    pub endpoint: Endpoint,
    /// What it stands for.
    pub members: Vec<Member>,
    /// What the user should know about it.
    pub caveats: Vec<Caveat>,
    /// What looks wrong with it.
    pub findings: Vec<Finding>,
    /// The Service whose backends the members are.
    pub service: Option<ServiceId>,
}

impl End {
    /// Builds an end that was named itself.
    pub(crate) fn new(endpoint: Endpoint, members: Vec<Member>) -> Self {
        Self { endpoint, members, caveats: Vec::new(), findings: Vec::new(), service: None }
    }

    /// Tells whether nobody is there who could open or accept a connection: of a Service, what is behind it
    /// is another question.
    pub(crate) fn stands_for_nobody(&self) -> bool {
        self.members.is_empty() && self.service.is_none()
    }
}

/// Lists the families of classes of pods without an address, where they are some of the cluster's only.
pub(crate) fn part_families(
    network: &Network<'_>,
    classes: impl Iterator<Item = ClassId>,
) -> Vec<Family> {
    let families: BTreeSet<Family> = classes.filter_map(|class| network.classes.family(class)).collect();
    match network.snapshot.known_families().len() > families.len() {
        true => families.into_iter().collect(),
        false => Vec::new(),
    }
}

/// One pod or node with one of its addresses, or addresses that neither holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who it is.
    pub who: Who,
    /// The class that its packets are in.
    pub class: ClassId,
    /// Its addresses; empty for a pod without one.
    pub ips: IpSet,
    /// Where the ports of a Service lead at it; nothing where it was not named by a Service.
    pub hops: Option<Arc<[Hop]>>,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// A pod.
    Pod(PodId),
    /// A node.
    Node(NodeId),
    /// Addresses that no pod or node holds.
    Outside,
}

impl Who {
    /// Returns the pod, if it is one.
    pub fn pod(self) -> Option<PodId> {
        match self {
            Self::Pod(pod) => Some(pod),
            Self::Node(_) | Self::Outside => None,
        }
    }
}

/// Collects what holds addresses: pods, nodes, and for the rest the outside.
pub(crate) fn holders(network: &Network<'_>, ips: &IpSet) -> Vec<Member> {
    let snapshot = network.snapshot;
    let mut members = Vec::new();
    for (pod, _) in snapshot.pods.iter().filter(|(_, pod)| !pod.host_network) {
        push_pod(network, pod, ips, &mut members);
    }
    // A pod without an address may turn out to be anywhere: it is not what a question about
    // addresses is about.
    members.retain(|member| !member.ips.is_empty());
    for node in snapshot.nodes.ids() {
        push_node(network, node, ips, &mut members);
    }
    let held = members.iter().fold(Vec::new(), |mut held: Vec<(IpAddr, IpAddr)>, member| {
        held.extend(member.ips.ranges());
        held
    });
    let free = ips.difference(&IpSet::from_ranges(held));
    for (atom, row) in network.classes.atoms.iter() {
        let ips = row.ips.intersection(&free);
        if let Some(class) = network.classes.outside_atom(atom).filter(|_| !ips.is_empty()) {
            members.push(Member { who: Who::Outside, class, ips, hops: None });
        }
    }
    members
}

/// Builds the end of addresses, whoever holds them.
pub(crate) fn addresses(network: &Network<'_>, ips: &IpSet, endpoint: Endpoint) -> End {
    End::new(endpoint, holders(network, ips))
}

/// Adds a pod, once per address that is in `within`, or once per family if it has none.
pub(crate) fn push_pod(network: &Network<'_>, pod: PodId, within: &IpSet, members: &mut Vec<Member>) {
    for (class, ip) in network.addresses_of(pod) {
        if ip.is_none_or(|ip| within.contains(ip)) {
            let ips = ip.into_iter().collect();
            members.push(Member { who: Who::Pod(pod), class, ips, hops: None });
        }
    }
}

/// Adds a node, once per address that is in `within`.
pub(crate) fn push_node(network: &Network<'_>, node: NodeId, within: &IpSet, members: &mut Vec<Member>) {
    for ip in network.snapshot.nodes.at(node).ips.iter().filter(|ip| within.contains(**ip)) {
        if let Some(class) = network.classes.outside(*ip) {
            let ips = [*ip].into_iter().collect();
            members.push(Member { who: Who::Node(node), class, ips, hops: None });
        }
    }
}

/// Writes a part of an end: the end's own name, and which of its pods and addresses are meant.
pub fn part_endpoint(network: &Network<'_>, end: &End, part: &[&Member]) -> Endpoint {
    if part.len() == end.members.len() {
        return end.endpoint.clone();
    }
    let snapshot = network.snapshot;
    let kind = &end.endpoint.kind;
    let by_address = kind.is_addresses();
    let here: BTreeSet<Who> = part.iter().map(|member| member.who).collect();
    let held = || part.iter().filter(|member| member.who != Who::Outside);
    let left = || end.members.iter().filter(|member| !part.contains(member));
    let is_other = |member: &Member| member.who == Who::Outside || !here.contains(&member.who);
    let split = left().any(|member| !is_other(member));
    // Addresses may be of any namespace's pods.
    let foreign = |pod: PodId| {
        let namespace = &snapshot.namespaces.at(snapshot.pods.at(pod).namespace).name;
        end.endpoint.namespace.as_deref().is_some_and(|own| *own != **namespace)
    };
    let name = |who: &Who| match who {
        Who::Pod(pod) if foreign(*pod) => Some(name_of(&pod_endpoint(snapshot, *pod))),
        Who::Pod(pod) if by_address => Some(name_of(&pod_endpoint(snapshot, *pod))),
        Who::Pod(pod) => Some(snapshot.pods.at(*pod).name.to_string()),
        Who::Node(node) => Some(name_of(&node_endpoint(snapshot, *node))),
        Who::Outside => None,
    };
    let mut endpoint = Endpoint { ips: Vec::new(), cidrs: Vec::new(), ..end.endpoint.clone() };
    if *kind != EndpointKind::Node && (by_address || left().any(is_other)) {
        endpoint.pods = here.iter().filter_map(name).collect();
    }
    if split || by_address || matches!(kind, EndpointKind::Pod | EndpointKind::Node) {
        endpoint.ips = held().flat_map(|member| member.ips.ranges().map(|(ip, _)| ip)).collect();
        endpoint.ips.sort();
        endpoint.ips.dedup();
    }
    if split {
        let unknown = held().filter(|member| member.ips.is_empty());
        endpoint.families = part_families(network, unknown.map(|member| member.class));
    }
    let outside = part.iter().filter(|member| member.who == Who::Outside);
    endpoint.cidrs = outside.fold(IpSet::default(), |all, member| all.union(&member.ips)).cidrs();
    endpoint
}
