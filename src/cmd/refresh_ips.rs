//! `kubectl netpol refresh-ips`.

use clap::Args;

use super::cronjob::CronJobFlags;
use super::flags::{ConsentFlags, ResolverFlags};
use super::global::Global;
use super::refresh_files::{self, Act, FilesRequest};
use super::target::parse_policy;
use super::terminal::{self, Terminal};
use super::{cronjob, input, output};
use crate::cluster::apply::{ApplyManner, DryRun, Force, Writer};
use crate::cluster::read::Question;
use crate::edit::merge::{Dead, Options, Prune};
use crate::error::{Error, ExitCode};
use crate::plan::refresh_ips::{Remembered, Which};
use crate::render::answer::Answer;
use crate::render::format::Formats;
use crate::report::refresh::{Refresh, Standing};

/// Bring the addresses of remembered host names up to date.
///
/// Each host is resolved once and its policies get what is new. An address leaves only after its grace
/// period, and never because a name server fails. With -f it is the files that are refreshed, and no
/// cluster is asked: -o yaml prints their policies, --write changes the files. Exits with 4 if a host could not be resolved, and with
/// 5 if an address was refused; the other hosts are refreshed all the same.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # The policies of one namespace
  kubectl netpol refresh-ips -n shop

  # Is anything out of date? Writes nothing; exits with 1 if so
  kubectl netpol refresh-ips -A --check

  # What keeps them current on the cluster itself
  kubectl netpol refresh-ips -n shop --print-cronjob \\
      --image registry/netpol:0.1.0

  # The same for every namespace, in one into which nobody else may put pods
  kubectl netpol refresh-ips -A --print-cronjob --in-namespace netpol \\
      --image registry/netpol:0.1.0

  # Ask a name server of your own choice
  kubectl netpol refresh-ips -n shop --resolver 10.96.0.10

  # The files in Git: change them, or tell in a pull request
  kubectl netpol refresh-ips -R -f manifests/ --write
  kubectl netpol refresh-ips -R -f manifests/ --check")]
pub struct RefreshIpsArgs {
    /// The policies; all with remembered hosts where none is named.
    #[arg(value_name = "POLICY", value_parser = parse_policy)]
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
    /// Change the files of -f in their places: addresses and the record, and no byte beside.
    #[arg(long, requires = "filename", conflicts_with = "check")]
    write: bool,
    /// Let addresses that answers lacked in three runs leave at once.
    #[arg(long)]
    prune_now: bool,
    /// Take over the fields of other managers in policies that are not ours alone.
    #[arg(long)]
    force_conflicts: bool,
    /// Forget hosts that every name server has called gone for a day and in three runs.
    #[arg(long)]
    remove_dead: bool,
    #[command(flatten)]
    consent: ConsentFlags,
    #[command(flatten)]
    resolver: ResolverFlags,
    #[command(flatten)]
    cronjob: CronJobFlags,
}

/// The formats of its answers.
pub const FORMATS: Formats = Refresh::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run(args: &RefreshIpsArgs, global: &Global) -> Result<ExitCode, Error> {
    if global.has_overlay() {
        return Err(Error::usage("policies are refreshed as they are: leave out --with and --without"));
    }
    if !global.filename.is_empty() {
        return refresh_files::run(&args.of_files()?, global);
    }
    if args.cronjob.is_asked() {
        return cronjob::print(&args.cronjob, global, args.all_namespaces, &args.resolver, &words(args));
    }
    let connection = global.connection.options(global.namespace.as_ref());
    let writer = Writer::open(&connection)?;
    let which = Which {
        names: &args.names,
        namespace: (!args.all_namespaces).then(|| writer.namespace()),
        labels: args.selector.as_deref(),
    };
    let remembered = Remembered::read(&writer, which)?;
    let namespaces = args.resolver.dns.namespaces();
    let mut input = input::read_for(global, true, Question::Addresses(&namespaces))?;
    args.resolver.dns.lay_over(&mut input.snapshot)?;
    let asking = args.resolver.asking(&input.snapshot, Some(&connection))?;
    let options = args.merging().of_cluster(&input.snapshot);
    let manner = ApplyManner {
        dry_run: if args.check { DryRun::Server } else { DryRun::None },
        force: if args.force_conflicts { Force::Yes } else { Force::No },
    };
    let answer = remembered.refresh(&input.snapshot, (&asking, options), manner, &Terminal)?;
    terminal::warn(&writer.warnings());
    output::write(global, &answer)?;
    Ok(match answer.standing() {
        Standing::NotWritten => ExitCode::Cluster,
        Standing::Refused => ExitCode::Refused,
        Standing::Unresolved => ExitCode::Unresolved,
        Standing::Drift => ExitCode::Unexpected,
        Standing::Current => ExitCode::Success,
    })
}

impl RefreshIpsArgs {
    /// Returns how answers are merged, as far as flags say it.
    fn merging(&self) -> Options {
        Options {
            prune: if self.prune_now { Prune::Now } else { Prune::AfterGrace },
            dead: if self.remove_dead { Dead::Remove } else { Dead::Tell },
            consent: self.consent.classes(),
            ..Options::default()
        }
    }

    /// Returns what is asked for of files; the flags that are about a cluster are refused.
    fn of_files(&self) -> Result<FilesRequest<'_>, Error> {
        let of_cluster = [
            ("--print-cronjob", self.cronjob.is_asked()),
            ("--force-conflicts", self.force_conflicts),
            ("--selector", self.selector.is_some()),
        ];
        if let Some((flag, _)) = of_cluster.into_iter().find(|(_, is_given)| *is_given) {
            return Err(Error::usage(format!("{flag} is for the policies of a cluster: leave out -f")));
        }
        Ok(FilesRequest {
            names: &self.names,
            all_namespaces: self.all_namespaces,
            act: match (self.check, self.write) {
                (true, _) => Act::Check,
                (_, true) => Act::Write,
                _ => Act::Show,
            },
            resolver: &self.resolver,
            merging: self.merging(),
        })
    }
}

/// Writes what was given as the words of a command line, but for the scope and the CronJob itself.
fn words(args: &RefreshIpsArgs) -> Vec<String> {
    let flags = [
        ("--prune-now", args.prune_now),
        ("--remove-dead", args.remove_dead),
        ("--force-conflicts", args.force_conflicts),
    ];
    let flags = flags.into_iter().filter(|(_, is_given)| *is_given).map(|(flag, _)| flag.to_owned());
    let selector = args.selector.iter().map(|labels| format!("--selector={labels}"));
    let others = [args.consent.words(), args.resolver.words()].concat();
    args.names.iter().cloned().chain(selector).chain(flags).chain(others).collect()
}
