//! Which connections appear, disappear or change between two networks.
//!
//! Only what can have changed is looked at: a connection is as it was where the rules of both its
//! ends are (`alike`).

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::causes::Causes;
use super::change::ChangeKind;
use super::changed::{Changed, SidePorts};
use super::compare::{Compared, Comparison};
use super::isolations::{CountedIsolation, isolations};
use super::joint::{EndId, EndParts, JointEnds, JointId, JointPart};
use super::side_gaps::{Lacking, SideGap, side_gaps};
use super::sides::Sides;
use crate::answer::caveat::Caveat;
use crate::answer::caveats::limits;
use crate::ends::grouping::{Slot, group};
use crate::ends::recorded;
use crate::engine::connection::OpenPorts;
use crate::engine::network::Network;
use crate::model::gap::merged;

/// Takes changes one by one, and can stop the diff.
pub type VisitChange<'a> = dyn FnMut(Changed<'_>) -> ControlFlow<()> + 'a;

/// A diff, prepared: what can have changed is known.
pub struct Diff<'a, 'b> {
    networks: Sides<&'a Network<'b>>,
    /// The only namespace: one end must be in it.
    namespace: Option<String>,
    /// The ends of both sides.
    pub ends: &'a JointEnds,
    comparison: Comparison<'a, 'b>,
    causes: Causes<'a, 'b>,
    isolations: Vec<CountedIsolation>,
    /// Whether any connection changed, once a walk has shown it.
    changed: OnceCell<bool>,
}

impl<'a, 'b> Diff<'a, 'b> {
    /// Finds what can have changed between two networks, whose ends were brought together.
    pub fn new(
        networks: Sides<&'a Network<'b>>,
        ends: &'a JointEnds,
        namespace: Option<String>,
    ) -> Self {
        let comparison = Comparison::new(networks, ends);
        let mut isolations = isolations(networks, ends, &comparison.alike);
        if let Some(name) = &namespace {
            isolations.retain(|isolation| isolation.told.subject.namespace.as_ref() == Some(name));
        }
        let (causes, changed) = (Causes::of(networks), OnceCell::new());
        Self { networks, namespace, ends, comparison, causes, isolations, changed }
    }

    /// Tells every change, ascending by source and destination.
    pub fn each(&self, visit: &mut VisitChange<'_>) -> ControlFlow<()> {
        self.walk(&mut |changed| {
            self.changed.get_or_init(|| true);
            visit(changed)
        })?;
        self.changed.get_or_init(|| false);
        ControlFlow::Continue(())
    }

    fn walk(&self, visit: &mut VisitChange<'_>) -> ControlFlow<()> {
        let mut known: Option<(Vec<JointId>, Rc<JointChanges>)> = None;
        let mut quiet: HashSet<JointId> = HashSet::new();
        for (source, end) in self.ends.ends.iter() {
            let joints: Vec<JointId> = end.parts.iter().map(|part| part.joint).collect();
            if joints.iter().all(|joint| quiet.contains(joint)) {
                continue;
            }
            let reach = match known.take_if(|(last, _)| *last == joints) {
                Some((_, reach)) => reach,
                None => Rc::new(self.reach(&joints)),
            };
            let unchanged = joints.iter().zip(&reach.cells).filter(|(_, cells)| cells.is_empty());
            quiet.extend(unchanged.map(|(joint, _)| *joint));
            for destination in self.destinations(source, &reach) {
                self.pair(source, destination, &reach, visit)?;
            }
            known = Some((joints, reach));
        }
        ControlFlow::Continue(())
    }

    /// Tells whether there is any difference; after [`Self::each`] without another walk.
    pub fn differs(&self) -> bool {
        if self.isolations.is_empty() && self.changed.get().is_none() {
            let _ = self.each(&mut |_| ControlFlow::Break(()));
        }
        !self.isolations.is_empty() || self.changed.get() == Some(&true)
    }

    /// Lists the pods that become isolated, or no longer are; nothing is counted yet.
    pub fn isolations(&self) -> Vec<CountedIsolation> {
        self.isolations.clone()
    }

    /// Lists the limits of the answer, those of both sides.
    pub fn caveats(&self) -> Vec<Caveat> {
        let [mut all, after] = self.networks.map(|network| limits(network, None)).list();
        all.extend(after);
        in_order(all)
    }

    /// Lists what could not be read, those of one side with the side.
    pub fn gaps(&self) -> Vec<SideGap<'b>> {
        side_gaps(self.networks.map(|network| &*network.snapshot.gaps))
    }

    /// Lists what could not be read, where lists that both sides lack in the same way share a line.
    pub fn merged_gaps(&self) -> Vec<String> {
        let (both, of_one): (Vec<SideGap<'_>>, Vec<SideGap<'_>>) =
            self.gaps().into_iter().partition(|own| own.lacking == Lacking::Both);
        let both = merged(both.iter().map(|own| own.gap)).into_iter();
        both.chain(of_one.iter().map(ToString::to_string)).collect()
    }

    /// Lists the ends to which a connection of the source changed, ascending.
    fn destinations(&self, source: EndId, reach: &JointChanges) -> Vec<EndId> {
        let joints = reach.cells.iter().flat_map(|cells| cells.keys());
        let ends: BTreeSet<EndId> =
            joints.flat_map(|joint| self.ends.of_joint.at(*joint)).copied().collect();
        let end = |id: EndId| self.ends.ends.at(id);
        let inside = |id: EndId, asked: &String| end(id).endpoint.namespace.as_ref() == Some(asked);
        let asked = |other: &EndId| {
            let both = |asked| inside(source, asked) || inside(*other, asked);
            self.namespace.as_ref().is_none_or(both)
        };
        ends.into_iter().filter(asked).collect()
    }

    /// Compares the connections from some joints to all that can have changed.
    fn reach(&self, sources: &[JointId]) -> JointChanges {
        let mut ids: HashMap<Sides<OpenPorts>, usize> = HashMap::new();
        let mut reach = JointChanges::default();
        for source in sources {
            let mut cells = HashMap::new();
            for destination in self.comparison.candidates(*source) {
                if let Compared::Changed(cells_of) = self.comparison.compare(*source, destination) {
                    let next = ids.len();
                    cells.insert(destination, *ids.entry(cells_of).or_insert(next));
                }
            }
            reach.cells.push(cells);
        }
        let mut values: Vec<(usize, Sides<OpenPorts>)> =
            ids.into_iter().map(|(cell, id)| (id, cell)).collect();
        values.sort_unstable();
        reach.values = values.into_iter().map(|(_, cells)| ShownChange::of(&cells)).collect();
        reach
    }

    /// Tells the changes of one pair of ends.
    fn pair(
        &self,
        source: EndId,
        destination: EndId,
        reach: &JointChanges,
        visit: &mut VisitChange<'_>,
    ) -> ControlFlow<()> {
        let (sources, destinations) =
            (&self.ends.ends.at(source).parts, &self.ends.ends.at(destination).parts);
        let same = source == destination;
        let row = |(from, cells): (&JointPart, &HashMap<JointId, usize>)| {
            let slot = |to: &JointPart| {
                if same && from.joint == to.joint && from.is_alone() {
                    return Slot::Meaningless;
                }
                match (cells.get(&to.joint), self.comparison.compare(from.joint, to.joint)) {
                    (Some(value), _) => Slot::Open(*value),
                    (None, Compared::Meaningless) => Slot::Meaningless,
                    (None, _) => Slot::Closed,
                }
            };
            destinations.iter().map(slot).collect::<Vec<Slot>>()
        };
        let matrix: Vec<Vec<Slot>> = sources.iter().zip(&reach.cells).map(row).collect();
        for block in group(&matrix) {
            let from: Vec<&JointPart> = block.rows.iter().filter_map(|row| sources.get(*row)).collect();
            let to: Vec<&JointPart> =
                block.columns.iter().filter_map(|column| destinations.get(*column)).collect();
            if let Some(value) = reach.values.get(block.value) {
                let (from, to) = (self.ends.parts(source, &from), self.ends.parts(destination, &to));
                self.tell(value, from, to, visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn tell(
        &self,
        value: &ShownChange,
        from: EndParts<'_>,
        to: EndParts<'_>,
        visit: &mut VisitChange<'_>,
    ) -> ControlFlow<()> {
        let endpoint = |side: EndParts<'_>| self.ends.endpoint(self.networks, side.end, side.parts);
        let mut destination = endpoint(to);
        if self.ends.is_outside(to.end) {
            for (network, classes) in self.networks.zip(self.ends.classes(from)).list() {
                recorded::add(network, classes.into_iter(), &mut destination);
            }
        }
        visit(Changed {
            change: value.change,
            source: &endpoint(from),
            destination: &destination,
            ports: value.ports.each(),
            narrows: value.narrows,
            causes: &self.causes.of_change(self.ends, from, to),
            from,
            to,
        })
    }
}

fn in_order<T: Ord + Clone>(lines: Vec<T>) -> Vec<T> {
    let mut told = BTreeSet::new();
    lines.into_iter().filter(|line| told.insert(line.clone())).collect()
}

/// What changed for some joints.
#[derive(Debug, Default)]
struct JointChanges {
    /// For each of them, the joints to which it changed and the number of the value.
    cells: Vec<HashMap<JointId, usize>>,
    /// The distinct values.
    values: Vec<ShownChange>,
}

/// What a connection was and is, as it is shown.
#[derive(Debug)]
struct ShownChange {
    change: ChangeKind,
    ports: Sides<SidePorts>,
    narrows: bool,
}

impl ShownChange {
    fn of(cells: &Sides<OpenPorts>) -> Self {
        let nothing = cells.each().map(|cell| *cell == OpenPorts::default());
        let change = match (nothing.before, nothing.after) {
            (true, _) => ChangeKind::Added,
            (_, true) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        };
        let ports = cells
            .each()
            .map(|cell| SidePorts { open: cell.allowed.items(), unsure: cell.unsure.items() });
        let possible = cells.each().map(|cell| cell.possible());
        Self { change, ports, narrows: !possible.before.is_subset(&possible.after) }
    }
}
