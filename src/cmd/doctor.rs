//! `kubectl netpol doctor`.

use clap::Args;
use jiff::Timestamp;

use super::global::Global;
use super::terminal::warn;
use super::{input, output};
use crate::cluster::doctor;
use crate::cluster::jobs::FoundJob;
use crate::cluster::read::Question;
use crate::error::{Error, ExitCode};
use crate::plan::doctor as jobs;
use crate::plan::input::Input;
use crate::policy;
use crate::render::answer::Answer;
use crate::render::format::Formats;
use crate::report::doctor::{Checkup, examine};

/// Check whether answers about a cluster can be trusted.
///
/// Which network plugin enforces policies and where it differs from the Kubernetes API, where DNS and
/// the API server are, what this user may read and write, which answers would carry a gap, and whether the
/// CronJob of refresh-ips runs and reaches what it needs. Exit code 1 says that there is a problem.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Check the cluster of the current context
  kubectl netpol doctor

  # What a service account of a pipeline would see
  kubectl netpol doctor --as system:serviceaccount:ci:reader -n shop")]
pub struct DoctorArgs {}

/// The formats of its answers.
pub const FORMATS: Formats = Checkup::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(_args: &DoctorArgs, global: &Global) -> Result<ExitCode, Error> {
    if !global.filename.is_empty() || global.has_overlay() {
        return Err(Error::usage("doctor looks at the cluster: leave out -f, --with and --without"));
    }
    let options = global.connection.options(global.namespace.as_ref());
    let examined = doctor::examine(&options)?;
    let server_version = examined.objects.server_version.clone().unwrap_or_default();
    warn(&examined.objects.warnings);
    let mut snapshot = examined.objects.assemble();
    global.lay_over(&mut snapshot);
    let rules = policy::translate(&snapshot);
    let mut checkup = examine(&snapshot, &rules, &examined.rights, &examined.namespace, &server_version);
    let found = (&*examined.jobs, examined.unread_jobs);
    // Only where there are jobs is all read that it takes to judge what they reach.
    let read = (!found.0.is_empty()).then(|| read_around(global, found.0));
    let read = read
        .as_ref()
        .map(|read| read.as_ref().map(|input| &input.snapshot).map_err(ToString::to_string));
    checkup.add_jobs(jobs::jobs(&snapshot, found, read, Timestamp::now()));
    output::write(global, &checkup)?;
    Ok(output::outcome(checkup.problems.is_empty()))
}

/// Reads what it takes to judge what jobs reach.
fn read_around(global: &Global, found: &[FoundJob]) -> Result<Input, Error> {
    input::read_for(global, true, Question::Everything(&jobs::namespaces(found)))
}
