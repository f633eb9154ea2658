//! Pods, workloads, nodes and addresses as endpoints of the schema, and their names.

use ipnet::IpNet;

use super::target::short_name;
use crate::answer::endpoint::Endpoint;
use crate::model::endpoint::{NodeId, PodId, WorkloadId};
use crate::model::ips::{Family, IpSet};
use crate::model::service::ServiceId;
use crate::model::snapshot::Snapshot;

/// Returns the endpoint of a pod, with its addresses.
pub fn pod_endpoint(snapshot: &Snapshot, pod: PodId) -> Endpoint {
    let pod = snapshot.pods.at(pod);
    Endpoint {
        kind: "Pod".into(),
        namespace: Some(snapshot.namespaces.at(pod.namespace).name.to_string()),
        name: Some(pod.name.to_string()),
        ips: pod.ips.clone(),
        ..Endpoint::default()
    }
}

/// Returns the endpoint of a workload.
pub fn workload_endpoint(snapshot: &Snapshot, workload: WorkloadId) -> Endpoint {
    let workload = snapshot.workloads.at(workload);
    Endpoint {
        kind: workload.kind.to_string(),
        namespace: Some(snapshot.namespaces.at(workload.namespace).name.to_string()),
        name: Some(workload.name.to_string()),
        ..Endpoint::default()
    }
}

/// Returns the endpoint of a Service.
pub fn service_endpoint(snapshot: &Snapshot, service: ServiceId) -> Endpoint {
    let service = snapshot.services.at(service);
    Endpoint {
        kind: "Service".into(),
        namespace: Some(snapshot.namespaces.at(service.namespace).name.to_string()),
        name: Some(service.name.to_string()),
        ..Endpoint::default()
    }
}

/// Returns the endpoint of a node, with its addresses.
pub fn node_endpoint(snapshot: &Snapshot, node: NodeId) -> Endpoint {
    let node = snapshot.nodes.at(node);
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
        ("IPBlock", _) => Family::ALL
            .iter()
            .filter_map(|family| blocks(&endpoint.cidrs, *family))
            .collect::<Vec<_>>()
            .join(", "),
        ("Host", _) if !endpoint.cidrs.is_empty() => format!("{name} ({})", listed(&endpoint.cidrs)),
        ("Entity" | "Host", _) => name.to_owned(),
        (kind, None) => format!("{}/{name}", short_name(kind)),
        (kind, Some(namespace)) => format!("{namespace}/{}/{name}", short_name(kind)),
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
    let block = |block: &IpNet| match block.prefix_len() == block.max_prefix_len() {
        true => block.addr().to_string(),
        false => block.to_string(),
    };
    blocks.iter().map(block).collect::<Vec<_>>().join(", ")
}
