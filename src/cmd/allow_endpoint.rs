//! `kubectl netpol allow-endpoint`.

use clap::{Args, ValueEnum};

use super::connection::parse_grace;
use super::flags::{ConsentFlags, ResolverFlags, WriteFlags};
use super::global::Global;
use super::target::{parse_policy, parse_words};
use super::terminal::{Terminal, tell};
use super::{input, output, proposed};
use crate::edit::cilium::Mode;
use crate::ends::target::{EndWord, Target};
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::plan::allow_endpoint::{Planner, Request, Rest};
use crate::plan::find::find;
use crate::render::allowance::Proposed;
use crate::render::answer::Answer;
use crate::render::format::Formats;
use crate::render::objects::ObjectsToApply;

/// Let a workload reach a host outside, or a Service, by a policy of its own.
///
/// TARGET is a workload or pod as in explain, or ns/NAME: every pod of the namespace.
/// The host is resolved as its pods would, the policy is shown with every connection that it opens or
/// cuts, and it is written when you say so. refresh-ips keeps its addresses current.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Let a deployment call an API
  kubectl netpol allow-endpoint deploy/web --url https://api.example.com

  # A database by its connection string: nothing of the password is kept
  kubectl netpol allow-endpoint deploy/web \\
    --url postgres://user:password@db.example.com/orders

  # A first egress policy cuts everything else: keep that open
  kubectl netpol allow-endpoint deploy/web --allow-rest \\
    --url https://api.example.com

  # A Service, as policies for Git that are planned from manifests
  kubectl netpol allow-endpoint shop/deploy/web -f manifests/ -o yaml \\
    --url postgres://postgres.db.svc

  # In an existing policy, and the other side too
  kubectl netpol allow-endpoint deploy/web --url redis://cache.db \\
    --into web-egress --both-sides")]
pub struct AllowEndpointArgs {
    /// Whose connections, as TARGET or as TYPE NAME; ns/NAME is the whole namespace.
    #[arg(value_name = "TARGET", required = true, num_args = 1..=2)]
    target: Vec<String>,
    /// What to reach: a URL, or HOST:PORT; may be repeated.
    #[arg(long, value_name = "URL", required = true)]
    url: Vec<String>,
    /// Put the rules into this NetworkPolicy instead of one of their own.
    #[arg(long, value_name = "POLICY", value_parser = parse_policy)]
    into: Option<String>,
    /// Accept that the pods' first egress policy cuts everything that it does not open.
    #[arg(long, conflicts_with = "allow_rest")]
    isolate: bool,
    /// Keep everything else open, where the pods have no egress policy yet.
    #[arg(long)]
    allow_rest: bool,
    /// Open the ingress of the pods behind a Service too, where a policy denies it.
    #[arg(long)]
    both_sides: bool,
    #[command(flatten)]
    consent: ConsentFlags,
    /// For how long an address stays after it was last seen: 1h to 30d.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_grace)]
    grace: u64,
    /// Which kind of policy is written: auto is the one that fits the network plugin.
    #[arg(long, value_enum, value_name = "MODE", default_value_t = ModeChoice::Auto)]
    mode: ModeChoice,
    #[command(flatten)]
    resolver: ResolverFlags,
    #[command(flatten)]
    write: WriteFlags,
}

/// Which kind of policy is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeChoice {
    /// A CiliumNetworkPolicy where Cilium runs, a NetworkPolicy elsewhere.
    Auto,
    /// A NetworkPolicy, whose addresses are refreshed.
    #[value(name = "networkpolicy")]
    NetworkPolicy,
    /// A CiliumNetworkPolicy with names, printed and not written.
    Cilium,
}

impl From<ModeChoice> for Mode {
    fn from(choice: ModeChoice) -> Self {
        match choice {
            ModeChoice::Auto => Self::Auto,
            ModeChoice::NetworkPolicy => Self::NetworkPolicy,
            ModeChoice::Cilium => Self::Cilium,
        }
    }
}

impl AllowEndpointArgs {
    /// Reads what is asked for.
    fn request(&self) -> Result<Request, Error> {
        let urls = self.url.iter().map(|word| proposed::parse_url(word));
        Ok(Request {
            urls: urls.collect::<Result<_, Error>>()?,
            into: self.into.clone(),
            consent: self.consent.classes(),
            grace: self.grace,
            rest: match (self.isolate, self.allow_rest) {
                (true, _) => Rest::Cut,
                (_, true) => Rest::Open,
                _ => Rest::Unsaid,
            },
            both_sides: self.both_sides,
            mode: self.mode.into(),
        })
    }
}

/// The formats of its answers.
pub const FORMATS: Formats = Proposed::<'_>::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &AllowEndpointArgs, global: &Global) -> Result<ExitCode, Error> {
    let request = args.request()?;
    let EndWord { target, port: None } = parse_words(&args.target)? else {
        return Err(Error::usage("a port stands in --url, not at TARGET"));
    };
    proposed::until_decided(|| propose(args, global, (&request, &target)))
}

fn propose(
    args: &AllowEndpointArgs,
    global: &Global,
    (request, target): (&Request, &Target),
) -> Result<Option<ExitCode>, Error> {
    let mut input = input::read(global, true, &[target])?;
    args.resolver.dns.lay_over(&mut input.snapshot)?;
    let network = Network::of(&input.snapshot);
    let end = find(&network, target, &input.namespace)?;
    let mut planner = Planner::new(request, &network, (target, &end))?;
    let cluster = global.cluster();
    let asking = args.resolver.asking(&input.snapshot, cluster.as_ref())?;
    planner.open(&asking)?;
    if let Some(policies) = planner.cilium()? {
        tell("note: Cilium follows names itself: nothing was written; its effect was not judged");
        output::write(global, &ObjectsToApply(&policies))?;
        return Ok(Some(ExitCode::Success));
    }
    let writing = proposed::writing(global, &args.write)?;
    let plan = planner.plan(cluster.as_ref(), &asking, &Terminal)?;
    proposed::conclude(global, &network, &plan, writing)
}
