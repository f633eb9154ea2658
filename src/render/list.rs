//! Listed connections as a table, or as a stream of rows.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::answer::{Answer, Listing, WriteRecord};
use super::format::{Format, Formats};
use super::graph::Graph;
use super::limits::{Limits, limits};
use super::look::Look;
use super::machine::{Document, Syntax};
use super::sanitize::sanitize;
use super::stream::stream;
use super::text::write_lines;
use super::{markdown, records, table};
use crate::answer::endpoint::Endpoint;
use crate::answer::verdict::{API_VERSION, Verdict};
use crate::ends::place::LinePlace;
use crate::model::gap::merged;
use crate::report::connection::Connection;
use crate::report::list::{List, Listed};
use crate::report::summary;

impl Answer for List<'_, '_> {
    const FORMATS: Formats = Format::OF_CONNECTIONS;

    /// Writes ends that go together in one line, or, wide, every connection.
    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let lines = if look.wide { every_line(self) } else { summary::lines(self) };
        if lines.is_empty() {
            writeln!(out, "{}", nothing(self))?;
        } else {
            let header = look.headers.then(|| ["SOURCE", "DESTINATION", "PORTS"].map(str::to_owned));
            let cells = |line: &summary::SummaryLine| {
                let [source, destination] =
                    [&line.source, &line.destination].map(|end| sanitize(&end.title()));
                [source, destination, ports(line)]
            };
            let rows = header.into_iter().chain(lines.iter().map(cells)).map(Vec::from).collect();
            table::write(out, rows, look)?;
        }
        write_lines(out, &limits(&self.caveats(), &merged(self.gaps())), look.width)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        let mut document = Document::new(out, syntax);
        document.field("apiVersion", &API_VERSION)?;
        document.field("kind", &"ConnectionList")?;
        document.rows("connections", |document| {
            stream(|written| self.each(&mut |listed| written(document.row(&connection(&listed)))))
        })?;
        document.field("caveats", &self.caveats())?;
        document.field("gaps", &self.gaps())?;
        document.end()
    }

    fn rows(&self) -> Option<&dyn Listing> {
        Some(self)
    }

    /// Draws the summary.
    fn graph(&self) -> Option<Graph> {
        Some(Graph::of(&summary::lines(self), self.limits()))
    }
}

impl Listing for List<'_, '_> {
    fn records(&self, look: Look, record: &mut WriteRecord<'_>) -> io::Result<()> {
        if look.headers {
            records::header(record, &[])?;
        }
        stream(|written| {
            self.each(&mut |listed| written(records::connection(record, &connection(&listed), &[])))
        })
    }

    /// Writes a table of the summary, and the limits below.
    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        let lines = summary::lines(self);
        if lines.is_empty() {
            writeln!(out, "{}", nothing(self))?;
        } else {
            markdown::header(out, &["Source", "Destination", "Ports"])?;
        }
        for line in &lines {
            let [source, destination] =
                [&line.source, &line.destination].map(|place| markdown::place(place));
            markdown::row(out, &[&source, &destination, &ports(line)])?;
        }
        markdown::limits(out, &self.limits())
    }

    fn limits(&self) -> Limits {
        Limits::of(self.caveats(), self.gaps())
    }
}

/// Says that there is no connection, and of which namespace that is said.
fn nothing(list: &List<'_, '_>) -> String {
    let place = list.namespace().map(|name| format!(" in namespace {}", sanitize(name)));
    let place = place.unwrap_or_default();
    match (list.gaps().is_empty(), list.has_pods()) {
        (true, true) => format!("No connections are allowed{place}."),
        (true, false) => format!("There are no pods{place}, whose connections could be listed."),
        (false, true) => format!("No connections were found{place}; see the gaps."),
        (false, false) => {
            format!("No pods were found{place}, whose connections could be listed; see the gaps.")
        }
    }
}

fn every_line(list: &List<'_, '_>) -> Vec<summary::SummaryLine> {
    let mut lines = Vec::new();
    let _ = list.each(&mut |listed| {
        lines.push(summary::SummaryLine {
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
fn ports(line: &summary::SummaryLine) -> String {
    let depends = if line.verdict == Verdict::Depends { " (depends)" } else { "" };
    format!("{}{depends}", line.ports.join(", "))
}

/// Names one end; of a whole unit nothing needs to be told apart.
fn place(is_whole: bool, endpoint: &Endpoint) -> LinePlace {
    if is_whole { LinePlace::unit(endpoint) } else { LinePlace::Part(endpoint.clone()) }
}

/// Returns a connection as it is in the schema.
fn connection<'a>(listed: &Listed<'a>) -> Connection<'a> {
    Connection {
        source: listed.source,
        destination: listed.destination,
        ports: listed.ports,
        verdict: listed.verdict,
    }
}
