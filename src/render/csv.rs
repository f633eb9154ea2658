//! Rows as comma-separated values (RFC 4180): a header, fields quoted where they must be, CRLF.
//!
//! Spreadsheets run a cell that begins like a formula. Such a cell gets a `'` in front, which they
//! show as text; no name that an API server accepts begins so. Control characters are escaped as
//! in text, so that every record is one line. What must be exact belongs into JSON.

use std::io::{self, Write};

use super::sanitize::sanitize;
use crate::answer::endpoint::Endpoint;
use crate::answer::verdict::Verdict;
use crate::ends::naming::name_of;
use crate::report::connection::Connection;

/// The columns of two ends.
pub const ENDS: [&str; 8] = [
    "source",
    "source_namespace",
    "source_kind",
    "source_members",
    "destination",
    "destination_namespace",
    "destination_kind",
    "destination_members",
];

/// Writes the header of connections, with further columns.
///
/// # Errors
/// Those of the writer.
pub fn header(out: &mut dyn Write, more: &[&str]) -> io::Result<()> {
    record(out, &[&ENDS[..], &["ports", "verdict"], more].concat())
}

/// Writes one connection, and its further fields; items of a list inside a field are apart by
/// blanks.
///
/// # Errors
/// Those of the writer.
pub fn connection(out: &mut dyn Write, row: &Connection<'_>, more: &[&str]) -> io::Result<()> {
    let verdict = if row.verdict == Verdict::Depends { "depends" } else { "allow" };
    let ends = ends(row.source, row.destination);
    let ports = row.ports.join(" ");
    let fields = ends.iter().chain([&ports]).map(String::as_str);
    record(out, &fields.chain([verdict]).chain(more.iter().copied()).collect::<Vec<_>>())
}

/// Writes two ends.
pub fn ends(source: &Endpoint, destination: &Endpoint) -> Vec<String> {
    [end(source), end(destination)].concat()
}

/// Writes one end: its name, its namespace, its kind, and its pods and addresses where not all are
/// meant or it is one pod or node.
pub(crate) fn end(endpoint: &Endpoint) -> [String; 4] {
    let ips = endpoint.ips.iter().map(ToString::to_string);
    let members: Vec<String> = endpoint.pods.iter().cloned().chain(ips).collect();
    [
        name_of(endpoint).replace(", ", " "),
        endpoint.namespace.clone().unwrap_or_default(),
        endpoint.kind.clone(),
        members.join(" "),
    ]
}

/// Writes one record.
///
/// # Errors
/// Those of the writer.
pub fn record(out: &mut dyn Write, fields: &[&str]) -> io::Result<()> {
    for (number, text) in fields.iter().enumerate() {
        let separator = if number == 0 { "" } else { "," };
        write!(out, "{separator}{}", field(text))?;
    }
    out.write_all(b"\r\n")
}

fn field(text: &str) -> String {
    let text = sanitize(text);
    // The wide forms are formulas too where spreadsheets speak Chinese, Japanese or Korean.
    let formula = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let text = if formula { format!("'{text}") } else { text };
    let outer_blank = text.trim() != text;
    if outer_blank || text.contains([',', '"', ';']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
