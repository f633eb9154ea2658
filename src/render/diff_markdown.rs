//! A diff as a comment for a pull request, in GitHub's Markdown.

use std::io::{self, Write};

use super::diff_words::{Sentence, UNKNOWN_CAUSE, headline, items, losses, sentence, turn, word};
use super::limits::Limits;
use super::markdown;
use crate::diff::change_summary::{ChangeDetail, ChangeGroup, summarise};
use crate::diff::network_diff::Diff;
use crate::ends::place::title;

/// Tables of more rows are folded.
const UNFOLDED: usize = 50;

/// Writes a diff.
pub fn write(out: &mut dyn Write, diff: &Diff<'_, '_>, limits: &Limits) -> io::Result<()> {
    let summary = summarise(diff, ChangeDetail::Merged);
    writeln!(out, "### Network policies: {}", headline(&summary, &limits.gaps).trim_end_matches('.'))?;
    if !summary.isolations.is_empty() {
        writeln!(out)?;
    }
    for isolation in &summary.isolations {
        let subject = markdown::code(&title(&isolation.subject));
        let line = format!("- {subject} {} {}", turn(isolation), losses(isolation));
        writeln!(out, "{}", line.trim_end())?;
    }
    let rows: usize = summary.groups.iter().map(|group| group.lines.len()).sum();
    let folded = rows > UNFOLDED;
    if folded {
        writeln!(out, "\n<details>\n<summary>{rows} rows</summary>")?;
    }
    summary.groups.iter().try_for_each(|group| table(out, group))?;
    if folded {
        writeln!(out, "\n</details>")?;
    }
    markdown::limits(out, limits)
}

fn table(out: &mut dyn Write, group: &ChangeGroup) -> io::Result<()> {
    writeln!(out)?;
    if group.causes.is_empty() {
        writeln!(out, "**{UNKNOWN_CAUSE}**  ")?;
    }
    for cause in &group.causes {
        let Sentence { subject, what, path, place } = sentence(cause);
        let names = path.into_iter().map(|path| format!(" {}", markdown::code(&path)));
        let names = names.chain(place.map(|place| format!(" ({})", markdown::code(&place))));
        // Two blanks break the line.
        writeln!(out, "**{}** {what}{}  ", markdown::code(&subject), names.collect::<String>())?;
    }
    writeln!(out)?;
    markdown::header(out, &["Change", "Source", "Destination", "Before", "After"])?;
    for line in &group.lines {
        let [source, destination] = [&line.source, &line.destination].map(|end| markdown::place(end));
        let [before, after] = line.ports.each().map(items).list();
        markdown::row(out, &[word(line.change), &source, &destination, &before, &after])?;
    }
    Ok(())
}
