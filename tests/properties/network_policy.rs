//! The engine's verdicts are those of the reference for NetworkPolicy.

use std::collections::HashMap;

use netpol::engine::row::row;
use proptest::prelude::{TestCaseError, prop_assert, prop_assert_eq, proptest};

use crate::config;
use crate::question::{Cell, World, class_of, pieces_of, worlds};
use crate::reference::network_policy::{Answer, Judgement};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_verdict_is_that_of_the_reference(world in worlds()) {
        verdicts_are_those_of_the_reference(&world)?;
    }

    #[test]
    fn rows_take_endpoints_without_an_address_to_be_in_no_block(world in worlds()) {
        rows_are_those_of_the_reference(&world)?;
    }

    #[test]
    fn pods_in_the_same_class_get_the_same_verdict(world in worlds()) {
        classes_are_judged_alike(&world)?;
    }

    #[test]
    fn policies_govern_pods_and_nothing_else(world in worlds()) {
        let network = world.network();
        for end in world.cluster.ends(&world.outside) {
            let class = class_of(&network, end);
            prop_assert!(class.is_some(), "{:?} is in no class", end);
            let subject = class.and_then(|class| network.subject_of(class));
            prop_assert_eq!(subject.is_some(), end.managed_pod().is_some(), "{:?}", end);
        }
    }
}

fn verdicts_are_those_of_the_reference(world: &World) -> Result<(), TestCaseError> {
    let network = world.network();
    let reference = world.reference(Answer::Maybe);
    let mut known = HashMap::new();
    for cell in world.cells(&network) {
        let judge = || pieces_of(&network, cell.subject, cell.direction());
        let pieces = cell.pieces(known.entry((cell.subject, cell.way)).or_insert_with(judge));
        prop_assert_eq!(pieces.len(), 1, "deciders of {:?}", cell);
        let expected = reference.judge(cell.way, &cell.packet);
        for piece in pieces {
            match piece.doubt {
                None => prop_assert_eq!(Judgement::from(piece.verdict), expected, "{:?}", cell),
                Some(doubt) => {
                    prop_assert!(!expected.is_certain(), "{:?} without cause at {:?}", doubt, cell);
                }
            }
        }
    }
    Ok(())
}

fn rows_are_those_of_the_reference(world: &World) -> Result<(), TestCaseError> {
    let network = world.network();
    let reference = world.reference(Answer::Maybe);
    let mut rows = HashMap::new();
    for cell in world.cells(&network) {
        let judge = || row(&network, Some(cell.subject), cell.direction());
        let row = rows.entry((cell.subject, cell.way)).or_insert_with(judge);
        prop_assert_eq!(
            cell.in_row(row),
            reference.judge_for_list(cell.way, &cell.packet),
            "{:?}",
            cell
        );
    }
    Ok(())
}

/// Checks that the reference, which knows no classes, tells no two pods of a class apart: neither
/// as subjects nor as other ends.
fn classes_are_judged_alike(world: &World) -> Result<(), TestCaseError> {
    let network = world.network();
    let reference = world.reference(Answer::Maybe);
    let mut first: HashMap<_, (Judgement, Cell<'_>)> = HashMap::new();
    for cell in world.cells(&network) {
        let judgement = reference.judge(cell.way, &cell.packet);
        let key = (cell.subject, cell.class, cell.way, cell.packet.port);
        let (expected, other) = first.entry(key).or_insert((judgement, cell));
        prop_assert_eq!(judgement, *expected, "{:?} and {:?}", cell, other);
    }
    Ok(())
}
