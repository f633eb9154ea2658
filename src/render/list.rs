//! Listed connections as a table, or as a stream of rows.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::graph::Graph;
use super::limits::limits;
use super::machine::{Document, Syntax};
use super::sanitize::sanitize;
use super::text::write_lines;
use super::{csv, markdown, table};
use crate::answer::endpoint::Endpoint;
use crate::answer::verdict::{API_VERSION, Verdict};
use crate::ends::place::Place;
use crate::render::Look;
use crate::report::connection::Connection;
use crate::report::list::List;
use crate::report::summary;

/// Writes a list for a person: ends that go together in one line, or, wide, every connection.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, list: &List<'_, '_>, gaps: &[String], look: Look) -> io::Result<()> {
    let lines = if look.wide { every_line(list) } else { summary::lines(list) };
    if lines.is_empty() {
        writeln!(out, "{}", nothing(list, gaps))?;
    } else {
        let header =
            look.headers.then(|| ["SOURCE", "DESTINATION", "PORTS"].map(str::to_owned).to_vec());
        let ends =
            |line: &summary::Line| [&line.source, &line.destination].map(|end| sanitize(&end.title()));
        let cells = |line: &summary::Line| ends(line).into_iter().chain([ports(line)]).collect();
        let rows = header.into_iter().chain(lines.iter().map(cells)).collect();
        table::write(out, rows, (!look.wide).then_some(look.width))?;
    }
    write_lines(out, &limits(&list.caveats(), gaps), look.width)
}

/// Says that there is no connection, and of which namespace that is said.
fn nothing(list: &List<'_, '_>, gaps: &[String]) -> String {
    let place = list.namespace().map(|name| format!(" in namespace {}", sanitize(name)));
    let place = place.unwrap_or_default();
    match gaps {
        [] => format!("No connections are allowed{place}."),
        _ => format!("No connections were found{place}; see the gaps."),
    }
}

fn every_line(list: &List<'_, '_>) -> Vec<summary::Line> {
    let mut lines = Vec::new();
    let _ = list.each(&mut |listed| {
        lines.push(summary::Line {
            source: Rc::new(place(listed.from.is_whole, listed.source)),
            destination: Rc::new(place(listed.to.is_whole, listed.destination)),
            ports: listed.ports.to_vec(),
            verdict: listed.verdict,
        });
        ControlFlow::Continue(())
    });
    lines
}

/// Writes the ports of a line, and whether they are certain.
fn ports(line: &summary::Line) -> String {
    let depends = if line.verdict == Verdict::Depends { " (depends)" } else { "" };
    format!("{}{depends}", line.ports.join(", "))
}

/// Names one end; of a whole unit nothing needs to be told apart.
fn place(is_whole: bool, endpoint: &Endpoint) -> Place {
    if is_whole { Place::unit(endpoint) } else { Place::Part(endpoint.clone()) }
}

/// Writes a list as comma-separated values, row by row. Its limits have no place there: whoever
/// writes it tells them apart.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(out: &mut dyn Write, list: &List<'_, '_>, look: Look) -> io::Result<()> {
    if look.headers {
        csv::header(out, &[])?;
    }
    stream(list, |connection| csv::connection(out, connection, &[]))
}

/// Writes a list as a Markdown table of its summary, and its limits below.
///
/// # Errors
/// Those of the writer.
pub fn write_markdown(out: &mut dyn Write, list: &List<'_, '_>, gaps: &[String]) -> io::Result<()> {
    let lines = summary::lines(list);
    if lines.is_empty() {
        writeln!(out, "{}", nothing(list, gaps))?;
    } else {
        markdown::header(out, &["Source", "Destination", "Ports"])?;
    }
    for line in &lines {
        let ends = [&line.source, &line.destination].map(|place| markdown::place(place));
        let [source, destination] = &ends;
        markdown::row(out, &[source, destination, &ports(line)])?;
    }
    markdown::limits(out, &list.caveats(), gaps)
}

/// Draws the summary of a list.
pub fn graph(list: &List<'_, '_>, gaps: &[String]) -> Graph {
    Graph::of(&summary::lines(list), list.caveats(), gaps.to_vec())
}

/// Writes a list as JSON or YAML, row by row.
///
/// # Errors
/// Those of the writer.
pub fn write_data(
    out: &mut dyn Write,
    list: &List<'_, '_>,
    gaps: &[String],
    syntax: Syntax,
) -> io::Result<()> {
    let mut document = Document::new(out, syntax);
    document.field("apiVersion", &API_VERSION)?;
    document.field("kind", &"ConnectionList")?;
    document.rows("connections", |document| stream(list, |connection| document.row(connection)))?;
    document.field("caveats", &list.caveats())?;
    document.field("gaps", &gaps)?;
    document.end()
}

/// Hands every connection to a writer; stops at its first error.
fn stream(
    list: &List<'_, '_>,
    mut write: impl FnMut(&Connection<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut result = Ok(());
    let _ = list.each(&mut |listed| {
        let connection = Connection {
            source: listed.source,
            destination: listed.destination,
            ports: listed.ports,
            verdict: listed.verdict,
        };
        match write(&connection) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                result = Err(error);
                ControlFlow::Break(())
            }
        }
    });
    result
}
