//! One policy of a plan: planned on what is there, and written while that is as it was shown.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::console::Console;
use super::facts::Difference;
use crate::cluster::apply::{Applied, ApplyManner, DryRun, Force, MANAGER, PolicyName, Writer};
use crate::cluster::conflict::{self, Conflict};
use crate::cluster::read::ClusterError;
use crate::edit::gitops::{Weight, advice, evidence};
use crate::edit::object::{is_ours, lacks_record, on_the_wire};
use crate::edit::plan::{Learnt, PlanError, Planned, WantedPolicy};
use crate::error::{Error, ErrorKind, Source};
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::network_policy::write::to_object;

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

/// What was done to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was made.
    Created,
    /// It was changed.
    Configured,
    /// It was so already.
    Unchanged,
    /// It was deleted.
    Deleted,
    /// It was not there any more.
    Absent,
}

/// Why a policy is not written.
pub enum Stop {
    /// What the plan was made on is another by now.
    Differs(Vec<Difference>),
    /// It cannot be.
    Failed(Error),
}

impl Done {
    /// Tells whether anything was written.
    pub const fn is_change(self) -> bool {
        !matches!(self, Self::Unchanged | Self::Absent)
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Absent => "was not there any more",
        })
    }
}

impl PolicyPlace<'_> {
    /// Reads a policy; nothing where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(self, name: &PolicyName) -> Result<Option<Value>, Error> {
        match self {
            Self::Cluster(writer) => Ok(writer.read(name)?),
            Self::Files(snapshot) => Ok(in_files(snapshot, name)),
        }
    }
}

impl From<ClusterError> for Stop {
    fn from(error: ClusterError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Change {
    /// Plans one policy on what is there.
    ///
    /// # Errors
    /// What is there cannot be read, or cannot become what is wanted.
    pub fn plan(place: PolicyPlace<'_>, wanted: WantedPolicy, learnt: &Learnt) -> Result<Self, Error> {
        let live = place.read(&name_of(&wanted))?;
        if live.as_ref().is_some_and(lacks_record) && matches!(place, PolicyPlace::Files(_)) {
            let name = title(&name_of(&wanted));
            let text = "its record of hosts is not in what was read, and would be lost";
            return Err(refused(format!("{name}: {text}")).hint(
                "plan it on the cluster, or on manifests with the annotation; a snapshot has none",
            ));
        }
        let planned = wanted.plan(live.as_ref(), learnt).map_err(|error| refusal(&wanted, &error))?;
        Ok(Self { wanted, live, planned })
    }

    /// Returns which policy it is.
    pub fn name(&self) -> PolicyName {
        name_of(&self.wanted)
    }

    /// Names the policy: `NetworkPolicy shop/web`.
    pub fn title(&self) -> String {
        title(&self.name())
    }

    /// Tells whether there is none yet.
    pub fn is_new(&self) -> bool {
        self.live.is_none() && self.object().is_some()
    }

    /// Returns the object that would be applied.
    pub fn object(&self) -> Option<&Value> {
        self.planned.object.as_ref().map(|object| object.object())
    }

    /// Refuses to edit in place what another tool or manager looks after, unless that is forced, or the user
    /// says so; tells what may undo the edit by hand.
    ///
    /// # Errors
    /// Who looks after it.
    pub fn check_owners(&self, manner: ApplyManner, console: &dyn Console) -> Result<Force, Error> {
        let metadata = self.live.as_ref().and_then(|live| live.get("metadata"));
        let Some(metadata) = metadata else { return Ok(manner.force) };
        for sign in evidence(metadata) {
            let text = format!("{} is looked after by {} ({})", self.title(), sign.tool, sign.sign);
            if sign.weight == Weight::Refuse && manner.force == Force::No {
                let error = refused(format!("{text}, which would undo the change"));
                return Err(error.hint(advice(&sign.tool)).hint(
                    "-o yaml prints the change for Git; --force-conflicts writes it all the same",
                ));
            }
            console.warn(&text);
        }
        let Some(manager) = egress_owner(metadata).filter(|_| manner.force == Force::No) else {
            return Ok(manner.force);
        };
        let whose =
            format!("the field spec.egress of {} belongs to the manager {manager}", self.title());
        // In a policy of our own, what a hand changed stays: only the field is taken back.
        if self.live.as_ref().is_some_and(is_ours) {
            console.warn(&format!("{whose}, from whom it is taken back"));
            return Ok(Force::Yes);
        }
        let question = || console.confirm(&format!("{whose}. Take it over?"));
        if manner.dry_run == DryRun::None && question() == Some(true) {
            return Ok(Force::Yes);
        }
        let text = format!("{whose}, from whom it would be taken");
        Err(refused(text).hint("--force-conflicts takes it; without --into nobody's field is touched"))
    }

    /// Writes the policy, planned anew on what is there then; says what became of it.
    ///
    /// # Errors
    /// What is another than it was shown, or why the policy cannot be written.
    pub fn write(&self, writer: &Writer, learnt: &Learnt, manner: ApplyManner) -> Result<Done, Stop> {
        let ended = writer.apply(&self.name(), manner, |live| {
            if let Some(difference) = self.difference(live).or_else(|| self.new_owner(live)) {
                return Err(Stop::Differs(vec![difference]));
            }
            let planned = self.wanted.plan(live, learnt);
            planned
                .map(|planned| planned.object)
                .map_err(|error| Stop::Failed(refusal(&self.wanted, &error)))
        });
        match ended? {
            Applied::Done { changed: false } => Ok(Done::Unchanged),
            Applied::Done { changed: true } if self.live.is_none() => Ok(Done::Created),
            Applied::Done { changed: true } => Ok(Done::Configured),
            Applied::Conflict(conflicts) => Err(self.owned(&conflicts).into()),
            Applied::Stale => Err(stale(&self.title()).into()),
            Applied::Gone => Err(Stop::Differs(vec![Difference::Gone(self.title())])),
        }
    }

    /// Compares what is there with what was shown, less what is planned anew: the rules of a policy that
    /// takes ours beside them, and an own policy that another run made meanwhile.
    fn difference(&self, now: Option<&Value>) -> Option<Difference> {
        let field = |object: &Value, path| object.pointer(path).cloned();
        let says = |now: &Value| field(now, "/spec");
        let planned = self.object().and_then(says);
        let is_whole = matches!(self.wanted, WantedPolicy::Fixed(_));
        let Some(then) = &self.live else {
            let is_another = now.is_some_and(|now| is_whole && says(now) != planned);
            return is_another.then(|| Difference::Made(self.title()));
        };
        let Some(now) = now.filter(|now| uid(now) == uid(then)) else {
            return Some(Difference::Gone(self.title()));
        };
        let governs =
            |object| ["/spec/podSelector", "/spec/policyTypes"].map(|path| field(object, path));
        if is_whole && says(now) != says(then) && says(now) != planned {
            return Some(Difference::Says(self.title()));
        }
        (!is_whole && governs(now) != governs(then)).then(|| Difference::Governs(self.title()))
    }

    /// Finds who looks after the policy now and was not shown, whom nobody consented to contradict.
    fn new_owner(&self, now: Option<&Value>) -> Option<Difference> {
        let metadata = |object: Option<&Value>| object.and_then(|own| own.get("metadata")).cloned();
        let shown = owners(&metadata(self.live.as_ref()).unwrap_or_default());
        let now = owners(&metadata(now)?);
        let owner = now.difference(&shown).next()?.clone();
        Some(Difference::Owner { title: self.title(), owner })
    }

    fn owned(&self, conflicts: &[Conflict]) -> Error {
        let told = conflict::told(conflicts);
        Error::cluster(format!("{}: {told}; nothing was written", self.title()))
            .hint("--force-conflicts takes it over")
    }
}

/// Says that others are faster each time.
pub fn stale(title: &str) -> Error {
    Error::cluster(format!("{title}: others changed it each time it was read; try again"))
}

/// Returns the identity of an object.
pub fn uid(object: &Value) -> Option<&str> {
    object.pointer("/metadata/uid")?.as_str()
}

/// Finds the first manager, not ours, that owns the list of egress rules.
pub fn egress_owner(metadata: &Value) -> Option<String> {
    egress_owners(metadata).next().map(str::to_owned)
}

/// Lists the managers, not ours, that own the list of egress rules, as one of which we may only be beside.
fn egress_owners(metadata: &Value) -> impl Iterator<Item = &str> {
    let entries = metadata.get("managedFields").and_then(Value::as_array).into_iter().flatten();
    let owning = entries.filter(|entry| entry.pointer("/fieldsV1/f:spec/f:egress").is_some());
    let names = owning.filter_map(|entry| entry.get("manager")?.as_str());
    names.filter(|name| *name != MANAGER)
}

/// Lists whom an edit would contradict: tools that undo it, and managers that own the egress rules.
fn owners(metadata: &Value) -> BTreeSet<String> {
    let tools = evidence(metadata).into_iter().filter(|sign| sign.weight == Weight::Refuse);
    let tools = tools.map(|sign| format!("{} ({})", sign.tool, sign.sign));
    let managers = egress_owners(metadata).map(|name| format!("the manager {name}"));
    tools.chain(managers).collect()
}

/// Says that something was refused for safety.
pub fn refused(source: impl Into<Source>) -> Error {
    Error::new(ErrorKind::Refused, source)
}

/// Says why a policy cannot be written.
fn refusal(wanted: &WantedPolicy, error: &PlanError) -> Error {
    let text = format!("{}: {error}", title(&name_of(wanted)));
    match error {
        PlanError::Missing => Error::usage(text),
        _ => refused(text),
    }
}

fn name_of(wanted: &WantedPolicy) -> PolicyName {
    PolicyName { namespace: wanted.namespace().to_owned(), name: wanted.name().to_owned() }
}

/// Names a policy: `NetworkPolicy shop/web`.
pub fn title(PolicyName { namespace, name }: &PolicyName) -> String {
    format!("NetworkPolicy {namespace}/{name}")
}

/// Returns a policy of manifests as a cluster would.
fn in_files(snapshot: &Snapshot, wanted: &PolicyName) -> Option<Value> {
    let is_it = |own: &&PolicyObject| {
        own.namespace.as_deref() == Some(&*wanted.namespace) && *own.name == *wanted.name
    };
    let policy = snapshot.policies.iter().find(is_it)?;
    let mut object = to_object(policy)?;
    // In a change of it, what is empty shows too.
    object.metadata.labels.get_or_insert_default();
    object.metadata.annotations.get_or_insert_default();
    Some(on_the_wire(&object))
}
