//! `kubectl netpol endpoints`.

use clap::Args;

use super::global::Global;
use super::{input, output};
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::plan::endpoints;
use crate::plan::find::check_namespace;
use crate::render::answer::Answer;
use crate::render::format::Formats;
use crate::report::endpoints::EndpointList;

/// List the hosts that policies remember.
///
/// Of each host its policy and the pods that it is for, the addresses that are open, those that are about
/// to leave, when it was resolved last, what its record consents to, and where the record and the rules of
/// the policy differ. Asks no name server: refresh-ips --check does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # The hosts of one namespace
  kubectl netpol endpoints -n shop

  # Every address of every host
  kubectl netpol endpoints -A -o wide

  # What is in a repository of manifests
  kubectl netpol endpoints -f manifests/

  # A record for each host, for a spreadsheet
  kubectl netpol endpoints -A -o csv")]
pub struct EndpointsArgs {
    /// Policies of every namespace (the default with -f).
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Leave the header of CSV out.
    #[arg(long)]
    no_headers: bool,
}

/// The formats of its answers.
pub const FORMATS: Formats = EndpointList::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &EndpointsArgs, global: &Global) -> Result<ExitCode, Error> {
    let input = input::read(global, args.all_namespaces, &[])?;
    if let Some(name) = &input.only {
        check_namespace(&Network::of(&input.snapshot), name)?;
    }
    let list = endpoints::list(&input.snapshot, input.only);
    output::write_table(global, &list, !args.no_headers)?;
    Ok(ExitCode::Success)
}
