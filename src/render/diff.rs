//! Changes of connections as text and as a graph.

use std::io::{self, Write};

use super::answer::{Answer, Listing, WriteRecord};
use super::diff_words::{Sentence, UNKNOWN_CAUSE, headline, losses, ports, sentence, turn};
use super::format::{Format, Formats};
use super::graph::Graph;
use super::limits::{Limits, limits};
use super::look::Look;
use super::machine::Syntax;
use super::text::{Label, Line, padded, write_lines};
use super::{diff_markdown, diff_rows};
use crate::answer::verdict::Verdict;
use crate::diff::change::{Cause, ChangeKind, IsolationChange};
use crate::diff::change_summary::{ChangeDetail, ChangeGroup, ChangeLine, summarise};
use crate::diff::network_diff::Diff;
use crate::ends::place::{LinePlace, title};

/// Isolations that are told unless every detail is asked for.
const SHOWN: usize = 20;

impl Answer for Diff<'_, '_> {
    const FORMATS: Formats = Format::OF_CONNECTIONS;

    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let detail = if look.wide { ChangeDetail::Every } else { ChangeDetail::Merged };
        let (summary, gaps) = (summarise(self, detail), self.gaps());
        let mut lines = vec![Line::new(0, 2).with(Label::Heading, headline(&summary, &gaps))];
        lines.extend(isolations(&summary.isolations, look));
        for group in &summary.groups {
            lines.push(Line::default());
            lines.extend(causes(&group.causes));
            lines.extend(rows(group, look));
        }
        lines.extend(limits(&self.caveats(), &self.merged_gaps()));
        let width = if look.wide { usize::MAX } else { look.width };
        write_lines(out, &lines, width)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        diff_rows::data(out, self, syntax)
    }

    fn rows(&self) -> Option<&dyn Listing> {
        Some(self)
    }

    fn graph(&self) -> Option<Graph> {
        let (summary, limits) = (summarise(self, ChangeDetail::Merged), self.limits());
        let mut told = vec![headline(&summary, &limits.gaps)];
        let words =
            |own: &IsolationChange| format!("{} {} {}", title(&own.subject), turn(own), losses(own));
        told.extend(summary.isolations.iter().take(SHOWN).map(|own| words(own).trim_end().to_owned()));
        if summary.isolations.len() > SHOWN {
            told.push(format!("and {} more isolations", summary.isolations.len() - SHOWN));
        }
        Some(Graph::of_changes(&summary.groups, told, limits))
    }
}

impl Listing for Diff<'_, '_> {
    fn records(&self, _: Look, record: &mut WriteRecord<'_>) -> io::Result<()> {
        diff_rows::records(self, record)
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        diff_markdown::write(out, self, &self.limits())
    }

    fn limits(&self) -> Limits {
        Limits::of(self.caveats(), &self.gaps())
    }
}

fn isolations(isolations: &[IsolationChange], look: Look) -> Vec<Line> {
    let shown = if look.wide { isolations.len() } else { SHOWN };
    let mut lines: Vec<Line> = isolations.iter().take(shown).map(isolation).collect();
    if let Some(more) = isolations.len().checked_sub(shown).filter(|more| *more > 0) {
        lines.push(Line::new(2, 2).plain(format!("and {more} more (-o wide)")));
    }
    if lines.is_empty() { lines } else { [vec![Line::default()], lines].concat() }
}

fn isolation(own: &IsolationChange) -> Line {
    let label = match own.change {
        ChangeKind::Removed => Label::Verdict(Verdict::Allow),
        ChangeKind::Added | ChangeKind::Changed => Label::Verdict(Verdict::Deny),
    };
    Line::new(2, 4).plain(title(&own.subject)).with(label, turn(own)).plain(losses(own))
}

fn causes(causes: &[Cause]) -> Vec<Line> {
    let line = |cause: &Cause| {
        let Sentence { subject, what, path, place } = sentence(cause);
        let line = Line::new(0, 4).with(Label::Heading, subject).with(Label::Heading, what);
        let line = path.into_iter().fold(line, |line, path| line.with(Label::Source, path));
        place.into_iter().fold(line, |line, place| line.with(Label::Source, format!("({place})")))
    };
    match causes {
        [] => vec![Line::new(0, 4).with(Label::Heading, UNKNOWN_CAUSE)],
        causes => causes.iter().map(line).collect(),
    }
}

fn rows(group: &ChangeGroup, look: Look) -> Vec<Line> {
    let widest = |of: fn(&ChangeLine) -> &LinePlace| {
        group.lines.iter().map(|line| of(line).title().chars().count()).max().unwrap_or_default()
    };
    let (source, destination) = (widest(|line| &line.source), widest(|line| &line.destination));
    let longest = group.lines.iter().map(|line| ports(&line.ports, line.change).chars().count()).max();
    let fits = look.wide || source + destination + longest.unwrap_or_default() + 10 <= look.width;
    let (source, destination) = if fits { (source, destination) } else { (0, 0) };
    // A name stays whole unless no line can hold it.
    let place = |place: &LinePlace, width: usize| {
        let title = place.title();
        if title.chars().count() + 4 <= look.width { padded(&title, width) } else { title }
    };
    let line = |line: &ChangeLine| {
        let (sign, label) = match line.change {
            ChangeKind::Added => ("+", Label::Verdict(Verdict::Allow)),
            ChangeKind::Removed => ("-", Label::Verdict(Verdict::Deny)),
            ChangeKind::Changed => ("~", Label::Caution),
        };
        Line::new(2, 4)
            .with(label, sign)
            .plain(place(&line.source, source))
            .plain("->")
            .plain(place(&line.destination, destination))
            .plain(ports_apart(&ports(&line.ports, line.change), fits))
    };
    group.lines.iter().map(line).collect()
}

/// Sets the ports apart from the names before them.
fn ports_apart(ports: &str, aligned: bool) -> String {
    if aligned { format!("\u{a0}{ports}") } else { format!("on {ports}") }
}
