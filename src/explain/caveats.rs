//! What limits an explanation: unknown nodes, and what network plugins do otherwise.

use std::collections::BTreeSet;

use super::explainer::{EndPart, Explainer};
use super::question::no_member;
use crate::answer::caveat::Caveat;
use crate::ends::end::{End, Member, Who};
use crate::ends::naming::{name_of, no_address_yet};
use crate::engine::class::ClassId;
use crate::engine::connection::JudgedConnection;
use crate::engine::decide::Doubt;
use crate::engine::miss;
use crate::model::endpoint::PodId;
use crate::model::service::ServiceAddress;
use crate::model::snapshot::Snapshot;
use crate::policy::{BlockMatch, Direction, RuleId};

/// Names the pods of a part that have no address yet.
fn without_address(snapshot: &Snapshot, part: &EndPart<'_>) -> Caveat {
    let pods: BTreeSet<PodId> = part.members.iter().filter_map(|member| member.who.pod()).collect();
    no_address_yet(snapshot, &pods).unwrap_or(Caveat::Doubt(Doubt::Address))
}

impl Explainer<'_, '_> {
    pub(super) fn caveats_of(
        &mut self,
        judged: &JudgedConnection,
        from: &EndPart<'_>,
        to: &EndPart<'_>,
    ) {
        let halves = [(&judged.egress, to), (&judged.ingress, from)];
        for (half, peer) in halves {
            self.asked.extend(half.rules.iter().map(|used| used.rule));
            self.caveats.extend(half.doubts.iter().map(|doubt| match doubt {
                Doubt::Address => without_address(self.network.snapshot, peer),
                doubt => Caveat::Doubt(*doubt),
            }));
            for used in half.rules.iter().filter(|used| used.hit) {
                self.block_caveats(used.rule, peer.class);
            }
        }
        let to_own_node = |(from, to): (&&Member, &&Member)| match (from.who, to.who) {
            (Who::Pod(pod), Who::Node(node)) => self.network.snapshot.pods.at(pod).node == Some(node),
            _ => false,
        };
        let mut pairs = from.members.iter().flat_map(|from| to.members.iter().map(move |to| (from, to)));
        if judged.egress.open.allowed != judged.asked && pairs.any(to_own_node) {
            self.caveats.insert(Caveat::EgressToOwnNode);
        }
    }

    /// Says where a rule names the address of the Service itself, which no packet carries any more.
    pub(super) fn service_caveats(&mut self, destination: &End, judged: &JudgedConnection) {
        let Some(id) = destination.service else { return };
        let ServiceAddress::Own(ips) = &self.network.snapshot.services.at(id).address else { return };
        let missed = judged.egress.rules.iter().filter(|used| !used.hit);
        for used in missed {
            let rule = self.network.rule(used.rule);
            let mut blocks = rule.peers.blocks().map(|block| block.cidr);
            if blocks.any(|block| ips.iter().any(|ip| block.contains(ip))) {
                self.caveats.insert(Caveat::ServiceAddress(rule.source.policy.to_string()));
            }
        }
    }

    /// Says where network plugins differ about address blocks.
    fn block_caveats(&mut self, rule: RuleId, peer: ClassId) {
        let row = self.network.rule(rule);
        let by_block = row.peers.blocks().next().is_some();
        if !by_block || self.network.subject_of(peer).is_none() {
            return;
        }
        if self.network.profile.blocks_match_pods != BlockMatch::Assumed {
            return;
        }
        if !miss::matches_by_labels(self.network, &row.peers, peer) {
            self.caveats.insert(Caveat::BlockOfPod);
            if row.direction == Direction::Egress && row.ports.names().next().is_some() {
                self.caveats.insert(Caveat::PortNameBesideBlock);
            }
        }
    }

    /// Says so where a source uses the network of a node that is not known.
    pub(super) fn unknown_node(&mut self, from: &EndPart<'_>, to: &EndPart<'_>) {
        let roams = |member: &&&Member| match member.who {
            Who::Pod(pod) => {
                let pod = self.network.snapshot.pods.at(pod);
                pod.host_network && pod.node.is_none()
            }
            _ => false,
        };
        if from.members.iter().any(|member| roams(&member))
            && self.network.subject_of(to.class).is_some()
        {
            self.caveats.insert(Caveat::UnknownNode(name_of(&from.end.endpoint)));
        }
    }

    pub(super) fn explain_nothing(&mut self, source: &End, destination: &End) {
        if source.members.is_empty() || destination.members.is_empty() {
            let end = if source.members.is_empty() { source } else { destination };
            self.caveats.extend(no_member(end));
            return;
        }
        self.caveats.insert(Caveat::NoCommonFamily);
    }
}
