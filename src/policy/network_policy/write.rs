//! NetworkPolicies as they are written: the parts of the API type, and the whole object.
//!
//! `policyTypes` is always written, as its default would isolate ingress too; `protocol` too, as its
//! default would be the field of another manager.

use std::collections::BTreeMap;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::spec_of;
use crate::model::ips::{Family, IpSet};
use crate::model::labels::NAMESPACE_NAME_LABEL;
use crate::model::origin::ObjectOrigin;
use crate::model::ports::{PortRange, PortSet, Protocol};
use crate::model::selector::{Requirement, Selector};
use crate::model::service::TargetPort;
use crate::model::snapshot::{PolicyMeta, PolicyObject};
use crate::policy::cidr::parse_cidr;
use crate::policy::rule::Direction;

/// Builds the peer of the addresses of a block.
pub fn block(block: IpNet) -> NetworkPolicyPeer {
    block_except(block, Vec::new())
}

fn block_except(block: IpNet, except: Vec<String>) -> NetworkPolicyPeer {
    let except = (!except.is_empty()).then_some(except);
    let block = IPBlock { cidr: block.to_string(), except };
    NetworkPolicyPeer { ip_block: Some(block), ..NetworkPolicyPeer::default() }
}

/// Builds the peers of some addresses, in the fewest blocks, IPv4 first.
pub fn blocks(ips: &IpSet) -> Vec<NetworkPolicyPeer> {
    ips.cidrs().into_iter().map(block).collect()
}

/// Builds the peers of the addresses of one family: all of it with exceptions, if that is shorter.
pub fn blocks_of_family(ips: &IpSet, family: Family) -> Vec<NetworkPolicyPeer> {
    let everything: IpSet = [family.everything()].into_iter().collect();
    // A block that the API reads as another one (IPv4 in the clothes of IPv6) names no addresses.
    let exact = |block: &IpNet| parse_cidr(&block.to_string()).as_ref() == Some(block);
    let inside: Vec<IpNet> = ips.intersection(&everything).cidrs().into_iter().filter(exact).collect();
    let outside: Vec<IpNet> = everything.difference(ips).cidrs().into_iter().filter(exact).collect();
    if inside.len() > 1 && outside.len() < inside.len() {
        let except = outside.iter().map(ToString::to_string).collect();
        return vec![block_except(family.everything(), except)];
    }
    inside.into_iter().map(block).collect()
}

/// Names every end, in the ways that all network plugins know: some match no pod by a block.
pub fn everyone() -> Vec<NetworkPolicyPeer> {
    let namespaces = Some(LabelSelector::default());
    let pods = NetworkPolicyPeer { namespace_selector: namespaces, ..NetworkPolicyPeer::default() };
    Family::ALL.map(|family| block(family.everything())).into_iter().chain([pods]).collect()
}

/// Builds the peer of pods of the policy's own namespace.
pub fn pods_here(selector: &Selector) -> NetworkPolicyPeer {
    NetworkPolicyPeer { pod_selector: Some(selector.into()), ..NetworkPolicyPeer::default() }
}

/// Builds the peer of pods of a namespace.
pub fn pods_of(namespace: &str, selector: &Selector) -> NetworkPolicyPeer {
    NetworkPolicyPeer { namespace_selector: Some(named(namespace)), ..pods_here(selector) }
}

/// Builds the peer of all pods of a namespace.
pub fn pods_of_all(namespace: &str) -> NetworkPolicyPeer {
    NetworkPolicyPeer { namespace_selector: Some(named(namespace)), ..NetworkPolicyPeer::default() }
}

fn named(namespace: &str) -> LabelSelector {
    let requirements = vec![Requirement::equals(NAMESPACE_NAME_LABEL, namespace)];
    (&Selector { requirements }).into()
}

/// Writes a port of pods; a name stays a name.
pub fn port(protocol: Protocol, port: &TargetPort) -> NetworkPolicyPort {
    let port = match port {
        TargetPort::Number(number) => IntOrString::Int((*number).into()),
        TargetPort::Name(name) => IntOrString::String(name.to_string()),
    };
    NetworkPolicyPort { protocol: Some(protocol.name().to_owned()), port: Some(port), end_port: None }
}

/// Writes ports by number, in the fewest ranges.
pub fn ports(ports: &PortSet) -> Vec<NetworkPolicyPort> {
    let port = |range: PortRange| NetworkPolicyPort {
        protocol: Some(range.protocol.name().to_owned()),
        port: (!range.is_whole()).then(|| IntOrString::Int(range.low.into())),
        end_port: (range.low < range.high && !range.is_whole()).then_some(range.high.into()),
    };
    ports.ranges().map(port).collect()
}

/// Builds the rule that opens ports of destinations.
pub fn egress(to: Vec<NetworkPolicyPeer>, ports: Vec<NetworkPolicyPort>) -> NetworkPolicyEgressRule {
    NetworkPolicyEgressRule { to: Some(to), ports: Some(ports) }
}

/// Builds the rule that opens every destination, those included that have no port.
pub fn egress_anywhere() -> NetworkPolicyEgressRule {
    NetworkPolicyEgressRule { to: Some(everyone()), ports: None }
}

/// Adds a rule to a specification: the other ends, which are never none, and the ports, which are all
/// where they are absent. Returns its place.
pub fn append(
    spec: &mut NetworkPolicySpec,
    direction: Direction,
    peers: Vec<NetworkPolicyPeer>,
    ports: Option<Vec<NetworkPolicyPort>>,
) -> usize {
    match direction {
        Direction::Ingress => {
            let rules = spec.ingress.get_or_insert_default();
            rules.push(NetworkPolicyIngressRule { from: Some(peers), ports });
            rules.len() - 1
        }
        Direction::Egress => {
            let rules = spec.egress.get_or_insert_default();
            rules.push(NetworkPolicyEgressRule { to: Some(peers), ports });
            rules.len() - 1
        }
    }
}

/// Builds the specification that isolates pods in some directions, and opens nothing.
pub fn isolation(pods: &Selector, directions: &[Direction]) -> NetworkPolicySpec {
    let name = |direction: &Direction| match direction {
        Direction::Ingress => "Ingress".to_owned(),
        Direction::Egress => "Egress".to_owned(),
    };
    NetworkPolicySpec {
        pod_selector: Some(pods.into()),
        policy_types: Some(directions.iter().map(name).collect()),
        ..NetworkPolicySpec::default()
    }
}

/// Builds the specification that isolates the egress of pods, less what some rules open.
pub fn egress_only(pods: &Selector, rules: Vec<NetworkPolicyEgressRule>) -> NetworkPolicySpec {
    NetworkPolicySpec { egress: Some(rules), ..isolation(pods, &[Direction::Egress]) }
}

/// Builds the specification that isolates pods, and opens them to each other.
pub fn among_themselves(pods: &Selector) -> NetworkPolicySpec {
    let mut spec = isolation(pods, &Direction::ALL);
    for direction in Direction::ALL {
        append(&mut spec, direction, vec![pods_here(pods)], None);
    }
    spec
}

/// Builds the object of a specification.
pub fn policy(namespace: &str, name: &str, spec: NetworkPolicySpec) -> NetworkPolicy {
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        ..ObjectMeta::default()
    };
    NetworkPolicy { metadata, spec: Some(spec) }
}

/// Returns a policy that was read as an object to apply; nothing for one of another kind.
pub fn to_object(policy: &PolicyObject) -> Option<NetworkPolicy> {
    let spec = spec_of(policy)?.clone();
    let some = |map: &BTreeMap<String, String>| (!map.is_empty()).then(|| map.clone());
    let metadata = ObjectMeta {
        name: Some(policy.name.to_string()),
        namespace: policy.namespace.as_deref().map(str::to_owned),
        labels: some(&policy.metadata.labels),
        annotations: some(&policy.metadata.annotations),
        ..ObjectMeta::default()
    };
    Some(NetworkPolicy { metadata, spec: Some(spec) })
}

/// Returns an object that is not applied yet as the policy that would be judged.
pub fn of_object(NetworkPolicy { metadata, spec }: NetworkPolicy) -> PolicyObject {
    PolicyObject {
        namespace: metadata.namespace.map(String::into),
        name: metadata.name.unwrap_or_default().into(),
        metadata: PolicyMeta::default(),
        origin: ObjectOrigin::Generated,
        spec: spec.unwrap_or_default().into(),
    }
}
