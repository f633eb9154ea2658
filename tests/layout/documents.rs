//! Tables of documents that name tests: each test is there.

use std::fs;

use crate::house::root;

/// The sections whose tables say in their last column which tests hold what a row says, and how many rows they have
/// at least.
const HELD: [(&str, usize); 2] = [("## Trust", 14), ("## The table of reproductions", 45)];

#[test]
fn every_row_of_the_tables_of_trust_and_of_reproductions_names_tests_that_are_there() {
    let text = fs::read_to_string(root().join("docs/endpoints.md")).unwrap();
    let mut wrong = Vec::new();
    for (title, least) in HELD {
        let section = text.split(&format!("{title}\n")).nth(1).unwrap_or_else(|| panic!("no {title}"));
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
        let rows: Vec<&str> = rows.collect();
        assert!(rows.len() >= least, "{title} has {} rows", rows.len());
        for row in rows {
            let held = row.trim_end_matches(['|', ' ']).rsplit(" | ").next().unwrap();
            let names: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
            if names.is_empty() {
                wrong.push(format!("no test holds: {row}"));
            }
            wrong.extend(
                names.into_iter().filter(|name| !is_there(name)).map(|name| format!("{name}: {row}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Tells whether there is a test, as `FILE::NAME` below `tests`, or a case, as its folder.
fn is_there(name: &str) -> bool {
    let tests = root().join("tests");
    match name.split_once("::") {
        Some((file, test)) => {
            let text = fs::read_to_string(tests.join(file)).unwrap_or_default();
            text.contains(&format!("fn {test}(")) || text.contains(&format!("::{test}\""))
        }
        None => name.starts_with("cases/") && tests.join(name).is_dir(),
    }
}
