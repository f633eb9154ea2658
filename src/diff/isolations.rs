//! Which pods become isolated, or no longer are: where a diff cuts most.

use std::collections::BTreeSet;

use super::alike::Alike;
use super::change::{ChangeKind, IsolationChange};
use super::joint::{EndId, JointEnd, JointEnds, JointPart};
use super::sides::Sides;
use crate::answer::rule_ref::RuleRef;
use crate::diff::changed::Changed;
use crate::engine::class::ClassId;
use crate::engine::network::Network;
use crate::policy::Direction;

/// Pods that become isolated, or no longer are, while their changes are counted.
#[derive(Clone, Debug)]
pub struct CountedIsolation {
    /// What is told of it.
    pub told: IsolationChange,
    end: EndId,
    direction: Direction,
    /// The other end that was counted last.
    last: Option<EndId>,
}

impl CountedIsolation {
    /// Counts a change if it is one of these pods' connections; changes come in order.
    pub fn count(&mut self, changed: Changed<'_>) {
        let (source, destination) = (changed.from.end, changed.to.end);
        let (subject, other) = match self.direction {
            Direction::Egress => (source, destination),
            Direction::Ingress => (destination, source),
        };
        if subject != self.end || !changed.narrows || self.last == Some(other) {
            return;
        }
        self.last = Some(other);
        match changed.change {
            ChangeKind::Removed => self.told.lost += 1,
            ChangeKind::Added | ChangeKind::Changed => self.told.narrowed += 1,
        }
    }
}

/// Lists the pods that become isolated for certain, or no longer are, end by end.
pub(crate) fn isolations(
    networks: Sides<&Network<'_>>,
    ends: &JointEnds,
    alike: &Alike<'_, '_>,
) -> Vec<CountedIsolation> {
    let mut found = Vec::new();
    for (id, end) in ends.ends.iter().filter(|(_, end)| end.governed) {
        for direction in [Direction::Egress, Direction::Ingress] {
            for change in [ChangeKind::Added, ChangeKind::Removed] {
                let parts = turned(networks, alike, ends, Turn { end, direction, change });
                if parts.is_empty() {
                    continue;
                }
                let by = parts.iter().flat_map(|(_, by)| by.clone()).collect::<BTreeSet<_>>();
                let parts: Vec<&JointPart> = parts.into_iter().map(|(part, _)| part).collect();
                let told = IsolationChange {
                    change,
                    subject: ends.endpoint(networks, id, &parts),
                    direction,
                    lost: 0,
                    narrowed: 0,
                    by: by.into_iter().collect(),
                };
                found.push(CountedIsolation { told, end: id, direction, last: None });
            }
        }
    }
    found
}

/// What may happen to an end: it becomes isolated in a direction, or no longer is.
#[derive(Clone, Copy)]
struct Turn<'e> {
    end: &'e JointEnd,
    direction: Direction,
    change: ChangeKind,
}

type Turned<'e> = Vec<(&'e JointPart, Vec<RuleRef>)>;

/// Lists the parts of an end whose isolation changed so, with the policies that isolate on the side
/// that does.
fn turned<'e>(
    networks: Sides<&Network<'_>>,
    alike: &Alike<'_, '_>,
    ends: &JointEnds,
    Turn { end, direction, change }: Turn<'e>,
) -> Turned<'e> {
    let turned = |part: &'e JointPart| {
        let classes = ends.joints.at(part.joint).complete()?;
        let by = networks.zip(classes).map(|(network, class)| isolating(network, class, direction));
        let turned = match change {
            ChangeKind::Removed => Sides { before: by.after, after: by.before },
            ChangeKind::Added | ChangeKind::Changed => by,
        };
        (turned.before.is_empty() && !turned.after.is_empty()).then_some((part, turned.after))
    };
    let changed = end.parts.iter().filter(|part| !alike.row(part.joint, direction));
    changed.filter_map(turned).collect()
}

/// Lists the policies that isolate a class for certain.
pub(crate) fn isolating(network: &Network<'_>, class: ClassId, direction: Direction) -> Vec<RuleRef> {
    let subject = network.subject_of(class);
    let all = subject.into_iter().flat_map(|subject| network.isolating(subject, direction));
    let certain = all.filter(|(_, doubt)| doubt.is_none());
    certain.map(|(id, _)| RuleRef::isolation(&network.isolation(id).source)).collect()
}
