//! One run over policies with remembered hosts: each is read, its names are asked for, and what is new is
//! written before the next one of its namespace comes.

use std::cell::RefCell;
use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;

use super::change::egress_owner;
use super::learning::{Lesson, Sought, other_dns};
use super::refreshed;
use crate::answer::caveat::Caveat;
use crate::cluster::apply::{Applied, ApplyManner, DryRun, Force, PolicyName, Writer};
use crate::cluster::read::ClusterError;
use crate::dns::resolve::{Asking, ResolveError};
use crate::dns::session::Session;
use crate::dns::share::Share;
use crate::edit::gitops::{Weight, evidence};
use crate::edit::guard::Checked;
use crate::edit::merge::Options;
use crate::edit::object::is_ours;
use crate::edit::plan::{self, Learnt, PlanError};
use crate::edit::record::Record;
use crate::model::snapshot::Snapshot;
use crate::report::refresh::{PolicyOutcome, Refresh, RefreshedPolicy};

/// Policies of one namespace that are refreshed at the same time.
const AT_ONCE: usize = 8;

/// A run, and what became of the policies so far.
pub(crate) struct Refreshing<'a> {
    writer: &'a Writer,
    snapshot: &'a Snapshot,
    session: Session,
    options: Options,
    manner: ApplyManner,
    told: RefCell<Told>,
}

/// What is told of a run.
struct Told {
    policies: Vec<RefreshedPolicy>,
    failed: BTreeSet<String>,
    caveats: BTreeSet<Caveat>,
    step: Box<dyn FnMut()>,
}

impl<'a> Refreshing<'a> {
    /// Begins a run; `step` is told of each policy when it is done.
    pub(crate) fn new(
        writer: &'a Writer,
        snapshot: &'a Snapshot,
        (asking, options): (&Asking, Options),
        manner: ApplyManner,
        step: Box<dyn FnMut()>,
    ) -> Self {
        let (policies, failed, caveats) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let told = RefCell::new(Told { policies, failed, caveats, step });
        Self { writer, snapshot, session: Session::new(asking.clone()), options, manner, told }
    }

    /// Refreshes the policies of one namespace in this order, a few at the same time.
    ///
    /// # Errors
    /// No name server to ask. What fails of one policy keeps no other from being refreshed.
    pub(crate) async fn all(&self, policies: &[&PolicyName], share: &Share) -> Result<(), ResolveError> {
        let each = stream::iter(policies).map(|name| self.one(name, share));
        each.buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Ends the run.
    pub(crate) fn answer(self, caveats: impl Iterator<Item = Caveat>) -> Refresh {
        let Told { mut policies, failed, caveats: own, .. } = self.told.into_inner();
        policies.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
        let caveats = self.session.caveats().into_iter().chain(own).chain(caveats).collect();
        Refresh::new(policies, failed.into_iter().collect(), caveats)
    }

    async fn one(&self, name: &PolicyName, share: &Share) -> Result<(), ResolveError> {
        let mut policy = RefreshedPolicy::new(&name.namespace, &name.name);
        match self.writer.look(name).await {
            Ok(None) => refreshed::applied(&mut policy, &Applied::Gone, self.manner.dry_run),
            Ok(Some(live)) => {
                let manner = self.manner_for(&live);
                let sought = self.sought(&live);
                // Many policies wait for name servers at the same time: each is read anew when it is written.
                drop(live);
                let lesson =
                    sought.learn(&self.session, share, self.options.clone(), |_| Box::new(|| {}));
                let learnt = self.keep(lesson.await?);
                self.write(name, &learnt, manner, &mut policy).await;
            }
            Err(error) => refreshed::failed(&mut policy, &error),
        }
        let told = &mut *self.told.borrow_mut();
        told.policies.push(policy);
        (told.step)();
        Ok(())
    }

    /// Lists what is to be learnt for a policy.
    fn sought(&self, live: &Value) -> Sought {
        let record: Record = plan::open_hosts(live);
        let records = [record];
        self.told.borrow_mut().caveats.extend(other_dns(&records, &self.options));
        Sought::of(self.snapshot, &records)
    }

    /// Keeps what is told of a lesson.
    fn keep(&self, lesson: Lesson) -> Learnt {
        let mut told = self.told.borrow_mut();
        told.failed.extend(lesson.failed);
        told.caveats.extend(lesson.caveats);
        lesson.learnt
    }

    /// Says how a policy is written. What a hand changed in one of our own stays, so nothing is lost where its
    /// fields are taken back.
    fn manner_for(&self, live: &Value) -> ApplyManner {
        let force = if is_ours_alone(live) { Force::Yes } else { self.manner.force };
        ApplyManner { force, ..self.manner }
    }

    async fn write(
        &self,
        name: &PolicyName,
        learnt: &Learnt,
        manner: ApplyManner,
        policy: &mut RefreshedPolicy,
    ) {
        let plan = |live: Option<&Value>| {
            let live = live.ok_or(Stop::Gone)?;
            let object = plan_again(live, learnt, policy)?;
            policy.problem = taken(live, manner.force).filter(|_| object.is_some());
            Ok(object)
        };
        match self.writer.change(name, manner, plan).await {
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

/// Tells whether a policy is one of our own that no other tool looks after, with which there would be a fight.
fn is_ours_alone(live: &Value) -> bool {
    let signs = live.get("metadata").map(evidence).unwrap_or_default();
    is_ours(live) && !signs.iter().any(|sign| sign.weight == Weight::Refuse)
}

/// Says from whom the egress rules of a policy are taken; nothing where they are ours.
fn taken(live: &Value, force: Force) -> Option<String> {
    let owner = egress_owner(live.get("metadata")?).filter(|_| force == Force::Yes)?;
    Some(format!(
        "its field spec.egress belonged to the manager {owner}, from whom it is taken; what is in it stays"
    ))
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

/// Plans a policy as it is now, and tells what becomes of its hosts.
pub(super) fn plan_again(
    live: &Value,
    learnt: &Learnt,
    policy: &mut RefreshedPolicy,
) -> Result<Option<Checked>, PlanError> {
    let planned = plan::refresh(live, learnt)?;
    policy.hosts = refreshed::hosts(&planned.changes);
    policy.outcome = if planned.object.is_some() { PolicyOutcome::Due } else { PolicyOutcome::Current };
    Ok(planned.object)
}
