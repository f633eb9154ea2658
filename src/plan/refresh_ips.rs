//! Brings the addresses of remembered hosts up to date: the policies, what name servers say, what is written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::egress_owner;
use super::console::Console;
use super::learning::learn;
use super::refreshed;
use crate::answer::caveat::Caveat;
use crate::cluster::apply::{Applied, ApplyManner, DryRun, Force, PolicyName, Writer};
use crate::cluster::read::ClusterError;
use crate::dns::resolve::Asking;
use crate::edit::gitops::{Weight, evidence};
use crate::edit::guard::Checked;
use crate::edit::merge::Options;
use crate::edit::name;
use crate::edit::object::is_ours;
use crate::edit::plan::{self, Learnt, PlanError};
use crate::edit::record::Record;
use crate::ends::not_found::meant;
use crate::error::Error;
use crate::model::snapshot::Snapshot;
use crate::report::dns::{dns_claims, named_dns};
use crate::report::refresh::{PolicyOutcome, Refresh, RefreshedPolicy};

/// Which policies are refreshed.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// Their names; all with remembered hosts where none is named.
    pub names: &'a [String],
    /// Their namespace; all where it is absent.
    pub namespace: Option<&'a str>,
    /// Labels that they have besides.
    pub labels: Option<&'a str>,
}

/// The policies of a cluster that are refreshed.
pub struct Remembered<'a> {
    writer: &'a Writer,
    policies: BTreeMap<PolicyName, Value>,
}

impl<'a> Remembered<'a> {
    /// Reads the policies that are asked for.
    ///
    /// # Errors
    /// A server that does not tell them, or a name that none of them has.
    pub fn read(writer: &'a Writer, which: Which<'_>) -> Result<Self, Error> {
        let labels: Vec<&str> = [name::ENDPOINT].into_iter().chain(which.labels).collect();
        let listed = writer.list(which.namespace, &labels.join(","))?;
        let mut policies: BTreeMap<PolicyName, Value> =
            listed.into_iter().map(|live| (name_of(&live), live)).collect();
        let known: Vec<String> = policies.keys().map(|policy| policy.name.clone()).collect();
        if let Some(missing) = which.names.iter().find(|name| !known.contains(name)) {
            return Err(Error::one_line(format!(
                "no NetworkPolicy `{missing}` with remembered hosts in namespace `{}`{}",
                writer.namespace(),
                meant(missing, known)
            )));
        }
        policies.retain(|policy, _| which.names.is_empty() || which.names.contains(&policy.name));
        Ok(Self { writer, policies })
    }

    /// Asks for their hosts, and writes what is new; a dry run lets the server check that.
    ///
    /// # Errors
    /// No name server to ask. What fails of one policy is part of the answer.
    pub fn refresh(
        &self,
        snapshot: &Snapshot,
        (asking, options): (&Asking, Options),
        manner: ApplyManner,
        console: &dyn Console,
    ) -> Result<Refresh, Error> {
        let records: Vec<Record> = self.policies.values().map(plan::open_hosts).collect();
        let others = others_dns(&records, options.dns.as_deref());
        let lesson = learn(snapshot, &records, asking, options, console)?;
        let caveats = lesson.caveats.into_iter().chain(others).chain(unseen(snapshot));
        let caveats = caveats.chain(named_dns(snapshot)).chain(dns_claims(snapshot)).collect();
        let planned = self.policies.iter().map(|(name, live)| planned(name, live, &lesson.learnt));
        let mut all: Vec<RefreshedPolicy> = planned.collect();
        self.apply(&mut all, &lesson.learnt, manner, console);
        Ok(Refresh::new(all, lesson.failed, caveats))
    }

    /// Applies the policies that are due. What fails of one keeps no other from being refreshed.
    fn apply(
        &self,
        all: &mut [RefreshedPolicy],
        learnt: &Learnt,
        manner: ApplyManner,
        console: &dyn Console,
    ) {
        let each = self.policies.iter().zip(all);
        let due = each.filter(|(_, policy)| policy.outcome == PolicyOutcome::Due);
        let (ours, theirs): (Vec<_>, Vec<_>) = due.partition(|((_, listed), _)| is_ours_alone(listed));
        let word = if manner.dry_run == DryRun::None { "wrote" } else { "checked" };
        let mut step = console.count(word, ours.len() + theirs.len(), "policies");
        // What a hand changed in a policy of our own stays, so nothing is lost where its fields are taken back.
        for (due, force) in [(ours, Force::Yes), (theirs, manner.force)] {
            let due = due.into_iter().map(|((name, _), policy)| (name, policy)).collect();
            self.apply_each(due, learnt, ApplyManner { force, ..manner }, &mut step);
        }
    }

    fn apply_each(
        &self,
        mut due: Vec<(&PolicyName, &mut RefreshedPolicy)>,
        learnt: &Learnt,
        manner: ApplyManner,
        step: &mut dyn FnMut(),
    ) {
        let changes = due.iter_mut().map(|(name, policy)| {
            let plan = |live: Option<&Value>| {
                let live = live.ok_or(Stop::Gone)?;
                let object = plan_again(live, learnt, policy)?;
                policy.problem = taken(live, manner.force).filter(|_| object.is_some());
                Ok(object)
            };
            (*name, plan)
        });
        let ended = self.writer.apply_each(changes, manner, step);
        for ((_, policy), ended) in due.into_iter().zip(ended) {
            match ended {
                Ok(applied) => refreshed::applied(policy, &applied, manner.dry_run),
                Err(Stop::Cluster(error @ ClusterError::Forbidden(_)))
                    if manner.dry_run == DryRun::Server =>
                {
                    refreshed::forbidden(policy, &error);
                }
                Err(Stop::Cluster(error)) => refreshed::failed(policy, &error),
                Err(Stop::Policy(error)) => refreshed::failed(policy, &error),
                Err(Stop::Gone) => refreshed::applied(policy, &Applied::Gone, manner.dry_run),
            }
        }
    }
}

/// Tells whether a policy is one of our own that no other tool looks after, with which there would be a fight.
fn is_ours_alone(listed: &Value) -> bool {
    let signs = listed.get("metadata").map(evidence).unwrap_or_default();
    is_ours(listed) && !signs.iter().any(|sign| sign.weight == Weight::Refuse)
}

/// Says from whom the egress rules of a policy are taken; nothing where they are ours.
fn taken(live: &Value, force: Force) -> Option<String> {
    let owner = egress_owner(live.get("metadata")?).filter(|_| force == Force::Yes)?;
    Some(format!(
        "its field spec.egress belonged to the manager {owner}, from whom it is taken; what is in it stays"
    ))
}

fn name_of(live: &Value) -> PolicyName {
    let text = |field| live.pointer(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    PolicyName { namespace: text("/metadata/namespace"), name: text("/metadata/name") }
}

/// Says which other DNS the user named for hosts before: what that told of them is not told now.
fn others_dns(records: &[Record], named: Option<&str>) -> BTreeSet<Caveat> {
    let entries = records.iter().flat_map(|record| record.entries.values());
    let others = entries.filter_map(|entry| entry.dns.as_deref()).filter(|dns| Some(*dns) != named);
    others.map(|dns| Caveat::OtherDns(dns.into())).collect()
}

/// Says which addresses of the cluster itself would not be recognised.
fn unseen(snapshot: &Snapshot) -> Vec<Caveat> {
    let holders = ["pods", "nodes", "services"];
    let gaps = snapshot.gaps.iter().filter(|gap| holders.iter().any(|list| gap.hides(list)));
    gaps.cloned().map(Caveat::UnknownOwnAddresses).collect()
}

/// Why a policy was not written.
enum Stop {
    Cluster(ClusterError),
    Policy(PlanError),
    /// It is not there any more.
    Gone,
}

impl From<ClusterError> for Stop {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

impl From<PlanError> for Stop {
    fn from(error: PlanError) -> Self {
        Self::Policy(error)
    }
}

/// Plans a policy as it was listed, and tells what would become of it.
fn planned(name: &PolicyName, listed: &Value, learnt: &Learnt) -> RefreshedPolicy {
    let mut policy = RefreshedPolicy {
        namespace: name.namespace.clone(),
        name: name.name.clone(),
        outcome: PolicyOutcome::Current,
        problem: None,
        hosts: Vec::new(),
    };
    match plan_again(listed, learnt, &mut policy) {
        Ok(None) => {}
        Ok(Some(_)) => policy.outcome = PolicyOutcome::Due,
        Err(error) => refreshed::failed(&mut policy, &error),
    }
    policy
}

/// Plans a policy as it is now.
fn plan_again(
    live: &Value,
    learnt: &Learnt,
    policy: &mut RefreshedPolicy,
) -> Result<Option<Checked>, PlanError> {
    let planned = plan::refresh(live, learnt)?;
    policy.hosts = refreshed::hosts(&planned.changes);
    Ok(planned.object)
}
