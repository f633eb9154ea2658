//! Rows of the map: what one subject may do in one direction.

use super::class_set::ClassSet;
use super::connection::OpenPorts;
use super::decide::{Doubt, PieceVerdict, decide};
use super::network::Network;
use super::region::Region;
use crate::engine::class::{ClassId, SubjectId};
use crate::model::ports::PortSet;
use crate::policy::Direction;

/// What one subject may do in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Row {
    /// The cells that are allowed for certain.
    pub allowed: Region,
    /// The cells that may be allowed.
    pub unsure: Region,
}

impl Row {
    /// Tells whether nothing is allowed or may be.
    pub fn is_empty(&self) -> bool {
        self.allowed.is_empty() && self.unsure.is_empty()
    }

    /// Returns the ports that are open with one class; nothing if none is.
    pub fn open_to(&self, peer: ClassId) -> Option<OpenPorts> {
        let (allowed, unsure) = (self.allowed.ports_of(peer), self.unsure.ports_of(peer));
        let ports = |ports: Option<&PortSet>| ports.cloned().unwrap_or_default();
        let open = || OpenPorts { allowed: ports(allowed), unsure: ports(unsure) };
        (allowed.is_some() || unsure.is_some()).then(open)
    }

    /// Returns the classes of which anything is allowed or may be.
    pub fn classes(&self) -> ClassSet {
        self.allowed.classes().union(&self.unsure.classes())
    }
}

/// Judges every cell of one subject and direction.
pub fn row(network: &Network<'_>, subject: Option<SubjectId>, direction: Direction) -> Row {
    let everything = Region::block(network.classes.all().clone(), PortSet::any());
    row_within(network, subject, direction, everything)
}

/// Judges the cells of `open` for one subject and direction.
///
/// Addresses that are not known yet cast no doubt here: a rule that matches by address is taken
/// not to match a pod without one, and whoever shows the row says so once.
pub fn row_within(
    network: &Network<'_>,
    subject: Option<SubjectId>,
    direction: Direction,
    open: Region,
) -> Row {
    let mut row = Row::default();
    for piece in decide(network, subject, direction, open, &mut ()) {
        match (piece.verdict, piece.doubt) {
            (PieceVerdict::Allow, None | Some(Doubt::Address)) => row.allowed.add(piece.region),
            (PieceVerdict::Deny, None | Some(Doubt::Address)) => {}
            (_, Some(_)) => row.unsure.add(piece.region),
        }
    }
    row
}
