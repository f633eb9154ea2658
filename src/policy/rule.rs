//! The symbolic form of every policy kind.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::peers::{Peers, Selection};
use super::ports::Ports;
use super::source::RuleSource;
use crate::model::arena::{Arena, Id};

/// The direction of a connection, seen from the pod that a policy governs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Connections that others open to the pod.
    Ingress,
    /// Connections that the pod opens.
    Egress,
}

impl Direction {
    /// Lists both directions.
    pub const ALL: [Self; 2] = [Self::Ingress, Self::Egress];

    /// Returns the other direction.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Ingress => Self::Egress,
            Self::Egress => Self::Ingress,
        }
    }

    /// Returns the name among the policy types.
    pub const fn policy_type(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    /// Returns the name of the field in a policy's specification.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field())
    }
}

/// What a rule does with the connections that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Allows them; nothing later is asked.
    Allow,
    /// Denies them; nothing later is asked.
    Deny,
    /// Leaves them to the next tier.
    Pass,
}

/// A stage of evaluation; the first tier that decides is final.
///
/// A kind brings its own: the field order decides which is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tier {
    /// Its place among the tiers; the smaller is asked earlier.
    pub order: u32,
    /// The name that is shown.
    pub name: &'static str,
}

/// Names one rule.
pub type RuleId = Id<Rule>;
/// Names one isolation.
pub type IsolationId = Id<Isolation>;

/// All policies of a snapshot, as rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The rules; inside a tier the smaller `order` comes first, then their order here.
    pub rules: Arena<Rule>,
    /// The isolations.
    pub isolations: Arena<Isolation>,
    /// Rules of sections whose direction is not among the policy types: they have no effect.
    pub idle: Vec<Rule>,
    /// Policies that could not be read or judged.
    pub unjudged: Vec<Unjudged>,
    /// Whether pods may exist that were not read, so that an address may be one of a governed pod.
    pub unread_pods: bool,
}

/// One rule of one policy.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The pods it governs.
    pub subject: Arc<Selection>,
    /// The tier it is asked in.
    pub tier: Tier,
    /// Its place inside the tier.
    pub order: i32,
    /// The direction it governs.
    pub direction: Direction,
    /// The other ends it matches.
    pub peers: Peers,
    /// The ports, at the destination, that it matches.
    pub ports: Ports,
    /// What it does with a match.
    pub action: Action,
    /// Where it stands.
    pub source: RuleSource,
}

/// A statement that pods are denied, in one direction, whatever no rule of the tier allows.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// The isolated pods.
    pub subject: Arc<Selection>,
    /// The tier that ends with the denial.
    pub tier: Tier,
    /// The isolated direction.
    pub direction: Direction,
    /// Where it stands.
    pub source: RuleSource,
}

/// Policies that exist, or may exist, and that no rule stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unjudged {
    /// The namespace whose pods they may govern; every namespace where it is absent.
    pub namespace: Option<Box<str>>,
}

impl Rule {
    /// Tells whether two rules say the same, in whatever order they list peers and ports.
    pub fn says_same(&self, other: &Self) -> bool {
        (self.tier, self.order, self.action) == (other.tier, other.order, other.action)
            && self.ports.says_same(&other.ports)
            && self.peers.says_same(&other.peers)
    }
}

impl Rules {
    /// Returns the tiers that have rules or isolations, in the order of evaluation.
    pub fn tiers(&self) -> Vec<Tier> {
        let isolations = self.isolations.values().map(|isolation| isolation.tier);
        let tiers: BTreeSet<Tier> =
            self.rules.values().map(|rule| rule.tier).chain(isolations).collect();
        tiers.into_iter().collect()
    }

    /// Lists all selections of pods: the subjects and the peers.
    pub fn selections(&self) -> impl Iterator<Item = &Selection> {
        let isolated = self.isolations.values().map(|isolation| &*isolation.subject);
        let subjects = self.rules.values().map(|rule| &*rule.subject);
        let peers = self.rules.values().flat_map(|rule| rule.peers.selections());
        isolated.chain(subjects).chain(peers)
    }
}
