//! Plans are shown, confirmed and written.

use std::io::{BufRead, IsTerminal, Write};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cluster::apply::{Applied, DryRun, Force, Manner, PolicyName, Writer};
use crate::cluster::conflict;
use crate::cluster::conflict::Conflict;
use crate::cluster::read::ClusterError;
use crate::edit::gitops::{Weight, advice, evidence};
use crate::edit::plan::{Learnt, PlanError, Planned, Wanted};
use crate::engine::network::Network;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::model::snapshot::{PolicyObject, PolicySpec, Snapshot};
use crate::render::sanitize::sanitize;
use crate::report::planned::{PlannedPolicy, applied};

/// The flags of commands that write.
#[derive(Debug, Args)]
pub(crate) struct WriteFlags {
    /// Write nothing: client only shows the plan, server lets the server check it too.
    #[arg(long, value_enum, value_name = "WHERE", default_value_t = Dry::None)]
    pub(crate) dry_run: Dry,
    /// Do not ask before writing.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Change policies that other tools look after, and take over the fields of other managers.
    #[arg(long)]
    pub(crate) force_conflicts: bool,
}

/// How far a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dry {
    /// It is written.
    None,
    /// It is shown.
    Client,
    /// The server checks it, and keeps nothing.
    Server,
}

impl WriteFlags {
    /// Returns the first flag that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--dry-run", self.dry_run != Dry::None),
            ("--yes", self.yes),
            ("--force-conflicts", self.force_conflicts),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }

    /// Returns what becomes of fields that belong to others.
    pub(crate) fn force(&self) -> Force {
        if self.force_conflicts { Force::Yes } else { Force::No }
    }

    /// Tells whether the plan may be written: a dry run needs no consent, and nobody is asked twice.
    ///
    /// # Errors
    /// There is nobody to ask.
    pub(crate) fn may_write(&self, question: &str) -> Result<bool, Error> {
        if self.yes || self.dry_run == Dry::Server {
            return Ok(true);
        }
        if !can_ask() {
            return Err(Error::usage("nobody can be asked whether to write this: give --yes")
                .hint("--dry-run=client only shows the plan"));
        }
        Ok(confirm(question))
    }
}

/// Where policies are read, and written.
pub(crate) enum Place<'a> {
    /// A cluster.
    Cluster(&'a Writer),
    /// Manifests: nothing is written.
    Files(&'a Snapshot),
}

/// One policy of a plan.
pub(crate) struct Change {
    pub(crate) wanted: Wanted,
    pub(crate) live: Option<Value>,
    pub(crate) planned: Planned,
}

/// Why a policy was not written.
#[derive(Debug)]
pub(crate) enum Stop {
    Cluster(ClusterError),
    Plan(PlanError),
}

impl From<ClusterError> for Stop {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

impl Change {
    /// Plans one policy on what is there.
    pub(crate) fn plan(place: &Place<'_>, wanted: Wanted, learnt: &Learnt) -> Result<Self, Error> {
        let live = match place {
            Place::Cluster(writer) => writer.read(&name_of(&wanted))?,
            Place::Files(snapshot) => in_files(snapshot, &wanted),
        };
        let planned = wanted.plan(live.as_ref(), learnt).map_err(|error| refusal(&wanted, &error))?;
        Ok(Self { wanted, live, planned })
    }

    /// Returns the object that would be applied.
    pub(crate) fn object(&self) -> Option<&Value> {
        self.planned.object.as_ref().map(|object| object.object())
    }

    /// Returns the policy as it is shown.
    pub(crate) fn shown(&self) -> PlannedPolicy {
        PlannedPolicy::new(title(&self.wanted), self.live.as_ref(), self.object())
    }
}

/// Prepares a snapshot as if the changes were applied.
pub(crate) fn network_after<'a>(snapshot: &'a Snapshot, changes: &[Change]) -> Network<'a> {
    Network::with_policies(snapshot, &objects_after(changes))
}

/// Returns the policies of changes as if they were applied.
pub(crate) fn objects_after(changes: &[Change]) -> Vec<PolicyObject> {
    let object = |change: &Change| applied(change.live.as_ref(), change.object()?);
    changes.iter().filter_map(object).collect()
}

/// Refuses to edit in place what another tool or manager looks after, unless that is forced, or the user
/// says so on a terminal; tells what may undo the edit by hand.
pub(crate) fn check_owners(change: &Change, flags: &WriteFlags) -> Result<Force, Error> {
    let forced = flags.force();
    let metadata = change.live.as_ref().and_then(|live| live.get("metadata"));
    let Some(metadata) = metadata.filter(|_| change.object().is_some()) else { return Ok(forced) };
    for own in evidence(metadata) {
        let text = format!("{} is looked after by {} ({})", title(&change.wanted), own.tool, own.sign);
        match own.weight {
            Weight::Warn => crate::cmd::input::warn(&[text]),
            Weight::Refuse if flags.force_conflicts => crate::cmd::input::warn(&[text]),
            Weight::Refuse => {
                let error = refused(format!("{text}, which would undo the change"));
                return Err(error.hint(advice(&own.tool)).hint(
                    "-o yaml prints the change for Git; --force-conflicts writes it all the same",
                ));
            }
        }
    }
    let Some(manager) = egress_owner(metadata).filter(|_| forced == Force::No) else {
        return Ok(forced);
    };
    let whose =
        format!("the field spec.egress of {} belongs to the manager {manager}", title(&change.wanted));
    if flags.dry_run == Dry::None && can_ask() && confirm(&format!("{whose}. Take it over?")) {
        return Ok(Force::Yes);
    }
    let text = format!("{whose}, from whom it would be taken");
    Err(refused(text).hint("--force-conflicts takes it; without --into nobody's field is touched"))
}

/// Finds the manager, not ours, that owns the list of egress rules, as one of which we may only be beside.
fn egress_owner(metadata: &Value) -> Option<String> {
    let entries = metadata.get("managedFields")?.as_array()?;
    let owns = |entry: &&Value| entry.pointer("/fieldsV1/f:spec/f:egress").is_some();
    let name = |entry: &Value| entry.get("manager").and_then(Value::as_str).map(str::to_owned);
    let mut owners = entries.iter().filter(owns).filter_map(name);
    owners.find(|name| name != crate::cluster::apply::MANAGER)
}

/// Tells whether there is somebody to ask.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on the terminal.
pub(crate) fn confirm(question: &str) -> bool {
    let mut err = std::io::stderr();
    let _ = write!(err, "{} [y/N] ", sanitize(question));
    let _ = err.flush();
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).is_ok();
    read && matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Writes all changes in order, each planned anew on what is there then; tells of each. Nothing is written
/// after one that fails.
pub(crate) fn write(
    writer: &Writer,
    changes: &[&Change],
    learnt: &Learnt,
    force: Force,
    flags: &WriteFlags,
) -> Result<ExitCode, Error> {
    let dry_run = if flags.dry_run == Dry::None { DryRun::None } else { DryRun::Server };
    let manner = Manner { dry_run, force };
    for change in changes {
        let ended = writer.apply(&name_of(&change.wanted), manner, |live| {
            change.wanted.plan(live, learnt).map(|planned| planned.object).map_err(Stop::Plan)
        });
        let done = match ended.map_err(|stop| of_stop(&change.wanted, stop))? {
            Applied::Done { changed: false } => "unchanged",
            Applied::Done { changed: true } if change.live.is_none() => "created",
            Applied::Done { changed: true } => "configured",
            Applied::Conflict(conflicts) => return Err(owned(&change.wanted, &conflicts)),
            Applied::Stale => {
                let text = "others changed it each time it was read; try again";
                return Err(Error::cluster(format!("{}: {text}", title(&change.wanted))));
            }
            Applied::Gone => {
                let text = "it was deleted, or replaced, meanwhile; nothing was written";
                return Err(Error::cluster(format!("{}: {text}", title(&change.wanted))));
            }
        };
        let dry = if manner.dry_run == DryRun::Server { " (server dry run)" } else { "" };
        tell(&format!("{} {done}{dry}", title(&change.wanted)));
    }
    crate::cmd::input::warn(&writer.warnings());
    Ok(ExitCode::Success)
}

/// Tells how far it has come, on standard error.
pub(crate) fn tell(text: &str) {
    // A closed standard error is no reason to end otherwise.
    let _ = writeln!(std::io::stderr(), "{}", sanitize(text));
}

/// Says that something was refused for safety.
pub(crate) fn refused(message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Refused, message)
}

fn of_stop(wanted: &Wanted, stop: Stop) -> Error {
    match stop {
        Stop::Cluster(error) => error.into(),
        Stop::Plan(error) => refusal(wanted, &error),
    }
}

fn owned(wanted: &Wanted, conflicts: &[Conflict]) -> Error {
    let told = conflict::told(conflicts);
    Error::cluster(format!("{}: {told}; nothing was written", title(wanted)))
        .hint("--force-conflicts takes it over")
}

/// Says why a policy cannot be written.
fn refusal(wanted: &Wanted, error: &PlanError) -> Error {
    let text = format!("{}: {error}", title(wanted));
    match error {
        PlanError::Missing => Error::usage(text),
        _ => refused(text),
    }
}

fn name_of(wanted: &Wanted) -> PolicyName {
    PolicyName { namespace: wanted.namespace().to_owned(), name: wanted.name().to_owned() }
}

/// Names a policy: `NetworkPolicy shop/web`.
pub(crate) fn title(wanted: &Wanted) -> String {
    format!("NetworkPolicy {}/{}", wanted.namespace(), wanted.name())
}

/// Returns a policy of manifests as a cluster would.
fn in_files(snapshot: &Snapshot, wanted: &Wanted) -> Option<Value> {
    let is_it = |own: &&PolicyObject| {
        own.namespace.as_deref() == Some(wanted.namespace()) && &*own.name == wanted.name()
    };
    let policy = snapshot.policies.iter().find(is_it)?;
    let PolicySpec::NetworkPolicy(spec) = &policy.spec;
    Some(json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": policy.name,
            "namespace": policy.namespace,
            "labels": policy.metadata.labels,
            "annotations": policy.metadata.annotations,
        },
        "spec": spec,
    }))
}
