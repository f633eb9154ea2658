//! Changes of connections as a stream of rows: data and records.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::answer::WriteRecord;
use super::diff_words::{Sentence, sentence, word};
use super::machine::{Document, Syntax};
use super::records::{ENDS, end, ends};
use super::stream::stream;
use crate::answer::verdict::API_VERSION;
use crate::diff::change::{Cause, ChangeKind, ConnectionChange, IsolationChange};
use crate::diff::changed::Changed;
use crate::diff::network_diff::Diff;
use crate::policy::Direction;

/// Writes a diff as data, change by change.
pub fn data(out: &mut dyn Write, diff: &Diff<'_, '_>, syntax: Syntax) -> io::Result<()> {
    let mut document = Document::new(out, syntax);
    document.field("apiVersion", &API_VERSION)?;
    document.field("kind", &"ConnectionDiff")?;
    let mut isolations = Vec::new();
    document.rows("changes", |document| {
        isolations = changes(diff, |change| document.row(change))?;
        Ok(())
    })?;
    document.field("isolations", &isolations)?;
    document.field("caveats", &diff.caveats())?;
    document.field("gaps", &diff.gaps())?;
    document.end()
}

/// Hands over the changes, then the isolations.
pub fn records(diff: &Diff<'_, '_>, record: &mut WriteRecord<'_>) -> io::Result<()> {
    let more = ["before", "before_unsure", "after", "after_unsure", "causes", "lost", "narrowed"];
    record(&[&["change"], &ENDS[..], &more].concat())?;
    let isolations = changes(diff, |change| {
        let ends = ends(change.source, change.destination);
        let ports = [change.before, change.before_unsure, change.after, change.after_unsure];
        let ports = ports.map(|ports| ports.join(" "));
        let causes = change.causes.iter().map(cause).collect::<Vec<_>>().join("; ");
        let fields = ends.iter().chain(&ports).chain([&causes]).map(String::as_str);
        let fields = [word(change.change)].into_iter().chain(fields).chain(["", ""]);
        record(&fields.collect::<Vec<_>>())
    })?;
    isolations.iter().try_for_each(|own| isolation(record, own))
}

/// Writes pods that become isolated, or no longer are: they stand at the end that they are.
fn isolation(record: &mut WriteRecord<'_>, own: &IsolationChange) -> io::Result<()> {
    let turn = match own.change {
        ChangeKind::Removed => format!("unisolated-{}", own.direction),
        ChangeKind::Added | ChangeKind::Changed => format!("isolated-{}", own.direction),
    };
    let (subject, nobody) = (end(&own.subject), [const { String::new() }; 4]);
    let ends = if own.direction == Direction::Egress { [subject, nobody] } else { [nobody, subject] };
    let by: BTreeSet<String> =
        own.by.iter().map(|rule| format!("{} {}", rule.kind, rule.object())).collect();
    let by = by.into_iter().collect::<Vec<_>>().join("; ");
    let counts = [own.lost.to_string(), own.narrowed.to_string()];
    let fields = [turn].into_iter().chain(ends.concat()).chain([const { String::new() }; 4]).chain([by]);
    let fields: Vec<String> = fields.chain(counts).collect();
    record(&fields.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Says what a cause is and where it stands.
fn cause(cause: &Cause) -> String {
    let Sentence { subject, what, path, place } = sentence(cause);
    let path = path.map(|path| format!(" {path}")).unwrap_or_default();
    let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{subject} {what}{path}{place}")
}

/// Hands over every change; returns the isolations, with what the changes mean to each.
fn changes(
    diff: &Diff<'_, '_>,
    mut write: impl FnMut(&ConnectionChange<'_>) -> io::Result<()>,
) -> io::Result<Vec<IsolationChange>> {
    let mut isolations = diff.isolations();
    stream(|written| {
        diff.each(&mut |changed| {
            isolations.iter_mut().for_each(|isolation| isolation.count(changed));
            written(write(&row(&changed)))
        })
    })?;
    Ok(isolations.into_iter().map(|isolation| isolation.told).collect())
}

/// Returns a change as it is in the schema.
fn row<'a>(changed: &Changed<'a>) -> ConnectionChange<'a> {
    ConnectionChange {
        change: changed.change,
        source: changed.source,
        destination: changed.destination,
        before: &changed.ports.before.open,
        before_unsure: &changed.ports.before.unsure,
        after: &changed.ports.after.open,
        after_unsure: &changed.ports.after.unsure,
        causes: changed.causes,
    }
}
