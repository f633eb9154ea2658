//! `kubectl netpol explain`.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::input;
use super::input::Input;
use super::resolver::ResolverFlags;
use super::{explain_url, output};
use crate::answer::verdict::Verdict;
use crate::cluster::read::{NamedEnd, Question};
use crate::cmd::global::Global;
use crate::ends::end::End;
use crate::ends::find::find_end;
use crate::ends::naming::name_of;
use crate::ends::target;
use crate::ends::target::{PortQuery, Target, TargetError};
use crate::engine::network::Network;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::explain::explanation::{Explanation, Fix};
use crate::fix::fix;
use crate::render::limits::merged;
use crate::render::sanitize::sanitize;
use crate::render::{Format, explain, machine, subject};

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
    pub(crate) resolver: ResolverFlags,
}

/// A verdict to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Expect {
    /// Everything that is asked is allowed.
    Allow,
    /// Nothing of it is allowed.
    Deny,
}

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &ExplainArgs, global: &Global) -> Result<ExitCode, Error> {
    let (own, own_port) = parse_words(&args.target)?;
    if let Some(url) = args.to.as_ref().filter(|word| explain_url::is_url(word)) {
        if own_port.is_some() || args.port.is_some() {
            return Err(Error::usage("a URL has its port: leave out --port, and :PORT behind TARGET"));
        }
        if args.fix_only {
            return Err(Error::usage("--fix-only is not for a URL: allow-endpoint opens it"));
        }
        return explain_url::run(args, global, &own, url);
    }
    if !args.resolver.words().is_empty() {
        return Err(Error::usage("--resolver is for a URL: --to https://api.example.com"));
    }
    let other = args.to.as_ref().or(args.from.as_ref()).map(|word| parse_target(word)).transpose()?;
    let asked = args.port.as_ref().map(|word| target::parse_port(word)).transpose();
    let asked = asked.map_err(|error| Error::usage(format!("--port: {error}")))?;
    let Some((other, other_port)) = other else {
        return run_subject(args, global, &own, own_port.or(asked).is_some());
    };
    let (source, destination, port) = match args.to {
        Some(_) => ((own, own_port), (other, other_port), asked),
        None => ((other, other_port), (own, own_port), asked),
    };
    let port = one_port(source.1, destination.1, port)?;
    let targets = [&source.0, &destination.0];
    let ends: Option<Vec<NamedEnd>> = targets.into_iter().map(named_end).collect();
    let read = |question: Question<'_>| input::read_for(global, true, question);
    let input = match &ends {
        Some(ends) => read(Question::Ends(ends))?,
        None => input::read(global, true, &targets)?,
    };
    // Who expects a denial does not want it to be fixed.
    let wants_fix = args.expect != Some(Expect::Deny);
    let ask = |input: &Input| answer(input, (targets, port.as_ref()), wants_fix);
    let mut answer = ask(&input)?;
    if let Some(ends) = ends.as_ref().filter(|_| wants_fix && input.only_ends && is_denied(&answer)) {
        // Whom else a rule selects, only their namespaces tell.
        answer = ask(&read(Question::Around(ends))?)?;
    }
    if args.fix_only {
        return write_fix(global, answer);
    }
    if let Some(fix) = &mut answer.fix {
        fix.hide_annotations();
    }
    output::write(global, true, |out, format, look| match format {
        Format::Json => machine::write_json(out, &answer),
        Format::Yaml => machine::write_yaml(out, &answer),
        _ => explain::write(out, &answer, look),
    })?;
    Ok(output::outcome(args.is_expected(answer.verdict)))
}

impl ExplainArgs {
    /// Tells whether a verdict is the one that `--expect` names.
    pub(crate) fn is_expected(&self, verdict: Verdict) -> bool {
        match self.expect {
            None => true,
            Some(Expect::Allow) => verdict == Verdict::Allow,
            Some(Expect::Deny) => verdict == Verdict::Deny,
        }
    }
}

/// Tells whether a fix can be wanted.
fn is_denied(answer: &Explanation) -> bool {
    matches!(answer.verdict, Verdict::Deny | Verdict::Partial)
}

/// Answers, with a fix if one is wanted and all that it takes was read.
fn answer(
    input: &Input,
    ([source, destination], port): ([&Target; 2], Option<&PortQuery>),
    wants_fix: bool,
) -> Result<Explanation, Error> {
    let network = Network::of(&input.snapshot);
    let ends = [source, destination].map(|target| find(&network, target, &input.namespace));
    let [from, to] = ends;
    let answer = crate::explain::explain::explain(&network, &from?, &to?, port);
    let mut answer = answer.map_err(|error| Error::usage(sanitize(&error.to_string())))?;
    if wants_fix && !(input.only_ends && is_denied(&answer)) {
        let question = fix::Question { source, destination, port, namespace: &input.namespace };
        match fix::propose(&network, question) {
            Ok(fix) => answer.fix = fix,
            Err(reason) => answer.no_fix = Some(reason),
        }
    }
    Ok(answer)
}

/// Writes the objects of the fix; where nothing is denied, none.
fn write_fix(global: &Global, answer: Explanation) -> Result<ExitCode, Error> {
    if let Some(reason) = answer.no_fix {
        let message = format!("there is no fix: {reason}");
        return Err(Error::new(ErrorKind::Unexpected, message));
    }
    let Some(Fix { objects, .. }) = answer.fix else {
        let ends = format!("{} -> {}", name_of(&answer.source), name_of(&answer.destination));
        let text = format!("{} is allowed: there is nothing to fix", sanitize(&ends));
        // A closed standard error is no reason to fail.
        let _ = writeln!(std::io::stderr(), "{text}");
        return Ok(ExitCode::Success);
    };
    output::write_objects(global, &objects)?;
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
    let input = input::read(global, true, &[target])?;
    let network = Network::of(&input.snapshot);
    let end = find(&network, target, &input.namespace)?;
    let answer = crate::report::subject::explain(&network, &end);
    output::write(global, true, |out, format, look| match format {
        Format::Json => machine::write_json(out, &answer),
        Format::Yaml => machine::write_yaml(out, &answer),
        _ => subject::write(out, &answer, look),
    })?;
    Ok(ExitCode::Success)
}

/// Returns the object that an end is, where it is one.
fn named_end(target: &Target) -> Option<NamedEnd> {
    let (namespace, kind, name) = match target.clone() {
        Target::Pod { namespace, name } => (namespace, "Pod".to_owned(), name),
        Target::Workload { namespace, kind, name } => (namespace, kind, name),
        Target::Service { namespace, name } => (namespace, "Service".to_owned(), name),
        _ => return None,
    };
    Some(NamedEnd { namespace, kind, name })
}

/// Reads one end of a connection that is given as TARGET or as TYPE NAME.
pub(crate) fn parse_words(words: &[String]) -> Result<(Target, Option<PortQuery>), Error> {
    target::parse(&words.join("/")).map_err(|error| match (words, error) {
        ([first, second], TargetError::Parts(_)) => Error::usage(format!(
            "`{first}` and `{second}` are two targets: give one, as TYPE/NAME or TYPE NAME"
        )),
        (_, error) => Error::usage(error),
    })
}

/// Reads one end of a connection.
pub(crate) fn parse_target(word: &str) -> Result<(Target, Option<PortQuery>), Error> {
    target::parse(word).map_err(Error::usage)
}

/// Takes the one port that is given; ports stand at the destination.
fn one_port(
    source: Option<PortQuery>,
    destination: Option<PortQuery>,
    flag: Option<PortQuery>,
) -> Result<Option<PortQuery>, Error> {
    match (source, destination, flag) {
        (Some(_), ..) => Err(Error::usage("a port stands at the destination, not at the source")),
        (None, Some(_), Some(_)) => {
            Err(Error::usage("--port and a port behind the destination: give one"))
        }
        (None, port, flag) => Ok(port.or(flag)),
    }
}

/// Looks one end up; gaps are told with a name that is not found.
pub(crate) fn find(network: &Network<'_>, target: &Target, namespace: &str) -> Result<End, Error> {
    find_end(network, target, namespace).map_err(|error| {
        let gaps = network.snapshot.gaps.iter().map(|gap| gap.message.clone());
        let gaps: Vec<String> = gaps.filter(|gap| gap.starts_with("could not list")).collect();
        let unread = format!("could not list {}:", error.list());
        // Where its list could not be read, nobody knows whether it is there.
        let failed = match gaps.iter().any(|gap| gap.starts_with(&unread)) {
            true => Error::cluster(format!("{} cannot be looked up", error.what())),
            false => Error::usage(error),
        };
        merged(&gaps).into_iter().fold(failed, Error::hint)
    })
}
