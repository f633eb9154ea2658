//! Listed connections as a table, or as a stream of rows.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::rc::Rc;

use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

use super::graph::Graph;
use super::sanitize::sanitize;
use super::text::{limits, write_lines};
use super::{Look, csv, machine, markdown};
use crate::report::list::List;
use crate::report::schema::{API_VERSION, Connection, Endpoint, Verdict};
use crate::report::summary::{self, Place};

/// Writes a list for a person: ends that go together in one line, or, wide, every connection.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, list: &List<'_, '_>, gaps: &[String], look: Look) -> io::Result<()> {
    let lines = if look.wide { every_line(list) } else { summary::lines(list) };
    if lines.is_empty() {
        writeln!(out, "{}", nothing(gaps))?;
    } else {
        write_table(out, &lines, look)?;
    }
    write_lines(out, &limits(&list.caveats(), gaps), look.width)
}

/// Says that there is no connection.
const fn nothing(gaps: &[String]) -> &'static str {
    if gaps.is_empty() {
        "No connections are allowed."
    } else {
        "No connections were found; see the gaps."
    }
}

fn every_line(list: &List<'_, '_>) -> Vec<summary::Line> {
    let mut lines = Vec::new();
    let _ = list.each(&mut |listed| {
        lines.push(summary::Line {
            source: Rc::new(place(listed.units.0.is_some(), listed.source)),
            destination: Rc::new(place(listed.units.1.is_some(), listed.destination)),
            ports: listed.ports.to_vec(),
            verdict: listed.verdict,
        });
        ControlFlow::Continue(())
    });
    lines
}

/// One row of the table.
type Cells = [String; 3];

fn cells(line: &summary::Line) -> Cells {
    [sanitize(&line.source.title()), sanitize(&line.destination.title()), ports(line)]
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

fn write_table(out: &mut dyn Write, lines: &[summary::Line], look: Look) -> io::Result<()> {
    let header = look.headers.then(|| ["SOURCE", "DESTINATION", "PORTS"].map(str::to_owned));
    let rows: Vec<Cells> = header.into_iter().chain(lines.iter().map(cells)).collect();
    let fit = if look.wide { Vec::new() } else { fit(&rows, look.width.max(40)) };
    let mut table = rows.into_iter().collect::<Builder>().build();
    table.with(Style::empty()).with(Padding::new(0, 3, 0, 0));
    for (column, width) in fit.into_iter().enumerate() {
        use tabled::settings::{Modify, Width, object::Columns};
        table.with(Modify::new(Columns::one(column)).with(Width::wrap(width).keep_words(true)));
    }
    table.to_string().lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

/// Returns the widths of the columns where they have to be cut down to fit; nothing else.
fn fit(rows: &[Cells], width: usize) -> Vec<usize> {
    const GAPS: usize = 6;
    let mut widths = [0; 3];
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = cell.chars().count().max(*widest);
        }
    }
    let room = width.saturating_sub(GAPS);
    if widths.iter().sum::<usize>() <= room {
        return Vec::new();
    }
    let [source, destination, ports] = widths;
    let ports = ports.min(room / 4);
    let rest = room - ports;
    let source = source.min((rest / 2).max(rest.saturating_sub(destination)));
    vec![source, destination.min(rest - source), ports]
}

/// Writes a list as comma-separated values, row by row. Its limits have no place there: whoever
/// writes it tells them apart.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(out: &mut dyn Write, list: &List<'_, '_>, look: Look) -> io::Result<()> {
    if look.headers {
        csv::header(out)?;
    }
    stream(list, |connection| csv::connection(out, connection))
}

/// Writes a list as a Markdown table of its summary, and its limits below.
///
/// # Errors
/// Those of the writer.
pub fn write_markdown(out: &mut dyn Write, list: &List<'_, '_>, gaps: &[String]) -> io::Result<()> {
    let lines = summary::lines(list);
    if lines.is_empty() {
        writeln!(out, "{}", nothing(gaps))?;
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

/// Writes a list as JSON, row by row.
///
/// # Errors
/// Those of the writer.
pub fn write_json(out: &mut dyn Write, list: &List<'_, '_>, gaps: &[String]) -> io::Result<()> {
    write!(out, "{{\"apiVersion\":\"{API_VERSION}\",\"kind\":\"ConnectionList\",\"connections\":[")?;
    let mut separator = "\n";
    stream(list, |connection| {
        write!(out, "{separator}")?;
        separator = ",\n";
        serde_json::to_writer(&mut *out, connection).map_err(io::Error::from)
    })?;
    let (caveats, gaps) = (serde_json::to_string(&list.caveats())?, serde_json::to_string(gaps)?);
    writeln!(out, "\n],\"caveats\":{caveats},\"gaps\":{gaps}}}")
}

/// Writes a list as YAML, row by row.
///
/// # Errors
/// Those of the writer.
pub fn write_yaml(out: &mut dyn Write, list: &List<'_, '_>, gaps: &[String]) -> io::Result<()> {
    write!(out, "apiVersion: {API_VERSION}\nkind: ConnectionList\nconnections:")?;
    let mut empty = true;
    stream(list, |connection| {
        if std::mem::take(&mut empty) {
            writeln!(out)?;
        }
        write!(out, "{}", machine::yaml(&[connection])?)
    })?;
    if empty {
        writeln!(out, " []")?;
    }
    let limits = [("caveats", list.caveats()), ("gaps", gaps.to_vec())];
    let limits: std::collections::BTreeMap<_, _> = limits.into_iter().collect();
    write!(out, "{}", machine::yaml(&limits)?)
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
