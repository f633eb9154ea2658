//! The rows of the map that a list needs, judged once: those of the ends that it is about.

use std::collections::HashMap;
use std::rc::Rc;

use crate::ends::end::End;
use crate::ends::target::PortQuery;
use crate::engine::class::{Subject, SubjectId};
use crate::engine::class_set::ClassSet;
use crate::engine::network::Network;
use crate::engine::region::Region;
use crate::engine::row::{Row, row_within};
use crate::model::arena::Arena;
use crate::model::ports::PortSet;
use crate::policy::Direction;
use crate::report::query::Query;

/// One row for each subject that was judged.
type Judged = Arena<Subject, Option<Rc<Row>>>;

/// The rows of both directions, and the classes between which anything may be open.
#[derive(Debug)]
pub(crate) struct Rows {
    egress: Judged,
    ingress: Judged,
    /// The classes that may open a connection to one of the destinations.
    pub(crate) sources: ClassSet,
    /// The classes that may accept a connection of one of the sources.
    pub(crate) destinations: ClassSet,
}

impl Rows {
    /// Judges what a query asks for: first the rows of the end that it names, and of the other end
    /// only what those leave.
    pub(crate) fn judge(network: &Network<'_>, query: &Query) -> Self {
        let nothing = || network.classes.subjects.map(|_| None);
        let classes = |end: &Option<End>| match end {
            Some(end) => end.members.iter().map(|member| member.class).collect(),
            None => network.classes.all().clone(),
        };
        let (sources, destinations) = (classes(&query.from), classes(&query.to));
        let mut rows = Self { egress: nothing(), ingress: nothing(), sources, destinations };
        match (&query.from, &query.to) {
            (None, Some(_)) => {
                rows.half(network, query, Direction::Ingress);
                rows.half(network, query, Direction::Egress);
            }
            _ => {
                rows.half(network, query, Direction::Egress);
                rows.half(network, query, Direction::Ingress);
            }
        }
        rows
    }

    /// Judges one direction, and drops the classes that it leaves nothing open.
    fn half(&mut self, network: &Network<'_>, query: &Query, direction: Direction) {
        let (judged, own, peers) = match direction {
            Direction::Egress => (&mut self.egress, &mut self.sources, &mut self.destinations),
            Direction::Ingress => (&mut self.ingress, &mut self.destinations, &mut self.sources),
        };
        let everything = Region::block(peers.clone(), ports(query));
        let mut known: HashMap<Row, Rc<Row>> = HashMap::new();
        let mut reached = ClassSet::default();
        let mut live = Vec::new();
        for class in own.iter() {
            let Some(subject) = network.subject_of(class) else {
                // No policy governs it: it keeps nobody out.
                reached = peers.clone();
                live.push(class);
                continue;
            };
            if judged.at(subject).is_none() {
                let governed = query.direction.is_none_or(|asked| asked == direction).then_some(subject);
                let row = row_within(network, governed, direction, everything.clone());
                let row = match known.get(&row) {
                    Some(row) => Rc::clone(row),
                    None => {
                        let shared = Rc::new(row.clone());
                        known.insert(row, Rc::clone(&shared));
                        reached = reached.union(&shared.classes());
                        shared
                    }
                };
                *judged.at_mut(subject) = Some(row);
            }
            if judged.at(subject).as_ref().is_some_and(|row| !row.is_empty()) {
                live.push(class);
            }
        }
        *own = live.into_iter().collect();
        *peers = reached;
    }

    /// Returns the row of a subject; nothing where nothing of it is asked or open.
    pub(crate) fn at(&self, direction: Direction, subject: SubjectId) -> Option<&Row> {
        let rows = match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        };
        rows.at(subject).as_deref()
    }
}

/// Returns the ports that are asked for, as far as they do not turn on the destination: a port of a
/// Service leads to another of each backend.
fn ports(query: &Query) -> PortSet {
    let through_service = query.to.as_ref().is_some_and(|end| end.service.is_some());
    match query.port.as_ref().filter(|_| !through_service) {
        Some(PortQuery::Numbers { protocol, low, high }) => PortSet::range(*protocol, *low, *high),
        Some(PortQuery::Name { .. }) | None => PortSet::any(),
    }
}
