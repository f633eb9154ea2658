//! The pods, nodes and addresses that one end of a connection stands for.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::backends;
use super::naming::{name_of, node_endpoint, pod_endpoint, workload_endpoint};
use super::not_found::{NotFound, no_namespace, not_found};
use super::service::Hop;
use super::target::{Target, short_name};
use crate::answer::schema::{Endpoint, Finding};
use crate::engine::classes::ClassId;
use crate::engine::network::Network;
use crate::model::endpoint::{NodeId, PodId, PodState, Workload, WorkloadId};
use crate::model::ips::IpSet;
use crate::model::service::{Service, ServiceId};
use crate::model::snapshot::Snapshot;
use crate::model::special::internet;

/// One end of a connection, looked up in a snapshot.
#[derive(Clone, Debug)]
pub struct End {
    /// What the user named.
    pub endpoint: Endpoint,
    /// What it stands for.
    pub members: Vec<Member>,
    /// What the user should know about it.
    pub caveats: Vec<String>,
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

/// Looks one end up; `namespace` is that of names that give none.
///
/// # Errors
/// A pod, workload, node or namespace that the snapshot does not have.
pub fn find(network: &Network<'_>, target: &Target, namespace: &str) -> Result<End, NotFound> {
    let snapshot = network.snapshot;
    match target {
        Target::Address(ip) => Ok(match backends::with_address(network, *ip) {
            Some(service) => backends::backends_of(network, service, Some(*ip)),
            None => address(network, *ip),
        }),
        Target::Block(block) => {
            Ok(addresses(network, &[*block].into_iter().collect(), cidr_block(*block)))
        }
        Target::Internet => {
            let endpoint =
                Endpoint { kind: "Entity".into(), name: Some("internet".into()), ..Endpoint::default() };
            Ok(addresses(network, &internet(), endpoint))
        }
        Target::Node(name) => {
            let node = snapshot.nodes.iter().find(|(_, node)| *node.name == **name).map(|(id, _)| id);
            let nodes = || snapshot.nodes.values().map(|node| node.name.to_string());
            let asked = ("node", "", &**name);
            let node = node.ok_or_else(|| not_found(snapshot, asked, nodes().collect(), Vec::new()))?;
            let mut members = Vec::new();
            push_node(network, node, &IpSet::everything(), &mut members);
            Ok(End::new(node_endpoint(snapshot, node), members))
        }
        Target::Namespace(name) => {
            let id = snapshot.namespace(name).ok_or_else(|| no_namespace(snapshot, name))?;
            let own = snapshot.pods.iter().filter(|(_, pod)| pod.namespace == id).map(|(id, _)| id);
            let endpoint =
                Endpoint { kind: "Namespace".into(), name: Some(name.clone()), ..Endpoint::default() };
            Ok(pods(network, &own.collect::<Vec<_>>(), endpoint))
        }
        Target::Pod { namespace: given, name } => {
            check_namespace(snapshot, given.as_deref())?;
            let namespace = given.as_deref().unwrap_or(namespace);
            let pod = find_pod(snapshot, namespace, name)?;
            Ok(pods(network, &[pod], pod_endpoint(snapshot, pod)))
        }
        Target::Service { namespace: given, name } => {
            check_namespace(snapshot, given.as_deref())?;
            let namespace = given.as_deref().unwrap_or(namespace);
            Ok(backends::backends_of(network, find_service(snapshot, namespace, name)?, None))
        }
        Target::Workload { namespace: given, kind, name } => {
            check_namespace(snapshot, given.as_deref())?;
            let namespace = given.as_deref().unwrap_or(namespace);
            let workload = find_workload(snapshot, namespace, kind, name)?;
            let own = snapshot.pods.iter().filter(|(_, pod)| pod.workload == Some(workload));
            let own: Vec<PodId> = own.map(|(id, _)| id).collect();
            Ok(pods(network, &own, workload_endpoint(snapshot, workload)))
        }
    }
}

/// Refuses a namespace that the user named and that does not exist.
fn check_namespace(snapshot: &Snapshot, given: Option<&str>) -> Result<(), NotFound> {
    match given {
        Some(name) if snapshot.namespace(name).is_none() => Err(no_namespace(snapshot, name)),
        _ => Ok(()),
    }
}

fn find_pod(snapshot: &Snapshot, namespace: &str, name: &str) -> Result<PodId, NotFound> {
    let id = snapshot.namespace(namespace);
    let mut own = snapshot.pods.iter().filter(|(_, pod)| !pod.is_template());
    if let Some((pod, _)) = own.find(|(_, pod)| Some(pod.namespace) == id && *pod.name == *name) {
        return Ok(pod);
    }
    let all = snapshot.pods.values().filter(|pod| !pod.is_template());
    let names = all.clone().filter(|pod| Some(pod.namespace) == id).map(|pod| pod.name.to_string());
    let elsewhere = all.filter(|pod| *pod.name == *name);
    let elsewhere = elsewhere.map(|pod| snapshot.namespaces.at(pod.namespace).name.to_string());
    Err(not_found(snapshot, ("pod", namespace, name), names.collect(), elsewhere.collect()))
}

fn find_service(snapshot: &Snapshot, namespace: &str, name: &str) -> Result<ServiceId, NotFound> {
    let id = snapshot.namespace(namespace);
    let here = |service: &Service| Some(service.namespace) == id;
    let mut all = snapshot.services.iter();
    let found = all.find(|(_, service)| here(service) && *service.name == *name).map(|(id, _)| id);
    found.ok_or_else(|| {
        let names = snapshot.services.values().filter(|service| here(service));
        let names = names.map(|service| service.name.to_string());
        let elsewhere = snapshot.services.values().filter(|service| *service.name == *name);
        let elsewhere =
            elsewhere.map(|service| snapshot.namespaces.at(service.namespace).name.to_string());
        not_found(snapshot, ("svc", namespace, name), names.collect(), elsewhere.collect())
    })
}

fn find_workload(
    snapshot: &Snapshot,
    namespace: &str,
    kind: &str,
    name: &str,
) -> Result<WorkloadId, NotFound> {
    let id = snapshot.namespace(namespace);
    let of_kind = |written: &str| {
        let own = written.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let asked = kind.to_ascii_lowercase();
        own == asked || format!("{own}s") == asked
    };
    let same_kind = || snapshot.workloads.iter().filter(|(_, workload)| of_kind(&workload.kind));
    let is_here = |workload: &Workload| Some(workload.namespace) == id;
    let found = same_kind().find(|(_, workload)| is_here(workload) && *workload.name == *name);
    found.map(|(id, _)| id).ok_or_else(|| {
        let names = same_kind().filter(|(_, workload)| is_here(workload));
        let names = names.map(|(_, workload)| workload.name.to_string());
        let elsewhere = same_kind().filter(|(_, workload)| *workload.name == *name);
        let elsewhere =
            elsewhere.map(|(_, workload)| snapshot.namespaces.at(workload.namespace).name.to_string());
        let asked = (&*short_name(kind), namespace, name);
        not_found(snapshot, asked, names.collect(), elsewhere.collect())
    })
}

/// Collects the members of pods; those that have finished have none.
fn pods(network: &Network<'_>, pods: &[PodId], endpoint: Endpoint) -> End {
    let snapshot = network.snapshot;
    let mut end = End::new(endpoint, Vec::new());
    for pod in pods {
        push_pod(network, *pod, &IpSet::everything(), &mut end.members);
    }
    let finished = pods.iter().filter(|pod| snapshot.pods.at(**pod).state == PodState::Finished).count();
    if finished > 0 {
        let who = if pods.len() == 1 {
            "the pod has".to_owned()
        } else {
            format!("{finished} of the pods have")
        };
        end.caveats
            .push(format!("{}: {who} finished: no connections to or from it", name_of(&end.endpoint)));
    }
    end
}

/// Collects what holds addresses: pods, nodes, and for the rest the outside.
pub(crate) fn addresses(network: &Network<'_>, ips: &IpSet, endpoint: Endpoint) -> End {
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
    End::new(endpoint, members)
}

/// Adds a pod, once per address that is in `within`, or once if it has none.
pub(crate) fn push_pod(network: &Network<'_>, pod: PodId, within: &IpSet, members: &mut Vec<Member>) {
    let row = network.snapshot.pods.at(pod);
    for class in network.classes.of_pod(pod) {
        let family = network.classes.family(class);
        let own = row.ips.iter().filter(|ip| Some(crate::model::ips::Family::of(**ip)) == family);
        let ips: IpSet = own.copied().collect();
        if ips.is_subset(within) {
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

/// Finds who holds an address: a pod, a node, or nobody in the cluster.
fn address(network: &Network<'_>, ip: IpAddr) -> End {
    let snapshot = network.snapshot;
    let mut end = addresses(network, &[ip].into_iter().collect(), cidr_block(IpNet::from(ip)));
    let holders: BTreeSet<Who> = end.members.iter().map(|member| member.who).collect();
    if holders.len() > 1 {
        end.caveats.push(format!("{ip} is the address of {} pods or nodes", holders.len()));
        return end;
    }
    let holder = match holders.first().copied() {
        Some(Who::Pod(pod)) => pod_endpoint(snapshot, pod),
        Some(Who::Node(node)) => node_endpoint(snapshot, node),
        _ => return end,
    };
    end.caveats.push(format!("{ip} is the address of {}", name_of(&holder)));
    end.endpoint = Endpoint { ips: vec![ip], ..holder };
    end
}

fn cidr_block(block: IpNet) -> Endpoint {
    Endpoint { kind: "IPBlock".into(), cidrs: vec![block], ..Endpoint::default() }
}

/// Writes a part of an end: the end's own name, and which of its pods and addresses are meant.
pub fn part_endpoint(snapshot: &Snapshot, end: &End, part: &[&Member]) -> Endpoint {
    if part.len() == end.members.len() {
        return end.endpoint.clone();
    }
    let kind = &*end.endpoint.kind;
    let by_address = matches!(kind, "Entity" | "Host" | "IPBlock");
    let here: BTreeSet<Who> = part.iter().map(|member| member.who).collect();
    let all: BTreeSet<Who> = end.members.iter().map(|member| member.who).collect();
    let held = || part.iter().filter(|member| member.who != Who::Outside);
    let left = end.members.iter().filter(|member| !part.contains(member));
    let split =
        left.filter(|member| member.who != Who::Outside).any(|member| here.contains(&member.who));
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
    if kind != "Node" && (by_address || here.len() < all.len()) {
        endpoint.pods = here.iter().filter_map(name).collect();
    }
    if split || by_address || matches!(kind, "Pod" | "Node") {
        endpoint.ips = held().flat_map(|member| member.ips.ranges().map(|(ip, _)| ip)).collect();
        endpoint.ips.sort();
        endpoint.ips.dedup();
    }
    let outside = part.iter().filter(|member| member.who == Who::Outside);
    endpoint.cidrs = outside.fold(IpSet::default(), |all, member| all.union(&member.ips)).cidrs();
    endpoint
}
