//! One connection before and after, and which connections can differ at all.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::alike::Alike;
use super::joint::{JointEnds, JointId};
use super::sides::Sides;
use crate::engine::class::{ClassId, Subject};
use crate::engine::connection::{Cell, compatible, connect};
use crate::engine::network::Network;
use crate::engine::row::{Row, row};
use crate::model::arena::Arena;
use crate::policy::Direction;

/// Compares the connections of two networks, whose ends were brought together.
pub(crate) struct Comparison<'a, 'b> {
    networks: Sides<&'a Network<'b>>,
    ends: &'a JointEnds,
    pub(crate) alike: Alike<'a, 'b>,
    rows: Sides<Rows>,
    /// The destinations whose ingress can have changed, ascending.
    touched: Vec<JointId>,
}

impl<'a, 'b> Comparison<'a, 'b> {
    pub(crate) fn new(networks: Sides<&'a Network<'b>>, ends: &'a JointEnds) -> Self {
        let alike = Alike::new(networks, ends);
        let touched = ends.joints.ids().filter(|joint| !alike.row(*joint, Direction::Ingress));
        let touched = touched.collect();
        Self { networks, ends, alike, rows: networks.map(Rows::of), touched }
    }

    /// Lists the destinations to which a source's connections can have changed.
    pub(crate) fn candidates(&self, source: JointId) -> Vec<JointId> {
        if self.alike.row(source, Direction::Egress) {
            return self.touched.clone();
        }
        let mut all: BTreeSet<JointId> = BTreeSet::new();
        let classes = self.networks.zip(*self.ends.joints.at(source));
        for ((network, class), (joints, rows)) in
            classes.zip(self.ends.of_class.each().zip(self.rows.each())).list()
        {
            let Some(class) = class else { continue };
            let Some(row) = rows.at(network, class, Direction::Egress) else {
                return self.ends.joints.ids().collect();
            };
            let open = row.allowed.classes().union(&row.unsure.classes());
            all.extend(open.iter().flat_map(|class| joints.at(class)));
        }
        all.into_iter().collect()
    }

    /// Compares one connection.
    pub(crate) fn compare(&self, source: JointId, destination: JointId) -> Compared {
        let (source, destination) = (self.ends.joints.at(source), self.ends.joints.at(destination));
        let classes = source.zip(*destination);
        let sides = self.networks.zip(self.rows.each()).zip(classes);
        let outcomes =
            sides.map(|((network, rows), (source, destination))| match (source, destination) {
                (Some(source), Some(destination)) => outcome(network, rows, source, destination),
                _ => Outcome::Absent,
            });
        match outcomes {
            Sides { before: Outcome::Impossible, .. } | Sides { after: Outcome::Impossible, .. } => {
                Compared::Meaningless
            }
            Sides { before, after } if !before.is_governed() && !after.is_governed() => {
                Compared::Meaningless
            }
            sides => {
                let cells = sides.map(Outcome::cell);
                if cells.agree() { Compared::Same } else { Compared::Changed(cells) }
            }
        }
    }
}

/// What two ends may do on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// One of them is not there.
    Absent,
    /// No packet can pass: the addresses are of two families.
    Impossible,
    /// What is open, and whether policies govern one of them.
    Judged(Cell, Governed),
}

/// Whether policies can govern one of two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Governed {
    Yes,
    No,
}

impl Outcome {
    const fn is_governed(&self) -> bool {
        matches!(self, Self::Judged(_, Governed::Yes))
    }

    fn cell(self) -> Cell {
        match self {
            Self::Judged(cell, _) => cell,
            Self::Absent | Self::Impossible => Cell::default(),
        }
    }
}

/// How one connection compares.
pub(crate) enum Compared {
    /// Policies have no say in it, or no packet can pass.
    Meaningless,
    /// It is as it was.
    Same,
    /// It was so, and is so.
    Changed(Sides<Cell>),
}

/// The rows of one side, judged when they are first asked for.
struct Rows {
    ingress: Arena<Subject, OnceCell<Row>>,
    egress: Arena<Subject, OnceCell<Row>>,
}

impl Rows {
    fn of(network: &Network<'_>) -> Self {
        let rows = || network.classes.subjects.map(|_| OnceCell::new());
        Self { ingress: rows(), egress: rows() }
    }

    /// Returns the row of a class; nothing where no policy governs.
    fn at(&self, network: &Network<'_>, class: ClassId, direction: Direction) -> Option<&Row> {
        let subject = network.subject_of(class)?;
        let rows = match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        };
        Some(rows.at(subject).get_or_init(|| row(network, Some(subject), direction)))
    }
}

fn outcome(network: &Network<'_>, rows: &Rows, source: ClassId, destination: ClassId) -> Outcome {
    if !compatible(&network.classes, source, destination) {
        return Outcome::Impossible;
    }
    let egress = rows.at(network, source, Direction::Egress);
    let ingress = rows.at(network, destination, Direction::Ingress);
    let governed = if egress.is_some() || ingress.is_some() { Governed::Yes } else { Governed::No };
    let cell = connect(network, (source, egress), (destination, ingress));
    Outcome::Judged(cell.unwrap_or_default(), governed)
}
