//! Connections as records of fields.

use std::io;

use super::answer::WriteRecord;
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

/// Hands over the header of connections, with further columns.
pub fn header(record: &mut WriteRecord<'_>, more: &[&str]) -> io::Result<()> {
    record(&[&ENDS[..], &["ports", "verdict"], more].concat())
}

/// Hands over one connection, and its further fields.
pub fn connection(record: &mut WriteRecord<'_>, row: &Connection<'_>, more: &[&str]) -> io::Result<()> {
    let verdict = if row.verdict == Verdict::Depends { "depends" } else { "allow" };
    let ends = ends(row.source, row.destination);
    let ports = row.ports.join(" ");
    let fields = ends.iter().chain([&ports]).map(String::as_str);
    record(&fields.chain([verdict]).chain(more.iter().copied()).collect::<Vec<_>>())
}

/// Returns the fields of two ends.
pub fn ends(source: &Endpoint, destination: &Endpoint) -> Vec<String> {
    [end(source), end(destination)].concat()
}

/// Returns the fields of one end: its name, its namespace, its kind, and its pods and addresses where
/// not all are meant or it is one pod or node.
pub(crate) fn end(endpoint: &Endpoint) -> [String; 4] {
    let ips = endpoint.ips.iter().map(ToString::to_string);
    let members: Vec<String> = endpoint.pods.iter().cloned().chain(ips).collect();
    [
        name_of(endpoint).replace(", ", " "),
        endpoint.namespace.clone().unwrap_or_default(),
        endpoint.kind.to_string(),
        members.join(" "),
    ]
}
