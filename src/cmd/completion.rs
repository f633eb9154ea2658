//! `kubectl netpol completion`.

use std::io::{self, Write};

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

use crate::error::{Error, ExitCode};

/// Print a script that completes commands on TAB.
///
/// The script for kubectl completes `kubectl netpol`, with the names of what is in the cluster or in
/// the files of -f; kubectl's own completion must be set up. The others complete `kubectl-netpol`:
/// its subcommands and flags.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  # Complete kubectl netpol: put the script on the PATH, beside the plugin
  kubectl netpol completion kubectl > ~/.local/bin/kubectl_complete-netpol
  chmod +x ~/.local/bin/kubectl_complete-netpol

  # Complete kubectl-netpol in this bash
  source <(kubectl netpol completion bash)

  # Complete kubectl-netpol in every fish
  kubectl netpol completion fish \\
    > ~/.config/fish/completions/kubectl-netpol.fish")]
pub struct CompletionArgs {
    /// What the script is for.
    #[arg(value_enum, value_name = "SHELL")]
    shell: ScriptFor,
}

/// What a script is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ScriptFor {
    /// kubectl, in any shell.
    Kubectl,
    /// bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
    /// PowerShell.
    Powershell,
}

/// The program that kubectl runs; the shell's own `sh`, which is everywhere.
const HELPER: &str = r#"#!/bin/sh
# Completes `kubectl netpol` on TAB. kubectl runs it, if its own completion is set up and this file
# is on the PATH, is executable, and is named kubectl_complete-netpol:
#
#   kubectl netpol completion kubectl > ~/.local/bin/kubectl_complete-netpol
#   chmod +x ~/.local/bin/kubectl_complete-netpol
#
# A link of that name to the plugin does the same (on Windows, a copy: kubectl_complete-netpol.exe).
exec kubectl-netpol __complete "$@"
"#;

/// Runs the subcommand, of this root.
///
/// # Errors
/// An answer that cannot be written.
pub fn run(args: &CompletionArgs, root: &mut Command) -> Result<ExitCode, Error> {
    let shell = match args.shell {
        ScriptFor::Kubectl => None,
        ScriptFor::Bash => Some(Shell::Bash),
        ScriptFor::Zsh => Some(Shell::Zsh),
        ScriptFor::Fish => Some(Shell::Fish),
        ScriptFor::Powershell => Some(Shell::PowerShell),
    };
    let script = shell.map_or_else(|| HELPER.to_owned(), |shell| generate(shell, root));
    let mut out = io::stdout().lock();
    match out.write_all(script.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::usage(format!("cannot write the answer: {error}")))
        }
        _ => Ok(ExitCode::Success),
    }
}

fn generate(shell: Shell, root: &mut Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, root, "kubectl-netpol", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    // It writes the hyphen of the program's name in two ways, and finds no subcommand in bash:
    // clap-rs/clap#6421.
    if shell == Shell::Bash {
        script.replace("kubectl__subcmd__netpol", "kubectl__netpol")
    } else {
        script
    }
}
