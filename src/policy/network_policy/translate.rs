//! NetworkPolicy as rules of its tier.

use std::sync::Arc;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::spec::{TIER, directions, items, spec_of, subject_of};
use crate::model::ports::{PortSet, Protocol, port_number};
use crate::model::selector::Selector;
use crate::model::snapshot::PolicyObject;
use crate::policy::cidr::parse_cidr;
use crate::policy::peers::{IpBlock, NamespaceSelection, Peer, Peers, Selection};
use crate::policy::ports::{PortMatch, Ports};
use crate::policy::profile::{PortForm, Profile};
use crate::policy::rule::{Action, Direction, Isolation, Rule, Rules};
use crate::policy::source::{PolicySource, RuleSource};

/// Adds what a policy says: one isolation per policy type, one rule per item of its section.
///
/// A section whose direction is not among the policy types has no effect
/// (networking/v1 `NetworkPolicySpec.policyTypes`): its rules are idle.
pub(super) fn translate(policy: &PolicyObject, profile: &Profile, rules: &mut Rules) {
    let Some(spec) = spec_of(policy) else { return };
    let namespace = policy.namespace.clone().unwrap_or_default();
    let source = Arc::new(PolicySource::of(policy));
    let subject = Arc::new(Selection {
        namespaces: NamespaceSelection::Named(namespace.clone()),
        pods: subject_of(spec),
    });
    let place = |path: String| RuleSource {
        policy: Arc::clone(&source),
        origin: policy.origin.at(&path),
        path: path.into(),
    };
    let governed = directions(spec);
    for direction in Direction::ALL {
        let sections = sections(spec, direction);
        let is_governed = governed.contains(&direction);
        if is_governed {
            rules.isolations.push(Isolation {
                subject: Arc::clone(&subject),
                tier: TIER,
                direction,
                source: place("spec".to_owned()),
            });
        }
        for (index, (peers, ports)) in sections.into_iter().enumerate() {
            let rule = Rule {
                subject: Arc::clone(&subject),
                tier: TIER,
                order: 0,
                direction,
                peers: translate_peers(peers, &namespace),
                ports: translate_ports(ports, profile),
                action: Action::Allow,
                source: place(format!("spec.{direction}[{index}]")),
            };
            match is_governed {
                true => drop(rules.rules.push(rule)),
                false => rules.idle.push(rule),
            }
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

fn translate_ports(ports: &[NetworkPolicyPort], profile: &Profile) -> Ports {
    if ports.is_empty() {
        return Ports::Any;
    }
    Ports::OneOf(ports.iter().filter_map(|port| translate_port(port, profile)).collect())
}

/// Translates one port; one that the API server would refuse matches nothing.
fn translate_port(port: &NetworkPolicyPort, profile: &Profile) -> Option<PortMatch> {
    let counts = |form| profile.ports.contains(&form);
    let protocol = match port.protocol.as_deref() {
        None => Protocol::Tcp,
        Some(name) => Protocol::parse(name)?,
    };
    if protocol == Protocol::Sctp && !counts(PortForm::Sctp) {
        return None;
    }
    Some(match (&port.port, port.end_port) {
        (None, _) => PortMatch::Numbers(PortSet::protocol(protocol)),
        (Some(IntOrString::String(_)), _) if !counts(PortForm::Name) => return None,
        (Some(IntOrString::String(name)), _) => {
            PortMatch::Named { name: name.as_str().into(), protocol }
        }
        (Some(IntOrString::Int(low)), Some(high)) if counts(PortForm::Range) => {
            PortMatch::Numbers(PortSet::range(protocol, port_number(*low)?, port_number(high)?))
        }
        (Some(IntOrString::Int(port)), _) => {
            PortMatch::Numbers(PortSet::port(protocol, port_number(*port)?))
        }
    })
}
