//! `kubectl netpol doctor`.

use clap::Args;

use super::global::Global;
use super::output;
use super::terminal::warn;
use crate::cluster::doctor;
use crate::error::{Error, ExitCode};
use crate::policy;
use crate::render::answer::Answer;
use crate::render::format::Formats;
use crate::report::doctor::{Checkup, examine};

/// Check whether answers about a cluster can be trusted.
///
/// Which network plugin enforces policies and where it differs from the Kubernetes API, where DNS and
/// the API server are, what this user may read, and which answers would carry a gap. Exit code 1 says
/// that there is a problem.
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
    let checkup = examine(&snapshot, &rules, &examined.rights, &examined.namespace, &server_version);
    output::write(global, &checkup)?;
    Ok(output::outcome(checkup.problems.is_empty()))
}
