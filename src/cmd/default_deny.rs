//! `kubectl netpol default-deny`.

use std::io::Write;

use clap::Args;

use super::explain::{find, parse_target};
use super::{input, output};
use crate::cli::Global;
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::policy;
use crate::render::{Format, default_deny as render, diff};
use crate::report::default_deny::{Inside, default_deny};
use crate::report::diff::Diff;
use crate::report::joint::JointEnds;
use crate::report::sides::Sides;
use crate::report::target::Target;

/// Print policies that deny everything to and from a namespace but DNS.
///
/// The policies go to standard output, for Git, for diff -f - and for kubectl apply -f -. What they
/// would cut goes to standard error. Nothing is applied.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # The base of a namespace, and what it would cut
  kubectl netpol default-deny ns/shop > base.yaml

  # Pods of the namespace keep talking to each other
  kubectl netpol default-deny ns/shop --allow-same-namespace -f manifests/

  # Every connection that it cuts, as data
  kubectl netpol default-deny ns/shop | kubectl netpol diff -f - -A -o json")]
pub struct DefaultDenyArgs {
    /// The namespace: ns/NAME.
    #[arg(value_name = "NAMESPACE")]
    target: String,
    /// Let pods of the namespace talk to each other.
    #[arg(long)]
    allow_same_namespace: bool,
    /// Let pods of the namespace talk to the API server.
    #[arg(long)]
    allow_apiserver: bool,
}

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &DefaultDenyArgs, global: &Global) -> Result<ExitCode, Error> {
    let (target, port) = parse_target(&args.target)?;
    let (Target::Namespace(name), None) = (&target, port) else {
        return Err(Error::usage(format!("`{}` is not a namespace: use ns/NAME", args.target)));
    };
    if args.allow_apiserver {
        // The endpoints of default/kubernetes are not read.
        return Err(Error::usage("--allow-apiserver: the address of the API server is not known")
            .hint("leave it out, and add a rule with the ipBlock of the API server by hand"));
    }
    let input = input::read(global, true)?;
    let rules = policy::translate(&input.snapshot);
    let before = Network::build(&input.snapshot, &rules);
    find(&before, &target, &input.namespace)?;
    let inside = if args.allow_same_namespace { Inside::Allowed } else { Inside::Denied };
    let base = default_deny(&input.snapshot, name, inside);
    let applied = base.applied(&input.snapshot, &rules);
    let after = Network::build(&input.snapshot, &applied);
    output::write(global, true, |out, format, look| {
        match format {
            Format::Json => render::write_json(out, &base)?,
            _ => render::write_yaml(out, &base)?,
        }
        out.flush()?;
        let networks = Sides { before: &before, after: &after };
        let ends = JointEnds::build(networks);
        let mut told = Vec::new();
        if format == Format::Json {
            // It has no place for comments.
            render::write_findings(&mut told, &base)?;
        }
        diff::write(&mut told, &Diff::new(networks, &ends, None), look)?;
        // A closed standard error is no reason to end otherwise.
        let _ = std::io::stderr().write_all(&told);
        Ok(())
    })?;
    Ok(ExitCode::Success)
}
