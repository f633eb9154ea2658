//! The policies of a plan: planned on what is there, consented to, and written.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::NetworkPolicy;

use super::change::{Change, Done, PolicyPlace, Stop, title};
use super::console::Console;
use super::deletion::Deletion;
use super::facts::Facts;
use super::needs::{self, Taken};
use super::refreshed;
use super::unfinished::{Unfinished, Written};
use super::writing::Writing;
use crate::cluster::apply::{ApplyManner, DryRun, Force, PolicyName, Writer};
use crate::edit::plan::{Learnt, WantedPolicy};
use crate::engine::network::Network;
use crate::error::Error;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::report::planned::{PlannedPolicy, applied};
use crate::report::refresh::RefreshedHost;

/// The policies of a plan.
pub struct Changes {
    /// Those that are applied, in the order in which they are written.
    pub all: Vec<Change>,
    /// Those that are deleted, after the others and in their order.
    pub deleted: Vec<Deletion>,
    learnt: Learnt,
}

/// What the user consented to.
pub struct Consented<'a> {
    /// What the plan rests on.
    pub facts: &'a Facts,
    /// How far it goes.
    pub dry_run: DryRun,
    /// The policies whose fields are taken from the owners that were shown.
    pub forced: BTreeSet<PolicyName>,
}

impl Consented<'_> {
    /// Returns how a policy is written.
    fn manner(&self, name: &PolicyName) -> ApplyManner {
        let force = if self.forced.contains(name) { Force::Yes } else { Force::No };
        ApplyManner { dry_run: self.dry_run, force }
    }
}

/// One policy of a plan, in the order in which they are written.
enum Step<'a> {
    Apply(&'a Change),
    Delete(&'a Deletion),
}

impl Step<'_> {
    fn name(&self) -> PolicyName {
        match self {
            Self::Apply(change) => change.name(),
            Self::Delete(deletion) => deletion.name.clone(),
        }
    }

    fn write(&self, writer: &Writer, learnt: &Learnt, manner: ApplyManner) -> Result<Done, Stop> {
        match self {
            Self::Apply(change) => change.write(writer, learnt, manner),
            Self::Delete(deletion) => deletion.write(writer, manner),
        }
    }
}

impl Changes {
    /// Begins a plan without policies.
    pub const fn new(learnt: Learnt) -> Self {
        Self { all: Vec::new(), deleted: Vec::new(), learnt }
    }

    /// Plans a policy that is written after the others.
    ///
    /// # Errors
    /// What is there cannot be read, or cannot become what is wanted.
    pub fn push(&mut self, place: PolicyPlace<'_>, wanted: WantedPolicy) -> Result<(), Error> {
        self.all.push(Change::plan(place, wanted, &self.learnt)?);
        Ok(())
    }

    /// Plans a policy that is written before the others.
    ///
    /// # Errors
    /// Those of `push`.
    pub fn push_front(&mut self, place: PolicyPlace<'_>, policy: NetworkPolicy) -> Result<(), Error> {
        self.all.insert(0, Change::plan(place, WantedPolicy::Fixed(Box::new(policy)), &self.learnt)?);
        Ok(())
    }

    /// Lists the policies that would be applied.
    pub fn due(&self) -> impl Iterator<Item = &Change> {
        self.all.iter().filter(|change| change.object().is_some())
    }

    /// Counts the policies that would be written or deleted.
    pub fn count(&self) -> usize {
        self.due().count() + self.deleted.len()
    }

    /// Returns the policies that would be applied, as the cluster would have them.
    pub fn objects(&self) -> Vec<PolicyObject> {
        let object = |change: &Change| applied(change.live.as_ref(), change.object()?);
        self.all.iter().filter_map(object).collect()
    }

    /// Returns the policies that would be deleted, as they are.
    fn gone(&self) -> Vec<PolicyObject> {
        self.deleted.iter().filter_map(|deletion| applied(None, &deletion.live)).collect()
    }

    /// Prepares a snapshot as if the changes were made.
    pub fn network<'a>(&self, snapshot: &'a Snapshot) -> Network<'a> {
        Network::with_changes(snapshot, &self.objects(), &self.gone())
    }

    /// Returns what the plan rests on in a snapshot.
    pub fn facts(&self, snapshot: &Snapshot) -> Facts {
        let gone = self.gone();
        let needs = needs::of_others(snapshot, &gone, &self.taken());
        Facts::of(snapshot, &[self.objects(), gone].concat(), needs)
    }

    /// Returns the hosts that are taken from policies, which need nothing any more.
    fn taken(&self) -> Taken {
        let taken = self.all.iter().filter_map(|change| match &change.wanted {
            WantedPolicy::Without(unwanted) => Some((unwanted.policy.clone(), unwanted.keys.clone())),
            WantedPolicy::Hosts(_) | WantedPolicy::Fixed(_) => None,
        });
        taken.collect()
    }

    /// Returns the policies as they are shown.
    pub fn shown(&self) -> Vec<PlannedPolicy> {
        let shown = |own: &Change| PlannedPolicy::new(own.title(), own.live.as_ref(), own.object());
        let gone = |own: &Deletion| PlannedPolicy::gone(own.title(), &own.live);
        self.all.iter().map(shown).chain(self.deleted.iter().map(gone)).collect()
    }

    /// Tells what becomes of each host.
    pub fn hosts(&self) -> Vec<RefreshedHost> {
        self.all.iter().flat_map(|change| refreshed::hosts(&change.planned.changes)).collect()
    }

    /// Finds out of which policies the fields of others are taken, which the user may be asked.
    ///
    /// # Errors
    /// A policy that another tool or manager looks after.
    pub fn check_owners(
        &self,
        writing: Writing,
        console: &dyn Console,
    ) -> Result<BTreeSet<PolicyName>, Error> {
        let mut forced = BTreeSet::new();
        for change in self.due() {
            if change.check_owners(writing.manner(), console)? == Force::Yes {
                forced.insert(change.name());
            }
        }
        Ok(forced)
    }

    /// Writes what is due, and tells of each. Of several, the server checks all before the first is written;
    /// before each, what the plan rests on is read again. Nothing is written after one that fails.
    ///
    /// # Errors
    /// What was written, and why the next was not.
    pub fn write(
        &self,
        writer: &Writer,
        consented: &Consented<'_>,
        console: &dyn Console,
    ) -> Result<(), Unfinished> {
        let Consented { facts, dry_run, .. } = *consented;
        let steps = self.steps();
        if dry_run == DryRun::None && steps.len() > 1 {
            for step in &steps {
                let dry = ApplyManner { dry_run: DryRun::Server, ..consented.manner(&step.name()) };
                step.write(writer, &self.learnt, dry).map_err(Unfinished::before_all)?;
            }
        }
        let dry = if dry_run == DryRun::Server { " (server dry run)" } else { "" };
        let mut written = Vec::new();
        for step in &steps {
            let manner = consented.manner(&step.name());
            let done = self.check(writer, facts).and_then(|()| step.write(writer, &self.learnt, manner));
            match done {
                Ok(done) => {
                    console.tell(&format!("{} {done}{dry}", title(&step.name())));
                    written.push(Written { name: step.name(), done });
                }
                Err(why) => return Err(Unfinished { written, why }),
            }
        }
        writer.warnings().iter().for_each(|warning| console.warn(warning));
        Ok(())
    }

    fn steps(&self) -> Vec<Step<'_>> {
        let deleted = self.deleted.iter().map(Step::Delete);
        self.due().map(Step::Apply).chain(deleted).collect()
    }

    /// Compares what the plan rests on with what is there now.
    fn check(&self, writer: &Writer, facts: &Facts) -> Result<(), Stop> {
        let namespaces: BTreeSet<String> =
            self.steps().iter().map(|step| step.name().namespace).collect();
        let namespaces: Vec<String> = namespaces.into_iter().collect();
        let now = self.facts(&writer.objects_of(&namespaces)?.assemble());
        match facts.differences(&now) {
            differences if differences.is_empty() => Ok(()),
            differences => Err(Stop::Differs(differences)),
        }
    }
}
