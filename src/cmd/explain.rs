//! `kubectl netpol explain`.

use clap::{Args, ValueEnum};

use super::flags::ResolverFlags;
use super::global::Global;
use super::target::{one_port, parse_port, parse_target, parse_words, source};
use super::terminal::{Terminal, tell};
use super::{input, output};
use crate::answer::verdict::Verdict;
use crate::cluster::read::Question;
use crate::edit::url;
use crate::ends::naming::name_of;
use crate::ends::target::Target;
use crate::engine::network::Network;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::explain::explanation::{Explanation, Fix};
use crate::plan::explain_connection::{Connecting, explain_connection};
use crate::plan::explain_url::explain_url;
use crate::plan::find::find;
use crate::render::answer::Answer;
use crate::render::format::Formats;
use crate::render::objects::ObjectsToApply;

/// Explain what policies apply to a workload, or why a connection is allowed or denied.
///
/// TARGET is a pod NAME, TYPE/NAME or NAMESPACE/TYPE/NAME (pod, deploy, sts, ds, rs, job, cronjob,
/// rc, svc, ns, node), an IP address, a CIDR block, or the word internet. A port may follow the
/// destination: db/sts/postgres:5432, svc/web:http, pod/dns:53/UDP. A Service, by its name or its
/// address, stands for the pods behind it, and its ports for theirs; it opens no connections itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # What applies to a deployment, and which ways lead in from outside
  kubectl netpol explain deploy/web -n shop

  # Is this connection allowed, and which rule says so
  kubectl netpol explain deploy/web -n shop --to db/sts/postgres --port 5432

  # Does a Service get through to its pods, and at which of their ports
  kubectl netpol explain deploy/web -n shop --to svc/api:http

  # Can it reach a host outside, at each address that it has now
  kubectl netpol explain deploy/web -n shop --to https://api.example.com

  # Who decides what comes in, from manifests
  kubectl netpol explain db/sts/postgres --from 10.0.0.0/8 -f manifests/

  # What would allow it, as an object for Git or for kubectl apply -f -
  kubectl netpol explain deploy/web -n shop --to db/sts/postgres --port 5432 \\
    --fix-only

  # A check for a pipeline: exit code 1 unless it is denied
  kubectl netpol explain shop/deploy/web --to internet --expect deny -f apps/")]
pub struct ExplainArgs {
    /// The workload, as TARGET or as TYPE NAME.
    #[arg(value_name = "TARGET", required = true, num_args = 1..=2)]
    target: Vec<String>,
    /// The destination of connections that TARGET opens; also a URL, whose host is resolved as pods would.
    #[arg(long, value_name = "TARGET", conflicts_with = "from")]
    to: Option<String>,
    /// The source of connections that TARGET accepts.
    #[arg(long, value_name = "TARGET")]
    from: Option<String>,
    /// The port: N, N-M or NAME, with /UDP or /SCTP behind it unless it is TCP.
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Exit with code 1 unless the verdict is this.
    #[arg(long, value_enum, value_name = "VERDICT")]
    expect: Option<Expect>,
    /// Print only the policies that would allow what is denied, as YAML or with -o json.
    #[arg(long, conflicts_with = "expect")]
    fix_only: bool,
    #[command(flatten)]
    resolver: ResolverFlags,
}

/// A verdict to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Expect {
    /// Everything that is asked is allowed.
    Allow,
    /// Nothing of it is allowed.
    Deny,
}

impl ExplainArgs {
    /// Returns how the command ends, by the verdict that `--expect` names.
    fn outcome(&self, verdict: Verdict) -> ExitCode {
        output::outcome(match self.expect {
            None => true,
            Some(Expect::Allow) => verdict == Verdict::Allow,
            Some(Expect::Deny) => verdict == Verdict::Deny,
        })
    }
}

/// The formats of its answers.
pub const FORMATS: Formats = Explanation::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &ExplainArgs, global: &Global) -> Result<ExitCode, Error> {
    let end = parse_words(&args.target)?;
    if let Some(url) = args.to.as_ref().filter(|word| word.contains("://")) {
        if end.port.is_some() || args.port.is_some() {
            return Err(Error::usage("a URL has its port: leave out --port, and :PORT behind TARGET"));
        }
        if args.fix_only {
            return Err(Error::usage("--fix-only is not for a URL: allow-endpoint opens it"));
        }
        return run_url(args, global, &end.target, url);
    }
    if let Some(word) = args.resolver.words().first() {
        let flag = word.split('=').next().unwrap_or_default();
        return Err(Error::usage(format!("{flag} is for a URL: --to https://api.example.com")));
    }
    let other = args.to.as_ref().or(args.from.as_ref()).map(|word| parse_target(word)).transpose()?;
    let asked = parse_port(args.port.as_ref())?;
    let Some(other) = other else {
        return run_subject(args, global, &end.target, end.port.or(asked).is_some());
    };
    let [from, to] = if args.to.is_some() { [end, other] } else { [other, end] };
    let connecting = Connecting {
        source: source(from)?,
        destination: to.target,
        port: one_port(to.port, asked, "destination")?,
        // Who expects a denial does not want it to be fixed.
        wants_fix: args.expect != Some(Expect::Deny),
    };
    run_connection(args, global, &connecting)
}

fn run_connection(args: &ExplainArgs, global: &Global, asked: &Connecting) -> Result<ExitCode, Error> {
    let read = |question: Question<'_>| input::read_to_judge(global, true, question);
    let mut answer = explain_connection(asked, read)?;
    output::check_judged(answer.nothing_judged().filter(|_| args.expect.is_some()))?;
    if args.fix_only {
        return write_fix(global, answer);
    }
    if let Some(fix) = &mut answer.fix {
        fix.hide_annotations();
    }
    output::write(global, &answer)?;
    Ok(args.outcome(answer.verdict))
}

/// Writes the objects of the fix; where nothing is denied, none.
fn write_fix(global: &Global, answer: Explanation) -> Result<ExitCode, Error> {
    if let Some(reason) = answer.no_fix {
        return Err(Error::new(ErrorKind::Unexpected, format!("there is no fix: {reason}")));
    }
    let Some(Fix { objects, .. }) = answer.fix else {
        let (source, destination) = (name_of(&answer.source), name_of(&answer.destination));
        tell(&format!("{source} -> {destination} is allowed: there is nothing to fix"));
        return Ok(ExitCode::Success);
    };
    output::write(global, &ObjectsToApply(&objects))?;
    Ok(ExitCode::Success)
}

fn run_subject(
    args: &ExplainArgs,
    global: &Global,
    target: &Target,
    has_port: bool,
) -> Result<ExitCode, Error> {
    let flag = match args {
        ExplainArgs { expect: Some(_), .. } => Some("--expect"),
        ExplainArgs { fix_only: true, .. } => Some("--fix-only"),
        _ => has_port.then_some("a port"),
    };
    if let Some(flag) = flag {
        return Err(Error::usage(format!("{flag} needs --to or --from")));
    }
    let input = input::read_ends(global, true, &[target])?;
    let network = Network::of(&input.snapshot);
    let end = find(&network, target, &input.namespace)?;
    let answer = crate::report::subject::explain(&network, &end);
    output::write(global, &answer)?;
    Ok(ExitCode::Success)
}

fn run_url(args: &ExplainArgs, global: &Global, target: &Target, url: &str) -> Result<ExitCode, Error> {
    let url = url::parse(url).map_err(|error| Error::usage(format!("--to: {error}")))?;
    let mut input = input::read_ends(global, true, &[target])?;
    args.resolver.dns.lay_over(&mut input.snapshot)?;
    let network = Network::of(&input.snapshot);
    let source = find(&network, target, &input.namespace)?;
    let asking = args.resolver.asking(&input.snapshot, global.cluster().as_ref())?;
    let answer = explain_url(&network, (&source, &input.namespace), &url, &asking, &Terminal)?;
    let nobody = answer.hosts.iter().find_map(|host| host.explanation.nothing_judged());
    output::check_judged(nobody.filter(|_| args.expect.is_some()))?;
    output::write(global, &answer)?;
    Ok(args.outcome(answer.verdict))
}
