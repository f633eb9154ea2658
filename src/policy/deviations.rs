//! Where network plugins answer otherwise than the Kubernetes API says, by the shape of rules.

use std::collections::BTreeMap;

use super::ports::{PortMatch, Ports};
use super::rule::{Direction, Rule};
use super::source::PolicySource;
use crate::model::ports::{PortSet, Protocol};

/// One difference: which rules it touches, and what it is.
#[derive(Debug)]
pub(super) struct Deviation {
    pub(super) touches: fn(&[&Rule]) -> bool,
    pub(super) text: &'static str,
    /// The first version of the plugin, major and minor, without it.
    pub(super) until: Option<(u32, u32)>,
}

const fn deviation(touches: fn(&[&Rule]) -> bool, text: &'static str) -> Deviation {
    Deviation { touches, text, until: None }
}

pub(super) const BLOCKS_OUTSIDE_ONLY: Deviation = deviation(
    |rules| any(rules, has_block),
    "an ipBlock matches no pod and no node unless policy-cidr-match-mode says so",
);
pub(super) const SCTP_IF_SET: Deviation =
    deviation(|rules| any(rules, has_sctp), "SCTP is judged only where enable-sctp is set");
pub(super) const RANGES_IGNORED: Deviation = Deviation {
    touches: |rules| any(rules, has_range),
    text: "endPort is ignored before version 1.17",
    until: Some((1, 17)),
};

pub(super) const NAME_BESIDE_BLOCK_DROPPED: Deviation = deviation(
    |rules| any(rules, |rule| has_block(rule) && has_name(rule)),
    "a port name beside an ipBlock is dropped",
);
pub(super) const LATE_AND_CONTROLLED_ONLY: Deviation = deviation(
    |rules| !rules.is_empty(),
    "pods without a controller are not governed, and in standard mode new pods are open until \
               their policies are programmed",
);
pub(super) const SERVICE_PORT_IS_CONTAINER_PORT: Deviation = deviation(
    |rules| any(rules, |rule| rule.direction == Direction::Egress && !has_block(rule)),
    "egress to a Service needs its port to equal the container's",
);
pub(super) const EGRESS_TO_OWN_NODE: Deviation = deviation(
    |rules| any(rules, |rule| rule.direction == Direction::Egress),
    "egress to the pod's own node is always allowed",
);
pub(super) const INGRESS_OPENS_EGRESS: Deviation = deviation(
    has_both_directions,
    "a policy with both directions lets its ingress rules open egress among its own pods",
);
pub(super) const EXCEPT_CUTS_OTHERS: Deviation = deviation(
    |rules| any(rules, |rule| rule.peers.blocks().count() > 1 && has_except(rule)),
    "the except of one ipBlock cuts into the other blocks of its rule",
);
pub(super) const UNKNOWN_NAME_OPENS_ALL: Deviation =
    deviation(|rules| any(rules, has_name), "a port name that no pod declares opens every port");
pub(super) const SELECTS_HOST_NETWORK: Deviation = deviation(
    |rules| any(rules, has_pods),
    "a peer selects host-network pods too where it has an empty podSelector",
);
pub(super) const NO_NAMES_NO_RANGES: Deviation = deviation(
    |rules| any(rules, |rule| has_name(rule) || has_range(rule)),
    "port names and endPort are not supported",
);
pub(super) const INGRESS_AFTER_TRANSLATION: Deviation = deviation(
    |rules| any(rules, |rule| rule.direction == Direction::Ingress && has_block(rule)),
    "an ipBlock of ingress sees addresses after translation",
);
pub(super) const NAMES_OF_INIT_CONTAINERS: Deviation =
    deviation(|rules| any(rules, has_name), "the port names of all init containers count");
pub(super) const NAME_BESIDE_BLOCK_MAY_DIFFER: Deviation = deviation(
    |rules| any(rules, |rule| has_block(rule) && has_name(rule)),
    "a port name beside an ipBlock may match otherwise",
);

fn any(rules: &[&Rule], touches: fn(&Rule) -> bool) -> bool {
    rules.iter().any(|rule| touches(rule))
}

fn has_block(rule: &Rule) -> bool {
    rule.peers.blocks().next().is_some()
}

fn has_pods(rule: &Rule) -> bool {
    rule.peers.selections().next().is_some()
}

fn has_except(rule: &Rule) -> bool {
    rule.peers.blocks().any(|block| !block.except.is_empty())
}

fn has_name(rule: &Rule) -> bool {
    rule.ports.names().next().is_some()
}

fn has_sctp(rule: &Rule) -> bool {
    let sctp = PortSet::protocol(Protocol::Sctp);
    matches!(rule.ports, Ports::OneOf(_)) && !rule.ports.numbers().intersection(&sctp).is_empty()
}

/// Tells whether a port item is a range, which only endPort makes.
fn has_range(rule: &Rule) -> bool {
    let Ports::OneOf(items) = &rule.ports else { return false };
    items.iter().any(|item| match item {
        PortMatch::Numbers(set) => set.ranges().any(|range| range.low < range.high && !range.is_whole()),
        PortMatch::Named { .. } => false,
    })
}

/// Tells whether one policy has rules of both directions.
fn has_both_directions(rules: &[&Rule]) -> bool {
    let mut seen: BTreeMap<&PolicySource, Direction> = BTreeMap::new();
    rules.iter().any(|rule| *seen.entry(&rule.source.policy).or_insert(rule.direction) != rule.direction)
}
