//! The command line: global flags and one variant per subcommand.

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cmd;
use crate::cmd::global::Global;
use crate::error::{Error, ExitCode};
use crate::render::format::Formats;
use crate::render::sanitize::sanitize;

/// Answer who can talk to whom under the cluster's network policies, and which line of which
/// policy says so.
///
/// Reads the live cluster through the kubeconfig, or manifests with -f or -k.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-netpol",
    bin_name = "kubectl netpol",
    version,
    disable_help_subcommand = false,
    max_term_width = 80
)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(cmd::explain::ExplainArgs),
    WhoCanReach(cmd::who_can_reach::WhoCanReachArgs),
    List(cmd::list::ListArgs),
    Diff(cmd::diff::DiffArgs),
    DefaultDeny(cmd::default_deny::DefaultDenyArgs),
    AllowEndpoint(cmd::allow_endpoint::AllowEndpointArgs),
    DisallowEndpoint(cmd::disallow_endpoint::DisallowEndpointArgs),
    RefreshIps(cmd::refresh_ips::RefreshIpsArgs),
    Endpoints(cmd::endpoints::EndpointsArgs),
    Doctor(cmd::doctor::DoctorArgs),
    Snapshot(cmd::snapshot::SnapshotArgs),
    Version(cmd::version::VersionArgs),
    Completion(cmd::completion::CompletionArgs),
}

/// Lists the formats that answers of a subcommand have, by its name.
pub fn formats(subcommand: &str) -> Formats {
    told_formats(subcommand).unwrap_or_default()
}

fn told_formats(subcommand: &str) -> Option<Formats> {
    Some(match subcommand {
        "allow-endpoint" => cmd::allow_endpoint::FORMATS,
        "default-deny" => cmd::default_deny::FORMATS,
        "diff" => cmd::diff::FORMATS,
        "disallow-endpoint" => cmd::disallow_endpoint::FORMATS,
        "doctor" => cmd::doctor::FORMATS,
        "endpoints" => cmd::endpoints::FORMATS,
        "explain" => cmd::explain::FORMATS,
        "list" => cmd::list::FORMATS,
        "refresh-ips" => cmd::refresh_ips::FORMATS,
        "version" => cmd::version::FORMATS,
        "who-can-reach" => cmd::who_can_reach::FORMATS,
        // What they write has one form.
        "completion" | "snapshot" => &[],
        _ => return None,
    })
}

impl Command {
    fn run(&self, global: &Global) -> Result<ExitCode, Error> {
        match self {
            Self::Explain(args) => cmd::explain::run(args, global),
            Self::List(args) => cmd::list::run(args, global),
            Self::WhoCanReach(args) => cmd::who_can_reach::run(args, global),
            Self::Doctor(args) => cmd::doctor::run(args, global),
            Self::Snapshot(args) => cmd::snapshot::run(args, global),
            Self::Version(args) => cmd::version::run(args, global),
            Self::Diff(args) => cmd::diff::run(args, global),
            Self::DefaultDeny(args) => cmd::default_deny::run(args, global),
            Self::Completion(args) => cmd::completion::run(args, &mut Cli::command()),
            Self::AllowEndpoint(args) => cmd::allow_endpoint::run(args, global),
            Self::DisallowEndpoint(args) => cmd::disallow_endpoint::run(args, global),
            Self::RefreshIps(args) => cmd::refresh_ips::run(args, global),
            Self::Endpoints(args) => cmd::endpoints::run(args, global),
        }
    }
}

/// Runs the subcommand of the command line; a line that cannot be read, or asks for help, ends here.
///
/// # Errors
/// Whatever keeps it from answering.
pub fn run() -> Result<ExitCode, Error> {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let global = cli.global.with_kustomizations();
    let known = global.check_format(matches.subcommand_name().map_or(&[], formats));
    known.and_then(|()| cli.command.run(&global)).map_err(|error| harmless(&error))
}

/// Escapes what in an error could steer the terminal; its lines stay lines.
fn harmless(error: &Error) -> Error {
    let lines = |text: &str| text.split('\n').map(sanitize).collect::<Vec<_>>().join("\n");
    let hints = error.hints.iter().map(|hint| sanitize(hint)).collect();
    Error { kind: error.kind, source: lines(&error.source.to_string()).into(), hints }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Cli, told_formats};

    #[test]
    fn every_subcommand_says_which_formats_it_has() {
        let command = Cli::command();
        let names = command.get_subcommands().map(clap::Command::get_name);
        let silent: Vec<&str> = names.filter(|name| told_formats(name).is_none()).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}
