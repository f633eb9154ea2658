//! The words for changes, the same in text and in Markdown.

use crate::answer::endpoint::Endpoint;
use crate::diff::change::{Cause, CauseKind, ChangeKind, IsolationChange};
use crate::diff::change_summary::ChangeSummary;
use crate::diff::changed::SidePorts;
use crate::diff::sides::Sides;
use crate::ends::naming::name_of;
use crate::policy::Direction;
use crate::render::place::where_is;

/// Returns the answer in one line.
pub(crate) fn headline<T>(summary: &ChangeSummary, gaps: &[T]) -> String {
    let kinds = [ChangeKind::Removed, ChangeKind::Changed, ChangeKind::Added];
    let counts = kinds.into_iter().filter_map(|kind| Some((summary.counts.get(&kind)?, word(kind))));
    let mut words: Vec<String> = counts.map(|(count, word)| format!("{count} {word}")).collect();
    let total: usize = summary.counts.values().sum();
    if let Some(first) = words.first_mut() {
        let noun = if total == 1 { "connection" } else { "connections" };
        *first = first.replacen(' ', &format!(" {noun} "), 1);
    } else if summary.isolations.is_empty() && !gaps.is_empty() {
        return "No connection changes were found; see the gaps.".to_owned();
    } else if summary.isolations.is_empty() {
        return "No connection changes.".to_owned();
    } else {
        words.push("No connection changes".to_owned());
    }
    let isolated = summary.isolations.iter().filter(|own| own.change == ChangeKind::Added).count();
    if isolated > 0 {
        words.push(format!("{isolated} new isolation{}", if isolated == 1 { "" } else { "s" }));
    }
    let mut text = words.join(", ");
    text.push('.');
    text
}

/// Says what happens to the pods.
pub(crate) fn turn(own: &IsolationChange) -> String {
    let verb = match own.change {
        ChangeKind::Removed => "is no longer isolated for",
        ChangeKind::Added | ChangeKind::Changed => "becomes isolated for",
    };
    format!("{verb} {}", own.direction)
}

/// Says what the pods lose.
pub(crate) fn losses(own: &IsolationChange) -> String {
    let noun = if own.direction == Direction::Egress { "destination" } else { "source" };
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let lost = (own.lost > 0).then(|| format!("loses {} {noun}{}", own.lost, plural(own.lost)));
    let narrowed =
        (own.narrowed > 0).then(|| format!("{} {noun}{} narrowed", own.narrowed, plural(own.narrowed)));
    match (own.change, lost, narrowed) {
        (ChangeKind::Removed, None, None) => String::new(),
        (_, None, None) => "(loses nothing)".to_owned(),
        (_, lost, narrowed) => {
            let all: Vec<String> = lost.into_iter().chain(narrowed).collect();
            format!("({})", all.join(", "))
        }
    }
}

/// What is told where no difference of the input touches a change.
pub(crate) const UNKNOWN_CAUSE: &str = "What could be read or judged differs";

/// What a cause is: names apart from words.
pub(crate) struct Sentence {
    /// The object that differs.
    pub(crate) subject: String,
    /// What is different about it.
    pub(crate) what: &'static str,
    /// Where in it.
    pub(crate) path: Option<String>,
    /// Where it stands.
    pub(crate) place: Option<String>,
}

/// Says what a cause is, and where it stands.
pub(crate) fn sentence(cause: &Cause) -> Sentence {
    let Cause { kind, namespace, name, path, .. } = cause.clone();
    let policy = || {
        let namespace = namespace.as_deref().map(|own| format!("{own}/")).unwrap_or_default();
        format!("{kind} {namespace}{}", name.as_deref().unwrap_or_default())
    };
    let what = match cause.cause {
        CauseKind::PolicyAdded | CauseKind::WorkloadAdded => "is new",
        CauseKind::PolicyRemoved | CauseKind::WorkloadRemoved => "is gone",
        CauseKind::PolicyChanged if path.is_none() => "differs",
        CauseKind::PolicyChanged => "differs at",
        CauseKind::LabelsChanged => "has other labels",
        CauseKind::PodsChanged => "has other addresses, named ports or network",
    };
    let subject = match cause.cause {
        CauseKind::PolicyAdded | CauseKind::PolicyRemoved | CauseKind::PolicyChanged => policy(),
        _ => name_of(&Endpoint { namespace, name, ..Endpoint::named(kind, None, "") }),
    };
    let place = cause.origin.as_ref().map(where_is);
    Sentence { subject, what, path, place }
}

/// Names what happens to a connection.
pub(crate) const fn word(change: ChangeKind) -> &'static str {
    match change {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    }
}

/// Says what was open, or is, or both.
pub(crate) fn ports(ports: &Sides<SidePorts>, change: ChangeKind) -> String {
    match change {
        ChangeKind::Added => items(&ports.after),
        ChangeKind::Removed => items(&ports.before),
        ChangeKind::Changed => format!("{}, now {}", items(&ports.before), items(&ports.after)),
    }
}

/// Writes ports; those that may be open are marked.
pub(crate) fn items(ports: &SidePorts) -> String {
    let unsure = (!ports.unsure.is_empty()).then(|| format!("{} (depends)", ports.unsure.join(", ")));
    let open = (!ports.open.is_empty()).then(|| ports.open.join(", "));
    open.into_iter().chain(unsure).collect::<Vec<_>>().join(", ")
}
