//! Runs the plugin that was built, and reads what it answers.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::harness::ControlPlane;
use super::process::{Output, run};

/// The plugin, named as kubectl looks for it.
pub(crate) const PLUGIN: &str = env!("CARGO_BIN_EXE_kubectl-netpol");

/// Runs the plugin as the user, on the live cluster.
pub(crate) fn ask(plane: &ControlPlane, user: &str, args: &[&str]) -> Output {
    let mut command = plane.command(user, PLUGIN);
    command.args(args);
    run(command, None)
}

/// Runs the plugin with a kubeconfig of the trial's own, and nothing of the developer's.
pub(crate) fn ask_by(kubeconfig: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(PLUGIN);
    command.args(args).env("KUBECONFIG", kubeconfig).env("HOME", kubeconfig.with_file_name("home"));
    run(command, None)
}

/// Returns the plugin's answer about the live cluster.
#[track_caller]
pub(crate) fn answer(plane: &ControlPlane, user: &str, args: &[&str]) -> Value {
    parse(ask(plane, user, &[args, &["-o", "json"]].concat()))
}

/// Returns the plugin's answer about manifests.
#[track_caller]
pub(crate) fn answer_from(folder: &Path, args: &[&str]) -> Value {
    let mut command = Command::new(PLUGIN);
    command.args(args).args(["-o", "json", "-f"]).arg(folder);
    parse(run(command, None))
}

/// Reads an answer; a success says nothing on standard error.
#[track_caller]
pub(crate) fn parse(output: Output) -> Value {
    assert_eq!(output.stderr, "", "{output:#?}");
    serde_json::from_str(&output.expect_success()).expect("the plugin answers with JSON")
}

/// Asserts that the plugin failed as it should: the code, this text, and no answer.
#[track_caller]
pub(crate) fn assert_fails(output: &Output, code: i32, stderr: &str) {
    assert_eq!(output.stderr, stderr, "{output:#?}");
    assert_eq!(output.code, Some(code), "{output:#?}");
    assert_eq!(output.stdout, "", "{output:#?}");
}
