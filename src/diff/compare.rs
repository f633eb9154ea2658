//! One connection before and after, and which connections can differ at all.

use std::collections::BTreeSet;

use super::alike::Alike;
use super::joint::{JointEnds, JointId};
use super::sides::Sides;
use crate::engine::class::ClassId;
use crate::engine::connection::{OpenPorts, compatible};
use crate::engine::network::Network;
use crate::engine::rows::Rows;
use crate::policy::Direction;

/// Compares the connections of two networks, whose ends were brought together.
pub(crate) struct Comparison<'a, 'b> {
    ends: &'a JointEnds,
    pub(crate) alike: Alike<'a, 'b>,
    rows: Sides<Rows<'a, 'b>>,
    /// The destinations whose ingress can have changed, ascending.
    touched: Vec<JointId>,
}

impl<'a, 'b> Comparison<'a, 'b> {
    pub(crate) fn new(networks: Sides<&'a Network<'b>>, ends: &'a JointEnds) -> Self {
        let alike = Alike::new(networks, ends);
        let touched = ends.joints.ids().filter(|joint| !alike.row(*joint, Direction::Ingress));
        let touched = touched.collect();
        Self { ends, alike, rows: networks.map(Rows::of), touched }
    }

    /// Lists the destinations to which a source's connections can have changed.
    pub(crate) fn candidates(&self, source: JointId) -> Vec<JointId> {
        if self.alike.row(source, Direction::Egress) {
            return self.touched.clone();
        }
        let mut all: BTreeSet<JointId> = BTreeSet::new();
        let classes = self.rows.each().zip(*self.ends.joints.at(source));
        for ((rows, class), joints) in classes.zip(self.ends.of_class.each()).list() {
            let Some(class) = class else { continue };
            let Some(row) = rows.at(class, Direction::Egress) else {
                return self.ends.joints.ids().collect();
            };
            all.extend(row.classes().iter().flat_map(|class| joints.at(class)));
        }
        all.into_iter().collect()
    }

    /// Compares one connection.
    pub(crate) fn compare(&self, source: JointId, destination: JointId) -> Compared {
        let (source, destination) = (self.ends.joints.at(source), self.ends.joints.at(destination));
        let classes = source.zip(*destination);
        let sides = self.rows.each().zip(classes);
        let outcomes = sides.map(|(rows, (source, destination))| match (source, destination) {
            (Some(source), Some(destination)) => outcome(rows, source, destination),
            _ => PairOutcome::Absent,
        });
        match outcomes {
            Sides { before: PairOutcome::Impossible, .. }
            | Sides { after: PairOutcome::Impossible, .. } => Compared::Meaningless,
            Sides { before, after } if !before.is_governed() && !after.is_governed() => {
                Compared::Meaningless
            }
            sides => {
                let open = sides.map(PairOutcome::open);
                if open.agree() { Compared::Same } else { Compared::Changed(open) }
            }
        }
    }
}

/// What two ends may do on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PairOutcome {
    /// One of them is not there.
    Absent,
    /// No packet can pass: the addresses are of two families.
    Impossible,
    /// Policies govern neither of them.
    Ungoverned(OpenPorts),
    /// What policies leave open.
    Judged(OpenPorts),
}

impl PairOutcome {
    const fn is_governed(&self) -> bool {
        matches!(self, Self::Judged(_))
    }

    fn open(self) -> OpenPorts {
        match self {
            Self::Ungoverned(open) | Self::Judged(open) => open,
            Self::Absent | Self::Impossible => OpenPorts::default(),
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
    Changed(Sides<OpenPorts>),
}

fn outcome(rows: &Rows<'_, '_>, source: ClassId, destination: ClassId) -> PairOutcome {
    if !compatible(rows.network, source, destination) {
        return PairOutcome::Impossible;
    }
    let open = rows.connection(source, destination).unwrap_or_default();
    let is_governed = |class| rows.network.subject_of(class).is_some();
    match is_governed(source) || is_governed(destination) {
        true => PairOutcome::Judged(open),
        false => PairOutcome::Ungoverned(open),
    }
}
