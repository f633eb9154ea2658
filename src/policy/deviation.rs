//! Where network plugins answer otherwise than the Kubernetes API says, by the shape of rules.

use std::collections::BTreeMap;

use crate::model::cni::Cni;
use crate::model::ports::{PortSet, Protocol};
use crate::policy::{Direction, PolicySource, PortMatch, Ports, Rule};

/// One difference: whose it is, which rules it touches, and what it is.
struct Deviation {
    cnis: &'static [Cni],
    touches: fn(&[&Rule]) -> bool,
    text: &'static str,
}

const DEVIATIONS: [Deviation; 14] = [
    Deviation {
        cnis: &[Cni::Cilium, Cni::Gke],
        touches: |rules| any(rules, has_block),
        text: "an ipBlock matches no pod and no node unless policy-cidr-match-mode says so",
    },
    Deviation {
        cnis: &[Cni::Cilium, Cni::Gke],
        touches: |rules| any(rules, has_sctp),
        text: "SCTP is judged only where enable-sctp is set",
    },
    Deviation {
        cnis: &[Cni::Aws],
        touches: |rules| any(rules, |rule| has_block(rule) && has_name(rule)),
        text: "a port name beside an ipBlock is dropped",
    },
    Deviation {
        cnis: &[Cni::Aws],
        touches: |rules| !rules.is_empty(),
        text: "pods without a controller are not governed, and in standard mode new pods are open until \
               their policies are programmed",
    },
    Deviation {
        cnis: &[Cni::Aws],
        touches: |rules| any(rules, |rule| rule.direction == Direction::Egress && !has_block(rule)),
        text: "egress to a Service needs its port to equal the container's",
    },
    Deviation {
        cnis: &[Cni::AzureNpm],
        touches: |rules| any(rules, |rule| rule.direction == Direction::Egress),
        text: "egress to the pod's own node is always allowed",
    },
    Deviation {
        cnis: &[Cni::KubeRouter],
        touches: has_both_directions,
        text: "a policy with both directions lets its ingress rules open egress among its own pods",
    },
    Deviation {
        cnis: &[Cni::KubeRouter],
        touches: |rules| any(rules, |rule| rule.peers.blocks().count() > 1 && has_except(rule)),
        text: "the except of one ipBlock cuts into the other blocks of its rule",
    },
    Deviation {
        cnis: &[Cni::KubeRouter],
        touches: |rules| any(rules, has_name),
        text: "a port name that no pod declares opens every port",
    },
    Deviation {
        cnis: &[Cni::OvnKubernetes],
        touches: |rules| any(rules, has_pods),
        text: "a peer selects host-network pods too where it has an empty podSelector",
    },
    Deviation {
        cnis: &[Cni::Weave],
        touches: |rules| any(rules, |rule| has_name(rule) || has_range(rule)),
        text: "port names and endPort are not supported",
    },
    Deviation {
        cnis: &[Cni::Weave],
        touches: |rules| any(rules, |rule| rule.direction == Direction::Ingress && has_block(rule)),
        text: "an ipBlock of ingress sees addresses after translation",
    },
    Deviation {
        cnis: &[Cni::Calico],
        touches: |rules| any(rules, has_name),
        text: "the port names of all init containers count",
    },
    Deviation {
        cnis: &[Cni::Kindnet, Cni::KubeNetworkPolicies],
        touches: |rules| any(rules, |rule| has_block(rule) && has_name(rule)),
        text: "a port name beside an ipBlock may match otherwise",
    },
];

/// What Cilium does with ranges of ports, and the first version that no longer does.
const CILIUM_RANGES: (&str, (u32, u32)) = ("endPort is ignored before version 1.17", (1, 17));

/// Lists how a network plugin differs where rules have a shape that it treats in its own way; the
/// version is the tag of its image, where that is known.
pub fn deviations(cni: Cni, version: Option<&str>, rules: &[&Rule]) -> Vec<&'static str> {
    let own = DEVIATIONS.iter().filter(|row| row.cnis.contains(&cni) && (row.touches)(rules));
    let is_old = version.and_then(major_and_minor).is_none_or(|own| own < CILIUM_RANGES.1);
    let ranges = (cni == Cni::Cilium && is_old && any(rules, has_range)).then_some(CILIUM_RANGES.0);
    own.map(|row| row.text).chain(ranges).collect()
}

/// Reads `(1, 18)` of `v1.18.4`.
fn major_and_minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

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
        PortMatch::Numbers(set) => {
            let whole = |(_, low, high): (Protocol, u16, u16)| low <= 1 && high == u16::MAX;
            set.ranges().any(|range| range.1 < range.2 && !whole(range))
        }
        PortMatch::Named { .. } => false,
    })
}

/// Tells whether one policy has rules of both directions.
fn has_both_directions(rules: &[&Rule]) -> bool {
    let mut seen: BTreeMap<&PolicySource, Direction> = BTreeMap::new();
    rules.iter().any(|rule| *seen.entry(&rule.source.policy).or_insert(rule.direction) != rule.direction)
}

#[cfg(test)]
mod tests {
    use super::{DEVIATIONS, deviations, major_and_minor};
    use crate::model::cni::Cni;

    #[test]
    fn no_rules_no_deviation_that_needs_one() {
        for cni in Cni::ALL {
            assert_eq!(deviations(cni, None, &[]), Vec::<&str>::new(), "{cni}");
        }
        assert!(DEVIATIONS.iter().all(|row| !row.cnis.is_empty()));
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(major_and_minor("v1.18.4"), Some((1, 18)));
        assert_eq!(major_and_minor("1.9"), Some((1, 9)));
        assert_eq!(major_and_minor("latest"), None);
    }
}
