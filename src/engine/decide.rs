//! The one function that judges: rules, tier by tier, carve their cells out of what is open.

use super::class_set::ClassSet;
use super::network::Network;
use super::region::Region;
pub use super::resolve::Doubt;
use crate::engine::class::SubjectId;
use crate::policy::{Action, Direction, IsolationId, RuleId, Tier};

/// What the engine concludes for a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PieceVerdict {
    /// The connection may be opened.
    Allow,
    /// It may not.
    Deny,
}

/// What decided a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// A rule.
    Rule(RuleId),
    /// The subject is isolated in this tier, and no rule of it matched.
    Isolated(Tier),
    /// Nothing: what no policy speaks of is allowed.
    Default,
}

/// Cells that were decided alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The cells.
    pub region: Region,
    /// The verdict; under a doubt, the one that holds if nothing unknown interferes.
    pub verdict: PieceVerdict,
    /// What decided.
    pub why: Why,
    /// Why the verdict is not certain.
    pub doubt: Option<Doubt>,
}

/// Watches a decision being made.
pub trait Observer {
    /// Is told of every rule that was asked, with the cells of the question that it matches for
    /// certain and those that it may match.
    fn asked(
        &mut self,
        network: &Network<'_>,
        rule: RuleId,
        must: &dyn Fn() -> Region,
        maybe: &dyn Fn() -> Region,
    );
    /// Is told of every isolation that holds.
    fn isolated(&mut self, isolation: IsolationId, doubt: Option<Doubt>);
}

/// Watches nothing.
impl Observer for () {
    fn asked(&mut self, _: &Network<'_>, _: RuleId, _: &dyn Fn() -> Region, _: &dyn Fn() -> Region) {}
    fn isolated(&mut self, _: IsolationId, _: Option<Doubt>) {}
}

/// Cells about which something is not known, and the verdict that the unknown would bring.
struct Doubtful {
    region: Region,
    verdict: Option<PieceVerdict>,
    doubt: Doubt,
}

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
    let question = open.clone();
    let mut walk = Walk { network, subject, direction, open, pieces: Vec::new(), doubtful: Vec::new() };
    for tier in &network.tiers {
        walk.tier(*tier, &question, observer);
    }
    let rest = std::mem::take(&mut walk.open);
    walk.decided(rest, PieceVerdict::Allow, Why::Default);
    if network.is_unjudged(subject) {
        walk.doubtful.push(Doubtful { region: question, verdict: None, doubt: Doubt::Unjudged });
    }
    let Walk { pieces, doubtful, .. } = walk;
    doubtful.into_iter().fold(pieces, |pieces, doubtful| cast_doubt(pieces, &doubtful))
}

/// A decision under way.
struct Walk<'a> {
    network: &'a Network<'a>,
    subject: SubjectId,
    direction: Direction,
    open: Region,
    pieces: Vec<Piece>,
    doubtful: Vec<Doubtful>,
}

impl Walk<'_> {
    fn tier(&mut self, tier: Tier, question: &Region, observer: &mut impl Observer) {
        let mut passed = Region::default();
        for (rule, doubt) in self.network.rules_of(self.subject, self.direction, tier) {
            self.observe(rule, doubt, question, observer);
            passed.add(self.rule(rule, doubt));
        }
        let mut isolated = false;
        for (isolation, doubt) in self.network.isolations_of(self.subject, self.direction, tier) {
            observer.isolated(isolation, doubt);
            match doubt {
                None => isolated = true,
                Some(doubt) => {
                    let denied = self.not_allowed_beside(isolation);
                    self.doubt(denied, Some(PieceVerdict::Deny), doubt);
                }
            }
        }
        if isolated {
            let rest = std::mem::take(&mut self.open);
            self.decided(rest, PieceVerdict::Deny, Why::Isolated(tier));
        }
        self.open.add(passed);
    }

    /// Carves a rule's cells out of what is open; returns those that it passes on.
    fn rule(&mut self, rule: RuleId, doubt: Option<Doubt>) -> Region {
        let peers = self.network.peers_of(rule);
        // Most rules are about none of the classes of a small question.
        if !peers.maybe.values().chain([&peers.must]).any(|classes| self.open.touches(classes)) {
            return Region::default();
        }
        let action = self.network.rule(rule).action;
        let verdict = match action {
            Action::Allow => Some(PieceVerdict::Allow),
            Action::Deny => Some(PieceVerdict::Deny),
            Action::Pass => None,
        };
        let must = self.network.cells(rule, self.subject, &peers.must);
        let hit = match doubt {
            None => self.open.carve_region(&must),
            Some(doubt) => {
                let touched = self.open.clone().carve_region(&must);
                self.doubt(touched, verdict, doubt);
                Region::default()
            }
        };
        for (peer_doubt, classes) in &peers.maybe {
            let maybe = self.network.cells(rule, self.subject, classes);
            let touched = self.open.clone().carve_region(&maybe);
            // The rule applies only if both hold, so to know the lesser is to know enough.
            self.doubt(touched, verdict, doubt.unwrap_or(*peer_doubt).min(*peer_doubt));
        }
        match verdict {
            None => hit,
            Some(verdict) => {
                self.decided(hit, verdict, Why::Rule(rule));
                Region::default()
            }
        }
    }

    /// Returns the open cells that an isolation would deny: those that no rule of its own policy
    /// allows, since both hold or neither does.
    fn not_allowed_beside(&self, isolation: IsolationId) -> Region {
        let isolation = self.network.isolation(isolation);
        let mut open = self.open.clone();
        for (id, _) in self.network.rules_of(self.subject, self.direction, isolation.tier) {
            let rule = self.network.rule(id);
            if rule.action == Action::Allow && rule.source.policy == isolation.source.policy {
                let peers = self.network.peers_of(id);
                open.carve_region(&self.network.cells(id, self.subject, &peers.must));
            }
        }
        open
    }

    fn observe(
        &self,
        rule: RuleId,
        doubt: Option<Doubt>,
        question: &Region,
        observer: &mut impl Observer,
    ) {
        let peers = self.network.peers_of(rule);
        let among = |classes: &ClassSet| {
            question.clone().carve_region(&self.network.cells(rule, self.subject, classes))
        };
        let must = || if doubt.is_none() { among(&peers.must) } else { Region::default() };
        let maybe = || {
            let mut cells = if doubt.is_some() { among(&peers.must) } else { Region::default() };
            peers.maybe.values().for_each(|classes| cells.add(among(classes)));
            cells
        };
        observer.asked(self.network, rule, &must, &maybe);
    }

    fn doubt(&mut self, region: Region, verdict: Option<PieceVerdict>, doubt: Doubt) {
        if !region.is_empty() {
            self.doubtful.push(Doubtful { region, verdict, doubt });
        }
    }

    fn decided(&mut self, region: Region, verdict: PieceVerdict, why: Why) {
        if !region.is_empty() {
            self.pieces.push(certain(region, verdict, why));
        }
    }
}

fn certain(region: Region, verdict: PieceVerdict, why: Why) -> Piece {
    Piece { region, verdict, why, doubt: None }
}

/// Splits the pieces that the unknown would decide otherwise.
fn cast_doubt(pieces: Vec<Piece>, doubtful: &Doubtful) -> Vec<Piece> {
    let mut split = Vec::with_capacity(pieces.len());
    for mut piece in pieces {
        if doubtful.verdict != Some(piece.verdict) {
            let region = piece.region.carve_region(&doubtful.region);
            let doubt = Some(doubtful.doubt).max(piece.doubt);
            if !region.is_empty() {
                split.push(Piece { region, doubt, ..piece.clone() });
            }
        }
        if !piece.region.is_empty() {
            split.push(piece);
        }
    }
    split
}
