//! `kubectl netpol version`.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use super::global::Global;
use super::output;
use crate::cluster::read as cluster;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::render::answer::Answer;
use crate::render::format::{Format, Formats};
use crate::render::look::Look;
use crate::render::machine::{self, Syntax};

/// Print the version of the plugin, and of the server where it can be reached.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Both versions
  kubectl netpol version

  # The plugin's own, without asking a server
  kubectl netpol version --client -o json")]
pub struct VersionArgs {
    /// Do not ask the server.
    #[arg(long)]
    client: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    client_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_version: Option<String>,
}

/// The formats of its answers.
pub const FORMATS: Formats = Versions::FORMATS;

/// Runs the subcommand.
///
/// # Errors
/// A server that was to be asked and cannot be reached, after the plugin's own version was told.
pub fn run(args: &VersionArgs, global: &Global) -> Result<ExitCode, Error> {
    let asked = (!args.client).then(|| {
        let options = global.connection.options(None);
        cluster::server_version(&options).map_err(Error::from)
    });
    let (server_version, failed) = match asked.transpose() {
        Ok(version) => (version, None),
        Err(error) => (None, Some(error)),
    };
    let versions = Versions { client_version: env!("CARGO_PKG_VERSION"), server_version };
    output::write(global, &versions)?;
    match failed {
        // Without any kubeconfig there is no server to ask.
        Some(error) if error.kind != ErrorKind::Usage => Err(error),
        _ => Ok(ExitCode::Success),
    }
}

impl Answer for Versions {
    const FORMATS: Formats = Format::OF_FACTS;

    fn text(&self, out: &mut dyn Write, _: Look) -> io::Result<()> {
        writeln!(out, "Client Version: v{}", self.client_version)?;
        match &self.server_version {
            Some(server) => writeln!(out, "Server Version: {server}"),
            None => Ok(()),
        }
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        machine::write(out, self, syntax)
    }
}
