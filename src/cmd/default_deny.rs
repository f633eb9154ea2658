//! `kubectl netpol default-deny`.

use clap::Args;

use super::flags::{DnsFlags, WriteFlags};
use super::global::Global;
use super::target::parse_target;
use super::terminal::Terminal;
use super::{input, output};
use crate::diff::joint::JointEnds;
use crate::diff::network_diff::Diff;
use crate::diff::sides::Sides;
use crate::ends::target::{EndWord, Target};
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::plan::default_deny::{BaseRequest, apply, base};
use crate::plan::find::find;
use crate::render::answer::Answer;
use crate::render::format::Formats;
use crate::report::default_deny::{DefaultDeny, Inside};

/// Print policies that deny everything to and from a namespace but DNS.
///
/// The policies go to standard output, for Git, for diff -f - and for kubectl apply -f -. What they
/// would cut goes to standard error. Nothing is applied, unless --apply says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # The base of a namespace, and what it would cut
  kubectl netpol default-deny ns/shop > base.yaml

  # Pods of the namespace keep talking to each other
  kubectl netpol default-deny ns/shop --allow-same-namespace -f manifests/

  # Write it to the cluster, once you have seen what it cuts
  kubectl netpol default-deny ns/shop --apply

  # Every connection that it cuts, as data
  kubectl netpol default-deny ns/shop | kubectl netpol diff -f - -o json")]
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
    /// Write the policies to the cluster.
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    dns: DnsFlags,
    #[command(flatten)]
    write: WriteFlags,
}

/// The formats of its answers.
pub const FORMATS: Formats = DefaultDeny::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &DefaultDenyArgs, global: &Global) -> Result<ExitCode, Error> {
    let EndWord { target, port } = parse_target(&args.target)?;
    let (Target::Namespace(name), None) = (&target, port) else {
        let name = args.target.rsplit('/').next().unwrap_or_default();
        return Err(Error::usage(format!(
            "`{}` is not ns/NAME: did you mean `ns/{name}`?",
            args.target
        )));
    };
    if let Some(flag) = args.write.given().filter(|_| !args.apply) {
        return Err(Error::usage(format!("{flag} needs --apply")));
    }
    if args.apply && (!global.filename.is_empty() || global.has_overlay()) {
        return Err(Error::usage("--apply writes to the cluster: leave out -f, --with and --without"));
    }
    let mut input = input::read(global, true, &[&target])?;
    args.dns.lay_over(&mut input.snapshot)?;
    let before = Network::of(&input.snapshot);
    find(&before, &target, &input.namespace)?;
    let asked = BaseRequest {
        namespace: name,
        inside: if args.allow_same_namespace { Inside::Allowed } else { Inside::Denied },
        api_server: args.allow_apiserver,
    };
    let base = base(&input.snapshot, asked)?;
    let after = base.applied(&input.snapshot);
    output::write(global, &base)?;
    let networks = Sides { before: &before, after: &after };
    let ends = JointEnds::build(networks);
    output::write_beside(global, &Diff::new(networks, &ends, None))?;
    if !args.apply {
        return Ok(ExitCode::Success);
    }
    let connection = global.connection.options(global.namespace.as_ref());
    let applied = apply(&base, (&input.snapshot, name), (&connection, args.write.writing()), &Terminal)?;
    Ok(output::outcome(applied))
}
