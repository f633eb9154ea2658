//! The addresses of a cluster, and which Service has one.

use std::net::IpAddr;

use crate::model::ips::IpSet;
use crate::model::service::{Service, ServiceId};
use crate::model::snapshot::Snapshot;

/// Which addresses of a Service count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those by which it is reached inside the cluster.
    Inside,
    /// Those of its load balancer too.
    Anywhere,
}

/// Finds the Service that has an address.
pub fn service_at(snapshot: &Snapshot, ip: IpAddr, reach: Reach) -> Option<ServiceId> {
    let has = |service: &Service| match reach {
        Reach::Inside => service.own_addresses().contains(&ip),
        Reach::Anywhere => service.addresses().any(|address| address == ip),
    };
    snapshot.services.iter().find(|(_, service)| has(service)).map(|(id, _)| id)
}

/// Finds the Service whose fields claim an address that the cluster did not give it (`externalIPs`,
/// `loadBalancerIP`): its nodes may send packets for it there.
pub fn claimed_by(snapshot: &Snapshot, ip: IpAddr) -> Option<ServiceId> {
    let claims = |service: &Service| {
        service.claims().any(|claimed| claimed == ip) && !service.addresses().any(|own| own == ip)
    };
    snapshot.services.iter().find(|(_, service)| claims(service)).map(|(id, _)| id)
}

/// Returns the addresses of nodes, and of pods in their network: where an API server may be.
pub fn of_nodes(snapshot: &Snapshot) -> IpSet {
    let pods = snapshot.pods.values().filter(|pod| pod.host_network);
    let nodes = snapshot.nodes.values().flat_map(|node| node.ips.iter().copied());
    pods.flat_map(|pod| pod.ips.iter().copied()).chain(nodes).collect()
}

/// Returns the addresses of a cluster itself: of pods, nodes and Services, load balancers included, and the
/// ranges of pods and Services that are known.
pub fn of_cluster(snapshot: &Snapshot) -> IpSet {
    let pods = snapshot.pods.values().flat_map(|pod| pod.ips.iter().copied());
    let nodes = snapshot.nodes.values().flat_map(|node| node.ips.iter().copied());
    let services = snapshot.services.values().flat_map(Service::addresses);
    let held: IpSet = pods.chain(nodes).chain(services).collect();
    held.union(&snapshot.ranges.pods).union(&snapshot.ranges.services)
}
