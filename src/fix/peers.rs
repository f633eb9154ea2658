//! How a rule names the other end, and its ports.

use std::collections::BTreeSet;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{IPBlock, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::selection::{PodLabels, equals, labels_of};
use crate::ends::end::{End, Who};
use crate::ends::naming::{name_of, node_endpoint, pod_endpoint, workload_endpoint};
use crate::model::endpoint::PodId;
use crate::model::ips::{Family, IpSet};
use crate::model::labels::NAMESPACE_NAME_LABEL;
use crate::model::ports::PortSet;
use crate::model::snapshot::Snapshot;
use crate::model::special::internet;
use crate::policy::cidr::parse_cidr;

/// Lists the families in which pods send and receive; both where an address is not known.
pub(crate) fn families(snapshot: &Snapshot, pods: &BTreeSet<PodId>) -> BTreeSet<Family> {
    let of = |pod: &PodId| match &*snapshot.pods.at(*pod).ips {
        [] => Family::ALL.to_vec(),
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
) -> Result<Vec<NetworkPolicyPeer>, String> {
    let name = name_of(&end.endpoint);
    let asked: Option<IpSet> = match &*end.endpoint.kind {
        "IPBlock" => Some(end.endpoint.cidrs.iter().copied().collect()),
        "Entity" if name == "internet" => Some(internet()),
        _ => None,
    };
    if let Some(asked) = asked {
        return some(families.iter().flat_map(|family| blocks(&asked, *family)).collect(), &name);
    }
    let mut pods = BTreeSet::new();
    let mut ips = IpSet::default();
    for member in &end.members {
        match member.who {
            Who::Pod(pod) if snapshot.pods.at(pod).is_managed() => drop(pods.insert(pod)),
            who if member.ips.is_empty() => {
                return Err(format!("the address of {} is not known", name_of_member(snapshot, who)));
            }
            _ => ips = ips.union(&member.ips),
        }
    }
    let mut peers = Vec::new();
    if let Some(first) = pods.first() {
        let own = snapshot.namespace_of(*first).to_owned();
        let labels = labels_of(snapshot, &end.endpoint, &own, &pods)?;
        let here = own == namespace;
        let other = PodLabels::from([(NAMESPACE_NAME_LABEL.to_owned(), own)]);
        peers.push(NetworkPolicyPeer {
            namespace_selector: (!here).then(|| equals(&other)),
            pod_selector: (here || !labels.is_empty()).then(|| equals(&labels)),
            ip_block: None,
        });
    }
    peers.extend(families.iter().flat_map(|family| blocks(&ips, *family)));
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
fn some(peers: Vec<NetworkPolicyPeer>, name: &str) -> Result<Vec<NetworkPolicyPeer>, String> {
    match peers.is_empty() {
        true => Err(format!("no rule can name {name}")),
        false => Ok(peers),
    }
}

/// Writes the addresses of one family as blocks: all of it with exceptions, if that is shorter.
fn blocks(ips: &IpSet, family: Family) -> Vec<NetworkPolicyPeer> {
    let everything: IpSet = [family.everything()].into_iter().collect();
    // A block that the API reads as another one (IPv4 in the clothes of IPv6) names no addresses.
    let exact = |block: &&IpNet| parse_cidr(&block.to_string()).as_ref() == Some(*block);
    let text = |blocks: Vec<IpNet>| -> Vec<String> {
        blocks.iter().filter(exact).map(ToString::to_string).collect()
    };
    let inside = text(ips.intersection(&everything).cidrs());
    let outside = text(everything.difference(ips).cidrs());
    let block = |cidr: String, except: Vec<String>| NetworkPolicyPeer {
        ip_block: Some(IPBlock { cidr, except: (!except.is_empty()).then_some(except) }),
        ..NetworkPolicyPeer::default()
    };
    if inside.len() > 1 && outside.len() < inside.len() {
        return vec![block(family.everything().to_string(), outside)];
    }
    inside.into_iter().map(|cidr| block(cidr, Vec::new())).collect()
}

/// Writes ports as a rule has them.
pub(crate) fn rule_ports(ports: &PortSet) -> Vec<NetworkPolicyPort> {
    let number = |port: u16| Some(IntOrString::Int(port.into()));
    let ranges = ports.ranges().map(|(protocol, low, high)| NetworkPolicyPort {
        protocol: Some(protocol.name().to_owned()),
        port: if (low, high) == (1, u16::MAX) { None } else { number(low) },
        end_port: (low < high && (low, high) != (1, u16::MAX)).then_some(high.into()),
    });
    ranges.collect()
}
