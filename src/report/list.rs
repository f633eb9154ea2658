//! All allowed connections, one source after the other.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::matrix::{Matrix, ReachOfClasses};
use super::query::ListQuery;
use crate::answer::caveat::Caveat;
use crate::answer::caveats::limits;
use crate::answer::endpoint::Endpoint;
use crate::answer::verdict::Verdict;
use crate::ends::end::{End, Who};
use crate::ends::grouping::{Slot, group};
use crate::ends::namer::Namer;
use crate::ends::recorded;
use crate::ends::units::{Part, UnitId, Units, governed_units};
use crate::engine::class::ClassId;
use crate::engine::class_set::ClassSet;
use crate::engine::network::Network;
use crate::model::endpoint::{Pod, PodState};
use crate::model::gap::Gap;
use crate::model::ips::IpSet;
use crate::model::ports::PortSet;

/// One listed connection.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// Who may open it.
    pub source: &'a Endpoint,
    /// Who accepts it.
    pub destination: &'a Endpoint,
    /// The ports.
    pub ports: &'a [String],
    /// `allow`, or `depends` for ports that may be open.
    pub verdict: Verdict,
    /// The ports as a set.
    pub open: &'a PortSet,
    /// Who the source is.
    pub from: ListedSide<'a>,
    /// Who the destination is.
    pub to: ListedSide<'a>,
}

/// Some parts of a unit, or all of them.
#[derive(Clone, Copy, Debug)]
pub struct ListedSide<'a> {
    /// The unit.
    pub unit: UnitId,
    /// The parts.
    pub parts: &'a [&'a Part],
    /// Whether they are all of it.
    pub is_whole: bool,
}

impl ListedSide<'_> {
    /// Returns the unit if it is a whole one.
    pub fn whole(&self) -> Option<UnitId> {
        self.is_whole.then_some(self.unit)
    }
}

/// Takes listed connections one by one, and can stop the list.
pub type Visit<'a> = dyn FnMut(Listed<'_>) -> ControlFlow<()> + 'a;

/// The classes of a source, and whether it is in the namespace that was asked for.
#[derive(PartialEq, Eq)]
struct SourceClasses {
    classes: Vec<ClassId>,
    is_inside: bool,
}

/// A list, prepared: every row of the network that it needs is judged once.
pub struct List<'a, 'b> {
    network: &'a Network<'b>,
    query: ListQuery,
    /// The rows and columns.
    pub units: Units,
    matrix: Matrix<'a, 'b>,
    from: Option<HashMap<UnitId, Vec<Part>>>,
    to: Option<HashMap<UnitId, Vec<Part>>>,
    /// The classes in the namespace that was asked for.
    inside: ClassSet,
}

impl<'a, 'b> List<'a, 'b> {
    /// Judges all rows that the query asks for.
    pub fn new(network: &'a Network<'b>, query: ListQuery) -> Self {
        let matrix = Matrix::new(network, &query);
        let scope = &matrix.rows.scope;
        let units = match (&query.from, &query.to) {
            (None, None) => Units::build(network, query.level),
            _ => Units::among(network, query.level, &scope.sources.union(&scope.destinations)),
        };
        let from = query.from.as_ref().map(|end| units.restricted(end));
        let to = query.to.as_ref().map(|end| units.restricted(end));
        let to = match &matrix.service_ports {
            Some(ports) => to.map(|parts| ports.divide(parts)),
            None => to,
        };
        let named = units.units.values().filter(|unit| unit.endpoint.namespace == query.namespace);
        let inside = named.flat_map(|unit| unit.parts.iter().map(|part| part.class)).collect();
        Self { network, query, units, matrix, from, to, inside }
    }

    /// Tells every listed connection, ascending by source and destination.
    pub fn each(&self, visit: &mut Visit<'_>) -> ControlFlow<()> {
        let mut known: Option<(SourceClasses, Rc<ReachOfClasses>)> = None;
        for source in self.units.units.ids() {
            let parts = self.parts(source, self.from.as_ref());
            if parts.is_empty() {
                continue;
            }
            // Neighbours often are in the same classes: replicas as pods, nodes.
            let classes = parts.iter().map(|part| part.class).collect();
            let key = SourceClasses { classes, is_inside: self.is_inside(source) };
            let reach = match known.take_if(|(before, _)| *before == key) {
                Some((_, reach)) => reach,
                None => Rc::new(self.reach(&key)),
            };
            for destination in self.destinations(source, &reach) {
                self.pair(source, destination, &reach, visit)?;
            }
            known = Some((key, reach));
        }
        ControlFlow::Continue(())
    }

    /// Judges the connections of a source; from outside the namespace that was asked for, only to
    /// classes in it.
    fn reach(&self, source: &SourceClasses) -> ReachOfClasses {
        self.matrix.reach(&source.classes, (!source.is_inside).then_some(&self.inside))
    }

    /// Returns the parts of a unit, or those that are asked for.
    fn parts<'p>(&'p self, unit: UnitId, only: Option<&'p HashMap<UnitId, Vec<Part>>>) -> &'p [Part] {
        match only {
            None => &self.units.units.at(unit).parts,
            Some(kept) => kept.get(&unit).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Lists the units that the source may reach, ascending.
    fn destinations(&self, source: UnitId, reach: &ReachOfClasses) -> Vec<UnitId> {
        let mut units: Vec<UnitId> = reach
            .classes()
            .filter_map(|class| self.units.of_class.get(&class))
            .flatten()
            .copied()
            .collect();
        units.sort_unstable();
        units.dedup();
        let governed = |unit: UnitId| self.units.units.at(unit).governed;
        units.retain(|unit| (governed(source) || governed(*unit)) && self.is_asked(source, *unit));
        units
    }

    /// Tells whether one end is in the namespace that was asked for.
    fn is_asked(&self, source: UnitId, destination: UnitId) -> bool {
        self.is_inside(source) || self.is_inside(destination)
    }

    /// Returns the namespace that connections must have an end in; nothing where any will do.
    pub fn namespace(&self) -> Option<&str> {
        self.query.namespace.as_deref()
    }

    /// Tells whether a unit is in the namespace that was asked for; every unit is where none was.
    fn is_inside(&self, unit: UnitId) -> bool {
        let namespace = &self.units.units.at(unit).endpoint.namespace;
        self.query.namespace.as_ref().is_none_or(|asked| namespace.as_ref() == Some(asked))
    }

    /// Tells the connections of one pair of units.
    fn pair(
        &self,
        source: UnitId,
        destination: UnitId,
        reach: &ReachOfClasses,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        let sources = self.parts(source, self.from.as_ref());
        let destinations = self.parts(destination, self.to.as_ref());
        let same = source == destination;
        if let ([from], [to], [cells]) = (sources, destinations, &*reach.cells) {
            // Nearly all pairs are so: one class at each end.
            return match self.matrix.slot(from, to, same, cells) {
                Slot::Open(value) => {
                    let (from, to) = ([from], [to]);
                    let (from, to) = (self.side(source, &from), self.side(destination, &to));
                    self.tell(reach, value, from, to, visit)
                }
                Slot::Closed | Slot::Meaningless => ControlFlow::Continue(()),
            };
        }
        let row = |(from, cells)| -> Vec<Slot> {
            destinations.iter().map(|to| self.matrix.slot(from, to, same, cells)).collect()
        };
        let slots: Vec<Vec<Slot>> = sources.iter().zip(&reach.cells).map(row).collect();
        for block in group(&slots) {
            let from: Vec<&Part> = block.rows.iter().filter_map(|row| sources.get(*row)).collect();
            let to: Vec<&Part> =
                block.columns.iter().filter_map(|column| destinations.get(*column)).collect();
            let (from, to) = (self.side(source, &from), self.side(destination, &to));
            self.tell(reach, block.value, from, to, visit)?;
        }
        ControlFlow::Continue(())
    }

    /// Tells one connection: certain and uncertain ports apart.
    fn tell(
        &self,
        reach: &ReachOfClasses,
        value: usize,
        from: ListedSide<'_>,
        to: ListedSide<'_>,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        let Some(items) = reach.values.get(value) else { return ControlFlow::Continue(()) };
        let (source, mut destination) = (self.end(from, &self.query.from), self.end(to, &self.query.to));
        if to.unit == self.units.outside && !self.network.snapshot.recorded.is_empty() {
            let sources = from.parts.iter().map(|part| part.class);
            recorded::add(self.network, sources, destination.to_mut());
        }
        let (source, destination) = (&*source, &*destination);
        let (certain, unsure) = (&items.open.allowed, &items.open.unsure);
        for (ports, open, verdict) in
            [(&items.allowed, certain, Verdict::Allow), (&items.unsure, unsure, Verdict::Depends)]
        {
            if !ports.is_empty() {
                visit(Listed { source, destination, ports, verdict, open, from, to })?;
            }
        }
        ControlFlow::Continue(())
    }

    fn end(&self, side: ListedSide<'_>, asked: &Option<End>) -> Cow<'_, Endpoint> {
        match side.whole() {
            Some(unit) => Cow::Borrowed(&self.units.units.at(unit).endpoint),
            None => {
                let within = within(asked);
                Cow::Owned(self.units.endpoint(self.network, side.unit, side.parts, within.as_ref()))
            }
        }
    }

    /// Tells whether a destination is all that the list is about.
    pub fn is_all_asked(&self, to: ListedSide<'_>) -> bool {
        let Some(asked) = &self.to else { return false };
        let size =
            |parts: &mut dyn Iterator<Item = &Part>| parts.map(|part| part.members.len()).sum::<usize>();
        let whole = asked.get(&to.unit).map(|parts| size(&mut parts.iter()));
        asked.len() == 1 && whole == Some(size(&mut to.parts.iter().copied()))
    }

    /// Tells whether policies may let an address outside in, at any port.
    pub(crate) fn may_be_from_outside(&self) -> bool {
        let outside = &self.units.units.at(self.units.outside).parts;
        outside.iter().any(|part| self.matrix.rows.scope.sources.contains(part.class))
    }

    /// Counts the units that policies can govern, by the names of namespaces that have some.
    fn governed_units(&self) -> BTreeMap<String, usize> {
        let snapshot = self.network.snapshot;
        let counts = governed_units(snapshot, self.query.level);
        let named = counts.iter().filter(|(_, count)| **count > 0);
        named.map(|(id, count)| (snapshot.namespaces.at(id).name.to_string(), *count)).collect()
    }

    /// Names the units of the list.
    pub(crate) fn namer(&self) -> Namer {
        Namer::new(&self.units.units, |unit| (&unit.endpoint, unit.governed), self.governed_units())
    }

    fn side<'p>(&self, unit: UnitId, parts: &'p [&'p Part]) -> ListedSide<'p> {
        let is_whole = unit != self.units.outside && self.units.is_whole(unit, parts);
        ListedSide { unit, parts, is_whole }
    }

    /// Tells whether the namespace that was asked for has pods, or any has where none was.
    pub fn has_pods(&self) -> bool {
        let snapshot = self.network.snapshot;
        let is_asked = |pod: &Pod| {
            let name = &*snapshot.namespaces.at(pod.namespace).name;
            pod.state != PodState::Finished && self.namespace().is_none_or(|asked| name == asked)
        };
        snapshot.pods.values().any(is_asked)
    }

    /// Lists what could not be read.
    pub fn gaps(&self) -> &[Gap] {
        &self.network.snapshot.gaps
    }

    /// Lists the limits of the answer.
    pub fn caveats(&self) -> Vec<Caveat> {
        let mut caveats: Vec<Caveat> = Vec::new();
        if let Some(end) = self.query.to.as_ref().filter(|end| end.service.is_some()) {
            let findings = end.findings.iter().cloned().map(Caveat::Finding);
            caveats.extend(end.caveats.iter().cloned().chain(findings));
        }
        caveats.extend(limits(self.network, self.query.direction));
        caveats
    }
}

/// Returns the addresses outside that an end stands for.
fn within(end: &Option<End>) -> Option<IpSet> {
    let members = &end.as_ref()?.members;
    let outside = members.iter().filter(|member| member.who == Who::Outside);
    Some(outside.fold(IpSet::default(), |all, member| all.union(&member.ips)))
}
