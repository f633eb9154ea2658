//! The words for the sources of a target, the same in text and in Markdown.

use std::rc::Rc;

use super::explain::service_port;
use super::exposure;
use super::text::{Label, Line};
use crate::answer::verdict::Verdict;
use crate::ends::naming::name_of;
use crate::ends::place::{LinePlace, PlaceExtent};
use crate::explain::explanation::Reason;
use crate::report::connection::{Count, Totals};
use crate::report::reach::{Sources, WhichSources};
use crate::report::source_lines::SourceLine;

/// With an expectation, what was not expected is the answer.
pub(crate) fn shown(sources: &Sources<'_, '_>) -> WhichSources {
    if sources.only.is_some() { WhichSources::Unexpected } else { WhichSources::All }
}

/// Returns the answer in one line.
pub(crate) fn headline(sources: &Sources<'_, '_>, totals: &Totals) -> Line {
    let target = match &sources.port {
        Some(port) => format!("{} {port}", name_of(&sources.target)),
        None => name_of(&sources.target),
    };
    let none = Count::default();
    let (certain, unsure) = (counted(&totals.allow), counted(&totals.depends));
    let line = Line::new(0, 4);
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
    match (totals.allow == none, totals.depends == none) {
        (true, true) if sources.only.is_some() => line,
        (true, true) if !sources.is_unknown() => line.plain("nothing can connect"),
        (true, true) if !sources.findings.is_empty() => {
            line.plain("no source was found; see the findings")
        }
        (true, true) => line.plain("no source was found; see the caveats and gaps"),
        (false, true) => line.plain(format!("{others}{certain}")),
        (true, false) => line.plain(format!("{others}not known of {unsure} (depends)")),
        (false, false) => line.plain(format!("{others}{certain}; not known of {unsure} (depends)")),
    }
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
pub(crate) fn title(place: &LinePlace, line: &SourceLine) -> String {
    match place {
        LinePlace::Whole { extent: PlaceExtent::Namespace { name, units }, .. } => {
            let beside = line.besides.as_ref() == Some(name);
            let (count, word) = if beside { (units - 1, "other ") } else { (*units, "") };
            format!("all {count} {word}workloads of ns/{name}")
        }
        LinePlace::Whole { extent: PlaceExtent::Everything { units }, .. } if line.besides.is_some() => {
            format!("all {} other workloads of every namespace", units - 1)
        }
        LinePlace::Whole { extent: PlaceExtent::Everything { units }, .. } => {
            format!("all {units} workloads of every namespace")
        }
        LinePlace::Whole { .. } | LinePlace::Part(_) => place.title(),
    }
}

/// One source beside the rest of its line, in the order of tables.
pub(crate) fn rows(lines: &[SourceLine]) -> Vec<(Rc<LinePlace>, &SourceLine)> {
    let mut rows: Vec<(Rc<LinePlace>, &SourceLine)> = Vec::new();
    for line in lines {
        rows.extend(line.sources.iter().map(|source| (Rc::clone(source), line)));
    }
    rows.sort_by_cached_key(|(source, line)| {
        let outside = source.namespace().is_none()
            && !matches!(**source, LinePlace::Whole { extent: PlaceExtent::Everything { .. }, .. });
        let namespace = source.namespace().map(str::to_owned);
        (line.verdict == Verdict::Depends, outside, namespace, Rc::clone(source))
    });
    rows
}

/// Writes the ports of a line, and whether they are certain.
pub(crate) fn ports(line: &SourceLine) -> String {
    let depends = if line.verdict == Verdict::Depends { " (depends)" } else { "" };
    format!("{}{depends}", port_names(line).join(", "))
}

/// Names ports; of a Service with where they lead.
pub(crate) fn port_names(line: &SourceLine) -> Vec<String> {
    match line.service_ports.is_empty() {
        true => line.ports.clone(),
        false => line.service_ports.iter().map(service_port).collect(),
    }
}

/// Says why no rule is needed.
pub(crate) const fn reason(reason: Reason, verdict: Verdict) -> &'static str {
    match (reason, verdict) {
        (Reason::Exempt, _) => "no policy governs it",
        (Reason::Isolated, _) => "isolated; no rule that was judged matches",
        (_, Verdict::Depends) => "no policy that was judged isolates it",
        (_, _) => "no policy isolates it",
    }
}
