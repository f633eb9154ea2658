//! The plugin's entry: parse, run, tell an error, exit.

use std::io::Write;
use std::process::ExitCode;

use netpol::cli;
use netpol::complete::kubectl;

fn main() -> ExitCode {
    if kubectl::answers(std::env::args_os()) {
        return ExitCode::SUCCESS;
    }
    match cli::run() {
        Ok(code) => ExitCode::from(code as u8),
        Err(error) => {
            // A closed standard error is no reason to end otherwise.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(error.code() as u8)
        }
    }
}
