//! Rules without effect: those that would allow what is denied, did their policy govern the direction.

use super::explainer::{EndPart, Explainer, Sight};
use crate::answer::rule_ref::RuleRef;
use crate::ends::end::{Member, Who};
use crate::engine::miss::{self, Clause, Miss, Need};
use crate::engine::resolve::matches_namespace;
use crate::explain::explanation::{RuleMiss, RuleUse};
use crate::model::endpoint::Pod;
use crate::model::ips::IpSet;
use crate::model::ports::PortSet;
use crate::policy::{Direction, NamespaceSelection, Peer, Peers, Rule, Selection, Tier};
use crate::world::pods::selects;

impl Explainer<'_, '_> {
    /// Lists the idle rules of a tier and direction that would let some of the denied ports through.
    pub(super) fn idle(
        &self,
        tier: Tier,
        direction: Direction,
        Sight { subject, peer, .. }: Sight<'_>,
        denied: &PortSet,
    ) -> Vec<RuleUse> {
        let rules = self.network.rules.idle.iter();
        let rules = rules.filter(|rule| (rule.tier, rule.direction) == (tier, direction));
        let would_match = |rule: &&Rule| {
            subject.members.iter().any(|own| self.selected(&rule.subject, own))
                && peer.members.iter().any(|other| self.is_peer(&rule.peers, other))
                && self.opens(rule, (subject, peer), denied)
        };
        rules.filter(would_match).map(idle_use).collect()
    }

    fn pod(&self, member: &Member) -> Option<&Pod> {
        let Who::Pod(pod) = member.who else { return None };
        Some(self.network.snapshot.pods.at(pod)).filter(|pod| pod.is_managed())
    }

    fn selected(&self, selection: &Selection, member: &Member) -> bool {
        let snapshot = self.network.snapshot;
        self.pod(member).is_some_and(|pod| {
            let namespace = snapshot.namespaces.at(pod.namespace);
            let here = match &selection.namespaces {
                NamespaceSelection::Named(name) => *name == namespace.name,
                NamespaceSelection::Matching(own) => {
                    matches_namespace(snapshot, namespace, own) == Some(true)
                }
            };
            here && selects(snapshot, &selection.pods, pod)
        })
    }

    fn is_peer(&self, peers: &Peers, member: &Member) -> bool {
        let Peers::OneOf(peers) = peers else { return true };
        peers.iter().any(|peer| match peer {
            Peer::Pods(selection) => self.selected(selection, member),
            Peer::Block(block) => {
                let left_out: IpSet = block.except.iter().copied().collect();
                let held = [block.cidr].into_iter().collect::<IpSet>().difference(&left_out);
                !member.ips.is_empty() && member.ips.is_subset(&held)
            }
        })
    }

    /// Tells whether a rule names one of some ports.
    fn opens(
        &self,
        rule: &Rule,
        (subject, peer): (&EndPart<'_>, &EndPart<'_>),
        asked: &PortSet,
    ) -> bool {
        let named = miss::names_ports(self.network, rule.direction, subject.class, peer.class);
        let own = named.map_or(&[][..], |own| self.network.snapshot.ports.get(own.ports));
        let has = |name: &str| self.network.snapshot.names.find(name);
        let mut names = rule.ports.names();
        !rule.ports.numbers().intersection(asked).is_empty()
            || names.any(|(name, protocol)| {
                let mut own = own.iter().filter(|own| Some(own.name) == has(name));
                own.any(|own| own.protocol == protocol && asked.contains(protocol, own.port))
            })
    }
}

fn idle_use(rule: &Rule) -> RuleUse {
    let (needs, has) = (rule.direction.policy_type(), rule.direction.opposite().policy_type());
    let needs = Need::Text(needs.to_owned());
    let miss = Miss { clause: Clause::PolicyTypes, needs, has: has.to_owned() };
    RuleUse {
        rule: RuleRef::rule(&rule.source, rule.action),
        hit: false,
        unsure: false,
        misses: vec![RuleMiss { miss, service_port: None }],
    }
}
