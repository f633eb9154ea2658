//! The command line: global flags and one variant per subcommand.

use crate::cmd::global::Global;

use clap::{CommandFactory, Parser, Subcommand};

use crate::cmd;
use crate::error::{Error, ExitCode};
use crate::render::Format;
use crate::render::sanitize::sanitize;

/// Answer who can talk to whom under the cluster's network policies, and which line of which
/// policy says so.
///
/// Reads the live cluster through the kubeconfig, or manifests with -f.
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
    RefreshIps(cmd::refresh_ips::RefreshIpsArgs),
    Doctor(cmd::doctor::DoctorArgs),
    Snapshot(cmd::snapshot::SnapshotArgs),
    Version(cmd::version::VersionArgs),
    Completion(cmd::completion::CompletionArgs),
}

impl Command {
    /// Lists the formats that its answers have.
    const fn formats(&self) -> &'static [(&'static str, Format)] {
        match self {
            Self::Explain(_) | Self::Doctor(_) | Self::RefreshIps(_) | Self::AllowEndpoint(_) => {
                Format::OF_EXPLANATIONS
            }
            Self::Version(_) | Self::DefaultDeny(_) => Format::OF_FACTS,
            Self::Snapshot(_) | Self::Completion(_) => &[],
            Self::List(_) | Self::WhoCanReach(_) | Self::Diff(_) => Format::OF_CONNECTIONS,
        }
    }
}

/// Lists the formats that answers of a subcommand have, by its name.
pub fn formats(root: &clap::Command, name: &str) -> &'static [(&'static str, Format)] {
    let Some(own) = root.find_subcommand(name) else { return &[] };
    // Only a parsed subcommand knows: the shortest line that names it will do.
    let needed = own.get_arguments().filter(|argument| argument.is_required_set());
    let needed = needed.flat_map(|argument| {
        let flag = argument.get_long().map(|long| format!("--{long}"));
        let known = argument.get_possible_values();
        let value = known.first().map_or_else(|| "x".to_owned(), |value| value.get_name().to_owned());
        flag.into_iter().chain([value])
    });
    let line = [root.get_name().to_owned(), name.to_owned()].into_iter().chain(needed);
    Cli::try_parse_from(line).map_or(&[], |cli| cli.command.formats())
}

impl Cli {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// Whatever keeps it from answering.
    pub fn run(&self) -> Result<ExitCode, Error> {
        let known = self.global.check_format(self.command.formats());
        let ended = known.and_then(|()| match &self.command {
            Command::Explain(args) => cmd::explain::run(args, &self.global),
            Command::List(args) => cmd::list::run(args, &self.global),
            Command::WhoCanReach(args) => cmd::who_can_reach::run(args, &self.global),
            Command::Doctor(args) => cmd::doctor::run(args, &self.global),
            Command::Snapshot(args) => cmd::snapshot::run(args, &self.global),
            Command::Version(args) => cmd::version::run(args, &self.global),
            Command::Diff(args) => cmd::diff::run(args, &self.global),
            Command::DefaultDeny(args) => cmd::default_deny::run(args, &self.global),
            Command::Completion(args) => cmd::completion::run(args, &mut Self::command()),
            Command::AllowEndpoint(args) => cmd::allow_endpoint::run(args, &self.global),
            Command::RefreshIps(args) => cmd::refresh_ips::run(args, &self.global),
        });
        ended.map_err(|error| harmless(&error))
    }
}

/// Escapes what in an error could steer the terminal; its lines stay lines.
fn harmless(error: &Error) -> Error {
    let lines = |text: &str| text.split('\n').map(sanitize).collect::<Vec<_>>().join("\n");
    let hints = error.hints.iter().map(|hint| sanitize(hint)).collect();
    Error { kind: error.kind, message: lines(&error.message), hints }
}
