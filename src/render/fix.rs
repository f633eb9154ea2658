//! A fix as text: what to add where, as YAML to paste.

use std::io;

use serde::Serialize;

use super::machine::yaml;
use super::text::{Label, Line, padded};
use crate::explain::explanation::{Addition, AdditionKind, Explanation, Fix};
use crate::render::place::place_of;

/// Writes the fix of a denial, or why there is none.
pub(crate) fn fix(answer: &Explanation) -> io::Result<Vec<Line>> {
    let start = || Line::new(0, 9).with(Label::Heading, padded("fix", 8));
    match (&answer.fix, &answer.no_fix) {
        (Some(fix), _) => Ok([vec![Line::default()], additions(start(), fix)?].concat()),
        (None, Some(reason)) => {
            Ok(vec![Line::default(), start().plain("none:").plain(reason.to_string())])
        }
        (None, None) => Ok(Vec::new()),
    }
}

fn additions(start: Line, fix: &Fix) -> io::Result<Vec<Line>> {
    let opens = match fix.opens {
        None => "opens an unknown number of other connections".to_owned(),
        Some(1) => "opens 1 other connection".to_owned(),
        Some(count) => format!("opens {count} other connections"),
    };
    let mut lines = Vec::new();
    match &*fix.changes {
        [change] => {
            lines.push(place(start, change, ";").plain(format!("{opens}:")));
            lines.extend(text(fix, change)?);
        }
        changes => {
            lines.push(start.plain("both halves need a rule;").plain(opens));
            for change in changes {
                lines.push(place(Line::new(2, 4), change, ":"));
                lines.extend(text(fix, change)?);
            }
        }
    }
    lines.extend(fix.notes.iter().map(|note| Line::new(2, 2).plain(note.to_string())));
    Ok(lines)
}

/// Says where a rule is added, with the mark that follows.
fn place(line: Line, change: &Addition, mark: &str) -> Line {
    let object = format!("{}/{}", change.namespace, change.name);
    match &change.origin {
        None => line.plain("a new policy").with(Label::Source, object + mark),
        Some(origin) => {
            let line = line.plain("add to").with(Label::Source, object).plain("as").plain(&change.path);
            line.plain(place_of(origin) + mark)
        }
    }
}

/// Writes the rule as an item of its list, or the whole policy if it is new.
fn text(fix: &Fix, change: &Addition) -> io::Result<Vec<Line>> {
    let of_change = |policy: &&k8s_openapi::api::networking::v1::NetworkPolicy| {
        let own = &policy.metadata;
        own.name.as_ref() == Some(&change.name) && own.namespace.as_ref() == Some(&change.namespace)
    };
    match (change.change, fix.objects.iter().find(of_change)) {
        (AdditionKind::Policy, Some(object)) => pasteable(object),
        _ => pasteable(&[&change.rule]),
    }
}

/// Writes YAML line by line, without a place to wrap.
fn pasteable(value: &impl Serialize) -> io::Result<Vec<Line>> {
    let text = yaml(value)?;
    Ok(text.lines().map(|line| Line::new(4, 0).plain(line.replace(' ', "\u{a0}"))).collect())
}
