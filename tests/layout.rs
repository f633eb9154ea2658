//! The import rule and the size budget of `ARCHITECTURE.md`: one crate gets no help from the
//! compiler.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each part of the crate may import from the others.
const MAY_IMPORT: [(&str, &[&str]); 11] = [
    ("main", &["cli"]),
    ("cli", &["cmd", "error", "render"]),
    ("cmd", &["cli", "edit", "engine", "error", "load", "model", "policy", "render", "report"]),
    ("render", &["model", "policy", "report"]),
    ("report", &["engine", "model", "policy"]),
    ("engine", &["model", "policy"]),
    ("load", &["edit", "model", "policy"]),
    ("edit", &["model", "policy"]),
    ("policy", &["model"]),
    ("model", &[]),
    ("error", &[]),
];

/// What only the edges may know.
const EDGES_ONLY: [(&str, &[&str]); 6] = [
    ("kube::", &["load"]),
    ("tokio::", &["load"]),
    ("hickory_resolver::", &["load"]),
    ("std::fs", &["load"]),
    ("colored::", &["render", "cmd"]),
    ("clap::", &["main", "cli", "cmd"]),
];

const LONGEST_FILE: usize = 600;
const MEDIAN_FILE: usize = 150;
const LONGEST_FUNCTION: usize = 100;
const MEDIAN_FUNCTION: usize = 10;

/// A source file: the part of the crate it belongs to, its path and its text.
struct Source {
    part: String,
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    for entry in fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            for file in fs::read_dir(&path).unwrap() {
                let file = file.unwrap().path();
                assert!(file.is_file(), "{}: one folder level under src is enough", file.display());
                sources.push(source(&root, file));
            }
        } else {
            sources.push(source(&root, path));
        }
    }
    assert!(sources.len() > 40, "only {} source files were found", sources.len());
    sources
}

fn source(root: &Path, path: PathBuf) -> Source {
    let inside = path.strip_prefix(root).unwrap();
    let part = inside.components().next().unwrap().as_os_str().to_string_lossy();
    let part = part.trim_end_matches(".rs").to_owned();
    Source { part, text: fs::read_to_string(&path).unwrap(), path }
}

/// Lists the lines that are code, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Finds the parts that a line names as `crate::part` or `netpol::part`.
fn imported(line: &str) -> Vec<String> {
    let after = |root| line.split(root).skip(1).collect::<Vec<_>>();
    let rest = after("crate::").into_iter().chain(after("netpol::"));
    rest.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn imports_go_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.into_iter().collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.part != "lib") {
        let own = allowed.get(&*source.part).expect("every part of the crate has its row");
        for (line, text) in code(&source.text) {
            for part in imported(text) {
                if part != source.part && !own.contains(&&*part) {
                    wrong.push(format!(
                        "{}:{line}: {} imports {part}",
                        source.path.display(),
                        source.part
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_edges_know_files_networks_colours_and_the_command_line() {
    let mut wrong = Vec::new();
    for source in &sources() {
        for (line, text) in code(&source.text) {
            for (name, parts) in EDGES_ONLY {
                if text.contains(name) && !parts.contains(&&*source.part) {
                    wrong.push(format!(
                        "{}:{line}: {} knows {name}",
                        source.path.display(),
                        source.part
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_stay_small() {
    let sources = sources();
    let mut files: Vec<usize> = Vec::new();
    let mut functions: Vec<usize> = Vec::new();
    let mut wrong = Vec::new();
    for source in &sources {
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{}: {lines} lines", source.path.display()));
        }
        files.push(lines);
        for (name, lines) in function_lengths(&source.text) {
            if lines > LONGEST_FUNCTION {
                wrong.push(format!("{}: fn {name} has {lines} lines", source.path.display()));
            }
            functions.push(lines);
        }
    }
    assert!(functions.len() > 200, "only {} functions were found", functions.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (file, function) = (median(files), median(functions));
    assert!(file <= MEDIAN_FILE, "the median file has {file} lines");
    assert!(function <= MEDIAN_FUNCTION, "the median function has {function} lines");
}

fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    *numbers.get(numbers.len() / 2).unwrap()
}

/// Measures every function from its `fn` line to the brace that closes it, which rustfmt puts at
/// the indent of the `fn`.
fn function_lengths(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let is_function = code.starts_with("fn ")
            || (code.starts_with("pub") && code.contains(" fn "))
            || code.starts_with("async fn ")
            || code.starts_with("const fn ");
        if !is_function || code.ends_with(';') {
            continue;
        }
        let close = format!("{:indent$}}}", "");
        let one_line = code.ends_with('}');
        let length = if one_line {
            1
        } else {
            lines.iter().skip(start).position(|line| **line == close).map_or(1, |end| end + 1)
        };
        let name = code.split("fn ").nth(1).unwrap_or_default();
        found.push((name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect(), length));
    }
    found
}
