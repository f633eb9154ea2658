//! What a plan rests on beside the policies that it writes, and what of it is not any more as it was shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::allowance::workloads;
use crate::model::gap::Unread;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::{Direction, network_policy};
use crate::world::pods::selected;

/// What a plan rests on: which of its pods other policies isolate, and the policies above namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pods: BTreeSet<PodFact>,
    /// What the policies say that are of no namespace, or of a kind that is not judged, by their name.
    tiers: BTreeMap<String, String>,
    /// Whether the other egress policies of pods need names, where a policy is deleted that may be for that.
    needs: BTreeMap<String, bool>,
}

/// Whether policies that the plan does not write isolate pods that it selects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PodFact {
    /// The pods, by their workload.
    pods: String,
    direction: Direction,
    is_isolated: bool,
}

/// Something that is not as it was when the plan was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A policy of the plan was deleted, or replaced by another of its name.
    Gone(String),
    /// A policy that was not there was made, and says something else.
    Made(String),
    /// A policy governs other pods, or in other directions.
    Governs(String),
    /// A policy that is written or deleted as a whole says something else.
    Says(String),
    /// Other policies isolate pods, or do not any more.
    Isolation {
        /// The pods, by their workload.
        pods: String,
        /// In which direction.
        direction: Direction,
        /// Whether they do.
        is_isolated: bool,
    },
    /// Pods are selected that were not there.
    Pods(String),
    /// A policy that comes before or after those of namespaces was made, changed or deleted.
    Tier(String),
    /// Another policy for the pods was made, changed or deleted, and with it why a policy may be deleted.
    Needs(String),
    /// Somebody looks after a policy who did not when the plan was shown.
    Owner {
        /// The policy.
        title: String,
        /// Who.
        owner: String,
    },
}

impl Facts {
    /// Finds what a plan rests on that writes or deletes some policies.
    pub fn of(snapshot: &Snapshot, touched: &[PolicyObject], needs: BTreeMap<String, bool>) -> Self {
        let mut pods = BTreeSet::new();
        for policy in touched {
            let namespace = policy.namespace.as_deref().unwrap_or_default();
            for direction in Direction::ALL {
                let Some(selector) = network_policy::governed(policy, direction) else { continue };
                let is_other = |own: &&PolicyObject| {
                    own.namespace == policy.namespace && !touched.iter().any(|new| new.is_same_as(own))
                };
                let others = snapshot.policies.iter().filter(is_other);
                let others = others.filter_map(|own| network_policy::governed(own, direction));
                let isolated: BTreeSet<_> =
                    others.flat_map(|other| selected(snapshot, namespace, &other)).collect();
                let fact = |pod| PodFact {
                    pods: workloads(snapshot, &[pod].into()),
                    direction,
                    is_isolated: isolated.contains(&pod),
                };
                pods.extend(selected(snapshot, namespace, &selector).into_iter().map(fact));
            }
        }
        Self { pods, tiers: tiers(snapshot), needs }
    }

    /// Lists what is another now. Pods that are gone need no rule any more, and are none.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        let changed = now.pods.difference(&self.pods).map(|fact| {
            let PodFact { pods, direction, is_isolated } = fact.clone();
            let was_there = |old: &PodFact| old.pods == pods && old.direction == direction;
            match self.pods.iter().any(was_there) {
                true => Difference::Isolation { pods, direction, is_isolated },
                false => Difference::Pods(pods),
            }
        });
        let names: BTreeSet<&String> = self.tiers.keys().chain(now.tiers.keys()).collect();
        let tiers = names.into_iter().filter(|name| self.tiers.get(*name) != now.tiers.get(*name));
        let mut all: Vec<Difference> = changed.collect();
        all.extend(tiers.map(|name| Difference::Tier(name.clone())));
        let names: BTreeSet<&String> = self.needs.keys().chain(now.needs.keys()).collect();
        let needs = names.into_iter().filter(|name| self.needs.get(*name) != now.needs.get(*name));
        all.extend(needs.map(|name| Difference::Needs(name.clone())));
        all.dedup();
        all
    }
}

fn tiers(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let policies = snapshot.policies.iter().filter(|policy| policy.namespace.is_none());
    let judged = policies.map(|policy| {
        let kind = policy.spec.kind().name;
        (format!("{kind} {}", policy.name), serde_json::to_string(&policy.spec).unwrap_or_default())
    });
    let unjudged = snapshot.gaps.iter().filter_map(|gap| match &gap.unread {
        Unread::Policies { kind, count } => Some((format!("a {kind}"), count.to_string())),
        _ => None,
    });
    judged.chain(unjudged).collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(title) => write!(f, "{title} was deleted, or replaced"),
            Self::Made(title) => write!(f, "{title} is there by now, and says something else"),
            Self::Governs(title) => write!(f, "{title} is for other pods or directions by now"),
            Self::Says(title) => write!(f, "{title} says something else by now"),
            Self::Isolation { pods, direction, is_isolated: true } => {
                write!(f, "another policy isolates {pods} for {direction} by now")
            }
            Self::Isolation { pods, direction, is_isolated: false } => {
                write!(f, "no other policy isolates {pods} for {direction} any more")
            }
            Self::Pods(pods) => write!(f, "{pods} is selected by now"),
            Self::Tier(name) | Self::Needs(name) => write!(f, "{name} was made, changed or deleted"),
            Self::Owner { title, owner } => write!(f, "{title} is looked after by {owner} by now"),
        }
    }
}
