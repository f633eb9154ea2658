//! networking.k8s.io/v1 NetworkPolicy as rules of the tier NetworkPolicy.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::peers::{IpBlock, NamespaceSelection, Peer, Peers, Selection};
use super::ports::{PortMatch, Ports};
use super::rule::{Action, Direction, Isolation, Rule, Rules, Tier};
use super::source::{PolicySource, RuleSource};
use crate::model::ports::{PortSet, Protocol};
use crate::model::selector::Selector;
use crate::model::snapshot::PolicyObject;

/// The kind's name.
pub const KIND: &str = "NetworkPolicy";
/// The tier of its rules.
pub const TIER: Tier = Tier { order: 2_000, name: "NetworkPolicy" };

/// Adds what a policy says: one isolation per policy type, one rule per item of its section.
///
/// A section whose direction is not among the policy types has no effect
/// (networking/v1 `NetworkPolicySpec.policyTypes`).
pub fn translate(policy: &PolicyObject, spec: &NetworkPolicySpec, rules: &mut Rules) {
    let namespace = policy.namespace.clone().unwrap_or_default();
    let source = Arc::new(PolicySource {
        kind: KIND,
        namespace: Some(namespace.clone()),
        name: policy.name.clone(),
    });
    let subject = Arc::new(Selection {
        namespaces: NamespaceSelection::Named(namespace.clone()),
        pods: spec.pod_selector.as_ref().map(Selector::new).unwrap_or_default(),
    });
    let place = |path: String| RuleSource {
        policy: Arc::clone(&source),
        origin: policy.origin.at(&path),
        path: path.into(),
    };
    for direction in policy_types(spec) {
        let sections = sections(spec, direction);
        rules.isolations.push(Isolation {
            subject: Arc::clone(&subject),
            tier: TIER,
            direction,
            source: place("spec".to_owned()),
        });
        for (index, (peers, ports)) in sections.into_iter().enumerate() {
            rules.rules.push(Rule {
                subject: Arc::clone(&subject),
                tier: TIER,
                order: 0,
                direction,
                peers: translate_peers(peers, &namespace),
                ports: translate_ports(ports),
                action: Action::Allow,
                source: place(format!("spec.{direction}[{index}]")),
            });
        }
    }
}

type Section<'a> = Vec<(&'a [NetworkPolicyPeer], &'a [NetworkPolicyPort])>;

/// Lists the rules of one direction as pairs of peers and ports.
fn sections(spec: &NetworkPolicySpec, direction: Direction) -> Section<'_> {
    match direction {
        Direction::Ingress => {
            let rules = spec.ingress.iter().flatten();
            rules.map(|rule| (items(rule.from.as_deref()), items(rule.ports.as_deref()))).collect()
        }
        Direction::Egress => {
            let rules = spec.egress.iter().flatten();
            rules.map(|rule| (items(rule.to.as_deref()), items(rule.ports.as_deref()))).collect()
        }
    }
}

fn items<T>(list: Option<&[T]>) -> &[T] {
    list.unwrap_or_default()
}

/// Lists the directions that a policy governs, with the API server's default.
///
/// Without `policyTypes`: Ingress always, Egress where there is an egress rule.
pub fn policy_types(spec: &NetworkPolicySpec) -> Vec<Direction> {
    let given = items(spec.policy_types.as_deref());
    let listed = |direction, name| (given.iter().any(|given| given == name)).then_some(direction);
    if given.is_empty() {
        let egress = spec.egress.as_ref().is_some_and(|rules| !rules.is_empty());
        let egress = egress.then_some(Direction::Egress);
        return [Some(Direction::Ingress), egress].into_iter().flatten().collect();
    }
    [listed(Direction::Ingress, "Ingress"), listed(Direction::Egress, "Egress")]
        .into_iter()
        .flatten()
        .collect()
}

fn translate_peers(peers: &[NetworkPolicyPeer], namespace: &str) -> Peers {
    if peers.is_empty() {
        return Peers::Any;
    }
    Peers::OneOf(peers.iter().filter_map(|peer| translate_peer(peer, namespace)).collect())
}

/// Translates one peer; one that the API server would refuse matches nothing.
fn translate_peer(peer: &NetworkPolicyPeer, namespace: &str) -> Option<Peer> {
    let pods = |pods: Option<&LabelSelector>| pods.map(Selector::new).unwrap_or_default();
    match (&peer.ip_block, &peer.namespace_selector, &peer.pod_selector) {
        (Some(block), None, None) => translate_block(block).map(Peer::Block),
        (None, Some(namespaces), selector) => Some(Peer::Pods(Selection {
            namespaces: NamespaceSelection::Matching(Selector::new(namespaces)),
            pods: pods(selector.as_ref()),
        })),
        (None, None, Some(selector)) => Some(Peer::Pods(Selection {
            namespaces: NamespaceSelection::Named(namespace.into()),
            pods: pods(Some(selector)),
        })),
        _ => None,
    }
}

fn translate_block(block: &IPBlock) -> Option<IpBlock> {
    let except = block.except.iter().flatten().filter_map(|cidr| parse_cidr(cidr)).collect();
    Some(IpBlock { cidr: parse_cidr(&block.cidr)?, except })
}

/// Reads a CIDR block; host bits are masked, leading zeros of IPv4 are decimal.
///
/// Both were accepted by older API servers and live on in stored objects.
pub fn parse_cidr(text: &str) -> Option<IpNet> {
    let (address, prefix) = text.split_once('/')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let prefix: u8 = digits(prefix).then(|| prefix.parse().ok()).flatten()?;
    let ip: IpAddr = address.parse().ok().or_else(|| {
        let parts: Option<Vec<u8>> =
            address.split('.').map(|part| digits(part).then(|| part.parse().ok()).flatten()).collect();
        <[u8; 4]>::try_from(parts?).ok().map(IpAddr::from)
    })?;
    // The API server reads an IPv4-mapped IPv6 address as the IPv4 address it holds.
    let mapped = match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().zip(prefix.checked_sub(96)),
        IpAddr::V4(_) => None,
    };
    let (ip, prefix) = mapped.map_or((ip, prefix), |(v4, prefix)| (IpAddr::V4(v4), prefix));
    IpNet::new(ip, prefix).ok().map(|net| net.trunc())
}

fn translate_ports(ports: &[NetworkPolicyPort]) -> Ports {
    if ports.is_empty() {
        return Ports::Any;
    }
    Ports::OneOf(ports.iter().filter_map(translate_port).collect())
}

/// Translates one port; one that the API server would refuse matches nothing.
fn translate_port(port: &NetworkPolicyPort) -> Option<PortMatch> {
    let protocol = match port.protocol.as_deref() {
        None => Protocol::Tcp,
        Some(name) => Protocol::parse(name)?,
    };
    let number = |number: i32| u16::try_from(number).ok().filter(|number| *number > 0);
    Some(match (&port.port, port.end_port) {
        (None, _) => PortMatch::Numbers(PortSet::protocol(protocol)),
        (Some(IntOrString::String(name)), _) => {
            PortMatch::Named { name: name.as_str().into(), protocol }
        }
        (Some(IntOrString::Int(low)), None) => {
            PortMatch::Numbers(PortSet::port(protocol, number(*low)?))
        }
        (Some(IntOrString::Int(low)), Some(high)) => {
            PortMatch::Numbers(PortSet::range(protocol, number(*low)?, number(high)?))
        }
    })
}
