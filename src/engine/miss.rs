//! Near misses: which clause of a rule failed for a connection that the rule does not match.

use std::fmt;

use serde::{Serialize, Serializer};

use super::network::Network;
use super::resolve::matches_namespace;
use crate::engine::class::{ClassId, Subject};
use crate::model::ips::Family;
use crate::model::labels;
use crate::model::ports::{PortSet, Protocol};
use crate::model::selector::{Requirement, Selector};
use crate::policy::{
    Direction, IpBlock, NamespaceSelection, Peer, Peers, PortMatch, Ports, RuleId, Selection,
};

/// The clause of a rule that a connection fails; serialized by the API's field name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Clause {
    /// The peer's labels, or that it is a pod at all.
    PodSelector,
    /// The labels of the peer's namespace, or that it is a pod at all.
    NamespaceSelector,
    /// The peer's address lies outside the block.
    IpBlock,
    /// The peer's address lies in a part that the block leaves out.
    Except,
    /// The port number.
    Port,
    /// The protocol.
    Protocol,
    /// The destination gives no such name to a port, or to another one.
    NamedPort,
    /// The policy does not govern the direction, so that its rules for it have no effect.
    PolicyTypes,
}

/// One failed clause.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Miss {
    /// The clause.
    pub clause: Clause,
    /// What the rule asks for.
    pub needs: Need,
    /// What the connection has.
    pub has: String,
}

/// What a clause asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// A pod at all.
    Pod,
    /// An address that is no pod's and no node's.
    Outside,
    /// Requirements on labels, a name, a block or ports, as text.
    Text(String),
}

impl fmt::Display for Need {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod => out.write_str("a pod"),
            Self::Outside => out.write_str("an address outside the cluster"),
            Self::Text(text) => out.write_str(text),
        }
    }
}

impl Serialize for Need {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The other end of a connection, as a rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct PeerView<'a> {
    /// Its class.
    pub class: ClassId,
    /// Its addresses, as text; empty where none is known.
    pub addresses: &'a str,
}

/// Lists what a rule asks for and the connection does not have; nothing if the rule matches.
///
/// Of a rule with many peers the ones that fail the fewest clauses are told.
pub fn misses(
    network: &Network<'_>,
    rule: RuleId,
    peer: PeerView<'_>,
    asked: &PortSet,
    ports_on: Option<&Subject>,
) -> Vec<Miss> {
    let (id, rule) = (rule, network.rule(rule));
    let peers = network.peers_of(id);
    let mut misses = match &rule.peers {
        Peers::Any => Vec::new(),
        _ if peers.must.contains(peer.class) => Vec::new(),
        Peers::OneOf(list) => {
            nearest(list.iter().map(|item| peer_misses(network, item, peer)).collect())
        }
    };
    misses.extend(port_misses(network, &rule.ports, asked, ports_on));
    misses
}

/// Tells whether one of the peers that select pods by labels selects this one.
pub fn matches_by_labels(network: &Network<'_>, peers: &Peers, class: ClassId) -> bool {
    let Some(subject) = network.subject_of(class) else { return false };
    let subject = network.classes.subjects.at(subject);
    peers.selections().any(|selection| selection_misses(network, selection, subject).is_empty())
}

/// Keeps the peers that fail the fewest clauses, and tells all failed blocks as one.
fn nearest(mut failed: Vec<Vec<Miss>>) -> Vec<Miss> {
    let fewest = failed.iter().map(Vec::len).min().unwrap_or_default();
    failed.retain(|misses| misses.len() == fewest);
    let mut misses: Vec<Miss> = failed.into_iter().flatten().collect();
    let blocks: Vec<Miss> = misses.extract_if(.., |miss| miss.clause == Clause::IpBlock).collect();
    misses.sort();
    misses.dedup();
    if let Some(first) = blocks.first() {
        let needs = shorten(blocks.iter().map(|miss| miss.needs.to_string()));
        misses.push(Miss { needs: Need::Text(needs), ..first.clone() });
    }
    misses
}

fn shorten(items: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 3;
    let count = items.len();
    let shown = items.take(SHOWN).collect::<Vec<_>>().join(", ");
    match count.checked_sub(SHOWN).filter(|rest| *rest > 0) {
        None => shown,
        Some(rest) => format!("{shown} or {rest} more"),
    }
}

fn peer_misses(network: &Network<'_>, peer: &Peer, view: PeerView<'_>) -> Vec<Miss> {
    match peer {
        Peer::Block(block) => block_misses(network, block, view),
        Peer::Pods(selection) => match network.subject_of(view.class) {
            None => vec![not_a_pod(selection, view)],
            Some(subject) => selection_misses(network, selection, network.classes.subjects.at(subject)),
        },
    }
}

fn not_a_pod(selection: &Selection, view: PeerView<'_>) -> Miss {
    let clause = match selection.namespaces {
        NamespaceSelection::Named(_) => Clause::PodSelector,
        NamespaceSelection::Matching(_) => Clause::NamespaceSelector,
    };
    Miss { clause, needs: Need::Pod, has: view.addresses.to_owned() }
}

fn selection_misses(network: &Network<'_>, selection: &Selection, subject: &Subject) -> Vec<Miss> {
    let snapshot = network.snapshot;
    let namespace = snapshot.namespaces.at(subject.namespace);
    let mut misses = Vec::new();
    match &selection.namespaces {
        NamespaceSelection::Named(name) if *name == namespace.name => {}
        NamespaceSelection::Named(name) => misses.push(Miss {
            clause: Clause::NamespaceSelector,
            needs: Need::Text(name.to_string()),
            has: namespace.name.to_string(),
        }),
        NamespaceSelection::Matching(selector) => {
            if matches_namespace(snapshot, namespace, selector) == Some(false) {
                let own = snapshot.labels.get(namespace.labels);
                misses.extend(label_miss(network, Clause::NamespaceSelector, selector, own));
            }
        }
    }
    misses.extend(label_miss(network, Clause::PodSelector, &selection.pods, &subject.labels));
    misses
}

/// Tells the requirements of a selector that labels do not satisfy, and the labels' own values.
fn label_miss(
    network: &Network<'_>,
    clause: Clause,
    selector: &Selector,
    own: &labels::Labels,
) -> Option<Miss> {
    let names = &network.snapshot.names;
    let value = |requirement: &Requirement| {
        let key = names.find(&requirement.key)?;
        labels::value_of(own, key).map(|value| names.get(value))
    };
    let failed: Vec<&Requirement> = selector
        .requirements
        .iter()
        .filter(|requirement| !requirement.matches(value(requirement)))
        .collect();
    let has = failed.iter().map(|requirement| match value(requirement) {
        Some(value) => format!("{}={value}", requirement.key),
        None => format!("no label {}", requirement.key),
    });
    let has = has.collect::<Vec<_>>().join(",");
    let needs = failed.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    (!failed.is_empty()).then_some(Miss { clause, needs: Need::Text(needs), has })
}

fn block_misses(network: &Network<'_>, block: &IpBlock, view: PeerView<'_>) -> Vec<Miss> {
    let class = network.classes.classes.at(view.class);
    let Some(atom) = class.atom else {
        let has = match class.family {
            Some(own) if own != Family::of(block.cidr.addr()) => format!("only {own} addresses"),
            _ => "no address yet".to_owned(),
        };
        return vec![Miss { clause: Clause::IpBlock, needs: Need::Text(block.to_string()), has }];
    };
    let around = &network.classes.atoms.at(atom).blocks;
    let has = view.addresses.to_owned();
    if !around.contains(&block.cidr) {
        return vec![Miss { clause: Clause::IpBlock, needs: Need::Text(block.cidr.to_string()), has }];
    }
    vec![match block.except.iter().find(|except| around.contains(except)) {
        Some(except) => Miss { clause: Clause::Except, needs: Need::Text(except.to_string()), has },
        // The network plugin matches no such end by its address.
        None => Miss { clause: Clause::IpBlock, needs: Need::Outside, has },
    }]
}

/// Tells why none of a rule's ports is among the asked ones.
fn port_misses(
    network: &Network<'_>,
    ports: &Ports,
    asked: &PortSet,
    destination: Option<&Subject>,
) -> Vec<Miss> {
    let Ports::OneOf(items) = ports else { return Vec::new() };
    if asked.is_empty() || !asked.intersection(&ports.numbers()).is_empty() {
        return Vec::new();
    }
    let mut misses = Vec::new();
    for (name, protocol) in ports.names() {
        let numbers = numbers_of(network, destination, name);
        if numbers.iter().any(|(own, port)| *own == protocol && asked.contains(*own, *port)) {
            return Vec::new();
        }
        misses.push(Miss {
            clause: Clause::NamedPort,
            needs: Need::Text(format!("{protocol}/{name}")),
            has: match numbers.first() {
                None => "the destination names no port so".to_owned(),
                Some((own, port)) => format!("{name} is {own}/{port}"),
            },
        });
    }
    let numbers = ports.numbers();
    if items.iter().any(|item| matches!(item, PortMatch::Numbers(_))) {
        let protocols = |set: &PortSet| set.ranges().map(|range| range.protocol).collect::<Vec<_>>();
        let (own, wanted) = (protocols(&numbers), protocols(asked));
        let shared = own.iter().any(|protocol| wanted.contains(protocol));
        let clause = if shared { Clause::Port } else { Clause::Protocol };
        let needs = Need::Text(numbers.to_string());
        misses.push(Miss { clause, needs, has: asked.to_string() });
    }
    misses
}

/// Lists the container ports of a pod that have a name.
fn numbers_of(network: &Network<'_>, subject: Option<&Subject>, name: &str) -> Vec<(Protocol, u16)> {
    let name = network.snapshot.names.find(name);
    let ports = subject.map_or(&[][..], |subject| network.snapshot.ports.get(subject.ports));
    ports.iter().filter(|port| Some(port.name) == name).map(|port| (port.protocol, port.port)).collect()
}

/// Returns whose container ports give a rule's port names their numbers: the destination's.
pub fn names_ports<'a>(
    network: &'a Network<'_>,
    direction: Direction,
    subject: ClassId,
    peer: ClassId,
) -> Option<&'a Subject> {
    let class = match direction {
        Direction::Ingress => subject,
        Direction::Egress => peer,
    };
    network.subject_of(class).map(|subject| network.classes.subjects.at(subject))
}
