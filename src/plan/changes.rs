//! The policies of a plan: planned on what is there, consented to, and written.

use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde_json::Value;

use super::console::Console;
use super::refreshed;
use crate::cluster::apply::{Applied, ApplyManner, DryRun, Force, MANAGER, PolicyName, Writer};
use crate::cluster::conflict::{self, Conflict};
use crate::edit::gitops::{Weight, advice, evidence};
use crate::edit::object::{is_ours, on_the_wire};
use crate::edit::plan::{Learnt, PlanError, Planned, WantedPolicy};
use crate::engine::network::Network;
use crate::error::{Error, ErrorKind};
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::network_policy::write::to_object;
use crate::report::planned::{PlannedPolicy, applied};
use crate::report::refresh::RefreshedHost;

/// How a plan is written.
#[derive(Clone, Copy, Debug)]
pub struct Writing {
    /// How far it goes.
    pub dry_run: DryRun,
    /// What becomes of fields that belong to others.
    pub force: Force,
    /// Whether the user consented beforehand.
    pub yes: bool,
}

/// Where policies are read, and written.
#[derive(Clone, Copy)]
pub enum PolicyPlace<'a> {
    /// A cluster.
    Cluster(&'a Writer),
    /// Manifests: nothing is written.
    Files(&'a Snapshot),
}

/// One policy of a plan.
pub struct Change {
    /// What it is to be.
    pub wanted: WantedPolicy,
    /// What is there.
    pub live: Option<Value>,
    /// What becomes of it.
    pub planned: Planned,
}

/// The policies of a plan, in the order in which they are written.
pub struct Changes {
    /// The policies.
    pub all: Vec<Change>,
    learnt: Learnt,
}

impl Change {
    /// Plans one policy on what is there.
    fn plan(place: PolicyPlace<'_>, wanted: WantedPolicy, learnt: &Learnt) -> Result<Self, Error> {
        let live = match place {
            PolicyPlace::Cluster(writer) => writer.read(&name_of(&wanted))?,
            PolicyPlace::Files(snapshot) => in_files(snapshot, &wanted),
        };
        let planned = wanted.plan(live.as_ref(), learnt).map_err(|error| refusal(&wanted, &error))?;
        Ok(Self { wanted, live, planned })
    }

    /// Names the policy: `NetworkPolicy shop/web`.
    pub fn title(&self) -> String {
        title(&self.wanted)
    }

    /// Tells whether there is none yet.
    pub fn is_new(&self) -> bool {
        self.live.is_none() && self.object().is_some()
    }

    /// Returns the object that would be applied.
    fn object(&self) -> Option<&Value> {
        self.planned.object.as_ref().map(|object| object.object())
    }

    /// Refuses to edit in place what another tool or manager looks after, unless that is forced, or the user
    /// says so; tells what may undo the edit by hand.
    fn check_owners(&self, writing: Writing, console: &dyn Console) -> Result<Force, Error> {
        let metadata = self.live.as_ref().and_then(|live| live.get("metadata"));
        let Some(metadata) = metadata else { return Ok(writing.force) };
        for sign in evidence(metadata) {
            let text = format!("{} is looked after by {} ({})", self.title(), sign.tool, sign.sign);
            if sign.weight == Weight::Refuse && writing.force == Force::No {
                let error = refused(format!("{text}, which would undo the change"));
                return Err(error.hint(advice(&sign.tool)).hint(
                    "-o yaml prints the change for Git; --force-conflicts writes it all the same",
                ));
            }
            console.warn(&text);
        }
        let Some(manager) = egress_owner(metadata).filter(|_| writing.force == Force::No) else {
            return Ok(writing.force);
        };
        let whose =
            format!("the field spec.egress of {} belongs to the manager {manager}", self.title());
        // In a policy of our own, what a hand changed stays: only the field is taken back.
        if self.live.as_ref().is_some_and(is_ours) {
            console.warn(&format!("{whose}, from whom it is taken back"));
            return Ok(Force::Yes);
        }
        let question = || console.confirm(&format!("{whose}. Take it over?"));
        if writing.dry_run == DryRun::None && question() == Some(true) {
            return Ok(Force::Yes);
        }
        let text = format!("{whose}, from whom it would be taken");
        Err(refused(text).hint("--force-conflicts takes it; without --into nobody's field is touched"))
    }

    /// Writes the policy, planned anew on what is there then; says what became of it.
    fn write(&self, writer: &Writer, learnt: &Learnt, manner: ApplyManner) -> Result<String, Error> {
        let ended = writer.apply(&name_of(&self.wanted), manner, |live| {
            let planned = self.wanted.plan(live, learnt);
            planned.map(|planned| planned.object).map_err(|error| refusal(&self.wanted, &error))
        });
        let done = match ended? {
            Applied::Done { changed: false } => "unchanged",
            Applied::Done { changed: true } if self.live.is_none() => "created",
            Applied::Done { changed: true } => "configured",
            Applied::Conflict(conflicts) => return Err(self.owned(&conflicts)),
            Applied::Stale => {
                let text = "others changed it each time it was read; try again";
                return Err(Error::cluster(format!("{}: {text}", self.title())));
            }
            Applied::Gone => {
                let text = "it was deleted, or replaced, meanwhile; nothing was written";
                return Err(Error::cluster(format!("{}: {text}", self.title())));
            }
        };
        let dry = if manner.dry_run == DryRun::Server { " (server dry run)" } else { "" };
        Ok(format!("{} {done}{dry}", self.title()))
    }

    fn owned(&self, conflicts: &[Conflict]) -> Error {
        let told = conflict::told(conflicts);
        Error::cluster(format!("{}: {told}; nothing was written", self.title()))
            .hint("--force-conflicts takes it over")
    }
}

impl Changes {
    /// Begins a plan without policies.
    pub const fn new(learnt: Learnt) -> Self {
        Self { all: Vec::new(), learnt }
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

    /// Lists the policies that would be written.
    pub fn due(&self) -> impl Iterator<Item = &Change> {
        self.all.iter().filter(|change| change.object().is_some())
    }

    /// Returns the policies that would be written, as the cluster would have them.
    pub fn objects(&self) -> Vec<PolicyObject> {
        let object = |change: &Change| applied(change.live.as_ref(), change.object()?);
        self.all.iter().filter_map(object).collect()
    }

    /// Prepares a snapshot as if the changes were applied.
    pub fn network<'a>(&self, snapshot: &'a Snapshot) -> Network<'a> {
        Network::with_policies(snapshot, &self.objects())
    }

    /// Returns the policies as they are shown.
    pub fn shown(&self) -> Vec<PlannedPolicy> {
        let shown = |own: &Change| PlannedPolicy::new(own.title(), own.live.as_ref(), own.object());
        self.all.iter().map(shown).collect()
    }

    /// Tells what becomes of each host.
    pub fn hosts(&self) -> Vec<RefreshedHost> {
        self.all.iter().flat_map(|change| refreshed::hosts(&change.planned.changes)).collect()
    }

    /// Finds out what becomes of the fields of others, which the user may be asked.
    ///
    /// # Errors
    /// A policy that another tool or manager looks after.
    pub fn check_owners(&self, writing: Writing, console: &dyn Console) -> Result<Writing, Error> {
        let mut force = writing.force;
        for change in self.due() {
            if change.check_owners(writing, console)? == Force::Yes {
                force = Force::Yes;
            }
        }
        Ok(Writing { force, ..writing })
    }

    /// Writes what is due, and tells of each; nothing is written after one that fails.
    ///
    /// # Errors
    /// Something that cannot be written.
    pub fn write(&self, writer: &Writer, writing: Writing, console: &dyn Console) -> Result<(), Error> {
        let manner = ApplyManner { dry_run: writing.dry_run, force: writing.force };
        for change in self.due() {
            console.tell(&change.write(writer, &self.learnt, manner)?);
        }
        writer.warnings().iter().for_each(|warning| console.warn(warning));
        Ok(())
    }
}

impl Writing {
    /// Tells whether the plan may be written: a dry run needs no consent, and nobody is asked twice.
    ///
    /// # Errors
    /// There is nobody to ask.
    pub fn consent(self, question: &str, console: &dyn Console) -> Result<bool, Error> {
        if self.yes || self.dry_run == DryRun::Server {
            return Ok(true);
        }
        let consents = console.confirm(question).ok_or_else(|| {
            Error::usage("nobody can be asked whether to write this: give --yes")
                .hint("--dry-run=client only shows the plan")
        })?;
        if !consents {
            console.tell("nothing was written");
        }
        Ok(consents)
    }
}

/// Finds the manager, not ours, that owns the list of egress rules, as one of which we may only be beside.
pub fn egress_owner(metadata: &Value) -> Option<String> {
    let entries = metadata.get("managedFields")?.as_array()?;
    let owns = |entry: &&Value| entry.pointer("/fieldsV1/f:spec/f:egress").is_some();
    let name = |entry: &Value| entry.get("manager").and_then(Value::as_str).map(str::to_owned);
    let mut owners = entries.iter().filter(owns).filter_map(name);
    owners.find(|name| name != MANAGER)
}

/// Says that something was refused for safety.
pub fn refused(message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Refused, message)
}

/// Says why a policy cannot be written.
fn refusal(wanted: &WantedPolicy, error: &PlanError) -> Error {
    let text = format!("{}: {error}", title(wanted));
    match error {
        PlanError::Missing => Error::usage(text),
        _ => refused(text),
    }
}

fn name_of(wanted: &WantedPolicy) -> PolicyName {
    PolicyName { namespace: wanted.namespace().to_owned(), name: wanted.name().to_owned() }
}

fn title(wanted: &WantedPolicy) -> String {
    format!("NetworkPolicy {}/{}", wanted.namespace(), wanted.name())
}

/// Returns a policy of manifests as a cluster would.
fn in_files(snapshot: &Snapshot, wanted: &WantedPolicy) -> Option<Value> {
    let is_it = |own: &&PolicyObject| {
        own.namespace.as_deref() == Some(wanted.namespace()) && &*own.name == wanted.name()
    };
    let policy = snapshot.policies.iter().find(is_it)?;
    let mut object = to_object(policy)?;
    // In a change of it, what is empty shows too.
    object.metadata.labels.get_or_insert_default();
    object.metadata.annotations.get_or_insert_default();
    Some(on_the_wire(&object))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Somebody who answers every question alike, or nobody.
    struct Scripted {
        answer: Option<bool>,
        heard: RefCell<Vec<String>>,
    }

    impl Scripted {
        fn heard(&self, text: &str) {
            self.heard.borrow_mut().push(text.to_owned());
        }
    }

    impl Console for Scripted {
        fn tell(&self, text: &str) {
            self.heard(text);
        }

        fn warn(&self, text: &str) {
            self.heard(text);
        }

        fn confirm(&self, question: &str) -> Option<bool> {
            self.heard(question);
            self.answer
        }

        fn count(&self, _: &'static str, _: usize, _: &'static str) -> Box<dyn FnMut()> {
            Box::new(|| {})
        }
    }

    #[test]
    fn only_what_is_written_unasked_needs_no_consent() {
        let asked = |dry_run, yes, answer| {
            let console = Scripted { answer, heard: RefCell::default() };
            let writing = Writing { dry_run, force: Force::No, yes };
            let consents = writing.consent("Write?", &console).map_err(|error| error.message);
            (consents.ok(), console.heard.into_inner())
        };
        let heard = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(asked(DryRun::None, true, None), (Some(true), heard(&[])));
        assert_eq!(asked(DryRun::Server, false, None), (Some(true), heard(&[])));
        assert_eq!(asked(DryRun::None, false, None), (None, heard(&["Write?"])));
        assert_eq!(asked(DryRun::None, false, Some(true)), (Some(true), heard(&["Write?"])));
        let declined = (Some(false), heard(&["Write?", "nothing was written"]));
        assert_eq!(asked(DryRun::None, false, Some(false)), declined);
    }
}
