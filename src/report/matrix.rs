//! What every class may reach: the matrix that a list shows, one source after the other.

use std::collections::HashMap;

use super::query::ListQuery;
use crate::ends::grouping::Slot;
use crate::ends::service_ports::ServicePorts;
use crate::ends::target::PortQuery;
use crate::ends::units::Part;
use crate::engine::class::ClassId;
use crate::engine::class_set::ClassSet;
use crate::engine::connection::{OpenPorts, compatible};
use crate::engine::network::Network;
use crate::engine::row::Row;
use crate::engine::rows::Rows;
use crate::policy::Direction;

/// The connections of a query, by class.
pub(crate) struct Matrix<'a, 'b> {
    network: &'a Network<'b>,
    pub(crate) rows: Rows<'a, 'b>,
    /// The ports to which a Service leads; nothing where no Service is asked for.
    pub(crate) service_ports: Option<ServicePorts>,
    port: Option<PortQuery>,
}

/// A destination: its class, and the number of the ports that a Service leads to there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Column {
    class: ClassId,
    ports: usize,
}

/// The numbers of the values of destinations.
#[derive(Debug, Default)]
pub(crate) struct Cells(HashMap<Column, usize>);

/// What some classes may reach.
#[derive(Debug, Default)]
pub(crate) struct ReachOfClasses {
    /// For each of them, the classes it may reach and the number of the value.
    pub(crate) cells: Vec<Cells>,
    /// The distinct values.
    pub(crate) values: Vec<Items>,
}

/// Open ports as they are shown.
#[derive(Debug)]
pub(crate) struct Items {
    pub(crate) open: OpenPorts,
    pub(crate) allowed: Vec<String>,
    pub(crate) unsure: Vec<String>,
}

impl From<OpenPorts> for Items {
    fn from(open: OpenPorts) -> Self {
        Self { allowed: open.allowed.items(), unsure: open.unsure.items(), open }
    }
}

impl ReachOfClasses {
    /// Lists the classes that any of the sources may reach.
    pub(crate) fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.cells.iter().flat_map(|cells| cells.0.keys()).map(|column| column.class)
    }
}

impl<'a, 'b> Matrix<'a, 'b> {
    /// Judges all rows that a query needs.
    pub(crate) fn new(network: &'a Network<'b>, query: &ListQuery) -> Self {
        let end = query.to.as_ref();
        let service_ports = end.and_then(|end| ServicePorts::of(network, end, query.port.as_ref()));
        Self { network, rows: query.rows(network), service_ports, port: query.port.clone() }
    }

    /// Judges the connections of some classes to all classes, or to some only.
    pub(crate) fn reach(&self, sources: &[ClassId], only: Option<&ClassSet>) -> ReachOfClasses {
        let mut ids: HashMap<OpenPorts, usize> = HashMap::new();
        let mut reach = ReachOfClasses::default();
        for source in sources {
            let row = self.rows.at(*source, Direction::Egress);
            let mut destinations =
                row.map_or_else(|| self.rows.scope.destinations.clone(), Row::classes);
            if let Some(only) = only {
                destinations = destinations.intersection(only);
            }
            let mut cells = HashMap::new();
            for class in destinations.iter() {
                let Some(open) = self.rows.connection(*source, class) else { continue };
                for (ports, open) in self.asked(class, open) {
                    let next = ids.len();
                    cells.insert(Column { class, ports }, *ids.entry(open).or_insert(next));
                }
            }
            reach.cells.push(Cells(cells));
        }
        let mut values: Vec<(usize, OpenPorts)> = ids.into_iter().map(|(open, id)| (id, open)).collect();
        values.sort_unstable();
        reach.values = values.into_iter().map(|(_, open)| Items::from(open)).collect();
        reach
    }

    /// Lists the open ports of a destination that are asked for, numbered where a Service leads
    /// members of one class to different ones.
    fn asked(&self, destination: ClassId, open: OpenPorts) -> Vec<(usize, OpenPorts)> {
        let mut asked: Vec<(usize, OpenPorts)> = match (&self.service_ports, &self.port) {
            (Some(ports), _) => {
                let sets = ports.of_class(destination);
                sets.map(|(number, ports)| (number, open.among(ports))).collect()
            }
            (None, Some(port)) => vec![(0, open.among(&port.resolve(self.network, destination)))],
            (None, None) => vec![(0, open)],
        };
        asked.retain(|(_, open)| !open.is_empty());
        asked
    }

    /// Returns what is open from a part of a unit to one of another, or of the same.
    pub(crate) fn slot(&self, from: &Part, to: &Part, same: bool, cells: &Cells) -> Slot {
        // One pod to itself is not a connection between two.
        let alone =
            same && from.class == to.class && from.members.len() == 1 && from.members == to.members;
        let governed = |part: &Part| self.network.subject_of(part.class).is_some();
        let nobodys = !governed(from) && !governed(to);
        if nobodys || (alone && !from.many) || !compatible(self.network, from.class, to.class) {
            return Slot::Meaningless;
        }
        let ports = self.service_ports.as_ref().map_or(0, |ports| ports.number(to));
        let value = cells.0.get(&Column { class: to.class, ports });
        value.map_or(Slot::Closed, |value| Slot::Open(*value))
    }
}
