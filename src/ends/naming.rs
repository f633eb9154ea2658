//! Pods, workloads, nodes and addresses as endpoints of the schema, and their names.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::target::short_name;
use crate::answer::caveat::Caveat;
use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::model::endpoint::{NodeId, PodId, WorkloadId};
use crate::model::ips::{Family, IpSet};
use crate::model::service::ServiceId;
use crate::model::snapshot::Snapshot;

/// Returns the endpoint of a pod, with its addresses.
pub fn pod_endpoint(snapshot: &Snapshot, pod: PodId) -> Endpoint {
    let ips = snapshot.addresses_of(pod).collect();
    let pod = snapshot.pods.at(pod);
    let namespace = &*snapshot.namespaces.at(pod.namespace).name;
    let endpoint = Endpoint::named(EndpointKind::Pod, Some(namespace), &pod.name);
    Endpoint { ips, ..endpoint }
}

/// Returns the endpoint of a workload.
pub fn workload_endpoint(snapshot: &Snapshot, workload: WorkloadId) -> Endpoint {
    let workload = snapshot.workloads.at(workload);
    let namespace = &*snapshot.namespaces.at(workload.namespace).name;
    Endpoint::named(EndpointKind::of(&workload.kind), Some(namespace), &workload.name)
}

/// Says that pods have no address yet, by the name of the first; nothing where there is none.
pub fn no_address_yet(snapshot: &Snapshot, pods: &BTreeSet<PodId>) -> Option<Caveat> {
    let first = *pods.first()?;
    let first = name_of(&pod_or_template(snapshot, first));
    Some(Caveat::NoAddressYet { first, more: pods.len().saturating_sub(1) })
}

/// Returns the endpoint of a pod; of a template pod that of its workload.
pub(crate) fn pod_or_template(snapshot: &Snapshot, pod: PodId) -> Endpoint {
    let template = snapshot.pods.at(pod).workload.filter(|_| snapshot.pods.at(pod).is_template());
    template.map_or_else(|| pod_endpoint(snapshot, pod), |own| workload_endpoint(snapshot, own))
}

/// Returns the endpoint of a Service.
pub fn service_endpoint(snapshot: &Snapshot, service: ServiceId) -> Endpoint {
    let service = snapshot.services.at(service);
    let namespace = &*snapshot.namespaces.at(service.namespace).name;
    Endpoint::named(EndpointKind::Service, Some(namespace), &service.name)
}

/// Returns the endpoint of a node, with its addresses.
pub fn node_endpoint(snapshot: &Snapshot, node: NodeId) -> Endpoint {
    let node = snapshot.nodes.at(node);
    Endpoint { ips: node.ips.clone(), ..Endpoint::named(EndpointKind::Node, None, &node.name) }
}

/// Returns the endpoint of addresses outside.
pub fn outside_endpoint(ips: &IpSet) -> Endpoint {
    Endpoint::blocks(ips.cidrs())
}

/// Writes an endpoint as the user would: `shop/deploy/web`, `node/n1`, `10.0.0.0/8`.
pub fn name_of(endpoint: &Endpoint) -> String {
    let name = endpoint.name.as_deref().unwrap_or_default();
    match (&endpoint.kind, &endpoint.namespace) {
        (EndpointKind::IPBlock, _) => Family::ALL
            .iter()
            .filter_map(|family| blocks(&endpoint.cidrs, *family))
            .collect::<Vec<_>>()
            .join(", "),
        (EndpointKind::Host, _) if !endpoint.cidrs.is_empty() => {
            format!("{name} ({})", listed(&endpoint.cidrs))
        }
        (EndpointKind::Entity(_) | EndpointKind::Host, _) => name.to_owned(),
        (kind, None) => format!("{}/{name}", short_name(kind.name())),
        (kind, Some(namespace)) => format!("{namespace}/{}/{name}", short_name(kind.name())),
    }
}

/// Writes blocks of one family: as what they leave out of everything, where that is shorter.
fn blocks(blocks: &[IpNet], family: Family) -> Option<String> {
    let own: Vec<IpNet> =
        blocks.iter().copied().filter(|own| Family::of(own.addr()) == family).collect();
    let everything: IpSet = [family.everything()].into_iter().collect();
    let missing = everything.difference(&own.iter().copied().collect()).cidrs();
    match own.len() {
        0 => None,
        count if missing.is_empty() || count <= missing.len() + 2 => Some(listed(&own)),
        _ => Some(format!("{} except {}", family.everything(), listed(&missing))),
    }
}

fn listed(blocks: &[IpNet]) -> String {
    blocks.iter().map(|block| block_name(*block)).collect::<Vec<_>>().join(", ")
}

/// Writes a block; one of a single address as that.
pub(crate) fn block_name(block: IpNet) -> String {
    match block.prefix_len() == block.max_prefix_len() {
        true => block.addr().to_string(),
        false => block.to_string(),
    }
}
