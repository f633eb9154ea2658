//! Rows of the map: everything that one subject may do in one direction.

use super::classes::SubjectId;
use super::decide::{Doubt, Verdict, decide};
use super::network::Network;
use super::region::Region;
use crate::model::ports::PortSet;
use crate::policy::Direction;

/// Everything that one subject may do in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Row {
    /// The cells that are allowed for certain.
    pub allowed: Region,
    /// The cells that may be allowed.
    pub unsure: Region,
}

/// Judges every cell of one subject and direction.
///
/// Addresses that are not known yet cast no doubt here: a rule that matches by address is taken
/// not to match a pod without one, and whoever shows the row says so once.
pub fn row(network: &Network<'_>, subject: Option<SubjectId>, direction: Direction) -> Row {
    let everything = Region::block(network.classes.all().clone(), PortSet::any());
    let mut row = Row::default();
    for piece in decide(network, subject, direction, everything, &mut ()) {
        match (piece.verdict, piece.doubt) {
            (Verdict::Allow, None | Some(Doubt::Address)) => row.allowed.add(piece.region),
            (Verdict::Deny, None | Some(Doubt::Address)) => {}
            (_, Some(_)) => row.unsure.add(piece.region),
        }
    }
    row
}
