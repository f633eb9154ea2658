//! The sources of a target as a stream of rows: data and records.

use std::io::{self, Write};

use super::answer::WriteRecord;
use super::look::Look;
use super::machine::{Document, Syntax};
use super::reach_words::shown;
use super::records;
use super::stream::stream;
use super::ways::{self, Columns};
use crate::answer::endpoint::EndpointKind;
use crate::answer::verdict::API_VERSION;
use crate::explain::explanation::PortMapping;
use crate::report::connection::{Opened, SourceRow};
use crate::report::reach::{FoundSource, Sources, WhichSources};

/// Writes the sources as data, row by row.
pub fn data(out: &mut dyn Write, sources: &Sources<'_, '_>, syntax: Syntax) -> io::Result<()> {
    let mut document = Document::new(out, syntax);
    let rows = |document: &mut Document<'_>, which| {
        stream(|written| sources.each(which, &mut |found| written(document.row(&row(&found)))))
    };
    document.field("apiVersion", &API_VERSION)?;
    document.field("kind", &"SourceList")?;
    document.field("target", &sources.target)?;
    if let Some(port) = &sources.port {
        document.field("port", port)?;
    }
    document.rows("connections", |document| rows(document, WhichSources::All))?;
    document.rows("exposures", |document| {
        sources.ways(WhichSources::All).iter().try_for_each(|way| document.row(way))
    })?;
    document.field("totals", &sources.totals(WhichSources::All))?;
    if let Some(only) = &sources.only {
        document.field("only", only)?;
        document.rows("unexpected", |document| rows(document, WhichSources::Unexpected))?;
        document.rows("unexpectedExposures", |document| {
            sources.ways(WhichSources::Unexpected).iter().try_for_each(|way| document.row(way))
        })?;
    }
    if !sources.findings.is_empty() {
        document.field("findings", &sources.findings)?;
    }
    document.field("caveats", &sources.caveats)?;
    document.field("gaps", &sources.gaps)?;
    document.end()
}

/// Returns a source as it is in the schema.
fn row<'a>(found: &'a FoundSource<'a>) -> SourceRow<'a> {
    let opened = found.opened.clone();
    let [egress, ingress] = opened.map_or([None, None], |halves| halves.map(Some));
    SourceRow { connection: found.connection, service_ports: &found.service_ports, egress, ingress }
}

/// Hands over the sources, then the ways in.
pub fn records(sources: &Sources<'_, '_>, look: Look, record: &mut WriteRecord<'_>) -> io::Result<()> {
    let columns = Columns {
        service: if sources.target.kind == EndpointKind::Service { &["service_ports"] } else { &[] },
        rules: if sources.tells_rules() { &["egress_rules", "ingress_rules"] } else { &[] },
    };
    if look.headers {
        records::header(record, &[columns.service, columns.rules].concat())?;
    }
    stream(|written| {
        sources.each(shown(sources), &mut |found| {
            let ports = columns.service.iter().map(|_| ports(&found.service_ports));
            let more: Vec<String> = ports.chain(found.opened.iter().flatten().map(half)).collect();
            let more: Vec<&str> = more.iter().map(String::as_str).collect();
            written(records::connection(record, &found.connection, &more))
        })
    })?;
    ways::records(record, sources.ways(shown(sources)), columns)
}

/// Writes where ports of a Service lead, apart by blanks: `TCP/80->TCP/8080`.
fn ports(ports: &[PortMapping]) -> String {
    let ports = ports.iter().map(|port| format!("{}->{}", port.port, port.target));
    ports.collect::<Vec<_>>().join(" ")
}

/// Names the rules of one half, apart by blanks: `shop/web:spec.egress[1]`.
fn half(opened: &Opened) -> String {
    let rules = opened.rules.iter().map(|rule| format!("{}:{}", rule.object(), rule.path));
    rules.collect::<Vec<_>>().join(" ")
}
