//! Changes of connections as a stream of rows: JSON, YAML and comma-separated values.

use std::io::{self, Write};
use std::ops::ControlFlow;

use super::csv;
use super::diff_words::{Sentence, sentence, word};
use super::machine::{Document, Syntax};
use crate::report::change::{Cause, Change, IsolationChange};
use crate::report::diff::{Changed, Diff};
use crate::report::schema::API_VERSION;

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

/// Writes the changes as comma-separated values, one a row; tells whether there is any difference.
/// The limits of a diff have no place there: whoever writes it tells them apart.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(out: &mut dyn Write, diff: &Diff<'_, '_>) -> io::Result<bool> {
    let mut header = vec!["change"];
    header.extend(csv::ENDS);
    header.extend(["before", "before_unsure", "after", "after_unsure", "causes"]);
    csv::record(out, &header)?;
    let told = stream(diff, |change| {
        let ends = csv::ends(change.source, change.destination);
        let ports = [change.before, change.before_unsure, change.after, change.after_unsure];
        let ports = ports.map(|ports| ports.join(" "));
        let causes = change.causes.iter().map(cause).collect::<Vec<_>>().join("; ");
        let fields = ends.iter().chain(&ports).chain([&causes]).map(String::as_str);
        csv::record(out, &[word(change.change)].into_iter().chain(fields).collect::<Vec<_>>())
    })?;
    Ok(told.differs)
}

/// Says what a cause is, without its place.
fn cause(cause: &Cause) -> String {
    let Sentence { subject, what, path, .. } = sentence(cause);
    let path = path.map(|path| format!(" {path}")).unwrap_or_default();
    format!("{subject} {what}{path}")
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
