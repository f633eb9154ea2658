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
use crate::reference::network_policy::{Answer, Judgement, Reference, ends, governs, truths};

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
struct Step<'a> {
    policy: &'a Policy,
    tier: Tier,
    /// What it does; nothing for an isolation.
    action: Option<Action>,
    matches: Answer,
}

/// Walks on from the first of some steps.
fn walk(steps: &[Step<'_>]) -> Judgement {
    let Some((step, rest)) = steps.split_first() else { return Judgement::of(true) };
    let taken = || match step.action {
        Some(Action::Allow) => Judgement::of(true),
        Some(Action::Deny) | None => Judgement::of(false),
        Some(Action::Pass) => {
            let later: Vec<_> = rest.iter().filter(|other| other.tier > step.tier).copied().collect();
            walk(&later)
        }
    };
    match step.matches {
        Answer::Yes => taken(),
        Answer::No => walk(rest),
        Answer::Maybe => taken().or(walk(rest)),
    }
}

/// Lists what policies ask about a cell: tier by tier the rules by order, and last the isolations.
fn steps<'a>(
    world: &World,
    reference: Reference<'_>,
    policies: &[&'a Policy],
    cell: &Cell<'_>,
) -> Vec<Step<'a>> {
    let mut steps: Vec<(i32, Step<'a>)> = Vec::new();
    for rule in world.rules.rules.values().filter(|rule| rule.direction == cell.direction()) {
        let own = policies.iter().find(|policy| policy.name == *rule.source.policy.name);
        let Some((policy, api)) =
            own.and_then(|policy| Some((*policy, api_rule(policy, &rule.source.path, cell.way)?)))
        else {
            continue;
        };
        let matches = reference.rule_matches(policy, api, cell.way, &cell.packet);
        steps.push((rule.order, Step { policy, tier: rule.tier, action: Some(rule.action), matches }));
    }
    for policy in policies.iter().copied().filter(|policy| governs(&policy.spec, cell.way)) {
        let isolation = Step { policy, tier: TIER, action: None, matches: Answer::Yes };
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

/// What the naive walk says of a cell.
struct Expected {
    judgement: Judgement,
    /// Whether the engine may doubt more than it must: it does not follow what hangs on the same
    /// unknown, nor both ways that a rule which may pass opens.
    may_doubt: bool,
}

/// Judges a cell; `reference` says how to read blocks for what has no address.
fn expected(world: &World, reference: Reference<'_>, cell: &Cell<'_>) -> Option<Expected> {
    let subject = ends(cell.way, &cell.packet).0.managed_pod()?;
    let selecting =
        world.cluster.policies.iter().map(|policy| (policy, reference.selects(policy, subject)));
    let (policies, selects): (Vec<&Policy>, Vec<Answer>) =
        selecting.filter(|(_, selects)| *selects != Answer::No).unzip();
    let steps = steps(world, reference, &policies, cell);
    let mut judgement = Judgement::default();
    for truth in truths(&selects) {
        let holds = |step: &&Step<'_>| {
            let mut truth = policies.iter().zip(&truth);
            truth.any(|(policy, selects)| *selects && policy.name == step.policy.name)
        };
        let steps: Vec<Step<'_>> = steps.iter().filter(holds).copied().collect();
        judgement = judgement.or(walk(&steps));
    }
    let may_pass = |step: &Step<'_>| step.action == Some(Action::Pass) && step.matches == Answer::Maybe;
    let may_doubt = selects.contains(&Answer::Maybe) || steps.iter().any(may_pass);
    Some(Expected { judgement, may_doubt })
}

impl Expected {
    fn allows(&self, shown: Judgement, cell: &Cell<'_>) -> Result<(), TestCaseError> {
        if shown.is_certain() || !self.may_doubt {
            prop_assert_eq!(shown, self.judgement, "{:?}", cell);
        }
        Ok(())
    }
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
        for (shown, expected) in shown.into_iter().zip(expected(world, reference, &cell)) {
            expected.allows(shown, &cell)?;
        }
        let unaddressed = ends(cell.way, &cell.packet).1.ip().is_none();
        if let Some(expected) = unaddressed.then(|| expected(world, of_row, &cell)).flatten() {
            expected.allows(cell.in_row(row), &cell)?;
        }
    }
    Ok(())
}

fn judgement_of(piece: &Piece) -> Judgement {
    let certain = Judgement::from(piece.verdict);
    piece.doubt.map_or(certain, |_| Judgement { may_be_allowed: true, may_be_denied: true })
}
