//! `kubectl netpol refresh-ips --print-cronjob`: the same on the cluster itself.

use clap::Args;

use super::flags::{ResolverFlags, resolver_fault};
use super::global::Global;
use super::terminal::Terminal;
use super::{input, output};
use crate::edit::cronjob::CronJobScope;
use crate::edit::image::{self, ImageError};
use crate::edit::schedule::{self, ScheduleError};
use crate::error::{Error, ExitCode};
use crate::plan::cronjob::{self, WantedJob};
use crate::render::objects::ObjectsToApply;

/// Which CronJob is printed.
#[derive(Debug, Args)]
pub(crate) struct CronJobFlags {
    /// Print a CronJob that runs this on the cluster, with the least rights for it and the policy by which it
    /// reaches the API server and DNS; writes nothing.
    #[arg(long, requires = "image", conflicts_with = "check")]
    print_cronjob: bool,
    /// The image of the plugin for --print-cronjob; the Containerfile of its repository builds one.
    #[arg(long, value_name = "IMAGE", requires = "print_cronjob", value_parser = parse_image)]
    image: Option<String>,
    /// When the CronJob runs.
    #[arg(long, value_name = "CRON", default_value = "*/15 * * * *", requires = "print_cronjob",
        value_parser = parse_schedule)]
    schedule: String,
    /// The namespace that the CronJob of -A runs in: whoever may create pods there has its rights.
    #[arg(long, value_name = "NAMESPACE", requires_all = ["print_cronjob", "all_namespaces"])]
    in_namespace: Option<String>,
}

impl CronJobFlags {
    /// Tells whether one is asked for.
    pub(crate) const fn is_asked(&self) -> bool {
        self.print_cronjob
    }
}

/// Prints the objects, given what follows `refresh-ips` on the command line of the job.
///
/// # Errors
/// Whatever keeps it from answering.
pub(crate) fn print(
    flags: &CronJobFlags,
    global: &Global,
    all_namespaces: bool,
    resolver: &ResolverFlags,
    arguments: &[String],
) -> Result<ExitCode, Error> {
    let scope = if all_namespaces { CronJobScope::All } else { CronJobScope::Namespace };
    if all_namespaces && flags.in_namespace.is_none() {
        let hint = "whoever may create pods there has its rights: give it a namespace of its own";
        return Err(Error::usage("-A --print-cronjob needs --in-namespace NAMESPACE").hint(hint));
    }
    let mut input = input::read(global, true, &[])?;
    resolver.dns.lay_over(&mut input.snapshot)?;
    let job = WantedJob {
        namespace: flags.in_namespace.as_deref().unwrap_or(&input.namespace),
        scope,
        // The parser insists on one.
        image: flags.image.as_deref().unwrap_or_default(),
        schedule: &flags.schedule,
        resolver: resolver.servers(),
        arguments,
    };
    let objects =
        cronjob::plan(&input.snapshot, &job, &Terminal).map_err(|error| resolver_fault(&error))?;
    output::write(global, &ObjectsToApply(&objects))?;
    Ok(ExitCode::Success)
}

fn parse_image(text: &str) -> Result<String, ImageError> {
    image::check(text).map(|()| text.to_owned())
}

fn parse_schedule(text: &str) -> Result<String, ScheduleError> {
    schedule::check(text).map(|()| text.to_owned())
}
