//! Which policies are new, gone or say something else; what only looks different does not count.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Cause, CauseKind};
use super::sides::Sides;
use crate::answer::endpoint::EndpointKind;
use crate::answer::rule_ref::RuleRef;
use crate::policy::{Action, Direction, Isolation, PolicySource, Rule, RuleSource, Rules};

/// A policy that differs in one direction.
pub(crate) struct PolicyChange<'a> {
    pub(crate) policy: &'a PolicySource,
    pub(crate) direction: Direction,
    pub(crate) cause: Cause,
}

/// What a policy says.
#[derive(Default)]
struct Policy<'a> {
    isolations: Vec<&'a Isolation>,
    rules: Vec<&'a Rule>,
}

/// Lists the policies that differ.
pub(crate) fn policy_changes<'a>(rules: Sides<&'a Rules>) -> Vec<PolicyChange<'a>> {
    let policies = rules.map(policies);
    let names: BTreeSet<&PolicySource> =
        policies.each().list().into_iter().flat_map(|side| side.keys().copied()).collect();
    let mut changes = Vec::new();
    for policy in names {
        let sides = policies.each().map(|side| side.get(policy));
        for direction in Direction::ALL {
            let cause = match sides {
                Sides { before: Some(before), after: Some(after) } => {
                    difference(before, after, direction)
                        .map(|source| cause(CauseKind::PolicyChanged, &source))
                }
                Sides { before: None, after: Some(added) } => {
                    added.whole(direction).map(|source| cause(CauseKind::PolicyAdded, source))
                }
                Sides { before: Some(removed), after: None } => {
                    removed.whole(direction).map(|source| cause(CauseKind::PolicyRemoved, source))
                }
                Sides { before: None, after: None } => None,
            };
            changes.extend(cause.map(|cause| PolicyChange { policy, direction, cause }));
        }
    }
    changes
}

fn policies(rules: &Rules) -> BTreeMap<&PolicySource, Policy<'_>> {
    let mut policies: BTreeMap<&PolicySource, Policy<'_>> = BTreeMap::new();
    for isolation in rules.isolations.values() {
        policies.entry(&isolation.source.policy).or_default().isolations.push(isolation);
    }
    for rule in rules.rules.values() {
        policies.entry(&rule.source.policy).or_default().rules.push(rule);
    }
    policies
}

impl<'a> Policy<'a> {
    /// Returns the place of the whole policy, if it has a say in the direction.
    fn whole(&self, direction: Direction) -> Option<&'a RuleSource> {
        let isolation = self.isolations.iter().find(|isolation| isolation.direction == direction);
        let rule = || self.rules_of(direction).next().map(|rule| &rule.source);
        isolation.map(|isolation| &isolation.source).or_else(rule)
    }

    fn rules_of(&self, direction: Direction) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().copied().filter(move |rule| rule.direction == direction)
    }
}

/// Returns the first place at which two versions of a policy say something else in a direction: in
/// the newer one, unless a rule of the older one is gone.
fn difference(before: &Policy<'_>, after: &Policy<'_>, direction: Direction) -> Option<RuleSource> {
    let of = |policy: &Policy<'_>| policy.whole(direction).cloned();
    let at = |source: RuleSource, path: &str| RuleSource { path: path.into(), ..source };
    match (of(before), of(after)) {
        (None, None) => None,
        (Some(source), None) | (None, Some(source)) => Some(at(source, "spec.policyTypes")),
        (Some(_), Some(source)) => {
            let subject = |policy: &Policy<'_>| {
                policy.isolations.first().map(|isolation| isolation.subject.clone())
            };
            if subject(before) != subject(after) {
                return Some(at(source, "spec.podSelector"));
            }
            let missing = |own: &Policy<'_>, other: &Policy<'_>| {
                let mut own = own.rules_of(direction);
                let rule = own.find(|rule| !other.rules_of(direction).any(|old| rule.says_same(old)));
                rule.map(|rule| rule.source.clone())
            };
            missing(after, before).or_else(|| missing(before, after))
        }
    }
}

fn cause(kind: CauseKind, source: &RuleSource) -> Cause {
    let rule = RuleRef::rule(source, Action::Allow);
    Cause {
        cause: kind,
        kind: EndpointKind::of(rule.kind),
        namespace: rule.namespace,
        name: Some(rule.name),
        path: (kind == CauseKind::PolicyChanged).then_some(rule.path),
        origin: Some(rule.origin),
    }
}
