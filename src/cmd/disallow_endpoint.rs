//! `kubectl netpol disallow-endpoint`.

use clap::Args;

use super::flags::WriteFlags;
use super::global::Global;
use super::target::parse_words;
use super::{input, proposed};
use crate::ends::target::EndWord;
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::plan::disallow_endpoint::plan;
use crate::plan::find::find;
use crate::render::allowance::Proposed;
use crate::render::answer::Answer;
use crate::render::format::Formats;

/// Take back what allow-endpoint opened for a workload.
///
/// The rules of the host and what is remembered of it go, and with the last host of the workload what
/// only hosts needed: the policies for DNS and for everything else. The plan shows what is deleted or
/// changed, and every connection that this cuts or opens. No name is resolved.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # What the deployment may reach no more
  kubectl netpol disallow-endpoint deploy/web --url https://api.example.com

  # Only show it
  kubectl netpol disallow-endpoint deploy/web --dry-run=client \\
    --url postgres://db.example.com/orders")]
pub struct DisallowEndpointArgs {
    /// Whose connections, as TARGET or as TYPE NAME; ns/NAME is what was opened for the whole namespace.
    #[arg(value_name = "TARGET", required = true, num_args = 1..=2)]
    target: Vec<String>,
    /// What to reach no more: a URL, or HOST:PORT; may be repeated.
    #[arg(long, value_name = "URL", required = true)]
    url: Vec<String>,
    #[command(flatten)]
    write: WriteFlags,
}

/// The formats of its answers.
pub const FORMATS: Formats = Proposed::<'_>::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &DisallowEndpointArgs, global: &Global) -> Result<ExitCode, Error> {
    let urls = args.url.iter().map(|word| proposed::parse_url(word));
    let urls = urls.collect::<Result<Vec<_>, Error>>()?;
    let EndWord { target, port: None } = parse_words(&args.target)? else {
        return Err(Error::usage("a port stands in --url, not at TARGET"));
    };
    let writing = proposed::writing(global, &args.write)?;
    proposed::until_decided(|| {
        let input = input::read(global, true, &[&target])?;
        let network = Network::of(&input.snapshot);
        let end = find(&network, &target, &input.namespace)?;
        let plan = plan(&urls, &network, (&target, &end), global.cluster().as_ref())?;
        proposed::conclude(global, &network, &plan, writing)
    })
}
