//! The one function that judges.
//!
//! What is not known is tried: a cell is in doubt only where two ways in which it may turn out bring
//! different verdicts.

use super::class_set::ClassSet;
use super::network::Network;
use super::outcomes::{self, Outcomes};
use super::region::Region;
pub use super::resolve::Doubt;
use super::walk::{Doubtful, Facts, Question, cast_doubt, certain};
pub use super::walk::{Observer, Piece, PieceVerdict, Why};
use crate::engine::class::SubjectId;
use crate::model::ports::PortSet;
use crate::policy::Direction;

/// Judges the cells of `open` for one subject and direction.
///
/// The pieces partition `open`: each cell has exactly one decider. No subject, which is what nodes
/// and addresses have, means that no policy governs: the default allows, as far as all pods were
/// read.
pub fn decide(
    network: &Network<'_>,
    subject: Option<SubjectId>,
    direction: Direction,
    open: Region,
    observer: &mut impl Observer,
) -> Vec<Piece> {
    let Some(subject) = subject else {
        let doubt = network.rules.unread_pods.then_some(Doubt::UnreadPods);
        return vec![Piece { doubt, ..certain(open, PieceVerdict::Allow, Why::Default) }];
    };
    let question = Question { network, subject, direction };
    let pieces = question.walk(open.clone(), Facts::AsRead, observer);
    let pieces = settled(question, pieces);
    match network.is_unjudged(subject) {
        true => cast_doubt(pieces, &Doubtful { region: open, verdict: None, doubt: Doubt::Unjudged }),
        false => pieces,
    }
}

/// Settles the pieces in doubt of which every outcome is the same.
fn settled(question: Question<'_>, pieces: Vec<Piece>) -> Vec<Piece> {
    let (doubted, mut settled): (Vec<Piece>, Vec<Piece>) =
        pieces.into_iter().partition(|piece| piece.doubt.is_some());
    if doubted.is_empty() {
        return settled;
    }
    let classes = doubted.iter().map(|piece| piece.region.classes());
    let classes = classes.fold(ClassSet::default(), |all, own| all.union(&own));
    for group in outcomes::groups(question.network, question.subject, question.direction, &classes) {
        let among = |piece: &Piece| {
            let region = piece.region.clone().carve(&group, &PortSet::any());
            Piece { region, ..piece.clone() }
        };
        let doubted: Vec<Piece> =
            doubted.iter().map(among).filter(|piece| !piece.region.is_empty()).collect();
        match outcomes::of(question.network, question.subject, question.direction, &group) {
            None => settled.extend(doubted),
            Some(outcomes) => settled.extend(settle(question, &group, doubted, &outcomes)),
        }
    }
    settled
}

/// Settles pieces about classes that the unknown cannot tell apart.
fn settle(
    question: Question<'_>,
    group: &ClassSet,
    doubted: Vec<Piece>,
    outcomes: &Outcomes,
) -> Vec<Piece> {
    let mut open = Region::default();
    doubted.iter().for_each(|piece| open.add(piece.region.clone()));
    let mut settled = Vec::new();
    // What does not hang on addresses that are not known yet only hangs on what is.
    for (outcomes, doubt) in [(&outcomes.all, None), (&outcomes.in_no_block, Some(Doubt::Address))] {
        let tried = |outcome| question.walk(open.clone(), Facts::Tried(outcome, group), &mut ());
        let agreed = agreed(&outcomes.iter().map(tried).collect::<Vec<_>>());
        for mut piece in agreed {
            piece.region = open.carve_region(&piece.region);
            settled.push(Piece { doubt, ..piece });
        }
    }
    let left = doubted.into_iter().map(|piece| {
        let region = open.carve_region(&piece.region);
        Piece { region, ..piece }
    });
    settled.extend(left);
    settled.retain(|piece| !piece.region.is_empty());
    settled
}

/// Returns the pieces of the first outcome as far as all others bring the same verdict.
fn agreed(outcomes: &[Vec<Piece>]) -> Vec<Piece> {
    let Some((first, others)) = outcomes.split_first() else { return Vec::new() };
    let common = |piece: &Piece| {
        let same = |other: &Vec<Piece>| {
            let mut region = Region::default();
            let same = other.iter().filter(|other| other.verdict == piece.verdict);
            same.for_each(|other| region.add(other.region.clone()));
            region
        };
        let region = others
            .iter()
            .fold(piece.region.clone(), |mut region, other| region.carve_region(&same(other)));
        Piece { region, ..piece.clone() }
    };
    first.iter().map(common).collect()
}
