//! The end that a target names.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::answer::caveat::Caveat;
use crate::answer::endpoint::{Endpoint, EndpointKind, Entity};
use crate::ends::backends;
use crate::ends::end::{End, Who, addresses, push_node, push_pod};
use crate::ends::naming::{name_of, node_endpoint, pod_endpoint, workload_endpoint};
use crate::ends::not_found::{NotFound, no_namespace, not_found};
use crate::ends::target::{Target, short_name};
use crate::engine::network::Network;
use crate::model::endpoint::{PodId, PodState, Workload, WorkloadId};
use crate::model::ips::IpSet;
use crate::model::service::ServiceId;
use crate::model::snapshot::Snapshot;
use crate::model::special::internet;
use crate::world::addresses::{Reach, service_at};
use crate::world::services;

/// Looks one end up; `namespace` is that of names that give none.
///
/// # Errors
/// A pod, workload, node or namespace that the snapshot does not have.
pub fn find_end(network: &Network<'_>, target: &Target, namespace: &str) -> Result<End, NotFound> {
    let snapshot = network.snapshot;
    match target {
        Target::Address(ip) => Ok(match service_at(snapshot, *ip, Reach::Inside) {
            Some(service) => backends::backends_of(network, service, Some(*ip)),
            None => address(network, *ip),
        }),
        Target::Block(block) => {
            Ok(addresses(network, &[*block].into_iter().collect(), cidr_block(*block)))
        }
        Target::Internet => Ok(addresses(network, &internet(), Endpoint::entity(Entity::Internet))),
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
            let endpoint = Endpoint::named(EndpointKind::Namespace, None, name);
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
pub(crate) fn check_namespace(snapshot: &Snapshot, given: Option<&str>) -> Result<(), NotFound> {
    match given {
        Some(name) if snapshot.namespace(name).is_none() => Err(no_namespace(snapshot, name)),
        _ => Ok(()),
    }
}

pub(crate) fn find_pod(snapshot: &Snapshot, namespace: &str, name: &str) -> Result<PodId, NotFound> {
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

pub(crate) fn find_service(
    snapshot: &Snapshot,
    namespace: &str,
    name: &str,
) -> Result<ServiceId, NotFound> {
    let id = snapshot.namespace(namespace);
    services::find(snapshot, namespace, name).ok_or_else(|| {
        let names = snapshot.services.values().filter(|service| Some(service.namespace) == id);
        let names = names.map(|service| service.name.to_string());
        let elsewhere = snapshot.services.values().filter(|service| *service.name == *name);
        let elsewhere =
            elsewhere.map(|service| snapshot.namespaces.at(service.namespace).name.to_string());
        not_found(snapshot, ("svc", namespace, name), names.collect(), elsewhere.collect())
    })
}

pub(crate) fn find_workload(
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
pub(crate) fn pods(network: &Network<'_>, pods: &[PodId], endpoint: Endpoint) -> End {
    let snapshot = network.snapshot;
    let mut end = End::new(endpoint, Vec::new());
    for pod in pods {
        push_pod(network, *pod, &IpSet::everything(), &mut end.members);
    }
    let finished = pods.iter().filter(|pod| snapshot.pods.at(**pod).state == PodState::Finished).count();
    if finished > 0 {
        let name = name_of(&end.endpoint);
        end.caveats.push(match pods.len() {
            1 => Caveat::Finished(name),
            _ => Caveat::SomeFinished(name, finished),
        });
    }
    end
}

/// Finds who holds an address: a pod, a node, or nobody in the cluster.
pub(crate) fn address(network: &Network<'_>, ip: IpAddr) -> End {
    let snapshot = network.snapshot;
    let mut end = addresses(network, &[ip].into_iter().collect(), cidr_block(IpNet::from(ip)));
    let holders: BTreeSet<Who> = end.members.iter().map(|member| member.who).collect();
    if holders.len() > 1 {
        end.caveats.push(Caveat::SharedAddress(ip, holders.len()));
        return end;
    }
    let holder = match holders.first().copied() {
        Some(Who::Pod(pod)) => pod_endpoint(snapshot, pod),
        Some(Who::Node(node)) => node_endpoint(snapshot, node),
        _ => return end,
    };
    end.caveats.push(Caveat::AddressOf(ip, name_of(&holder)));
    end.endpoint = Endpoint { ips: vec![ip], ..holder };
    end
}

pub(crate) fn cidr_block(block: IpNet) -> Endpoint {
    Endpoint::blocks(vec![block])
}
