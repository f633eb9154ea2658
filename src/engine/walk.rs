//! The walk through the tiers: rules carve their cells out of what is open.

use std::borrow::Cow;

use super::class_set::ClassSet;
use super::network::Network;
use super::outcomes::Outcome;
use super::region::Region;
use super::resolve::{Doubt, Match};
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

/// What a walk takes to be so.
#[derive(Clone, Copy)]
pub(super) enum Facts<'a> {
    /// What was read: what is not known casts doubt.
    AsRead,
    /// One way in which the unknown may turn out, for some classes; the question is about these alone.
    Tried(&'a Outcome, &'a ClassSet),
}

/// What is asked: everything of one subject and direction.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) network: &'a Network<'a>,
    pub(super) subject: SubjectId,
    pub(super) direction: Direction,
}

/// Cells about which something is not known, and the verdict that the unknown would bring.
pub(super) struct Doubtful {
    pub(super) region: Region,
    pub(super) verdict: Option<PieceVerdict>,
    pub(super) doubt: Doubt,
}

impl Question<'_> {
    /// Judges the cells of `open`; the pieces partition them.
    pub(super) fn walk(
        self,
        open: Region,
        facts: Facts<'_>,
        observer: &mut impl Observer,
    ) -> Vec<Piece> {
        let question = open.clone();
        let Self { network, subject, direction } = self;
        let (pieces, doubtful) = (Vec::new(), Vec::new());
        let mut walk = Walk { network, subject, direction, facts, open, pieces, doubtful };
        for tier in &network.tiers {
            walk.tier(*tier, &question, observer);
        }
        let rest = std::mem::take(&mut walk.open);
        walk.decided(rest, PieceVerdict::Allow, Why::Default);
        let Walk { pieces, doubtful, .. } = walk;
        doubtful.iter().fold(pieces, cast_doubt)
    }
}

/// A decision under way.
struct Walk<'a> {
    network: &'a Network<'a>,
    subject: SubjectId,
    direction: Direction,
    facts: Facts<'a>,
    open: Region,
    pieces: Vec<Piece>,
    doubtful: Vec<Doubtful>,
}

impl<'a> Walk<'a> {
    fn tier(&mut self, tier: Tier, question: &Region, observer: &mut impl Observer) {
        let mut passed = Region::default();
        for (rule, doubt) in self.network.rules_of(self.subject, self.direction, tier) {
            self.observe(rule, doubt, question, observer);
            passed.add(self.rule(rule, doubt));
        }
        let mut isolated = false;
        for (isolation, doubt) in self.network.isolations_of(self.subject, self.direction, tier) {
            observer.isolated(isolation, doubt);
            let doubt = match self.facts {
                Facts::AsRead => doubt,
                Facts::Tried(outcome, _) if outcome.isolations.contains(&isolation) => None,
                Facts::Tried(..) => continue,
            };
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
        let (peers, doubt) = self.matched(rule, doubt);
        // Most rules are about none of the classes of a small question.
        if !peers.all().any(|classes| self.open.touches(classes)) {
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
        for perhaps in &peers.maybe {
            let maybe = self.network.cells(rule, self.subject, &perhaps.classes);
            let touched = self.open.clone().carve_region(&maybe);
            // The rule applies only if both hold, so to know the lesser is to know enough.
            self.doubt(touched, verdict, doubt.unwrap_or(perhaps.doubt).min(perhaps.doubt));
        }
        match verdict {
            None => hit,
            Some(verdict) => {
                self.decided(hit, verdict, Why::Rule(rule));
                Region::default()
            }
        }
    }

    /// Returns whom a rule matches, and why it is not known whether it governs the subject.
    fn matched(&self, rule: RuleId, doubt: Option<Doubt>) -> (Cow<'a, Match>, Option<Doubt>) {
        match self.facts {
            Facts::AsRead => (Cow::Borrowed(self.network.peers_of(rule)), doubt),
            Facts::Tried(outcome, classes) if outcome.rules.contains(&rule) => {
                (Cow::Owned(Match::certain(classes.clone())), None)
            }
            Facts::Tried(..) => (Cow::Owned(Match::default()), None),
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
            peers.maybe.iter().for_each(|perhaps| cells.add(among(&perhaps.classes)));
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

pub(super) fn certain(region: Region, verdict: PieceVerdict, why: Why) -> Piece {
    Piece { region, verdict, why, doubt: None }
}

/// Splits the pieces that the unknown would decide otherwise.
pub(super) fn cast_doubt(pieces: Vec<Piece>, doubtful: &Doubtful) -> Vec<Piece> {
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
