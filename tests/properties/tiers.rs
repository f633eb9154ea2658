//! The walk through the tiers, with rules of every action in every tier.
//!
//! NetworkPolicy only allows. So the rules of random NetworkPolicies are put into other tiers, with
//! other actions and places, and judged by a naive walk that knows no more than the tiers' own text.

use std::collections::HashMap;

use netpol::engine::decide::Piece;
use netpol::engine::row::row;
use netpol::policy::network_policy::TIER;
use netpol::policy::{Action, Tier};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, TestCaseError, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

use crate::config;
use crate::question::{Cell, World, direction, pieces_of, worlds};
use crate::reference::cluster::{ApiRule, Policy, Way};
use crate::reference::network_policy::{Answer, Judgement, Reference, ends, governs};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_first_rule_of_the_first_tier_that_decides_is_final(
        world in worlds(),
        places in vec(places(), 20),
    ) {
        tiers_are_walked_in_order(&moved(world, &places))?;
    }
}

/// Where a rule is put and what it does there.
type Place = (Tier, i32, Action);

fn places() -> impl Strategy<Value = Place> {
    let action = prop_oneof![3 => Just(Action::Allow), 2 => Just(Action::Deny), 2 => Just(Action::Pass)];
    (
        select(vec![Tier { order: 1, name: "Admin" }, TIER, Tier { order: u32::MAX, name: "Baseline" }]),
        0..3_i32,
        action,
    )
}

fn moved(mut world: World, places: &[Place]) -> World {
    for (rule, place) in world.rules.rules.values_mut().zip(places.iter().cycle()) {
        (rule.tier, rule.order, rule.action) = *place;
    }
    world
}

/// One thing that is asked on the way through the tiers.
#[derive(Clone, Copy, Debug)]
struct Step {
    tier: Tier,
    /// What it does; nothing for an isolation.
    action: Option<Action>,
    matches: bool,
}

/// Walks on from the first of some steps.
fn walk(steps: &[Step]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    let taken = || match step.action {
        Some(Action::Allow) => true,
        Some(Action::Deny) | None => false,
        Some(Action::Pass) => {
            let later: Vec<_> = rest.iter().filter(|other| other.tier > step.tier).copied().collect();
            walk(&later)
        }
    };
    if step.matches { taken() } else { walk(rest) }
}

/// Lists what policies ask about a cell: tier by tier the rules by order, and last the isolations.
fn steps(world: &World, reference: Reference<'_>, policies: &[&Policy], cell: &Cell<'_>) -> Vec<Step> {
    let mut steps: Vec<(i32, Step)> = Vec::new();
    for rule in world.rules.rules.values().filter(|rule| rule.direction == cell.direction()) {
        let own = policies.iter().find(|policy| policy.name == *rule.source.policy.name);
        let Some((policy, api)) =
            own.and_then(|policy| Some((*policy, api_rule(policy, &rule.source.path, cell.way)?)))
        else {
            continue;
        };
        let matches = reference.rule_matches(policy, api, cell.way, &cell.packet) == Answer::Yes;
        steps.push((rule.order, Step { tier: rule.tier, action: Some(rule.action), matches }));
    }
    for _ in policies.iter().filter(|policy| governs(&policy.spec, cell.way)) {
        let isolation = Step { tier: TIER, action: None, matches: true };
        steps.push((i32::MAX, isolation));
    }
    steps.sort_by_key(|(order, step)| (step.tier, *order));
    steps.into_iter().map(|(_, step)| step).collect()
}

/// Finds the API rule at a field path.
fn api_rule<'a>(policy: &'a Policy, path: &str, way: Way) -> Option<ApiRule<'a>> {
    let mut rules = policy.rules(way).into_iter().enumerate();
    let at = |index| format!("spec.{}[{index}]", direction(way).field());
    rules.find(|(index, _)| at(*index) == path).map(|(_, rule)| rule)
}

/// Judges a cell by every truth behind what is not known.
fn expected(world: &World, reference: Reference<'_>, cell: &Cell<'_>) -> Option<Judgement> {
    let subject = ends(cell.way, &cell.packet).0.managed_pod()?;
    let truths = reference.truths(cell.way, &cell.packet);
    Some(truths.iter().fold(Judgement::default(), |all, truth| {
        let reference = Reference { truth: Some(truth), ..reference };
        let policies = world.cluster.policies.iter();
        let policies: Vec<&Policy> =
            policies.filter(|policy| reference.selects(policy, subject) == Answer::Yes).collect();
        all.or(Judgement::of(walk(&steps(world, reference, &policies, cell))))
    }))
}

fn tiers_are_walked_in_order(world: &World) -> Result<(), TestCaseError> {
    let network = world.network();
    let (reference, of_row) = (world.reference(Answer::Maybe), world.reference(Answer::No));
    let mut known = HashMap::new();
    for cell in world.cells(&network) {
        let (subject, direction) = (cell.subject, cell.direction());
        let judge =
            || (pieces_of(&network, subject, direction), row(&network, Some(subject), direction));
        let (pieces, row) = known.entry((subject, cell.way)).or_insert_with(judge);
        let shown: Vec<Judgement> = cell.pieces(pieces).into_iter().map(judgement_of).collect();
        prop_assert_eq!(shown.len(), 1, "deciders of {:?}", cell);
        let Some(exact) = expected(world, reference, &cell) else { continue };
        prop_assert_eq!(shown.first().copied(), Some(exact), "{:?}", cell);
        // Where only the address decides, a list takes it to be in no block.
        let in_no_block = if exact.is_certain() { None } else { expected(world, of_row, &cell) };
        prop_assert_eq!(cell.in_row(row), in_no_block.unwrap_or(exact), "{:?}", cell);
    }
    Ok(())
}

fn judgement_of(piece: &Piece) -> Judgement {
    let certain = Judgement::from(piece.verdict);
    piece.doubt.map_or(certain, |_| Judgement { may_be_allowed: true, may_be_denied: true })
}
