//! The rows of a network, each judged once, and the connections that they leave open.

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

use super::class::{ClassId, Subject, SubjectId};
use super::class_set::ClassSet;
use super::connection::{OpenPorts, compatible};
use super::network::Network;
use super::region::Region;
use super::row::{Row, row, row_within};
use crate::model::arena::Arena;
use crate::model::ports::PortSet;
use crate::policy::Direction;

/// Which connections are asked for.
#[derive(Clone, Debug)]
pub struct RowScope {
    /// The sources.
    pub sources: ClassSet,
    /// The destinations.
    pub destinations: ClassSet,
    /// The ports.
    pub ports: PortSet,
    /// The only direction whose policies are asked; both where it is absent.
    pub direction: Option<Direction>,
}

impl RowScope {
    /// Returns the classes whose rows are asked in a direction, and the other ends of these.
    fn ends(&self, direction: Direction) -> (&ClassSet, &ClassSet) {
        match direction {
            Direction::Egress => (&self.sources, &self.destinations),
            Direction::Ingress => (&self.destinations, &self.sources),
        }
    }
}

/// The rows of a network, each judged when it is first asked for.
pub struct Rows<'a, 'b> {
    /// The network.
    pub network: &'a Network<'b>,
    /// The connections of which any may be open.
    pub scope: RowScope,
    egress: Known,
    ingress: Known,
    /// The row of every class that no policy governs.
    ungoverned: Row,
}

/// The rows of one direction that were judged; equal ones are kept once.
struct Known {
    rows: Arena<Subject, OnceCell<Rc<Row>>>,
    distinct: RefCell<HashSet<Rc<Row>>>,
}

impl<'a, 'b> Rows<'a, 'b> {
    /// Prepares the rows of all connections.
    pub fn of(network: &'a Network<'b>) -> Self {
        let (sources, destinations) = (network.classes.all().clone(), network.classes.all().clone());
        let scope = RowScope { sources, destinations, ports: PortSet::any(), direction: None };
        Self::new(network, scope)
    }

    /// Judges the rows of a scope: all those of the first direction, and of the other direction only
    /// what these leave open.
    pub fn among(network: &'a Network<'b>, scope: RowScope, order: [Direction; 2]) -> Self {
        let mut rows = Self::new(network, scope);
        order.into_iter().for_each(|direction| rows.narrow(direction));
        rows
    }

    fn new(network: &'a Network<'b>, scope: RowScope) -> Self {
        let known = || Known {
            rows: network.classes.subjects.map(|_| OnceCell::new()),
            distinct: RefCell::default(),
        };
        let ungoverned = row(network, None, Direction::Egress);
        Self { network, scope, egress: known(), ingress: known(), ungoverned }
    }

    /// Judges one direction, and leaves out of the scope the classes that it closes.
    fn narrow(&mut self, direction: Direction) {
        let (own, peers) = self.scope.ends(direction);
        let is_live = |class: &ClassId| self.at(*class, direction).is_none_or(|row| !row.is_empty());
        let live: ClassSet = own.iter().filter(is_live).collect();
        let is_ungoverned = |class: ClassId| self.network.subject_of(class).is_none();
        let known = self.known(direction);
        let reached = match live.iter().any(is_ungoverned) {
            // It keeps nobody out.
            true => peers.clone(),
            false => known.classes(),
        };
        known.close();
        (self.scope.sources, self.scope.destinations) = match direction {
            Direction::Egress => (live, reached),
            Direction::Ingress => (reached, live),
        };
    }

    const fn known(&self, direction: Direction) -> &Known {
        match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        }
    }

    /// Returns the row of a class; nothing where no policy governs it.
    pub fn at(&self, class: ClassId, direction: Direction) -> Option<&Row> {
        let subject = self.network.subject_of(class)?;
        let known = self.known(direction);
        let judge = || known.shared(self.judge(subject, direction));
        Some(known.rows.at(subject).get_or_init(judge))
    }

    fn judge(&self, subject: SubjectId, direction: Direction) -> Row {
        let is_asked = self.scope.direction.is_none_or(|only| only == direction);
        let (_, peers) = self.scope.ends(direction);
        let cells = Region::block(peers.clone(), self.scope.ports.clone());
        row_within(self.network, is_asked.then_some(subject), direction, cells)
    }

    /// Returns what is open from one class to another; nothing if nothing is.
    pub fn connection(&self, source: ClassId, destination: ClassId) -> Option<OpenPorts> {
        if !compatible(self.network, source, destination) {
            return None;
        }
        let row = |class, direction| self.at(class, direction).unwrap_or(&self.ungoverned);
        let egress = row(source, Direction::Egress).open_to(destination)?;
        let ingress = row(destination, Direction::Ingress).open_to(source)?;
        Some(OpenPorts::both(&egress, &ingress)).filter(|open| !open.is_empty())
    }
}

impl Known {
    fn shared(&self, row: Row) -> Rc<Row> {
        let mut distinct = self.distinct.borrow_mut();
        if let Some(known) = distinct.get(&row) {
            return Rc::clone(known);
        }
        let row = Rc::new(row);
        distinct.insert(Rc::clone(&row));
        row
    }

    /// Returns the classes of which any row leaves something open.
    fn classes(&self) -> ClassSet {
        let distinct = self.distinct.borrow();
        distinct.iter().fold(ClassSet::default(), |all, row| all.union(&row.classes()))
    }

    /// Leaves nothing open in the rows that were not asked for.
    fn close(&self) {
        let nothing = Rc::default();
        for row in self.rows.values() {
            row.get_or_init(|| Rc::clone(&nothing));
        }
    }
}
