//! The house of `ARCHITECTURE.md`: which room may import which, no circle, one name for one type, small
//! files, and no logic that reads a sentence. One crate gets no help from the compiler.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod documents;
mod house;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use house::{House, Source};

/// What only the edges may know.
const EDGES_ONLY: [(&str, &[&str]); 6] = [
    ("kube::", &["cluster"]),
    ("tokio::", &["cluster", "dns"]),
    ("hickory_resolver::", &["dns"]),
    ("std::fs", &["files", "cluster"]),
    ("colored::", &["render", "cmd"]),
    ("clap::", &["main", "complete", "cli", "cmd"]),
];

/// How logic reads a sentence: a reworded one would change an answer.
const SENTENCES: [&str; 14] = [
    "message.starts_with(",
    "message.contains(",
    "message.ends_with(",
    "message ==",
    "to_string().contains(",
    "to_string().starts_with(",
    "to_string() == \"",
    "starts_with(\"could not",
    // What something is, and where it stands, is no sentence, and has a type all the same.
    "starts_with(\"node/",
    "starts_with(\"pod/",
    "path == \"spec\"",
    "name == \"internet\"",
    // So has what limits an answer.
    "caveats: Vec<String>",
    "NoAnswer(String)",
];

const LONGEST_FILE: usize = 600;
const LONGEST_COMMAND: usize = 200;
const MEDIAN_FILE: usize = 150;
const LONGEST_FUNCTION: usize = 100;
const MEDIAN_FUNCTION: usize = 10;

#[test]
fn rooms_import_what_the_picture_shows_and_nothing_else() {
    let house = House::read();
    let mut arrows: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    let picture = fs::read_to_string(house::root().join("ARCHITECTURE.md")).unwrap();
    let drawn = drawn(&picture);
    for source in &house.sources {
        let room = source.room();
        if room == "lib" {
            continue;
        }
        let known = drawn.get(room).unwrap_or_else(|| panic!("{room} has no row"));
        for file in house.imports(source) {
            let other = file.split('/').next().unwrap_or_default().trim_end_matches(".rs");
            if other == room {
                continue;
            }
            arrows.entry(room).or_default().insert(other.to_owned());
            if !known.contains(other) {
                wrong.push(format!("{} imports {file}: {room} -> {other} is not drawn", source.path));
            }
        }
    }
    for (room, others) in drawn {
        let found = arrows.remove(room).unwrap_or_default();
        let unused = others.into_iter().filter(|other| !found.contains(*other));
        wrong.extend(unused.map(|other| format!("{room} -> {other} is drawn, and nothing needs it")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reads the arrows of the picture: lines `room -> other, other` of a block of their own.
fn drawn(picture: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let arrows = picture.lines().filter_map(|line| line.split_once("-> "));
    let rooms = arrows.filter(|(room, _)| room.trim_end().chars().all(|c| c.is_ascii_lowercase()));
    let drawn: BTreeMap<&str, BTreeSet<&str>> = rooms
        .map(|(room, names)| {
            (
                room.trim_end(),
                names.split(", ").map(str::trim).filter(|name| *name != "nothing").collect(),
            )
        })
        .collect();
    assert!(drawn.len() > 20, "only {} rooms are drawn", drawn.len());
    drawn
}

#[test]
fn no_file_imports_itself_by_any_way() {
    let house = House::read();
    let circles: Vec<String> = house.circles().iter().map(|circle| circle.join(" <-> ")).collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn a_public_type_has_its_name_alone() {
    let house = House::read();
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for source in &house.sources {
        for name in source.public_types() {
            places.entry(name).or_default().push(&source.path);
        }
    }
    assert!(places.len() > 200, "only {} public types were found", places.len());
    let twice = places.iter().filter(|(_, files)| files.len() > 1);
    let twice: Vec<String> =
        twice.map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    assert!(twice.is_empty(), "{}", twice.join("\n"));
}

#[test]
fn one_level_of_folders_is_enough() {
    let house = House::read();
    // The folder of a policy kind, which owns all of it, is the only one inside a room.
    let is_deep = |source: &&Source| {
        let depth = source.path.matches('/').count();
        depth > 1 && !(source.path.starts_with("policy/") && depth == 2)
    };
    let deep: Vec<&str> = house.sources.iter().filter(is_deep).map(|source| &*source.path).collect();
    assert!(deep.is_empty(), "{}", deep.join("\n"));
}

#[test]
fn only_the_edges_know_files_networks_colours_and_the_command_line() {
    let found = House::read()
        .sources
        .iter()
        .flat_map(|source| {
            let known = move |(line, text): (usize, &str)| {
                let names = EDGES_ONLY
                    .iter()
                    .filter(|(name, rooms)| text.contains(name) && !rooms.contains(&source.room()));
                names
                    .map(|(name, _)| format!("{}:{line}: knows {name}", source.path))
                    .collect::<Vec<_>>()
            };
            source.code().flat_map(known).collect::<Vec<_>>()
        })
        .collect::<Vec<String>>();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_logic_reads_a_sentence() {
    let mut wrong = Vec::new();
    for source in &House::read().sources {
        for (line, text) in source.code() {
            let found = SENTENCES.iter().filter(|pattern| text.contains(**pattern));
            wrong.extend(found.map(|pattern| format!("{}:{line}: {pattern}", source.path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_stay_small() {
    let house = House::read();
    let mut functions: Vec<usize> = Vec::new();
    let mut wrong = Vec::new();
    for source in &house.sources {
        let lines = source.text.lines().count();
        let most = if source.room() == "cmd" { LONGEST_COMMAND } else { LONGEST_FILE };
        if lines > most {
            wrong.push(format!("{}: {lines} lines", source.path));
        }
        for (name, lines) in function_lengths(&source.text) {
            if lines > LONGEST_FUNCTION {
                wrong.push(format!("{}: fn {name} has {lines} lines", source.path));
            }
            functions.push(lines);
        }
    }
    assert!(functions.len() > 200, "only {} functions were found", functions.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let files = house.sources.iter().map(|source| source.text.lines().count()).collect();
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
