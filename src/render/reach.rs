//! The sources of a target: how many, then who, and on request what lets them in.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::explain::{finding, reference, service_port};
use super::graph::Graph;
use super::limits::limits;
use super::machine::{Document, Syntax};
use super::sanitize::sanitize;
use super::text::{Label, Line as TextLine, padded, write_lines};
use super::{csv, exposure, markdown, table, ways};
use crate::answer::rule_ref::RuleRef;
use crate::answer::verdict::{API_VERSION, Verdict};
use crate::ends::naming::name_of;
use crate::ends::place::{Extent, Place};
use crate::explain::explanation::{Reason, ServicePort};
use crate::render::Look;
use crate::report::connection::{Count, Opened, SourceRow, Totals};
use crate::report::reach::{Found, Sources, Which};
use crate::report::source_lines::SourceLine as Line;
use crate::report::summary;

/// Sources of one line that are shown unless every detail is asked for.
const SHOWN: usize = 8;

/// Writes the sources for a person; the ways in from outside the cluster have their place below.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, sources: &Sources<'_, '_>, look: Look) -> io::Result<()> {
    let which = shown(sources);
    let lines = sources.lines(which);
    write_lines(out, &headline(sources, &sources.totals(which)), look.width)?;
    if !lines.is_empty() {
        writeln!(out)?;
    }
    if sources.tells_rules() {
        let groups: Vec<TextLine> = lines.iter().flat_map(|line| group(line, look)).collect();
        write_lines(out, &groups, look.width)?;
    } else if !lines.is_empty() {
        write_table(out, &rows(&lines), look)?;
    }
    write_lines(out, &exposure::lines(sources.ways(which), look), look.width)?;
    let findings = (!sources.findings.is_empty()).then(TextLine::default).into_iter();
    let findings: Vec<TextLine> = findings.chain(sources.findings.iter().map(finding)).collect();
    write_lines(out, &findings, look.width)?;
    write_lines(out, &limits(&sources.caveats, &sources.gaps), look.width)
}

/// With an expectation, what was not expected is the answer.
fn shown(sources: &Sources<'_, '_>) -> Which {
    if sources.only.is_some() { Which::Unexpected } else { Which::All }
}

fn headline(sources: &Sources<'_, '_>, totals: &Totals) -> Vec<TextLine> {
    let target = match &sources.port {
        Some(port) => format!("{} {port}", name_of(&sources.target)),
        None => name_of(&sources.target),
    };
    let none = Count::default();
    let (certain, unsure) = (counted(&totals.allow), counted(&totals.depends));
    let line = TextLine::new(0, 4);
    let line = match &sources.only {
        None => line.with(Label::Heading, format!("{target}:")),
        Some(only) => {
            let only = only.iter().map(name_of).collect::<Vec<_>>().join(", ");
            let (verdict, word) = match sources.is_as_expected() {
                true => (Verdict::Allow, "ONLY"),
                false if totals.allow == none => (Verdict::Depends, "NOT KNOWN TO BE ONLY"),
                false => (Verdict::Deny, "NOT ONLY"),
            };
            let end = if *totals == Totals::default() { "" } else { ";" };
            let line = line.with(Label::Verdict(verdict), word).with(Label::Heading, only);
            line.plain("can connect to").with(Label::Heading, format!("{target}{end}"))
        }
    };
    let others = if sources.only.is_some() { "others: " } else { "" };
    vec![match (totals.allow == none, totals.depends == none) {
        (true, true) if sources.only.is_some() => line,
        (true, true) if !sources.is_unknown() => line.plain("nothing can connect"),
        (true, true) if !sources.findings.is_empty() => {
            line.plain("no source was found; see the findings")
        }
        (true, true) => line.plain("no source was found; see the caveats and gaps"),
        (false, true) => line.plain(format!("{others}{certain}")),
        (true, false) => line.plain(format!("{others}not known of {unsure} (depends)")),
        (false, false) => line.plain(format!("{others}{certain}; not known of {unsure} (depends)")),
    }]
}

/// Writes numbers in words: `37 workloads in 5 namespaces, 1 node, 2 CIDRs`.
fn counted(count: &Count) -> String {
    let number = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('s') => format!("{count} {noun}es"),
        _ => format!("{count} {noun}s"),
    };
    let workloads = (count.workloads > 0).then(|| {
        format!("{} in {}", number(count.workloads, "workload"), number(count.namespaces, "namespace"))
    });
    let nodes = (count.nodes > 0).then(|| number(count.nodes, "node"));
    let blocks = (count.blocks > 0).then(|| number(count.blocks, "CIDR"));
    let ways = count.exposures.iter().map(|(way, count)| number(*count, exposure::noun(*way)));
    let ends = [workloads, nodes, blocks].into_iter().flatten();
    ends.chain(ways).collect::<Vec<_>>().join(", ")
}

/// Names sources: `all 14 workloads of ns/prod`, `shop/deploy/web`.
fn title(place: &Place, line: &Line) -> String {
    match place {
        Place::Whole { extent: Extent::Namespace { name, units }, .. } => {
            let beside = line.besides.as_ref() == Some(name);
            let (count, word) = if beside { (units - 1, "other ") } else { (*units, "") };
            format!("all {count} {word}workloads of ns/{name}")
        }
        Place::Whole { extent: Extent::Everything { units }, .. } if line.besides.is_some() => {
            format!("all {} other workloads of every namespace", units - 1)
        }
        Place::Whole { extent: Extent::Everything { units }, .. } => {
            format!("all {units} workloads of every namespace")
        }
        Place::Whole { .. } | Place::Part(_) => place.title(),
    }
}

/// One source beside the rest of its line, in the order of tables.
fn rows(lines: &[Line]) -> Vec<(Rc<Place>, &Line)> {
    let mut rows: Vec<(Rc<Place>, &Line)> = Vec::new();
    for line in lines {
        rows.extend(line.sources.iter().map(|source| (Rc::clone(source), line)));
    }
    rows.sort_by_cached_key(|(source, line)| {
        let outside = source.namespace().is_none()
            && !matches!(**source, Place::Whole { extent: Extent::Everything { .. }, .. });
        let namespace = source.namespace().map(str::to_owned);
        (line.verdict == Verdict::Depends, outside, namespace, Rc::clone(source))
    });
    rows
}

fn write_table(out: &mut dyn Write, rows: &[(Rc<Place>, &Line)], look: Look) -> io::Result<()> {
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
    table::write(out, header.into_iter().chain(cells).collect(), (!look.wide).then_some(look.width))
}

fn ports(line: &Line) -> String {
    let depends = if line.verdict == Verdict::Depends { " (depends)" } else { "" };
    format!("{}{depends}", port_names(line).join(", "))
}

/// Names ports; of a Service with where they lead.
fn port_names(line: &Line) -> Vec<String> {
    match line.service_ports.is_empty() {
        true => line.ports.clone(),
        false => line.service_ports.iter().map(service_port).collect(),
    }
}

/// Writes sources that are let in by the same rules, and these.
fn group(line: &Line, look: Look) -> Vec<TextLine> {
    let mut names: Vec<String> = line.sources.iter().map(|source| title(source, line)).collect();
    let shown = if look.wide { names.len() } else { SHOWN };
    if let Some(rest) = names.len().checked_sub(shown).filter(|rest| *rest > 0) {
        names.truncate(shown);
        names.push(format!("and {rest} more (-o wide)"));
    }
    let mut first = TextLine::new(0, 4)
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

fn half(name: &str, opened: &Opened, verdict: Verdict) -> Vec<TextLine> {
    let start = TextLine::new(2, 12).plain(padded(name, 8));
    let mut rules = opened.rules.iter();
    let first = match rules.next() {
        Some(rule) => reference(start, rule),
        None => start.plain(reason(opened.reason, verdict)),
    };
    let more = rules.map(|rule| reference(TextLine::new(11, 3).plain("and"), rule));
    [first].into_iter().chain(more).collect()
}

/// Says why no rule is needed.
const fn reason(reason: Reason, verdict: Verdict) -> &'static str {
    match (reason, verdict) {
        (Reason::Exempt, _) => "no policy governs it",
        (Reason::Isolated, _) => "isolated; no rule that was judged matches",
        (_, Verdict::Depends) => "no policy that was judged isolates it",
        (_, _) => "no policy isolates it",
    }
}

/// Writes the sources as comma-separated values, row by row. Their limits have no place there:
/// whoever writes them tells them apart.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(out: &mut dyn Write, sources: &Sources<'_, '_>, look: Look) -> io::Result<()> {
    let rules: &[&str] = if sources.tells_rules() { &["egress_rules", "ingress_rules"] } else { &[] };
    let service: &[&str] = if sources.target.kind == "Service" { &["service_ports"] } else { &[] };
    if look.headers {
        csv::header(out, &[service, rules].concat())?;
    }
    stream(sources, shown(sources), |found| {
        let ports = service.iter().map(|_| csv_ports(&found.service_ports));
        let more: Vec<String> = ports.chain(found.opened.iter().flatten().map(csv_half)).collect();
        csv::connection(out, &found.connection, &more.iter().map(String::as_str).collect::<Vec<_>>())
    })?;
    let blanks = vec![""; rules.len()];
    ways::write_csv(out, sources.ways(shown(sources)), (service, &blanks))
}

/// Writes where ports of a Service lead, apart by blanks: `TCP/80->TCP/8080`.
fn csv_ports(ports: &[ServicePort]) -> String {
    let ports = ports.iter().map(|port| format!("{}->{}", port.port, port.target));
    ports.collect::<Vec<_>>().join(" ")
}

/// Names the rules of one half, apart by blanks: `shop/web:spec.egress[1]`.
fn csv_half(opened: &Opened) -> String {
    let rules = opened.rules.iter().map(|rule| format!("{}:{}", rule.object(), rule.path));
    rules.collect::<Vec<_>>().join(" ")
}

/// Writes the sources as a Markdown table, and their limits below.
///
/// # Errors
/// Those of the writer.
pub fn write_markdown(out: &mut dyn Write, sources: &Sources<'_, '_>) -> io::Result<()> {
    let lines = sources.lines(shown(sources));
    let columns: &[&str] = match sources.tells_rules() {
        true => &["Source", "Destination", "Ports", "Egress", "Ingress"],
        false => &["Source", "Destination", "Ports"],
    };
    for line in headline(sources, &sources.totals(shown(sources))) {
        writeln!(out, "{}\n", markdown::prose(&line.text()))?;
    }
    if !lines.is_empty() {
        markdown::header(out, columns)?;
    }
    for (source, line) in rows(&lines) {
        let target = || markdown::code(&name_of(&sources.target));
        let destination = line.destination.as_ref().map_or_else(target, |part| markdown::place(part));
        let mut cells = vec![markdown::place(&source), destination, markdown::prose(&ports(line))];
        cells.extend(line.opened.iter().flatten().map(|opened| markdown_half(opened, line.verdict)));
        markdown::row(out, &cells.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    ways::write_markdown(out, sources.ways(shown(sources)))?;
    markdown::limits(out, &notes(sources), &sources.gaps)
}

fn markdown_half(opened: &Opened, verdict: Verdict) -> String {
    if opened.rules.is_empty() {
        return reason(opened.reason, verdict).to_owned();
    }
    let rule =
        |rule: &RuleRef| format!("{} {}", markdown::code(&rule.object()), markdown::code(&rule.path));
    opened.rules.iter().map(rule).collect::<Vec<_>>().join(", ")
}

/// Draws the sources and their target.
pub fn graph(sources: &Sources<'_, '_>) -> Graph {
    let lines = sources.lines(shown(sources));
    let target = Rc::new(Place::unit(&sources.target));
    let edge = |(source, line): (Rc<Place>, &Line)| summary::Line {
        source,
        destination: line.destination.as_ref().map_or_else(|| Rc::clone(&target), Rc::clone),
        ports: port_names(line),
        verdict: line.verdict,
    };
    let edges = rows(&lines).into_iter().map(edge);
    let edges: Vec<summary::Line> =
        edges.chain(ways::edges(sources.ways(shown(sources)), (&sources.target, &target))).collect();
    Graph::of(&edges, notes(sources), sources.gaps.clone())
}

/// Lists what there is to know of an answer where findings have no place of their own.
pub fn notes(sources: &Sources<'_, '_>) -> Vec<String> {
    let findings = sources.findings.iter().map(|finding| finding.message.clone());
    let ways = sources.ways(shown(sources)).iter().flat_map(|way| &way.caveats);
    let mut notes: Vec<String> = findings.chain(sources.caveats.iter().cloned()).collect();
    for caveat in ways {
        if !notes.contains(caveat) {
            notes.push(caveat.clone());
        }
    }
    notes
}

/// Writes the sources as JSON or YAML, row by row.
///
/// # Errors
/// Those of the writer.
pub fn write_data(out: &mut dyn Write, sources: &Sources<'_, '_>, syntax: Syntax) -> io::Result<()> {
    let mut document = Document::new(out, syntax);
    let rows = |document: &mut Document<'_>, which| {
        stream(sources, which, |found| {
            let opened = found.opened.clone();
            let [egress, ingress] = opened.map_or([None, None], |halves| halves.map(Some));
            let Found { connection, service_ports, .. } = &found;
            document.row(&SourceRow { connection: *connection, service_ports, egress, ingress })
        })
    };
    document.field("apiVersion", &API_VERSION)?;
    document.field("kind", &"SourceList")?;
    document.field("target", &sources.target)?;
    if let Some(port) = &sources.port {
        document.field("port", port)?;
    }
    document.rows("connections", |document| rows(document, Which::All))?;
    document.rows("exposures", |document| {
        sources.ways(Which::All).iter().try_for_each(|way| document.row(way))
    })?;
    document.field("totals", &sources.totals(Which::All))?;
    if let Some(only) = &sources.only {
        document.field("only", only)?;
        document.rows("unexpected", |document| rows(document, Which::Unexpected))?;
        document.rows("unexpectedExposures", |document| {
            sources.ways(Which::Unexpected).iter().try_for_each(|way| document.row(way))
        })?;
    }
    if !sources.findings.is_empty() {
        document.field("findings", &sources.findings)?;
    }
    document.field("caveats", &sources.caveats)?;
    document.field("gaps", &sources.gaps)?;
    document.end()
}

/// Hands every source to a writer; stops at its first error.
fn stream(
    sources: &Sources<'_, '_>,
    which: Which,
    mut write: impl FnMut(Found<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut result = Ok(());
    let _ = sources.each(which, &mut |found| match write(found) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            result = Err(error);
            ControlFlow::Break(())
        }
    });
    result
}
