//! A diff for people: changes by cause, ends that change alike in one line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::change::{Cause, ChangeKind, IsolationChange};
use super::isolations::CountedIsolation;
use super::joint::{EndId, EndParts, JointEnd, JointEnds};
use super::network_diff::Diff;
use super::sides::Sides;
use crate::answer::endpoint::Endpoint;
use crate::diff::changed::{Changed, SidePorts};
use crate::ends::namer::Namer;
use crate::ends::place::LinePlace;

/// A diff, summarised.
#[derive(Clone, Debug, Default)]
pub struct ChangeSummary {
    /// How many connections are added, changed and removed.
    pub counts: BTreeMap<ChangeKind, usize>,
    /// Which pods become isolated, or no longer are.
    pub isolations: Vec<IsolationChange>,
    /// The changes, by what brought them about.
    pub groups: Vec<ChangeGroup>,
}

/// Changes with the same causes.
#[derive(Clone, Debug)]
pub struct ChangeGroup {
    /// What brought them about; nothing where that is not known.
    pub causes: Vec<Cause>,
    /// The changes.
    pub lines: Vec<ChangeLine>,
}

/// One line of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeLine {
    /// What happens.
    pub change: ChangeKind,
    /// The sources.
    pub source: Rc<LinePlace>,
    /// The destinations.
    pub destination: Rc<LinePlace>,
    /// What was open and what is.
    pub ports: Sides<SidePorts>,
}

/// Whether ends that change alike are told together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeDetail {
    /// They are.
    Merged,
    /// Every change has its line.
    Every,
}

/// Summarises all changes of a diff.
pub fn summarise(diff: &Diff<'_, '_>, detail: ChangeDetail) -> ChangeSummary {
    let mut isolations = diff.isolations();
    let mut counts: BTreeMap<ChangeKind, usize> = BTreeMap::new();
    let mut groups: BTreeMap<(bool, Vec<Cause>), CauseGroup> = BTreeMap::new();
    let _ = diff.each(&mut |changed| {
        *counts.entry(changed.change).or_default() += 1;
        isolations.iter_mut().for_each(|isolation: &mut CountedIsolation| isolation.count(changed));
        let causes = changed.causes.to_vec();
        groups.entry((causes.is_empty(), causes)).or_default().take(changed);
        ControlFlow::Continue(())
    });
    let namer = namer(diff.ends);
    let groups = groups.into_iter().map(|((_, causes), group)| {
        let lines = match detail {
            ChangeDetail::Merged => group.merged(diff.ends, &namer),
            ChangeDetail::Every => group.every(diff.ends),
        };
        ChangeGroup { causes, lines }
    });
    let groups = groups.collect();
    let isolations = isolations.into_iter().map(|isolation| isolation.told).collect();
    ChangeSummary { counts, isolations, groups }
}

fn namer(ends: &JointEnds) -> Namer<JointEnd> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for end in ends.ends.values().filter(|end| end.governed) {
        if let Some(namespace) = &end.endpoint.namespace {
            *counts.entry(namespace.clone()).or_default() += 1;
        }
    }
    Namer::new(&ends.ends, |end| (&end.endpoint, end.governed), counts)
}

/// One end of a change: a whole end, or a part of one.
type ChangedEnd = Result<EndId, Rc<LinePlace>>;
/// What happens to a connection.
type ChangeTurn = (ChangeKind, Sides<SidePorts>);
/// What happens to whom, seen from some sources.
type ChangeLeads = (ChangeTurn, Vec<Rc<LinePlace>>);

fn place(ends: &JointEnds, side: ChangedEnd) -> Rc<LinePlace> {
    side.map_or_else(|part| part, |end| Rc::new(LinePlace::unit(&ends.ends.at(end).endpoint)))
}

/// The changes with one cause, under way: for each source in order, what happens to whom.
#[derive(Default)]
struct CauseGroup {
    rows: Vec<(ChangedEnd, BTreeMap<ChangeTurn, Vec<ChangedEnd>>)>,
}

impl CauseGroup {
    fn take(&mut self, changed: Changed<'_>) {
        let side = |parts: EndParts<'_>, endpoint: &Endpoint| {
            parts.whole().ok_or_else(|| Rc::new(LinePlace::Part(endpoint.clone())))
        };
        let source = side(changed.from, changed.source);
        if self.rows.last().is_none_or(|(last, _)| *last != source) {
            self.rows.push((source, BTreeMap::new()));
        }
        let turn = (changed.change, changed.ports.map(SidePorts::clone));
        if let Some((_, turns)) = self.rows.last_mut() {
            turns.entry(turn).or_default().push(side(changed.to, changed.destination));
        }
    }

    fn every(self, ends: &JointEnds) -> Vec<ChangeLine> {
        let mut lines = Vec::new();
        for (source, turns) in self.rows {
            let source = place(ends, source);
            for ((change, ports), destinations) in turns {
                lines.extend(destinations.into_iter().map(|destination| ChangeLine {
                    change,
                    source: Rc::clone(&source),
                    destination: place(ends, destination),
                    ports: ports.clone(),
                }));
            }
        }
        lines
    }

    /// Joins the destinations of a source, then the sources with the same destinations.
    fn merged(self, ends: &JointEnds, namer: &Namer<JointEnd>) -> Vec<ChangeLine> {
        let mut order: Vec<ChangeLeads> = Vec::new();
        let mut sources: BTreeMap<ChangeLeads, Vec<ChangedEnd>> = BTreeMap::new();
        for (source, turns) in self.rows {
            // Only one pod alone has no connection to itself that could be missing.
            let alone = source.as_ref().ok().copied().filter(|end| ends.is_alone(*end));
            for (turn, destinations) in turns {
                let key = (turn, merge(namer, destinations, alone));
                if !sources.contains_key(&key) {
                    order.push(key.clone());
                }
                sources.entry(key).or_default().push(source.clone());
            }
        }
        let mut lines = Vec::new();
        for key in order {
            let Some(sides) = sources.remove(&key) else { continue };
            let ((change, ports), destinations) = key;
            for source in merge(namer, sides, None) {
                lines.extend(destinations.iter().map(|destination| ChangeLine {
                    change,
                    source: Rc::clone(&source),
                    destination: Rc::clone(destination),
                    ports: ports.clone(),
                }));
            }
        }
        lines
    }
}

fn merge(namer: &Namer<JointEnd>, sides: Vec<ChangedEnd>, also: Option<EndId>) -> Vec<Rc<LinePlace>> {
    let (mut ends, mut parts) = (BTreeSet::new(), Vec::new());
    for side in sides {
        match side {
            Ok(end) => drop(ends.insert(end)),
            Err(part) => parts.push(part),
        }
    }
    namer.name(&ends, also).into_iter().chain(parts).collect()
}
