//! `kubectl netpol diff`.

use clap::Args;

use super::global::Global;
use super::terminal::tell;
use super::{compared, connection, output};
use crate::diff::joint::JointEnds;
use crate::diff::network_diff::Diff;
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::plan::find::check_namespace;
use crate::render::answer::Answer;
use crate::render::format::Formats;

/// Show which connections appear, disappear or change if manifests were applied.
///
/// The manifests of -f are laid over the live cluster, or over --base. With OLD and NEW, two sources
/// are compared: a path, kustomize:DIR, the word live, or context:NAME. Exits with 1 if there are differences.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # What would change if this were applied to the cluster
  kubectl netpol diff -f policies/

  # A comment for a pull request: two checkouts
  kubectl netpol diff main/ branch/ -R -o md

  # A picture of it
  kubectl netpol diff -f policies/ -o dot | dot -Tsvg > changes.svg

  # What a policy cuts, from manifests only
  kubectl netpol diff --base manifests/ -f new-policy.yaml

  # What opens if a policy were deleted
  kubectl netpol diff --without shop/netpol/default-deny

  # Two clusters
  kubectl netpol diff context:staging context:production")]
pub struct DiffArgs {
    /// What was: a path, kustomize:DIR, live, or context:NAME.
    #[arg(value_name = "OLD", requires = "new")]
    old: Option<String>,
    /// What is: a path, kustomize:DIR, live, or context:NAME.
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// Lay -f over these manifests instead of the live cluster.
    #[arg(long, value_name = "PATH")]
    base: Vec<String>,
    /// Connections of every namespace, though -n is given to complete names.
    #[arg(short = 'A', long)]
    all_namespaces: bool,
}

/// The formats of its answers.
pub const FORMATS: Formats = Diff::<'_, '_>::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &DiffArgs, global: &Global) -> Result<ExitCode, Error> {
    let snapshots = match (&args.old, &args.new) {
        (Some(old), Some(new)) => {
            if !global.filename.is_empty() || !args.base.is_empty() {
                return Err(Error::usage(
                    "OLD and NEW are compared as they are: leave -f and --base out",
                )
                .hint("--with lays manifests over NEW"));
            }
            compared::read_two(global, old, new)?
        }
        _ => {
            if [&global.filename, &global.with, &global.without].iter().all(|own| own.is_empty()) {
                return Err(Error::usage("nothing to compare: give -f, --without, or OLD and NEW"));
            }
            compared::read_overlaid(global, &args.base)?
        }
    };
    // A change may cut any namespace, whichever the context names.
    let only = connection::given(global.namespace.clone()).filter(|_| !args.all_namespaces);
    let networks = snapshots.each().map(Network::of);
    let networks = networks.each();
    if let Some(name) = &only {
        let after = check_namespace(networks.after, name);
        after.or_else(|error| check_namespace(networks.before, name).map_err(|_| error))?;
    }
    let ends = JointEnds::build(networks);
    let diff = Diff::new(networks, &ends, only);
    output::write(global, &diff)?;
    // What may hide a policy may hide a difference.
    let is_judged = !diff.gaps().iter().any(|own| own.gap.may_hide_policy());
    if !is_judged {
        tell("could not be judged: what was not read may be a policy (see the gaps)");
    }
    Ok(output::outcome(is_judged && !diff.differs()))
}
