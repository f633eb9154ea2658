//! `kubectl netpol refresh-ips`.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::Value;

use super::policies::{meant, parse_name};
use super::progress::Progress;
use super::resolver::ResolverFlags;
use super::{connection, input, output};
use crate::cluster::apply::{Applied, DryRun, Force, Manner, PolicyName, Writer};
use crate::cluster::read::{ClusterError, Question};
use crate::cmd::global::Global;
use crate::edit::cronjob;
use crate::edit::cronjob::{CronJob, Names, Scope};
use crate::edit::guard::Checked;
use crate::edit::merge::{Dead, Options, Prune};
use crate::edit::name;
use crate::edit::plan;
use crate::edit::plan::{Learnt, PlanError, remembered};
use crate::edit::record::Record;
use crate::edit::special::own_addresses;
use crate::error::{Error, ExitCode};
use crate::model::snapshot::Snapshot;
use crate::plan::learning::learn;
use crate::plan::refreshed;
use crate::render::sanitize::sanitize;
use crate::render::{Format, machine, refresh as render};
use crate::report::refresh::{PolicyOutcome, Refresh, RefreshedPolicy, Standing};

/// Said of a policy that somebody else changed.
const RESTORED: &str = "a rule of its hosts was taken away or changed; it is added again";

/// Bring the addresses of remembered host names up to date.
///
/// Each host is resolved once and its policies get what is new. An address leaves only after its grace
/// period, and never because a name server fails. Exits with 4 if a host could not be resolved, and with
/// 5 if an address was refused; the other hosts are refreshed all the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # The policies of one namespace
  kubectl netpol refresh-ips -n shop

  # Is anything out of date? Writes nothing; exits with 1 if so
  kubectl netpol refresh-ips -A --check

  # What keeps them current on the cluster itself
  kubectl netpol refresh-ips -A --print-cronjob --image registry/netpol:0.1.0

  # Ask a name server of your own choice
  kubectl netpol refresh-ips -n shop --resolver 10.96.0.10")]
pub struct RefreshIpsArgs {
    /// The policies; all with remembered hosts where none is named.
    #[arg(value_name = "POLICY", value_parser = parse_name)]
    names: Vec<String>,
    /// Policies of every namespace.
    #[arg(short = 'A', long, conflicts_with = "names")]
    all_namespaces: bool,
    /// Only policies with these labels.
    #[arg(short = 'l', long, value_name = "LABELS")]
    selector: Option<String>,
    /// Write nothing; exit with 1 if something would be written.
    #[arg(long)]
    check: bool,
    /// Let addresses that answers lack leave at once.
    #[arg(long)]
    prune_now: bool,
    /// Print a CronJob that runs this on the cluster, with the least rights for it; writes nothing.
    #[arg(long, requires = "image", conflicts_with = "check")]
    print_cronjob: bool,
    /// The image of the plugin for --print-cronjob; the Containerfile of its repository builds one.
    #[arg(long, value_name = "IMAGE", requires = "print_cronjob")]
    image: Option<String>,
    /// When the CronJob runs.
    #[arg(long, value_name = "CRON", default_value = "*/15 * * * *", requires = "print_cronjob")]
    schedule: String,
    /// Forget hosts that every name server has called gone for a day and in three runs.
    #[arg(long)]
    remove_dead: bool,
    #[command(flatten)]
    resolver: ResolverFlags,
}

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &RefreshIpsArgs, global: &Global) -> Result<ExitCode, Error> {
    if !global.filename.is_empty() || global.has_overlay() {
        return Err(Error::usage(
            "policies of the cluster are refreshed: leave out -f, --with and --without",
        ));
    }
    if let Some(image) = args.image.as_ref().filter(|_| args.print_cronjob) {
        return print_cronjob(args, global, image);
    }
    let connection = global.connection.options(global.namespace.as_ref());
    let writer = Writer::open(&connection)?;
    let policies = listed(args, &writer)?;
    let input = input::read_for(global, true, Question::Addresses)?;
    let asking = args.resolver.asking(&input.snapshot, Some(&connection))?;
    let records = policies.values().filter_map(|live| remembered(live).ok().flatten());
    let records: Vec<Record> = records.collect();
    let options = Options {
        prune: if args.prune_now { Prune::Now } else { Prune::AfterGrace },
        dead: if args.remove_dead { Dead::Remove } else { Dead::Tell },
        own: own_addresses(&input.snapshot),
    };
    let lesson = learn(&records, &asking, options)?;
    let mut caveats = lesson.caveats;
    caveats.extend(unseen(&input.snapshot));
    let refreshed = refresh(&policies, &writer, &lesson.learnt, args.check);
    let answer = Refresh::new(refreshed, lesson.failed, caveats);
    input::warn(&writer.warnings());
    output::write(global, true, |out, format, look| match format {
        Format::Json => machine::write_json(out, &answer),
        Format::Yaml => machine::write_yaml(out, &answer),
        _ => render::write(out, &answer, look),
    })?;
    Ok(match answer.standing() {
        Standing::NotWritten => ExitCode::Cluster,
        Standing::Refused => ExitCode::Refused,
        Standing::Unresolved => ExitCode::Unresolved,
        Standing::Drift => ExitCode::Unexpected,
        Standing::Current => ExitCode::Success,
    })
}

/// Prints the objects that refresh the same hosts on the cluster itself.
fn print_cronjob(args: &RefreshIpsArgs, global: &Global, image: &str) -> Result<ExitCode, Error> {
    let namespace = connection::given(global.namespace.clone()).map_or_else(
        || {
            let options = global.connection.options(None);
            Writer::open(&options).map(|writer| writer.namespace().to_owned())
        },
        Ok,
    )?;
    let flags = [("--prune-now", args.prune_now), ("--remove-dead", args.remove_dead)];
    let flags = flags.into_iter().filter(|(_, is_given)| *is_given).map(|(flag, _)| flag.to_owned());
    let selector = args.selector.iter().map(|labels| format!("--selector={labels}"));
    let arguments: Vec<String> =
        args.names.iter().cloned().chain(selector).chain(flags).chain(args.resolver.words()).collect();
    let names = if args.resolver.is_auto() { Names::Cluster } else { Names::Named };
    let objects = cronjob::objects(&CronJob {
        names,
        namespace: &namespace,
        scope: if args.all_namespaces { Scope::All } else { Scope::Namespace },
        image,
        schedule: &args.schedule,
        arguments: &arguments,
    });
    output::write_objects(global, &objects)?;
    Ok(ExitCode::Success)
}

/// Reads the policies that are asked for.
fn listed(args: &RefreshIpsArgs, writer: &Writer) -> Result<BTreeMap<PolicyName, Value>, Error> {
    let namespace = (!args.all_namespaces).then(|| writer.namespace());
    let labels = args.selector.iter().fold(name::ENDPOINT.to_owned(), |all, own| format!("{all},{own}"));
    let listed = writer.list(namespace, &labels)?;
    let named = listed.into_iter().map(|live| {
        let text = |field: &str| {
            live.pointer(&format!("/metadata/{field}"))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (PolicyName { namespace: text("namespace"), name: text("name") }, live)
    });
    let is_asked = |name: &PolicyName| args.names.is_empty() || args.names.contains(&name.name);
    let named: Vec<_> = named.collect();
    let names = named.iter().map(|(own, _)| own.name.clone()).collect();
    let found: BTreeMap<_, _> = named.into_iter().filter(|(name, _)| is_asked(name)).collect();
    match args.names.iter().find(|name| !found.keys().any(|own| own.name == **name)) {
        None => Ok(found),
        Some(missing) => Err(Error::usage(sanitize(&format!(
            "no NetworkPolicy `{missing}` with remembered hosts in namespace `{}`{}",
            writer.namespace(),
            meant(missing, names)
        )))),
    }
}

/// Says which addresses of the cluster itself would not be recognised.
fn unseen(snapshot: &Snapshot) -> Vec<String> {
    let starts = ["could not list pods", "could not list nodes", "could not list services"];
    let gaps = snapshot.gaps.iter().map(|gap| &gap.message);
    let gaps = gaps.filter(|text| starts.iter().any(|start| text.starts_with(start)));
    gaps.map(|text| format!("{text}; an answer with such an address would not be refused")).collect()
}

/// Why a policy was not written.
enum Stop {
    Cluster(ClusterError),
    Policy(PlanError),
    /// It is not there any more.
    Gone,
}

impl From<ClusterError> for Stop {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

impl From<PlanError> for Stop {
    fn from(error: PlanError) -> Self {
        Self::Policy(error)
    }
}

/// Refreshes policies. What fails of one keeps no other from being refreshed.
fn refresh(
    policies: &BTreeMap<PolicyName, Value>,
    writer: &Writer,
    learnt: &Learnt,
    check: bool,
) -> Vec<RefreshedPolicy> {
    let mut all: Vec<RefreshedPolicy> =
        policies.iter().map(|(name, listed)| planned(name, listed, learnt)).collect();
    if check {
        return all;
    }
    let due = policies.keys().zip(&mut all).filter(|(_, policy)| policy.outcome == PolicyOutcome::Due);
    let mut due: Vec<(&PolicyName, &mut RefreshedPolicy)> = due.collect();
    let mut progress = Progress::begin("wrote", due.len(), "policies");
    let manner = Manner { dry_run: DryRun::None, force: Force::No };
    let changes = due.iter_mut().map(|(name, policy)| {
        let plan = |live: Option<&Value>| match live {
            Some(live) => Ok(plan_again(live, learnt, policy)?),
            None => Err(Stop::Gone),
        };
        (*name, plan)
    });
    let ended = writer.apply_each(changes, manner, || progress.step());
    for ((_, policy), ended) in due.into_iter().zip(ended) {
        match ended {
            Ok(applied) => refreshed::written(policy, &applied),
            Err(Stop::Cluster(error)) => refreshed::failed(policy, &error),
            Err(Stop::Policy(error)) => refreshed::failed(policy, &error),
            Err(Stop::Gone) => refreshed::written(policy, &Applied::Gone),
        }
    }
    all
}

/// Plans a policy as it was listed, and tells what would become of it.
fn planned(name: &PolicyName, listed: &Value, learnt: &Learnt) -> RefreshedPolicy {
    let mut policy = RefreshedPolicy {
        namespace: name.namespace.clone(),
        name: name.name.clone(),
        outcome: PolicyOutcome::Current,
        problem: None,
        hosts: Vec::new(),
    };
    match plan_again(listed, learnt, &mut policy) {
        Ok(None) => {}
        Ok(Some(_)) => policy.outcome = PolicyOutcome::Due,
        Err(error) => refreshed::failed(&mut policy, &error),
    }
    policy
}

/// Plans a policy as it is now.
fn plan_again(
    live: &Value,
    learnt: &Learnt,
    policy: &mut RefreshedPolicy,
) -> Result<Option<Checked>, PlanError> {
    let planned = plan::refresh(live, learnt)?;
    policy.hosts = refreshed::hosts(&planned.changes);
    policy.problem = planned.restores.then(|| RESTORED.to_owned());
    Ok(planned.object)
}
