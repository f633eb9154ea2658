//! One half of a connection, tier by tier: what each rule does, and why it does nothing.

use super::explainer::{Explainer, Sight};
use crate::answer::rule_ref::RuleRef;
use crate::answer::verdict::Verdict;
use crate::engine::connection::{Exempt, HalfJudged, OpenPorts};
use crate::engine::decide::Why;
use crate::engine::miss::{self, Clause, Miss, PeerView};
use crate::explain::explanation::{Half, Reason, RuleMiss, RuleUse, TierOutcome, TierUse};
use crate::model::ports::PortSet;
use crate::policy::{Direction, RuleId, Tier};

impl Explainer<'_, '_> {
    pub(super) fn half(
        &self,
        direction: Direction,
        half: &HalfJudged,
        asked: &PortSet,
        sight: Sight<'_>,
    ) -> Half {
        // Where each way in which the unknown may turn out has a rule of its own, no one of them decides.
        let is_hit = |rule: RuleId| half.rules.iter().any(|asked| asked.rule == rule && asked.hit);
        let rule_of = |why: &Why| match why {
            Why::Rule(rule) if is_hit(*rule) => Some(self.rule_ref(*rule)),
            _ => None,
        };
        let reason = match (half.exempt, &half.why) {
            (Some(_), _) => Reason::Exempt,
            (None, Why::Rule(_)) => Reason::Rule,
            (None, Why::Isolated(_)) => Reason::Isolated,
            (None, Why::Default) => Reason::Default,
        };
        let note = half.exempt.map(|exempt| match (exempt, direction) {
            (Exempt::SamePod, _) => "a pod always reaches itself",
            (Exempt::OwnNode, Direction::Ingress) => "ingress from the pod's own node is always allowed",
            (Exempt::OwnNode, Direction::Egress) => "egress to the pod's own node is always allowed",
            (Exempt::NotGoverned, _) => "not a pod with its own network: no policy governs it",
        });
        Half {
            verdict: verdict(asked, &half.open),
            reason,
            note: note.map(str::to_owned),
            tiers: (self.network.tiers.iter())
                .filter_map(|tier| self.tier(*tier, direction, half, asked, sight))
                .collect(),
            decided_by: if half.exempt.is_none() { rule_of(&half.why) } else { None },
        }
    }

    fn tier(
        &self,
        tier: Tier,
        direction: Direction,
        half: &HalfJudged,
        asked: &PortSet,
        sight: Sight<'_>,
    ) -> Option<TierUse> {
        let own = half.rules.iter().filter(|asked| self.network.rule(asked.rule).tier == tier);
        let mut uses: Vec<RuleUse> = own
            .map(|used| RuleUse {
                rule: self.rule_ref(used.rule),
                hit: used.hit,
                unsure: used.unsure && !used.hit,
                misses: match used.hit || used.unsure {
                    true => Vec::new(),
                    false => self.misses(used.rule, direction, asked, sight),
                },
            })
            .collect();
        let denied = asked.difference(&half.open.possible());
        if half.exempt.is_none() && !denied.is_empty() {
            uses.extend(self.idle(tier, direction, sight, &denied));
        }
        let isolations = half.isolations.iter().map(|(id, _)| self.network.isolation(*id));
        let isolated_by: Vec<RuleRef> = isolations
            .filter(|isolation| isolation.tier == tier)
            .map(|isolation| RuleRef::isolation(&isolation.source))
            .collect();
        let decided = matches!(half.why, Why::Rule(rule) if self.network.rule(rule).tier == tier);
        let hit = decided || uses.iter().any(|used| used.hit);
        let outcome = match (hit, isolated_by.is_empty()) {
            (true, _) => TierOutcome::Rule,
            (false, false) => TierOutcome::Isolated,
            (false, true) => TierOutcome::None,
        };
        let silent = uses.is_empty() && isolated_by.is_empty();
        (!silent).then_some(TierUse { tier: tier.name, outcome, isolated_by, rules: uses })
    }

    fn misses(
        &self,
        rule: RuleId,
        direction: Direction,
        asked: &PortSet,
        sight: Sight<'_>,
    ) -> Vec<RuleMiss> {
        let ports_on = miss::names_ports(self.network, direction, sight.subject.class, sight.peer.class);
        let view = PeerView { class: sight.peer.class, addresses: sight.addresses };
        let misses = miss::misses(self.network, rule, view, asked, ports_on);
        let meant = self.network.rule(rule).ports.numbers().intersection(sight.service);
        let service_port =
            |clause| (clause == Clause::Port && !meant.is_empty()).then(|| meant.to_string());
        let told = |miss: Miss| RuleMiss { service_port: service_port(miss.clause), miss };
        misses.into_iter().map(told).collect()
    }

    fn rule_ref(&self, rule: RuleId) -> RuleRef {
        let rule = self.network.rule(rule);
        RuleRef::rule(&rule.source, rule.action)
    }
}

pub(super) fn verdict(asked: &PortSet, open: &OpenPorts) -> Verdict {
    let is_some_denied = !asked.is_subset(&open.possible());
    Verdict::of(!open.allowed.is_empty(), is_some_denied, !open.unsure.is_empty())
}
