//! The sources of a target: how many, then who, and on request what lets them in.

use std::io::{self, Write};
use std::rc::Rc;

use super::answer::{Answer, Listing, WriteRecord};
use super::explain::{finding, reference};
use super::format::{Format, Formats};
use super::graph::Graph;
use super::limits::{Limits, limits};
use super::look::Look;
use super::machine::Syntax;
use super::reach_words::{headline, port_names, ports, reason, rows, shown, title};
use super::sanitize::sanitize;
use super::text::{Label, Line, padded, write_lines};
use super::{exposure, reach_markdown, reach_rows, table, ways};
use crate::answer::caveat::Caveat;
use crate::answer::verdict::Verdict;
use crate::ends::place::LinePlace;
use crate::model::gap::merged;
use crate::report::connection::Opened;
use crate::report::reach::Sources;
use crate::report::source_lines::SourceLine;
use crate::report::summary;

/// Sources of one line that are shown unless every detail is asked for.
const SHOWN: usize = 8;

impl Answer for Sources<'_, '_> {
    const FORMATS: Formats = Format::OF_CONNECTIONS;

    /// Writes the sources; the ways in from outside the cluster have their place below.
    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let which = shown(self);
        let lines = self.lines(which);
        write_lines(out, &[headline(self, &self.totals(which))], look.width)?;
        if !lines.is_empty() {
            writeln!(out)?;
        }
        if self.tells_rules() {
            let groups: Vec<Line> = lines.iter().flat_map(|line| group(line, look)).collect();
            write_lines(out, &groups, look.width)?;
        } else if !lines.is_empty() {
            write_table(out, &rows(&lines), look)?;
        }
        let mut below = exposure::lines(self.ways(which), look);
        below.extend((!self.findings.is_empty()).then(Line::default));
        below.extend(self.findings.iter().map(finding));
        below.extend(limits(&self.caveats, &merged(&self.gaps)));
        write_lines(out, &below, look.width)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        reach_rows::data(out, self, syntax)
    }

    fn rows(&self) -> Option<&dyn Listing> {
        Some(self)
    }

    /// Draws the sources and their target.
    fn graph(&self) -> Option<Graph> {
        let lines = self.lines(shown(self));
        let target = Rc::new(LinePlace::unit(&self.target));
        let edge = |(source, line): (Rc<LinePlace>, &SourceLine)| summary::SummaryLine {
            source,
            destination: line.destination.as_ref().map_or_else(|| Rc::clone(&target), Rc::clone),
            ports: port_names(line),
            verdict: line.verdict,
        };
        let edges = rows(&lines).into_iter().map(edge);
        let edges: Vec<summary::SummaryLine> =
            edges.chain(ways::edges(self.ways(shown(self)), (&self.target, &target))).collect();
        Some(Graph::of(&edges, self.limits()))
    }
}

impl Listing for Sources<'_, '_> {
    fn records(&self, look: Look, record: &mut WriteRecord<'_>) -> io::Result<()> {
        reach_rows::records(self, look, record)
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        reach_markdown::write(out, self, &self.limits())
    }

    /// Findings have no place of their own.
    fn limits(&self) -> Limits {
        let findings = self.findings.iter().cloned().map(Caveat::Finding);
        let ways = self.ways(shown(self)).iter().flat_map(|way| &way.caveats);
        let mut caveats: Vec<Caveat> = findings.chain(self.caveats.iter().cloned()).collect();
        for caveat in ways {
            if !caveats.contains(caveat) {
                caveats.push(caveat.clone());
            }
        }
        Limits::of(caveats, &self.gaps)
    }
}

fn write_table(
    out: &mut dyn Write,
    rows: &[(Rc<LinePlace>, &SourceLine)],
    look: Look,
) -> io::Result<()> {
    let parts = rows.iter().any(|(_, line)| line.destination.is_some());
    let pick = |source: String, destination: String, ports: String| match parts {
        true => vec![source, destination, ports],
        false => vec![source, ports],
    };
    let header = look.headers.then(|| pick("SOURCE".into(), "DESTINATION".into(), "PORTS".into()));
    let cells = rows.iter().map(|(source, line)| {
        let destination = line.destination.as_ref().map_or("all of it".to_owned(), |part| part.title());
        pick(sanitize(&title(source, line)), sanitize(&destination), sanitize(&ports(line)))
    });
    table::write(out, header.into_iter().chain(cells).collect(), look)
}

/// Writes sources that are let in by the same rules, and these.
fn group(line: &SourceLine, look: Look) -> Vec<Line> {
    let mut names: Vec<String> = line.sources.iter().map(|source| title(source, line)).collect();
    let shown = if look.wide { names.len() } else { SHOWN };
    if let Some(rest) = names.len().checked_sub(shown).filter(|rest| *rest > 0) {
        names.truncate(shown);
        names.push(format!("and {rest} more (-o wide)"));
    }
    let mut first = Line::new(0, 4)
        .with(Label::Heading, names.join(", "))
        .plain("on")
        .plain(port_names(line).join(if line.service_ports.is_empty() { " " } else { ", " }));
    if let Some(part) = &line.destination {
        first = first.plain("of").plain(part.title());
    }
    if line.verdict == Verdict::Depends {
        first = first.with(Label::Verdict(Verdict::Depends), "(depends)");
    }
    let mut lines = vec![first];
    for (name, opened) in ["egress", "ingress"].into_iter().zip(line.opened.iter().flatten()) {
        lines.extend(half(name, opened, line.verdict));
    }
    lines
}

fn half(name: &str, opened: &Opened, verdict: Verdict) -> Vec<Line> {
    let start = Line::new(2, 12).plain(padded(name, 8));
    let mut rules = opened.rules.iter();
    let first = match rules.next() {
        Some(rule) => reference(start, rule),
        None => start.plain(reason(opened.reason, verdict)),
    };
    let more = rules.map(|rule| reference(Line::new(11, 3).plain("and"), rule));
    [first].into_iter().chain(more).collect()
}
