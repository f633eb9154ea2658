//! What applies to a workload, as text.

use std::io::{self, Write};

use super::answer::Answer;
use super::explain::{finding, policy, reference};
use super::exposure;
use super::format::{Format, Formats};
use super::limits::limits;
use super::look::Look;
use super::machine::{self, Syntax};
use super::text::{Label, Line, padded, write_lines};
use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::answer::rule_ref::RuleRef;
use crate::answer::verdict::Verdict;
use crate::ends::naming::name_of;
use crate::ends::place::title;
use crate::model::gap::merged;
use crate::report::subject_explanation::{AllowedPeer, Dir, SubjectExplanation};

/// Peers of one rule that are shown unless every detail is asked for.
const SHOWN: usize = 8;

impl Answer for SubjectExplanation {
    const FORMATS: Formats = Format::OF_EXPLANATIONS;

    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let subject = Line::new(0, 4).with(Label::Heading, format!("{}:", name_of(&self.subject)));
        let mut lines = if self.has_no_connections() {
            vec![subject.plain("no connections")]
        } else {
            let (ingress, egress) = (state(&self.ingress), state(&self.egress));
            let mut lines = vec![subject.plain(format!("ingress {ingress}, egress {egress}"))];
            lines.extend(direction("ingress", "from", &self.ingress, look));
            lines.extend(direction("egress", "to", &self.egress, look));
            lines
        };
        lines.extend(exposure::lines(&self.exposures, look));
        if !self.findings.is_empty() {
            lines.push(Line::default());
            lines.push(Line::new(0, 0).with(Label::Heading, "findings"));
            lines.extend(self.findings.iter().map(finding));
        }
        lines.extend(limits(&self.caveats, &merged(&self.gaps)));
        write_lines(out, &lines, look.width)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        machine::write(out, self, syntax)
    }
}

/// Says whether a direction is isolated, in words that stay on one line.
fn state(dir: &Dir) -> &'static str {
    match (dir.isolated, dir.isolation_unknown) {
        (_, true) => "not\u{a0}known",
        (true, false) => "isolated",
        (false, false) => "not\u{a0}isolated",
    }
}

fn direction(name: &str, preposition: &str, dir: &Dir, look: Look) -> Vec<Line> {
    let mut lines = vec![Line::default()];
    let by_word = if dir.is_isolated() { "isolated by" } else { "may be isolated by" };
    let start = Line::new(0, 4).with(Label::Heading, name);
    lines.push(if dir.is_isolated() {
        start.plain("isolated: only what is listed is allowed")
    } else if dir.isolation_unknown {
        start.plain("not known to be isolated: everything may be allowed")
    } else {
        start.plain("not isolated: everything is allowed")
    });
    lines.extend(
        dir.by.iter().map(|by| policy(Line::new(2, 4).plain(by_word), &by.rule).plain(only(&by.pods))),
    );
    let mut rest = &*dir.allows;
    while let Some(first) = rest.first() {
        let same = |row: &&AllowedPeer| row.rule == first.rule && row.pods == first.pods;
        let count = rest.iter().take_while(same).count();
        let (own, others) = rest.split_at(count);
        if dir.is_isolated() {
            lines.extend(rule(preposition, first.rule.as_ref(), &first.pods, own, look));
        }
        rest = others;
    }
    let marked =
        |words: &'static str| move |rule| reference(Line::new(2, 4).with(Label::Caution, words), rule);
    lines.extend(dir.unused.iter().map(marked("matches nothing now:")));
    lines.extend(dir.unread.iter().map(marked("matches nothing that was read:")));
    lines
}

fn rule(
    preposition: &str,
    rule: Option<&RuleRef>,
    pods: &[String],
    rows: &[AllowedPeer],
    look: Look,
) -> Vec<Line> {
    let start = Line::new(2, 4).plain("allowed by");
    let heading = match rule {
        Some(rule) => reference(start, rule),
        None => Line::new(2, 4).plain("not isolated"),
    };
    let mut lines = vec![heading.plain(only(pods))];
    let shown = if look.wide { rows.len() } else { SHOWN };
    lines.extend(rows.iter().take(shown).map(|row| {
        let depends = if row.verdict == Verdict::Depends { "(depends)" } else { "" };
        Line::new(4, 7)
            .plain(padded(preposition, 5))
            .plain(peer(&row.peer))
            .plain("on")
            .plain(row.ports.join(" "))
            .with(Label::Caution, depends)
    }));
    if let Some(more) = rows.len().checked_sub(shown).filter(|more| *more > 0) {
        lines.push(Line::new(4, 2).plain(format!("and {more} more (-o wide)")));
    }
    lines
}

fn peer(endpoint: &Endpoint) -> String {
    match endpoint.kind {
        EndpointKind::Namespace => format!("all pods of {}", name_of(endpoint)),
        _ => title(endpoint),
    }
}

fn only(pods: &[String]) -> String {
    if pods.is_empty() { String::new() } else { format!("(only {})", pods.join(", ")) }
}
