//! The sources of a target in GitHub's Markdown.

use std::io::{self, Write};

use super::limits::Limits;
use super::reach_words::{headline, ports, reason, rows, shown};
use super::{markdown, ways};
use crate::answer::rule_ref::RuleRef;
use crate::answer::verdict::Verdict;
use crate::ends::naming::name_of;
use crate::report::connection::Opened;
use crate::report::reach::Sources;

/// Writes the sources as a table, and their limits below.
pub fn write(out: &mut dyn Write, sources: &Sources<'_, '_>, limits: &Limits) -> io::Result<()> {
    let lines = sources.lines(shown(sources));
    let columns: &[&str] = match sources.tells_rules() {
        true => &["Source", "Destination", "Ports", "Egress", "Ingress"],
        false => &["Source", "Destination", "Ports"],
    };
    let headline = headline(sources, &sources.totals(shown(sources)));
    writeln!(out, "{}\n", markdown::prose(&headline.text()))?;
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
    markdown::limits(out, limits)
}

fn markdown_half(opened: &Opened, verdict: Verdict) -> String {
    if opened.rules.is_empty() {
        return reason(opened.reason, verdict).to_owned();
    }
    let rule =
        |rule: &RuleRef| format!("{} {}", markdown::code(&rule.object()), markdown::code(&rule.path));
    opened.rules.iter().map(rule).collect::<Vec<_>>().join(", ")
}
