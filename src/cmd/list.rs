//! `kubectl netpol list`.

use clap::{Args, ValueEnum};

use super::global::Global;
use super::target::{one_port, parse_port, parse_target, source};
use super::{input, output};
use crate::ends::service;
use crate::ends::target::Target;
use crate::ends::units::Level;
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::plan::find::{check_namespace, find};
use crate::policy::Direction;
use crate::render::answer::Answer;
use crate::render::format::Formats;
use crate::report::list::List;
use crate::report::query::ListQuery;

/// List all connections that are allowed.
///
/// Workloads talk as one unless their pods differ; in text, whole namespaces stand for their
/// workloads where they all may do the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Every connection with an end in the namespace shop
  kubectl netpol list -n shop

  # The whole cluster, as data
  kubectl netpol list -A -o json

  # Who may open connections to a database, from manifests
  kubectl netpol list --to db/sts/postgres --port 5432 -f manifests/

  # What changes pod by pod if a policy were gone
  kubectl netpol list --pods -f manifests/ --without shop/netpol/default-deny")]
pub struct ListArgs {
    /// Only connections with an end in this namespace: ns/NAME, as with -n.
    #[arg(value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    place: Option<String>,
    /// Connections of every namespace (the default with -f).
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Pods one by one instead of workloads.
    #[arg(long)]
    pods: bool,
    /// Only connections that this TARGET may open.
    #[arg(long, value_name = "TARGET")]
    from: Option<String>,
    /// Only connections to this TARGET; of a Service, to the ports of the pods behind it.
    #[arg(long, value_name = "TARGET")]
    to: Option<String>,
    /// Only this port: N, N-M or NAME, with /UDP or /SCTP behind it unless it is TCP.
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Judge one half only: what sources may open, or what destinations accept.
    #[arg(long, value_enum, value_name = "DIRECTION")]
    direction: Option<OneHalf>,
    /// Leave the header of the table out.
    #[arg(long)]
    no_headers: bool,
}

/// One half of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OneHalf {
    /// The policies of sources.
    Egress,
    /// The policies of destinations.
    Ingress,
}

/// The formats of its answers.
pub const FORMATS: Formats = List::<'_, '_>::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &ListArgs, global: &Global) -> Result<ExitCode, Error> {
    let place = args.place.as_ref().map(|word| namespace(word, global)).transpose()?;
    let global = &global.within(place);
    let from = args.from.as_ref().map(|word| parse_target(word)).transpose()?;
    let to = args.to.as_ref().map(|word| parse_target(word)).transpose()?;
    let from = from.map(source).transpose()?;
    let (to, port) = to.map_or((None, None), |to| (Some(to.target), to.port));
    let port = one_port(port, parse_port(args.port.as_ref())?, "destination")?;
    let targets: Vec<_> = from.iter().chain(&to).collect();
    let input = input::read_ends(global, args.all_namespaces, &targets)?;
    let network = Network::of(&input.snapshot);
    if let Some(name) = &input.only {
        check_namespace(&network, name)?;
    }
    let end = |target: Option<Target>| {
        target.map(|target| find(&network, &target, &input.namespace)).transpose()
    };
    let query = ListQuery {
        level: if args.pods { Level::Pods } else { Level::Workloads },
        direction: args.direction.map(|half| match half {
            OneHalf::Egress => Direction::Egress,
            OneHalf::Ingress => Direction::Ingress,
        }),
        from: end(from)?,
        to: end(to)?,
        port,
        namespace: input.only.clone(),
    };
    let is_source = query.from.as_ref().map_or(Ok(()), service::check_source);
    let has_port =
        query.to.as_ref().map_or(Ok(()), |end| service::check_port(&network, end, query.port.as_ref()));
    is_source.and(has_port).map_err(Error::one_line)?;
    let list = List::new(&network, query);
    output::write_table(global, &list, !args.no_headers)?;
    Ok(ExitCode::Success)
}

/// Reads the namespace that a word names.
///
/// # Errors
/// A word for something else, or for another namespace than the flag.
fn namespace(word: &str, global: &Global) -> Result<String, Error> {
    let name = match parse_target(word).map(|end| (end.target, end.port)) {
        Ok((Target::Namespace(name), None)) => name,
        _ => {
            let text = format!("`{word}` is not ns/NAME, which is all that list takes without a flag");
            let hint = format!("--from {word} and --to {word} list the connections of one end");
            return Err(Error::usage(text).hint(hint));
        }
    };
    match global.namespace.as_ref().filter(|given| **given != name) {
        Some(given) => Err(Error::usage(format!("{word} and -n {given} are two namespaces: give one"))),
        None => Ok(name),
    }
}
