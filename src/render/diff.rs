//! Changes of connections as text.

use std::io::{self, Write};

use super::diff_words::{Sentence, UNKNOWN_CAUSE, differs, headline, losses, ports, sentence, turn};
use super::graph::Graph;
use super::limits::limits;
use super::text::{Label, Line, padded, write_lines};
use crate::answer::verdict::Verdict;
use crate::diff::change::{Cause, ChangeKind, IsolationChange};
use crate::diff::change_summary::{ChangeGroup, ChangeLine, Detail, summarise};
use crate::diff::diff::Diff;
use crate::ends::place::{Place, title};
use crate::render::Look;

/// Isolations that are told unless every detail is asked for.
const SHOWN: usize = 20;

/// Writes a diff for a person; tells whether there is any difference.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, diff: &Diff<'_, '_>, look: Look) -> io::Result<bool> {
    let detail = if look.wide { Detail::Every } else { Detail::Merged };
    let (summary, gaps) = (summarise(diff, detail), diff.gaps());
    let mut lines = vec![Line::new(0, 2).with(Label::Heading, headline(&summary, &gaps))];
    lines.extend(isolations(&summary.isolations, look));
    for group in &summary.groups {
        lines.push(Line::default());
        lines.extend(causes(&group.causes));
        lines.extend(rows(group, look));
    }
    lines.extend(limits(&diff.caveats(), &gaps));
    let width = if look.wide { usize::MAX } else { look.width };
    write_lines(out, &lines, width)?;
    Ok(differs(&summary))
}

/// Draws the changes of a diff; tells whether there is any difference.
pub fn graph(diff: &Diff<'_, '_>) -> (Graph, bool) {
    let (summary, gaps) = (summarise(diff, Detail::Merged), diff.gaps());
    let mut told = vec![headline(&summary, &gaps)];
    let words = |own: &IsolationChange| format!("{} {} {}", title(&own.subject), turn(own), losses(own));
    told.extend(summary.isolations.iter().take(SHOWN).map(|own| words(own).trim_end().to_owned()));
    if summary.isolations.len() > SHOWN {
        told.push(format!("and {} more isolations", summary.isolations.len() - SHOWN));
    }
    let graph = Graph::of_changes(&summary.groups, diff.caveats(), gaps);
    (Graph { summary: told, ..graph }, differs(&summary))
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
    let widest = |of: fn(&ChangeLine) -> &Place| {
        group.lines.iter().map(|line| of(line).title().chars().count()).max().unwrap_or_default()
    };
    let (source, destination) = (widest(|line| &line.source), widest(|line| &line.destination));
    let longest = group.lines.iter().map(|line| ports(&line.ports, line.change).chars().count()).max();
    let fits = look.wide || source + destination + longest.unwrap_or_default() + 10 <= look.width;
    let (source, destination) = if fits { (source, destination) } else { (0, 0) };
    // A name stays whole unless no line can hold it.
    let place = |place: &Place, width: usize| {
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
