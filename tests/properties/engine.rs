//! What holds for every question, whatever the policies say.

use std::collections::BTreeMap;

use netpol::engine::class::ClassId;
use netpol::engine::class_set::ClassSet;
use netpol::engine::decide::{Piece, PieceVerdict, decide};
use netpol::engine::network::Network;
use netpol::engine::region::Region;
use netpol::engine::row::row;
use netpol::model::ports::PortSet;
use netpol::policy::{self, Direction};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, TestCaseError, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;

use crate::config;
use crate::question::{World, everything, pieces_of, port_set, worlds};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_question_about_one_cell_is_answered_as_in_its_row(
        world in worlds(),
        picks in vec(any::<Index>(), 100),
    ) {
        let network = world.network();
        let cells = world.cells(&network);
        for pick in picks.iter().filter(|_| !cells.is_empty()) {
            let cell = pick.get(&cells);
            let alone = decide(&network, Some(cell.subject), cell.direction(), cell.region(), &mut ());
            let all = pieces_of(&network, cell.subject, cell.direction());
            let expected: Vec<Piece> =
                cell.pieces(&all).into_iter().map(|piece| Piece { region: cell.region(), ..piece.clone() }).collect();
            prop_assert_eq!(alone, expected, "{:?}", cell);
        }
    }

    #[test]
    fn pieces_partition_the_question(world in worlds(), seeds in vec(any::<(u64, u8)>(), 1..=4)) {
        let network = world.network();
        let question = random_region(&world, &network, &seeds);
        for subject in network.classes.subjects.ids() {
            for direction in Direction::ALL {
                let pieces = decide(&network, Some(subject), direction, question.clone(), &mut ());
                is_partition(&question, &pieces)?;
            }
        }
    }

    #[test]
    fn a_row_holds_what_the_pieces_allow(world in worlds()) {
        let network = world.network();
        for subject in network.classes.subjects.ids() {
            for direction in Direction::ALL {
                let row = row(&network, Some(subject), direction);
                let pieces = pieces_of(&network, subject, direction);
                let certain = pieces.iter().filter(|piece| piece.doubt.is_none());
                for piece in certain {
                    let mut rest = row.allowed.clone();
                    let shared = rest.carve_region(&piece.region);
                    let expected = match piece.verdict {
                        PieceVerdict::Allow => piece.region.clone(),
                        PieceVerdict::Deny => Region::default(),
                    };
                    prop_assert_eq!(shared, expected);
                }
                let both = row.allowed.clone().carve_region(&row.unsure);
                prop_assert!(both.is_empty(), "{:?} is allowed and unsure", both);
            }
        }
    }

    #[test]
    fn no_policy_governs_nodes_and_addresses(world in worlds()) {
        let network = world.network();
        for direction in Direction::ALL {
            let row = row(&network, None, direction);
            prop_assert_eq!(row.allowed, everything(&network));
            prop_assert!(row.unsure.is_empty());
        }
    }

    #[test]
    fn the_order_of_policies_does_not_matter((mut world, order) in worlds().prop_flat_map(shuffled)) {
        let before = answers(&world.network());
        world.snapshot.policies = order.into_iter().filter_map(|index| world.snapshot.policies.get(index).cloned()).collect();
        world.rules = policy::translate(&world.snapshot);
        prop_assert_eq!(answers(&world.network()), before);
    }
}

fn shuffled(world: World) -> impl Strategy<Value = (World, Vec<usize>)> {
    let order: Vec<usize> = (0..world.snapshot.policies.len()).collect();
    let world = std::rc::Rc::new(world);
    Just(order).prop_shuffle().prop_map(move |order| {
        let (cluster, outside) = (world.cluster.clone(), world.outside.clone());
        (World::new(cluster, outside), order)
    })
}

type Answers = Vec<BTreeMap<String, Region>>;

/// Returns what is allowed, denied and in doubt for every subject and direction, whoever decided.
fn answers(network: &Network<'_>) -> Answers {
    let of = |subject, direction| {
        let mut answers: BTreeMap<String, Region> = BTreeMap::new();
        for Piece { region, verdict, doubt, .. } in pieces_of(network, subject, direction) {
            answers.entry(format!("{verdict:?} {doubt:?}")).or_default().add(region);
        }
        answers
    };
    let subjects = network.classes.subjects.ids();
    subjects.flat_map(|subject| Direction::ALL.map(|direction| of(subject, direction))).collect()
}

/// Returns a union of blocks: the classes whose bit is set in a seed, at one interesting port or
/// at all ports but that one.
fn random_region(world: &World, network: &Network<'_>, seeds: &[(u64, u8)]) -> Region {
    let ports = world.cluster.interesting_ports();
    let mut region = Region::default();
    for (classes, port) in seeds {
        let chosen = |class: &ClassId| classes >> (class.index() % 64) & 1 == 1;
        let classes: ClassSet = network.classes.classes.ids().filter(chosen).collect();
        let one =
            ports.get(usize::from(*port) % ports.len()).map(|port| port_set(*port)).unwrap_or_default();
        let ports = if port % 2 == 0 { one } else { PortSet::any().difference(&one) };
        region.add(Region::block(classes, ports));
    }
    region
}

fn is_partition(question: &Region, pieces: &[Piece]) -> Result<(), TestCaseError> {
    let mut open = question.clone();
    for piece in pieces {
        prop_assert!(!piece.region.is_empty(), "an empty piece");
        let inside = open.carve_region(&piece.region);
        prop_assert_eq!(&inside, &piece.region, "outside the question, or decided twice");
    }
    prop_assert!(open.is_empty(), "{:?} is not decided", open);
    Ok(())
}
