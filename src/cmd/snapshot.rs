//! `kubectl netpol snapshot`.

use std::io::Write;

use clap::Args;

use super::global::Global;
use super::input;
use crate::error::{Error, ExitCode};
use crate::files::saved;
use crate::model::gap::merged;
use crate::objects::object::{Object, Objects};
use crate::policy::network_policy;
use crate::report::doctor::NEEDED;

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
    let is_hidden = |resource| objects.gaps.iter().any(|gap| gap.hides_all(resource));
    if NEEDED.into_iter().chain([network_policy::KIND.resource]).all(is_hidden) {
        let nothing = Error::cluster("nothing that an answer needs may be read: no snapshot is saved");
        let nothing = merged(&objects.gaps).into_iter().fold(nothing, Error::hint);
        return Err(nothing.hint("-n names a namespace that may be read"));
    }
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

/// Counts what was saved; what was not read is not counted as none.
fn summary(objects: &Objects) -> String {
    let count = |noun: &str, resource: &str, is: fn(&Object) -> bool| {
        let gaps = || objects.gaps.iter().filter(|gap| gap.hides(resource));
        let count = objects.items.values().filter(|object| is(object)).count();
        match (gaps().any(|gap| gap.hides_all(resource)), gaps().next()) {
            (true, _) => format!("no {noun} that may be read"),
            (false, Some(_)) => format!("{count} {noun} of those that may be read"),
            (false, None) => format!("{count} {noun}"),
        }
    };
    let namespaces = count("namespaces", "namespaces", |object| matches!(object, Object::Namespace(_)));
    let pods = count("pods", "pods", |object| matches!(object, Object::Pod(_)));
    let is_policy: fn(&Object) -> bool = |object| matches!(object, Object::Policy(_));
    let policies = count("network policies", network_policy::KIND.resource, is_policy);
    format!("{namespaces}, {pods}, {policies}")
}
