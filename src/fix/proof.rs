//! The proof of a fix: the snapshot with it, and the same question again.

use std::collections::BTreeSet;

use super::missing_rule::{MissingRule, Taker};
use super::opened::NewlyOpened;
use super::proposal::Inquiry;
use super::selection::named_with;
use crate::answer::caveat::Caveat;
use crate::answer::endpoint::EndpointKind;
use crate::answer::verdict::Verdict;
use crate::ends::end::End;
use crate::ends::naming::{name_of, workload_endpoint};
use crate::engine::network::Network;
use crate::explain::connection::JudgedEnds;
use crate::explain::explanation::{Addition, AdditionKind, Explanation, Fix};
use crate::explain::no_fix::NoFix;
use crate::model::endpoint::PodId;
use crate::model::snapshot::Snapshot;
use crate::policy::network_policy::write;
use crate::policy::{Direction, IsolationId, PolicySource, RuleId};

impl Inquiry<'_, '_> {
    /// Lays a choice over the snapshot and asks again.
    ///
    /// # Errors
    /// Why it is no fix: not everything is allowed then, or something is isolated anew.
    pub(crate) fn prove(
        &self,
        missing: &[MissingRule],
        takers: &[Taker<'_>],
        first: &Explanation,
    ) -> Result<Fix, NoFix> {
        let snapshot = self.network.snapshot;
        let mut changed = Vec::new();
        let pairs = missing.iter().zip(takers);
        let changes: Vec<Addition> =
            pairs.map(|(rule, taker)| rule.apply(snapshot, taker, &mut changed)).collect();
        let after = Network::with_policies(snapshot, &changed);
        let ends = self.ends(&after)?;
        let JudgedEnds { answer, .. } = self.judge(&after, &ends)?;
        let unproven = match answer.verdict {
            Verdict::Allow if isolates_more(&after, &changes) => Some(NoFix::IsolatesOthers),
            Verdict::Allow => None,
            Verdict::Depends => Some(NoFix::StillUnknown),
            Verdict::Deny | Verdict::Partial => Some(NoFix::NotEnough),
        };
        if let Some(reason) = unproven {
            return Err(reason);
        }
        let mut notes: Vec<Caveat> =
            answer.caveats.into_iter().filter(|caveat| !first.caveats.contains(caveat)).collect();
        notes.extend(
            [&ends.source, &ends.destination].into_iter().filter_map(|end| replicas(snapshot, end)),
        );
        if changes.iter().any(|change| change.rule.is_for_every_port()) {
            notes.push(Caveat::EveryPort);
        }
        let opens = (!snapshot.lacks_pods()).then(|| {
            let added: Vec<RuleId> = added_rules(&after, &changes);
            NewlyOpened::new(self.network, &after).count(&added, &ends)
        });
        if opens.is_none() {
            notes.push(Caveat::UnreadOpened);
        }
        let objects = changed.iter().filter_map(write::to_object).collect();
        Ok(Fix { changes, opens, notes, objects })
    }
}

/// Says so where the labels that name a pod are those of other replicas too.
fn replicas(snapshot: &Snapshot, end: &End) -> Option<Caveat> {
    let pods: BTreeSet<PodId> = end.members.iter().filter_map(|member| member.who.pod()).collect();
    let first = *pods.first().filter(|_| end.endpoint.kind == EndpointKind::Pod)?;
    let workload = snapshot.pods.at(first).workload?;
    let named = named_with(snapshot, &pods);
    let others = named.iter().filter(|pod| snapshot.pods.at(**pod).workload == Some(workload));
    let name = || name_of(&workload_endpoint(snapshot, workload));
    (others.count() > 1).then(|| Caveat::OtherReplicas(name()))
}

/// Tells whether a policy is the one of a change.
fn is_of(policy: &PolicySource, change: &Addition) -> bool {
    *policy.name == *change.name && policy.namespace.as_deref() == Some(&*change.namespace)
}

fn added_rules(network: &Network<'_>, changes: &[Addition]) -> Vec<RuleId> {
    let added = network.rules.rules.iter().filter(|(_, rule)| {
        changes.iter().any(|own| is_of(&rule.source.policy, own) && *rule.source.path == *own.path)
    });
    added.map(|(id, _)| id).collect()
}

/// Tells whether a new policy isolates a pod that no other policy isolates for certain.
fn isolates_more(network: &Network<'_>, changes: &[Addition]) -> bool {
    let new: Vec<&Addition> = changes.iter().filter(|own| own.change == AdditionKind::Policy).collect();
    let is_new = |id: IsolationId| {
        let isolation = network.isolation(id);
        new.iter().any(|change| is_of(&isolation.source.policy, change))
    };
    network.classes.subjects.ids().any(|subject| {
        Direction::ALL.into_iter().any(|direction| {
            let all = || network.isolating(subject, direction);
            let tier = |id| network.isolation(id).tier;
            let before = |new: IsolationId| {
                all().any(|(id, doubt)| !is_new(id) && doubt.is_none() && tier(id) == tier(new))
            };
            all().any(|(id, _)| is_new(id) && !before(id))
        })
    })
}
