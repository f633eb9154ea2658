//! `kubectl netpol snapshot`.

use std::io::Write;

use clap::Args;

use super::global::Global;
use super::input;
use crate::error::{Error, ExitCode};
use crate::files::saved;
use crate::model::gap::merged;
use crate::objects::object::{Object, Objects};

/// Save what an analysis of the cluster needs, and nothing secret, to one file.
///
/// The file is read back with -f, and gives the same answers. It has names, labels, addresses, ports
/// and policies; no environment, no arguments, no annotations, no Secrets and no ConfigMaps.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Save the cluster, compressed
  kubectl netpol snapshot prod.json.gz

  # Ask it later, elsewhere
  kubectl netpol list -f prod.json.gz")]
pub struct SnapshotArgs {
    /// The file, compressed if its name ends in .gz; - is standard output.
    #[arg(value_name = "FILE")]
    file: String,
}

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from saving.
pub fn run(args: &SnapshotArgs, global: &Global) -> Result<ExitCode, Error> {
    if !global.filename.is_empty() || global.has_overlay() {
        return Err(Error::usage("a snapshot is of the cluster: leave out -f, --with and --without"));
    }
    let objects = input::read_cluster(global)?;
    saved::save(&objects, &args.file)
        .map_err(|error| Error::usage(format!("cannot write {}: {error}", args.file)))?;
    if args.file != "-" {
        // A closed standard error is no reason to fail.
        let _ = writeln!(std::io::stderr(), "{}: {}", args.file, summary(&objects));
    }
    for gap in merged(&objects.gaps) {
        let _ = writeln!(std::io::stderr(), "gap: {gap}");
    }
    Ok(ExitCode::Success)
}

/// Counts what was saved.
fn summary(objects: &Objects) -> String {
    let count = |is: fn(&Object) -> bool| objects.items.values().filter(|object| is(object)).count();
    let pods = count(|object| matches!(object, Object::Pod(_)));
    let policies = count(|object| matches!(object, Object::Policy(_)));
    let namespaces = count(|object| matches!(object, Object::Namespace(_)));
    format!("{namespaces} namespaces, {pods} pods, {policies} network policies")
}
