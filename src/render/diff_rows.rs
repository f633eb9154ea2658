//! Changes of connections as a stream of rows: JSON, YAML and comma-separated values.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::ControlFlow;

use super::csv;
use super::diff_words::{Sentence, sentence, word};
use super::machine::{Document, Syntax};
use crate::answer::verdict::API_VERSION;
use crate::diff::change::{Cause, Change, ChangeKind, IsolationChange};
use crate::diff::changed::Changed;
use crate::diff::diff::Diff;

/// Writes a diff as JSON or YAML, change by change; tells whether there is any difference.
///
/// # Errors
/// Those of the writer.
pub fn write_data(out: &mut dyn Write, diff: &Diff<'_, '_>, syntax: Syntax) -> io::Result<bool> {
    let mut document = Document::new(out, syntax);
    document.field("apiVersion", &API_VERSION)?;
    document.field("kind", &"ConnectionDiff")?;
    let mut told = Told::default();
    document.rows("changes", |document| {
        told = stream(diff, |change| document.row(change))?;
        Ok(())
    })?;
    document.field("isolations", &told.isolations)?;
    document.field("caveats", &diff.caveats())?;
    document.field("gaps", &diff.gaps())?;
    document.end()?;
    Ok(told.differs)
}

/// Writes the changes as comma-separated values, one a row, then the isolations; tells whether there is any difference.
/// The limits of a diff have no place there: whoever writes it tells them apart.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(out: &mut dyn Write, diff: &Diff<'_, '_>) -> io::Result<bool> {
    let mut header = vec!["change"];
    header.extend(csv::ENDS);
    header.extend(["before", "before_unsure", "after", "after_unsure", "causes", "lost", "narrowed"]);
    csv::record(out, &header)?;
    let told = stream(diff, |change| {
        let ends = csv::ends(change.source, change.destination);
        let ports = [change.before, change.before_unsure, change.after, change.after_unsure];
        let ports = ports.map(|ports| ports.join(" "));
        let causes = change.causes.iter().map(cause).collect::<Vec<_>>().join("; ");
        let fields = ends.iter().chain(&ports).chain([&causes]).map(String::as_str);
        let fields = [word(change.change)].into_iter().chain(fields).chain(["", ""]);
        csv::record(out, &fields.collect::<Vec<_>>())
    })?;
    told.isolations.iter().try_for_each(|own| isolation(out, own))?;
    Ok(told.differs)
}

/// Writes pods that become isolated, or no longer are: they stand at the end that they are.
fn isolation(out: &mut dyn Write, own: &IsolationChange) -> io::Result<()> {
    let turn = match own.change {
        ChangeKind::Removed => format!("unisolated-{}", own.direction),
        ChangeKind::Added | ChangeKind::Changed => format!("isolated-{}", own.direction),
    };
    let (subject, nobody) = (csv::end(&own.subject), [const { String::new() }; 4]);
    let ends = if own.direction == "egress" { [subject, nobody] } else { [nobody, subject] };
    let by: BTreeSet<String> =
        own.by.iter().map(|rule| format!("{} {}", rule.kind, rule.object())).collect();
    let by = by.into_iter().collect::<Vec<_>>().join("; ");
    let counts = [own.lost.to_string(), own.narrowed.to_string()];
    let fields = [turn].into_iter().chain(ends.concat()).chain([const { String::new() }; 4]).chain([by]);
    let fields: Vec<String> = fields.chain(counts).collect();
    csv::record(out, &fields.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Says what a cause is and where it stands.
fn cause(cause: &Cause) -> String {
    let Sentence { subject, what, path, place } = sentence(cause);
    let path = path.map(|path| format!(" {path}")).unwrap_or_default();
    let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{subject} {what}{path}{place}")
}

/// What a diff turned out to be.
#[derive(Default)]
struct Told {
    isolations: Vec<IsolationChange>,
    differs: bool,
}

/// Hands every change to a writer and stops at its first error.
fn stream(
    diff: &Diff<'_, '_>,
    mut write: impl FnMut(&Change<'_>) -> io::Result<()>,
) -> io::Result<Told> {
    let mut isolations = diff.isolations();
    let mut differs = !isolations.is_empty();
    let mut result = Ok(());
    let _ = diff.each(&mut |changed| {
        differs = true;
        isolations.iter_mut().for_each(|isolation| isolation.count(changed));
        match write(&row(&changed)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                result = Err(error);
                ControlFlow::Break(())
            }
        }
    });
    let isolations = isolations.into_iter().map(|isolation| isolation.told).collect();
    result.map(|()| Told { isolations, differs })
}

/// Returns a change as it is in the schema.
fn row<'a>(changed: &Changed<'a>) -> Change<'a> {
    Change {
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
