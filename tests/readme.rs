//! The examples of the README are what the binary prints.
//!
//! Blocks of a live cluster are tried by the control plane's tests.
//!
//! `UPDATE_README=1 cargo test --test readme` writes the outputs anew.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::fs;
use std::io::{Seek, Write};
use std::path::Path;
use std::process::Command;

const PROMPT: &str = "$ kubectl netpol ";

#[test]
fn every_example_of_the_readme_prints_what_the_readme_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let fresh = refreshed(&text);
    assert!(text.matches(PROMPT).count() >= 5, "the README has too few examples");
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, fresh).unwrap();
        return;
    }
    for (line, (shown, printed)) in text.lines().zip(fresh.lines()).enumerate() {
        assert_eq!(shown, printed, "README.md:{}: UPDATE_README=1 writes it anew", line + 1);
    }
    assert_eq!(text.lines().count(), fresh.lines().count());
}

/// Returns the README with the output of every example as the binary prints it now.
fn refreshed(text: &str) -> String {
    let mut fresh = String::new();
    let mut lines = text.lines();
    let mut live = false;
    while let Some(line) = lines.next() {
        fresh.push_str(line);
        fresh.push('\n');
        live = if line.starts_with("```") { line == "```console live" } else { live };
        if let Some(arguments) = line.strip_prefix(PROMPT).filter(|_| !live) {
            fresh.push_str(&run(arguments));
            fresh.push_str("```\n");
            let _ = lines.by_ref().find(|line| *line == "```");
        }
    }
    fresh
}

/// Runs the binary, or several in a pipe, and returns what a terminal would show, and the exit code
/// unless it is 0.
fn run(arguments: &str) -> String {
    let (mut shown, mut code, mut input) = (Vec::new(), 0, Vec::new());
    for arguments in arguments.split(" | kubectl netpol ") {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&input).unwrap();
        file.rewind().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_kubectl-netpol"))
            .args(arguments.split_whitespace())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("COLUMNS")
            .stdin(file)
            .output()
            .unwrap();
        shown.extend(output.stderr);
        code = output.status.code().unwrap();
        input = output.stdout;
    }
    shown.extend(input);
    let code = if code == 0 { String::new() } else { format!("(exit code {code})\n") };
    String::from_utf8(shown).unwrap() + &code
}

#[test]
fn every_dependency_has_its_reason_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let section = readme.split("## Dependencies\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let rows = rows.skip(1).flat_map(|cell| cell.split(", "));
    assert_eq!(sorted(rows), crates(&manifest, "[dependencies]"));
    let tests = section.lines().find_map(|line| line.strip_prefix("For tests only: "));
    let tests = tests.unwrap().trim_end_matches('.').split(", ");
    assert_eq!(sorted(tests), crates(&manifest, "[dev-dependencies]"));
}

/// Lists the crates of a section of the manifest.
fn crates<'a>(manifest: &'a str, section: &str) -> Vec<&'a str> {
    let lines = manifest.lines().skip_while(|line| *line != section).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let names = sorted(lines.filter_map(|line| line.split_once(" = ").map(|(name, _)| name)));
    assert!(names.len() > 5, "{names:?}");
    names
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}
