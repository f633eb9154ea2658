//! The pods, nodes and addresses that one end of a connection stands for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::schema::Endpoint;
use super::target::{Target, plural, short_name};
use crate::engine::classes::ClassId;
use crate::engine::network::Network;
use crate::model::endpoint::{NodeId, PodId, PodState, Workload, WorkloadId};
use crate::model::ips::{IpSet, internet};
use crate::model::snapshot::Snapshot;

/// One end of a connection, looked up in a snapshot.
#[derive(Clone, Debug)]
pub struct End {
    /// What the user named.
    pub endpoint: Endpoint,
    /// What it stands for.
    pub members: Vec<Member>,
    /// What the user should know about it.
    pub caveats: Vec<String>,
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

/// A name that the snapshot does not have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No namespace of that name.
    #[error("namespace `{name}` not found{}", hint(.nearest))]
    Namespace {
        /// The name.
        name: String,
        /// The namespaces with similar names.
        nearest: Vec<String>,
    },
    /// No such object in the namespace.
    #[error("{kind} `{name}` not found{}{}{}", in_namespace(.namespace), exists_in(.elsewhere), hint(.nearest))]
    Object {
        /// The kind, as kubectl shortens it.
        kind: String,
        /// The namespace that was searched; empty for nodes.
        namespace: String,
        /// The name.
        name: String,
        /// The namespaces that have an object of this name.
        elsewhere: Vec<String>,
        /// Similar names in the namespace.
        nearest: Vec<String>,
    },
}

impl NotFound {
    /// Names what was not found.
    pub fn what(&self) -> String {
        match self {
            Self::Namespace { name, .. } => format!("namespace `{name}`"),
            Self::Object { kind, namespace, name, .. } => {
                format!("{kind} `{name}`{}", in_namespace(namespace))
            }
        }
    }

    /// Names the list that would have it, as the API does.
    pub fn list(&self) -> String {
        match self {
            Self::Namespace { .. } => "namespaces".to_owned(),
            Self::Object { kind, .. } => plural(kind),
        }
    }
}

fn in_namespace(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!(" in namespace `{namespace}`") }
}

fn exists_in(namespaces: &[String]) -> String {
    match namespaces {
        [] => String::new(),
        _ => format!("; it exists in namespace {}", quoted(namespaces)),
    }
}

fn hint(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; did you mean {}?", quoted(names)) }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Looks one end up; `namespace` is that of names that give none.
///
/// # Errors
/// A pod, workload, node or namespace that the snapshot does not have.
pub fn find(network: &Network<'_>, target: &Target, namespace: &str) -> Result<End, NotFound> {
    let snapshot = network.snapshot;
    match target {
        Target::Address(ip) => Ok(address(network, *ip)),
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
            Ok(End { endpoint: node_endpoint(snapshot, node), members, caveats: Vec::new() })
        }
        Target::Namespace(name) => {
            let id = snapshot.namespace(name).ok_or_else(|| no_namespace(snapshot, name))?;
            let own = snapshot.pods.iter().filter(|(_, pod)| pod.namespace == id).map(|(id, _)| id);
            let endpoint =
                Endpoint { kind: "Namespace".into(), name: Some(name.clone()), ..Endpoint::default() };
            Ok(pods(network, own.collect(), endpoint))
        }
        Target::Pod { namespace: given, name } => {
            check_namespace(snapshot, given.as_deref())?;
            let namespace = given.as_deref().unwrap_or(namespace);
            let pod = find_pod(snapshot, namespace, name)?;
            Ok(pods(network, vec![pod], pod_endpoint(snapshot, pod)))
        }
        Target::Workload { namespace: given, kind, name } => {
            check_namespace(snapshot, given.as_deref())?;
            let namespace = given.as_deref().unwrap_or(namespace);
            let workload = find_workload(snapshot, namespace, kind, name)?;
            let own = snapshot.pods.iter().filter(|(_, pod)| pod.workload == Some(workload));
            let own = own.map(|(id, _)| id).collect();
            Ok(pods(network, own, workload_endpoint(snapshot, workload)))
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
    let elsewhere = elsewhere.map(|pod| snapshot.namespaces[pod.namespace].name.to_string());
    Err(not_found(snapshot, ("pod", namespace, name), names.collect(), elsewhere.collect()))
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
            elsewhere.map(|(_, workload)| snapshot.namespaces[workload.namespace].name.to_string());
        let asked = (&*short_name(kind), namespace, name);
        not_found(snapshot, asked, names.collect(), elsewhere.collect())
    })
}

fn no_namespace(snapshot: &Snapshot, name: &str) -> NotFound {
    let names = snapshot.namespaces.values().map(|namespace| namespace.name.to_string()).collect();
    NotFound::Namespace { name: name.to_owned(), nearest: nearest(name, names) }
}

/// Says what is not there: the namespace, if nothing of the name is anywhere, else the object.
fn not_found(
    snapshot: &Snapshot,
    (kind, namespace, name): (&str, &str, &str),
    names: Vec<String>,
    mut elsewhere: Vec<String>,
) -> NotFound {
    if elsewhere.is_empty() && !namespace.is_empty() && snapshot.namespace(namespace).is_none() {
        return no_namespace(snapshot, namespace);
    }
    elsewhere.truncate(5);
    NotFound::Object {
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        nearest: nearest(name, names),
        elsewhere,
    }
}

/// Picks the names that the user may have meant, the most similar first; all of very few where none
/// is similar.
pub fn nearest(name: &str, mut names: Vec<String>) -> Vec<String> {
    const SHOWN: usize = 3;
    let distance = |candidate: &str| strsim::osa_distance(name, candidate);
    let similar = |candidate: &String| {
        candidate.starts_with(name)
            || distance(candidate) <= 2
            || strsim::jaro_winkler(name, candidate) > 0.85
    };
    names.sort();
    names.dedup();
    if names.len() > SHOWN || names.iter().any(similar) {
        names.retain(similar);
    }
    names.sort_by_cached_key(|candidate| (!candidate.starts_with(name), distance(candidate)));
    names.truncate(SHOWN);
    names
}

/// Collects the members of pods; those that have finished have none.
fn pods(network: &Network<'_>, pods: Vec<PodId>, endpoint: Endpoint) -> End {
    let snapshot = network.snapshot;
    let mut end = End { endpoint, members: Vec::new(), caveats: Vec::new() };
    for pod in &pods {
        push_pod(network, *pod, &IpSet::everything(), &mut end.members);
    }
    let finished = pods.iter().filter(|pod| snapshot.pods[**pod].state == PodState::Finished).count();
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
fn addresses(network: &Network<'_>, ips: &IpSet, endpoint: Endpoint) -> End {
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
            members.push(Member { who: Who::Outside, class, ips });
        }
    }
    End { endpoint, members, caveats: Vec::new() }
}

/// Adds a pod, once per address that is in `within`, or once if it has none.
fn push_pod(network: &Network<'_>, pod: PodId, within: &IpSet, members: &mut Vec<Member>) {
    let row = &network.snapshot.pods[pod];
    for class in network.classes.of_pod(pod) {
        let family = network.classes.family(class);
        let own = row.ips.iter().filter(|ip| Some(crate::model::ips::Family::of(**ip)) == family);
        let ips: IpSet = own.copied().collect();
        if ips.is_subset(within) {
            members.push(Member { who: Who::Pod(pod), class, ips });
        }
    }
}

/// Adds a node, once per address that is in `within`.
fn push_node(network: &Network<'_>, node: NodeId, within: &IpSet, members: &mut Vec<Member>) {
    for ip in network.snapshot.nodes[node].ips.iter().filter(|ip| within.contains(**ip)) {
        if let Some(class) = network.classes.outside(*ip) {
            members.push(Member { who: Who::Node(node), class, ips: [*ip].into_iter().collect() });
        }
    }
}

/// Finds who holds an address: a pod, a node, or nobody in the cluster.
fn address(network: &Network<'_>, ip: IpAddr) -> End {
    let snapshot = network.snapshot;
    let mut end = addresses(network, &[ip].into_iter().collect(), cidr_block(IpNet::from(ip)));
    let holder = match end.members.first().map(|member| member.who) {
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

/// Returns the endpoint of a pod, with its addresses.
pub fn pod_endpoint(snapshot: &Snapshot, pod: PodId) -> Endpoint {
    let pod = &snapshot.pods[pod];
    Endpoint {
        kind: "Pod".into(),
        namespace: Some(snapshot.namespaces[pod.namespace].name.to_string()),
        name: Some(pod.name.to_string()),
        ips: pod.ips.clone(),
        ..Endpoint::default()
    }
}

/// Returns the endpoint of a workload.
pub fn workload_endpoint(snapshot: &Snapshot, workload: WorkloadId) -> Endpoint {
    let workload = &snapshot.workloads[workload];
    Endpoint {
        kind: workload.kind.to_string(),
        namespace: Some(snapshot.namespaces[workload.namespace].name.to_string()),
        name: Some(workload.name.to_string()),
        ..Endpoint::default()
    }
}

/// Returns the endpoint of a node, with its addresses.
pub fn node_endpoint(snapshot: &Snapshot, node: NodeId) -> Endpoint {
    let node = &snapshot.nodes[node];
    Endpoint {
        kind: "Node".into(),
        name: Some(node.name.to_string()),
        ips: node.ips.clone(),
        ..Endpoint::default()
    }
}

/// Returns the endpoint of addresses outside.
pub fn outside_endpoint(ips: &IpSet) -> Endpoint {
    Endpoint { kind: "IPBlock".into(), cidrs: ips.cidrs(), ..Endpoint::default() }
}

/// Writes an endpoint as the user would: `shop/deploy/web`, `node/n1`, `10.0.0.0/8`.
pub fn name_of(endpoint: &Endpoint) -> String {
    let name = endpoint.name.as_deref().unwrap_or_default();
    match (&*endpoint.kind, &endpoint.namespace) {
        ("IPBlock", _) => {
            let block = |block: &IpNet| match block.prefix_len() == block.max_prefix_len() {
                true => block.addr().to_string(),
                false => block.to_string(),
            };
            endpoint.cidrs.iter().map(block).collect::<Vec<_>>().join(", ")
        }
        ("Entity", _) => name.to_owned(),
        (kind, None) => format!("{}/{name}", short_name(kind)),
        (kind, Some(namespace)) => format!("{namespace}/{}/{name}", short_name(kind)),
    }
}

/// Writes a part of an end: the end's own name, and which of its pods and addresses are meant.
pub fn part_endpoint(snapshot: &Snapshot, end: &End, part: &[&Member]) -> Endpoint {
    if part.len() == end.members.len() {
        return end.endpoint.clone();
    }
    let kind = &*end.endpoint.kind;
    let by_address = matches!(kind, "Entity" | "IPBlock");
    let here: BTreeSet<Who> = part.iter().map(|member| member.who).collect();
    let all: BTreeSet<Who> = end.members.iter().map(|member| member.who).collect();
    let held = || part.iter().filter(|member| member.who != Who::Outside);
    let left = end.members.iter().filter(|member| !part.contains(member));
    let split =
        left.filter(|member| member.who != Who::Outside).any(|member| here.contains(&member.who));
    let name = |who: &Who| match who {
        Who::Pod(pod) if by_address => Some(name_of(&pod_endpoint(snapshot, *pod))),
        Who::Pod(pod) => Some(snapshot.pods[*pod].name.to_string()),
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
