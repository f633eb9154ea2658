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
use crate::report::schema::{API_VERSION, Connection, Verdict};
use crate::report::summary::{self, title};

/// Writes a list for a person: ends that go together in one line, or, wide, every connection.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, list: &List<'_, '_>, gaps: &[String], look: Look) -> io::Result<()> {
    let lines = if look.wide { every_line(list) } else { summary::lines(list) };
    if lines.is_empty() {
        writeln!(out, "No connections are allowed.")?;
    } else {
        write_table(out, &lines, look)?;
    }
    write_lines(out, &limits(&list.caveats(), gaps), look.width)
}

fn every_line(list: &List<'_, '_>) -> Vec<summary::Line> {
    let mut lines = Vec::new();
    let _ = list.each(&mut |listed| {
        lines.push(summary::Line {
            source: title(listed.source),
            destination: title(listed.destination),
            ports: listed.ports.to_vec(),
            verdict: listed.verdict,
        });
        ControlFlow::Continue(())
    });
    lines
}

fn write_table(out: &mut dyn Write, lines: &[summary::Line], look: Look) -> io::Result<()> {
    let mut table = Builder::default();
    if look.headers {
        table.push_record(["SOURCE", "DESTINATION", "PORTS"]);
    }
    for line in lines {
        let depends = if line.verdict == Verdict::Depends { " (depends)" } else { "" };
        let ports = format!("{}{depends}", line.ports.join(", "));
        table.push_record([sanitize(&line.source), sanitize(&line.destination), ports]);
    }
    let mut table = table.build();
    table.with(Style::empty()).with(Padding::new(0, 3, 0, 0));
    let fit = fit(lines, look);
    for (column, width) in fit.into_iter().enumerate() {
        use tabled::settings::{Modify, Width, object::Columns};
        table.with(Modify::new(Columns::one(column)).with(Width::wrap(width).keep_words(true)));
    }
    table.to_string().lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

/// Returns the widths of the columns: their contents', cut down evenly to the terminal's.
fn fit(lines: &[summary::Line], look: Look) -> Vec<usize> {
    const GAPS: usize = 6;
    if look.wide {
        return Vec::new();
    }
    let widest = |of: &dyn Fn(&summary::Line) -> usize| lines.iter().map(of).max().unwrap_or_default();
    let widths = [
        widest(&|line| line.source.chars().count()).max(6),
        widest(&|line| line.destination.chars().count()).max(11),
        widest(&|line| line.ports.join(", ").len()).max(5),
    ];
    let room = look.width.max(40).saturating_sub(GAPS);
    if widths.iter().sum::<usize>() <= room {
        return Vec::new();
    }
    let ports = widths.last().copied().unwrap_or_default().min(room / 4);
    let rest = room - ports;
    let source = widths.first().copied().unwrap_or_default().min(rest / 2);
    let destination = widths.get(1).copied().unwrap_or_default().min(rest - source);
    let source = widths.first().copied().unwrap_or_default().min(rest - destination);
    vec![source + 3, destination + 3, ports + 3]
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
