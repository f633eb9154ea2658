//! `kubectl netpol who-can-reach`.

use clap::Args;

use super::global::Global;
use super::target::{one_port, parse_port, parse_target, parse_words, source};
use super::{input, output};
use crate::ends::target::{EndWord, Target};
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::plan::find::find;
use crate::render::answer::Answer;
use crate::render::format::Formats;
use crate::report::reach::{SourceDetail, Sources, SourcesQuery};

/// Find every source that can open connections to a workload, a Service, a node or an address.
///
/// Of a Service, by its name or its address, the sources are those of its backends, at the ports that
/// it sends to.
///
/// Sources are shown whatever their namespace: -n only completes the name of TARGET. In text, whole
/// namespaces stand for their workloads where they all may do the same.
///
/// --expect only=TARGET,... asks for the others: it holds if nothing but the sources that it names
/// can connect, or may. Further replicas of the destination are others too, unless they are named. A
/// way in from outside (a load balancer, a port of the nodes, an Ingress ...) is expected where they hold
/// all pods of its proxy, or, if it has none that is known, all addresses that it lets in.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Who can connect to a database
  kubectl netpol who-can-reach db/sts/postgres:5432

  # Who gets through a port of a Service to the pods behind it
  kubectl netpol who-can-reach shop/svc/api:http

  # Which rule lets each of them in
  kubectl netpol who-can-reach db/sts/postgres:5432 --why

  # An audit for a pipeline: exit code 1 if anything but these can
  kubectl netpol who-can-reach db/sts/postgres:5432 -f manifests/ \\
    --expect only=ns/prod,ops/deploy/backup

  # A table for a pull request
  kubectl netpol who-can-reach deploy/web -n shop -o md")]
pub struct WhoCanReachArgs {
    /// The destination, as TARGET[:PORT] or as TYPE NAME[:PORT].
    #[arg(value_name = "TARGET", required = true, num_args = 1..=2)]
    target: Vec<String>,
    /// The port: N, N-M or NAME, with /UDP or /SCTP behind it unless it is TCP.
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Name the rules that let each source in (graphs leave them out).
    #[arg(long)]
    why: bool,
    /// Exit with code 1 if anything else can connect: only=TARGET[,TARGET...].
    #[arg(long, value_name = "only=TARGET")]
    expect: Option<String>,
    /// Sources of every namespace (always so).
    #[arg(short = 'A', long, hide = true)]
    all_namespaces: bool,
    /// Leave the header of the table out.
    #[arg(long)]
    no_headers: bool,
}

/// The formats of its answers.
pub const FORMATS: Formats = Sources::<'_, '_>::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &WhoCanReachArgs, global: &Global) -> Result<ExitCode, Error> {
    let EndWord { target, port } = parse_words(&args.target)?;
    let port = one_port(port, parse_port(args.port.as_ref())?, "target")?;
    let only = args.expect.as_ref().map(|word| parse_only(word)).transpose()?;
    let input = input::read_ends(global, true, &[&target])?;
    let network = Network::of(&input.snapshot);
    let end = |target: &Target| find(&network, target, &input.namespace);
    let only = only.map(|targets| targets.iter().map(end).collect()).transpose()?;
    let why = args.why || global.format().is_wide();
    let query = SourcesQuery {
        target: end(&target)?,
        port,
        only,
        detail: if why { SourceDetail::Rules } else { SourceDetail::Ports },
    };
    let sources = Sources::find(&network, query);
    let sources = sources.map_err(Error::one_line)?;
    output::check_judged(sources.nothing_judged())?;
    output::write_table(global, &sources, !args.no_headers)?;
    Ok(output::outcome(sources.is_as_expected()))
}

/// Reads `only=TARGET[,TARGET...]`.
fn parse_only(word: &str) -> Result<Vec<Target>, Error> {
    let Some(targets) = word.strip_prefix("only=").filter(|targets| !targets.is_empty()) else {
        return Err(Error::usage(format!("--expect `{word}`: use only=TARGET[,TARGET...]")));
    };
    targets.split(',').map(|word| source(parse_target(word)?)).collect()
}
