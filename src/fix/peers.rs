//! How a rule names the other end.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;

use super::selection::labels_of;
use crate::answer::endpoint::{EndpointKind, Entity};
use crate::ends::end::{End, Who};
use crate::ends::naming::{name_of, node_endpoint, pod_endpoint, workload_endpoint};
use crate::explain::no_fix::NoFix;
use crate::model::endpoint::PodId;
use crate::model::ips::{Family, IpSet};
use crate::model::selector::Selector;
use crate::model::snapshot::Snapshot;
use crate::model::special::internet;
use crate::policy::network_policy::write::{blocks_of_family, pods_here, pods_of, pods_of_all};

/// Lists the families in which pods send and receive; those of the cluster where it has no address yet.
pub(crate) fn families(snapshot: &Snapshot, pods: &BTreeSet<PodId>) -> BTreeSet<Family> {
    let of = |pod: &PodId| match &*snapshot.pods.at(*pod).ips {
        [] => snapshot.families(),
        ips => ips.iter().map(|ip| Family::of(*ip)).collect(),
    };
    pods.iter().flat_map(of).collect()
}

/// Returns the items of `from` or `to` that name an end, seen from a namespace.
pub(crate) fn peers(
    snapshot: &Snapshot,
    end: &End,
    namespace: &str,
    families: &BTreeSet<Family>,
) -> Result<Vec<NetworkPolicyPeer>, NoFix> {
    let name = name_of(&end.endpoint);
    let asked: Option<IpSet> = match end.endpoint.kind {
        EndpointKind::IPBlock => Some(end.endpoint.cidrs.iter().copied().collect()),
        EndpointKind::Entity(Entity::Internet) => Some(internet()),
        _ => None,
    };
    if let Some(asked) = asked {
        return some(
            families.iter().flat_map(|family| blocks_of_family(&asked, *family)).collect(),
            &name,
        );
    }
    let mut pods = BTreeSet::new();
    let mut ips = IpSet::default();
    for member in &end.members {
        match member.who {
            Who::Pod(pod) if snapshot.pods.at(pod).is_managed() => drop(pods.insert(pod)),
            who if member.ips.is_empty() => {
                return Err(NoFix::NoAddress(name_of_member(snapshot, who)));
            }
            _ => ips = ips.union(&member.ips),
        }
    }
    let mut peers = Vec::new();
    if let Some(first) = pods.first() {
        let own = snapshot.namespace_of(*first).to_owned();
        let labels = labels_of(snapshot, &end.endpoint, &own, &pods)?;
        let selector = Selector::of_labels(&labels);
        peers.push(match own == namespace {
            true => pods_here(&selector),
            false if labels.is_empty() => pods_of_all(&own),
            false => pods_of(&own, &selector),
        });
    }
    peers.extend(families.iter().flat_map(|family| blocks_of_family(&ips, *family)));
    some(peers, &name)
}

fn name_of_member(snapshot: &Snapshot, who: Who) -> String {
    match who {
        Who::Node(node) => name_of(&node_endpoint(snapshot, node)),
        Who::Pod(pod) => match snapshot.pods.at(pod).workload {
            Some(workload) => name_of(&workload_endpoint(snapshot, workload)),
            None => name_of(&pod_endpoint(snapshot, pod)),
        },
        Who::Outside => "the outside".to_owned(),
    }
}

/// Refuses an empty list, which would mean everything.
fn some(peers: Vec<NetworkPolicyPeer>, name: &str) -> Result<Vec<NetworkPolicyPeer>, NoFix> {
    match peers.is_empty() {
        true => Err(NoFix::Peer(name.to_owned())),
        false => Ok(peers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::endpoint::Endpoint;

    #[test]
    fn the_internet_is_known_by_its_type_not_by_its_name() {
        let snapshot = Snapshot::default();
        let named = |kind, name| {
            let end = End::new(Endpoint::named(kind, None, name), Vec::new());
            peers(&snapshot, &end, "shop", &[Family::V4].into())
        };
        let internet = named(EndpointKind::Entity(Entity::Internet), "reworded");
        assert_eq!(internet, Ok(blocks_of_family(&super::internet(), Family::V4)));
        let other = named(EndpointKind::Entity(Entity::Nodes), "internet");
        assert_eq!(other, Err(NoFix::Peer("internet".to_owned())));
    }
}
