//! The command line: global flags and one variant per subcommand.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cmd;
use crate::cmd::cni::CniChoice;
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

/// The flags that every subcommand has.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global flags")]
pub struct Global {
    /// The namespace of names that give none.
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Read manifests instead of the cluster: a file, a directory, or - for standard input.
    #[arg(short, long, global = true, value_name = "PATH")]
    pub(crate) filename: Vec<String>,
    /// Read directories below the directories of -f and --with too.
    #[arg(short = 'R', long, global = true)]
    pub(crate) recursive: bool,
    /// Lay manifests over what is read, as if they were applied.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) with: Vec<String>,
    /// Take an object away, as if it were deleted: TYPE/NAME or NAMESPACE/TYPE/NAME.
    #[arg(long, global = true, value_name = "TYPE/NAME")]
    pub(crate) without: Vec<String>,
    /// How to write the answer: json, yaml or wide; connections also as csv, md, dot or mermaid.
    #[arg(short, long, global = true, value_name = "FORMAT")]
    output: Option<String>,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = ColorWhen::Auto, value_name = "WHEN")]
    pub(crate) color: ColorWhen,
    /// The network plugin whose rules hold: auto recognises it, generic is the Kubernetes API's own
    /// rules; or its name, such as cilium or calico.
    #[arg(long, global = true, value_name = "NAME", default_value = "auto", value_parser = CniChoice::parse)]
    pub(crate) cni: CniChoice,
    #[command(flatten)]
    pub(crate) connection: cmd::connection::ConnectionFlags,
}

impl Global {
    /// Tells whether anything is laid over what is read, or taken away from it.
    pub(crate) fn has_overlay(&self) -> bool {
        !self.with.is_empty() || !self.without.is_empty()
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that has colours, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
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

impl Global {
    /// Returns the format that was asked for.
    pub(crate) fn format(&self) -> Format {
        let known = Format::OF_CONNECTIONS.iter();
        let asked = known.filter(|(word, _)| Some(*word) == self.output.as_deref());
        asked.map(|(_, format)| *format).next().unwrap_or(Format::Text)
    }

    /// Refuses a format that is not one of these, in kubectl's words.
    fn check_format(&self, formats: &[(&str, Format)]) -> Result<(), Error> {
        let Some(word) = &self.output else { return Ok(()) };
        if formats.iter().any(|(known, _)| known == word) {
            return Ok(());
        }
        if formats.is_empty() {
            return Err(Error::usage("this subcommand has no output formats: leave out -o"));
        }
        let known: Vec<&str> = formats.iter().map(|(known, _)| *known).collect();
        Err(Error::usage(format!(
            "unable to match a printer suitable for the output format {word:?}, allowed formats are: {}",
            known.join(",")
        )))
    }
}

/// Lists the formats that answers of a subcommand have, by its name.
pub(crate) fn formats(root: &clap::Command, name: &str) -> &'static [(&'static str, Format)] {
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

/// Answers kubectl, if it asks what may follow on a command line; tells whether it does.
pub fn complete(arguments: impl Iterator<Item = OsString>) -> bool {
    let words = crate::complete::complete::asked(arguments);
    words.map(crate::complete::complete::run).is_some()
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
            Command::Completion(args) => cmd::completion::run(args),
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
    Error { code: error.code, message: lines(&error.message), hints }
}
