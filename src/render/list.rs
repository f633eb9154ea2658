//! Listed connections as a table, or as a stream of rows.

use std::io::{self, Write};
use std::ops::ControlFlow;

use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

use super::Look;
use super::machine;
use super::sanitize::sanitize;
use super::text::{limits, write_lines};
use crate::report::list::List;
use crate::report::naming::name_of;
use crate::report::schema::{API_VERSION, Connection, Endpoint, Verdict};
use crate::report::summary::{self, title};

/// Writes a list for a person: ends that go together in one line, or, wide, every connection.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, list: &List<'_, '_>, gaps: &[String], look: Look) -> io::Result<()> {
    let lines = if look.wide { every_line(list) } else { summary::lines(list) };
    if lines.is_empty() {
        let empty = if gaps.is_empty() {
            "No connections are allowed."
        } else {
            "No connections were found; see the gaps."
        };
        writeln!(out, "{empty}")?;
    } else {
        write_table(out, &lines, look)?;
    }
    write_lines(out, &limits(&list.caveats(), gaps), look.width)
}

fn every_line(list: &List<'_, '_>) -> Vec<summary::Line> {
    let mut lines = Vec::new();
    let _ = list.each(&mut |listed| {
        lines.push(summary::Line {
            source: end(listed.units.0.is_some(), listed.source),
            destination: end(listed.units.1.is_some(), listed.destination),
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
    let depends = if line.verdict == Verdict::Depends { " (depends)" } else { "" };
    let ports = format!("{}{depends}", line.ports.join(", "));
    [sanitize(&line.source), sanitize(&line.destination), ports]
}

/// Names one end; of a whole unit nothing needs to be told apart.
fn end(is_whole: bool, endpoint: &Endpoint) -> String {
    if is_whole { name_of(endpoint) } else { title(endpoint) }
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
