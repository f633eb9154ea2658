//! Runs the binary in a folder of its own, away from any cluster and any terminal.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A small shop with three namespaces; every form of answer can be asked of it.
pub(crate) const SHOP: &str = include_str!("shop.yaml");

/// A folder of manifests.
pub(crate) struct Folder(TempDir);

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    /// Makes a folder that holds these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    /// Makes a folder that holds the shop.
    pub(crate) fn shop() -> Self {
        Self::of(&[("shop.yaml", SHOP)])
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Prepares a run inside the folder; arguments are split at blanks.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-netpol"));
        command.args(arguments.split_whitespace()).current_dir(self.path());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM", "COLUMNS"] {
            command.env_remove(name);
        }
        let nowhere = self.path().join("no-kubeconfig");
        command.env("KUBECONFIG", &nowhere).env("HOME", &nowhere).stdin(Stdio::null());
        command
    }

    /// Runs the binary.
    pub(crate) fn run(&self, arguments: &str) -> Ended {
        Ended::from(self.command(arguments).output().unwrap())
    }

    /// Runs the binary with a text on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &str, input: &str) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ended::from(child.wait_with_output().unwrap())
    }

    /// Returns the JSON answer of a run that must succeed.
    pub(crate) fn json(&self, arguments: &str) -> Value {
        let ended = self.run(&format!("{arguments} -o json"));
        assert_eq!(ended.code, Some(0), "{arguments}: {}", ended.err);
        serde_json::from_str(&ended.out).unwrap()
    }

    /// Lists the connections of `list` as `source -> destination ports`.
    pub(crate) fn list(&self, arguments: &str) -> Vec<String> {
        let answer = self.json(&format!("list {arguments}"));
        let ports = |row: &Value| {
            let ports: Vec<&str> = items(&row["ports"]).iter().filter_map(Value::as_str).collect();
            ports.join(",")
        };
        let rows = items(&answer["connections"]).iter();
        rows.map(|row| {
            format!("{} -> {} {}", name(&row["source"]), name(&row["destination"]), ports(row))
        })
        .collect()
    }

    /// Lists everything that a list names as an end, except addresses.
    pub(crate) fn ends(&self, arguments: &str) -> Vec<String> {
        let answer = self.json(&format!("list {arguments}"));
        let rows = items(&answer["connections"]).iter();
        let mut names: Vec<String> =
            rows.flat_map(|row| [name(&row["source"]), name(&row["destination"])]).collect();
        names.sort();
        names.dedup();
        names.retain(|name| !name.starts_with("IPBlock"));
        names
    }

    /// Returns the verdict of `explain`.
    pub(crate) fn verdict(&self, arguments: &str) -> String {
        self.json(&format!("explain {arguments}"))["verdict"].as_str().unwrap().to_owned()
    }

    /// Returns `file:line` of every rule that a question asks, by its path.
    pub(crate) fn places(&self, arguments: &str) -> BTreeMap<String, String> {
        let answer = self.json(&format!("explain {arguments}"));
        let mut places = BTreeMap::new();
        for half in ["egress", "ingress"] {
            for tier in items(&answer["groups"][0][half]["tiers"]) {
                for rule in items(&tier["rules"]) {
                    let (file, line) = (&rule["origin"]["file"], &rule["origin"]["line"]);
                    let path = rule["path"].as_str().unwrap().to_owned();
                    places.insert(path, format!("{}:{line}", file.as_str().unwrap()));
                }
            }
        }
        places
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Returns the items of a list; none where there is no list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Names an endpoint of a JSON answer: `shop/Deployment/web`.
fn name(endpoint: &Value) -> String {
    let parts = [&endpoint["namespace"], &endpoint["kind"], &endpoint["name"]];
    parts.into_iter().filter_map(Value::as_str).collect::<Vec<_>>().join("/")
}
