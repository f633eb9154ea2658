//! All allowed connections, one source after the other.

use crate::report::query::Query;

use crate::engine::connection::{Cell, compatible, connect};

use crate::ends::grouping::{Slot, group};

use crate::answer::caveats::limits;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::rows::Rows;
use crate::answer::endpoint::Endpoint;
use crate::answer::verdict::Verdict;
use crate::ends::end::{End, Who};
use crate::ends::service_ports::ServicePorts;
use crate::ends::units::{Part, UnitId, Units, governed_units};
use crate::engine::class::ClassId;
use crate::engine::class_set::ClassSet;
use crate::engine::classes::Classes;
use crate::engine::network::Network;
use crate::engine::row::Row;
use crate::model::ips::IpSet;
use crate::model::ports::PortSet;
use crate::policy::Direction;

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
    /// The units that the ends are, where they are whole units.
    pub units: (Option<UnitId>, Option<UnitId>),
    /// Who the source is.
    pub from: Side<'a>,
    /// Who the destination is.
    pub to: Side<'a>,
}

/// Some parts of a unit, or all of them.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The unit.
    pub unit: UnitId,
    /// The parts.
    pub parts: &'a [&'a Part],
}

/// Takes listed connections one by one, and can stop the list.
pub type Visit<'a> = dyn FnMut(Listed<'_>) -> ControlFlow<()> + 'a;

/// What some classes reach, from inside the namespace that was asked for or from outside.
type Known = ((Vec<ClassId>, bool), Rc<Reach>);

/// A list, prepared: every row of the network that it needs is judged once.
pub struct List<'a, 'b> {
    network: &'a Network<'b>,
    query: Query,
    /// The rows and columns.
    pub units: Units,
    rows: Rows,
    from: Option<HashMap<UnitId, Vec<Part>>>,
    to: Option<HashMap<UnitId, Vec<Part>>>,
    /// The ports to which a Service leads; nothing where no Service is asked for.
    service_ports: Option<ServicePorts>,
    /// The classes in the namespace that was asked for.
    inside: ClassSet,
}

impl<'a, 'b> List<'a, 'b> {
    /// Judges all rows that the query asks for.
    pub fn new(network: &'a Network<'b>, query: Query) -> Self {
        let rows = Rows::judge(network, &query);
        let units = match (&query.from, &query.to) {
            (None, None) => Units::build(network, query.level),
            _ => Units::among(network, query.level, &rows.sources.union(&rows.destinations)),
        };
        let from = query.from.as_ref().map(|end| units.restricted(end));
        let to = query.to.as_ref().map(|end| units.restricted(end));
        let service_ports =
            query.to.as_ref().and_then(|end| ServicePorts::of(network, end, query.port.as_ref()));
        let named = units.units.values().filter(|unit| unit.endpoint.namespace == query.namespace);
        let inside = named.flat_map(|unit| unit.parts.iter().map(|part| part.class)).collect();
        let to = match &service_ports {
            Some(ports) => to.map(|parts| ports.divide(parts)),
            None => to,
        };
        Self { network, query, units, rows, from, to, service_ports, inside }
    }

    /// Tells every listed connection, ascending by source and destination.
    pub fn each(&self, visit: &mut Visit<'_>) -> ControlFlow<()> {
        let mut known: Option<Known> = None;
        for source in self.units.units.ids() {
            let parts = self.parts(source, self.from.as_ref());
            if parts.is_empty() {
                continue;
            }
            // Neighbours often are in the same classes: replicas as pods, nodes.
            let classes: Vec<ClassId> = parts.iter().map(|part| part.class).collect();
            let key = (classes, self.is_inside(source));
            let reach = match known.take_if(|(own, _)| *own == key) {
                Some((_, reach)) => reach,
                None => Rc::new(self.reach(&key.0, key.1)),
            };
            for destination in self.destinations(source, &reach) {
                self.pair((source, parts), destination, &reach, visit)?;
            }
            known = Some((key, reach));
        }
        ControlFlow::Continue(())
    }

    /// Returns the parts of a unit, or those that are asked for.
    fn parts<'p>(&'p self, unit: UnitId, only: Option<&'p HashMap<UnitId, Vec<Part>>>) -> &'p [Part] {
        match only {
            None => &self.units.units.at(unit).parts,
            Some(kept) => kept.get(&unit).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Lists the units that the source may reach, ascending.
    fn destinations(&self, source: UnitId, reach: &Reach) -> Vec<UnitId> {
        let mut units: Vec<UnitId> = reach
            .cells
            .iter()
            .flat_map(|cells| cells.keys())
            .filter_map(|(class, _)| self.units.of_class.get(class))
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

    /// Judges the connections of some classes to all classes; from outside the namespace that was
    /// asked for, only to those in it.
    fn reach(&self, sources: &[ClassId], is_inside: bool) -> Reach {
        let mut ids: HashMap<Cell, usize> = HashMap::new();
        let mut reach = Reach::default();
        for source in sources {
            let candidates = match self.network.subject_of(*source) {
                Some(subject) => {
                    let row = self.rows.at(Direction::Egress, subject);
                    row.map(Row::classes).unwrap_or_default()
                }
                None => self.rows.destinations.clone(),
            };
            let candidates = if is_inside { candidates } else { candidates.intersection(&self.inside) };
            let mut cells = HashMap::new();
            for class in candidates.iter() {
                for (number, asked) in self.asked(class) {
                    if let Some(cell) = self.cell(*source, class, asked.as_deref()) {
                        let next = ids.len();
                        cells.insert((class, number), *ids.entry(cell).or_insert(next));
                    }
                }
            }
            reach.cells.push(cells);
        }
        let mut values: Vec<(usize, Cell)> = ids.into_iter().map(|(cell, id)| (id, cell)).collect();
        values.sort_unstable();
        reach.values = values.into_iter().map(|(_, cell)| Items::from(cell)).collect();
        reach
    }

    /// Returns what is open from one class to another; nothing if nothing is.
    fn cell(&self, source: ClassId, destination: ClassId, asked: Option<&PortSet>) -> Option<Cell> {
        if !compatible(&self.network.classes, source, destination) {
            return None;
        }
        // Nothing is open where the row of a governed end is not needed.
        let row = |class, direction| match self.network.subject_of(class) {
            None => Some(None),
            Some(subject) => self.rows.at(direction, subject).map(Some),
        };
        let (egress, ingress) = (row(source, Direction::Egress)?, row(destination, Direction::Ingress)?);
        let cell = connect(self.network, (source, egress), (destination, ingress))?;
        let Some(asked) = asked else { return Some(cell) };
        let (allowed, unsure) = (cell.allowed.intersection(asked), cell.unsure.intersection(asked));
        (!allowed.is_empty() || !unsure.is_empty()).then_some(Cell { allowed, unsure })
    }

    /// Lists the only ports that are asked of a destination, numbered where a Service leads members
    /// of one class to different ones; nothing in place of ports where all are asked.
    fn asked(&self, destination: ClassId) -> Vec<(usize, Option<Cow<'_, PortSet>>)> {
        match (&self.service_ports, &self.query.port) {
            (Some(ports), _) => {
                let own = ports.of_class(destination);
                own.map(|(number, ports)| (number, Some(Cow::Borrowed(ports)))).collect()
            }
            (None, Some(port)) => vec![(0, Some(Cow::Owned(port.resolve(self.network, destination))))],
            (None, None) => vec![(0, None)],
        }
    }

    /// Returns what the cells of a destination are found by.
    fn column(&self, to: &Part) -> Column {
        (to.class, self.service_ports.as_ref().map_or(0, |ports| ports.number(to)))
    }

    /// Tells the connections of one pair of units.
    fn pair(
        &self,
        (source, sources): (UnitId, &[Part]),
        destination: UnitId,
        reach: &Reach,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        let destinations = self.parts(destination, self.to.as_ref());
        let same = source == destination;
        if let ([from], [to], [cells]) = (sources, destinations, &*reach.cells) {
            // Nearly all pairs are so: one class at each end.
            return match slot(&self.network.classes, from, (to, self.column(to)), same, cells) {
                Slot::Open(value) => {
                    let from = Side { unit: source, parts: &[from] };
                    self.tell(reach, value, from, Side { unit: destination, parts: &[to] }, visit)
                }
                Slot::Closed | Slot::Meaningless => ControlFlow::Continue(()),
            };
        }
        let row = |(from, cells): (&Part, &Cells)| {
            let slot = |to| slot(&self.network.classes, from, (to, self.column(to)), same, cells);
            destinations.iter().map(slot).collect::<Vec<Slot>>()
        };
        let matrix: Vec<Vec<Slot>> = sources.iter().zip(&reach.cells).map(row).collect();
        for (value, rows, columns) in group(&matrix) {
            let from: Vec<&Part> = rows.iter().filter_map(|row| sources.get(*row)).collect();
            let to: Vec<&Part> = columns.iter().filter_map(|column| destinations.get(*column)).collect();
            let (from, to) =
                (Side { unit: source, parts: &from }, Side { unit: destination, parts: &to });
            self.tell(reach, value, from, to, visit)?;
        }
        ControlFlow::Continue(())
    }

    /// Tells one connection: certain and uncertain ports apart.
    fn tell(
        &self,
        reach: &Reach,
        value: usize,
        from: Side<'_>,
        to: Side<'_>,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        let Some(items) = reach.values.get(value) else { return ControlFlow::Continue(()) };
        let (source, destination) = (self.end(from, &self.query.from), self.end(to, &self.query.to));
        let (source, destination) = (&*source, &*destination);
        let units = (self.whole(from), self.whole(to));
        let (certain, unsure) = (&items.cell.allowed, &items.cell.unsure);
        for (ports, open, verdict) in
            [(&items.allowed, certain, Verdict::Allow), (&items.unsure, unsure, Verdict::Depends)]
        {
            if !ports.is_empty() {
                visit(Listed { source, destination, ports, verdict, open, units, from, to })?;
            }
        }
        ControlFlow::Continue(())
    }

    fn end(&self, side: Side<'_>, asked: &Option<End>) -> Cow<'_, Endpoint> {
        match self.whole(side) {
            Some(unit) => Cow::Borrowed(&self.units.units.at(unit).endpoint),
            None => {
                let within = within(asked);
                Cow::Owned(self.units.endpoint(self.network, side.unit, side.parts, within.as_ref()))
            }
        }
    }

    /// Tells whether a destination is all that the list is about.
    pub fn is_all_asked(&self, to: Side<'_>) -> bool {
        let Some(asked) = &self.to else { return false };
        let size =
            |parts: &mut dyn Iterator<Item = &Part>| parts.map(|part| part.members.len()).sum::<usize>();
        let whole = asked.get(&to.unit).map(|parts| size(&mut parts.iter()));
        asked.len() == 1 && whole == Some(size(&mut to.parts.iter().copied()))
    }

    /// Tells whether policies may let an address outside in, at any port.
    pub(crate) fn may_be_from_outside(&self) -> bool {
        let outside = &self.units.units.at(self.units.outside).parts;
        outside.iter().any(|part| self.rows.sources.contains(part.class))
    }

    /// Counts the units that policies can govern, by the names of namespaces that have some.
    pub(crate) fn governed_units(&self) -> BTreeMap<String, usize> {
        let snapshot = self.network.snapshot;
        let counts = governed_units(snapshot, self.query.level);
        let named = counts.iter().filter(|(_, count)| **count > 0);
        named.map(|(id, count)| (snapshot.namespaces.at(id).name.to_string(), *count)).collect()
    }

    fn whole(&self, Side { unit, parts }: Side<'_>) -> Option<UnitId> {
        let whole = unit != self.units.outside && self.units.is_whole(unit, parts);
        whole.then_some(unit)
    }

    /// Lists the limits of the answer.
    pub fn caveats(&self) -> Vec<String> {
        let mut caveats: Vec<String> = Vec::new();
        if let Some(end) = self.query.to.as_ref().filter(|end| end.service.is_some()) {
            let findings = end.findings.iter().map(|finding| finding.message.clone());
            caveats.extend(end.caveats.iter().cloned().chain(findings));
        }
        caveats.extend(limits(self.network, self.query.direction));
        caveats
    }
}

/// A class, and the number of the ports that a Service leads to there.
type Column = (ClassId, usize);

/// The numbers of the values of destinations.
type Cells = HashMap<Column, usize>;

/// Returns the addresses outside that an end stands for.
fn within(end: &Option<End>) -> Option<IpSet> {
    let members = &end.as_ref()?.members;
    let outside = members.iter().filter(|member| member.who == Who::Outside);
    Some(outside.fold(IpSet::default(), |all, member| all.union(&member.ips)))
}

/// What some classes may reach.
#[derive(Debug, Default)]
struct Reach {
    /// For each of them, the classes it may reach and the number of the value.
    cells: Vec<Cells>,
    /// The distinct values.
    values: Vec<Items>,
}

/// A cell as it is shown.
#[derive(Debug)]
struct Items {
    cell: Cell,
    allowed: Vec<String>,
    unsure: Vec<String>,
}

impl From<Cell> for Items {
    fn from(cell: Cell) -> Self {
        Self { allowed: cell.allowed.items(), unsure: cell.unsure.items(), cell }
    }
}

fn slot(
    classes: &Classes,
    from: &Part,
    (to, column): (&Part, Column),
    same: bool,
    cells: &Cells,
) -> Slot {
    // One pod to itself is not a connection between two.
    let alone = same && from.class == to.class && from.members.len() == 1 && from.members == to.members;
    let governed = |part: &Part| classes.classes.at(part.class).subject.is_some();
    let nobodys = !governed(from) && !governed(to);
    if nobodys || (alone && !from.many) || !compatible(classes, from.class, to.class) {
        return Slot::Meaningless;
    }
    cells.get(&column).map_or(Slot::Closed, |value| Slot::Open(*value))
}
