//! What is wrong with a file or a document, and what is in doubt without it.

use std::fmt;

use crate::model::gap::{Gap, GapReason, GapScope, Unread};

/// Gaps that are told one by one; of the others only how many there are.
const TOLD: usize = 10;

/// A file or document that cannot be read: an error where it was named, else a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The file.
    pub(crate) file: Box<str>,
    /// The object, as far as it can be read: `Deployment shop/web`; empty for a file.
    pub(crate) object: Box<str>,
    /// What is wrong; never nothing.
    pub(crate) problems: Vec<Problem>,
    /// Which answers are in doubt without it.
    pub(crate) scope: GapScope,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// `:line` or `:line:column`; empty for all of a file.
    pub(crate) at: String,
    /// What is wrong, behind the path of the field.
    pub(crate) message: String,
}

impl Problem {
    /// Says what is wrong with all of a file.
    pub(crate) fn of_file(message: impl Into<String>) -> Vec<Self> {
        vec![Self { at: String::new(), message: message.into() }]
    }
}

impl Fault {
    /// Writes each problem as `file:line: kind namespace/name: path: message`.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let object = if self.object.is_empty() { String::new() } else { format!("{}: ", self.object) };
        self.problems.iter().map(move |Problem { at, message }| {
            let file = &self.file;
            format!("{file}{at}: {object}{message}")
        })
    }
}

impl fmt::Display for Fault {
    /// Writes the first problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().next().unwrap_or_default())
    }
}

impl From<Fault> for Gap {
    fn from(fault: Fault) -> Self {
        let mut problems = fault.problems.into_iter();
        let first = problems.next().unwrap_or(Problem { at: String::new(), message: String::new() });
        let more = match problems.len() {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let place = format!("{}{}", fault.file, first.at).into();
        let reason = GapReason::Unreadable(format!("{}{more}", first.message).into());
        Self { unread: Unread::Document { place, object: fault.object }, reason, scope: fault.scope }
    }
}

/// Turns faults into gaps: the first ones, those that may hide a policy before others, and a count of the
/// rest, whose lines come with them.
pub(crate) fn gaps(faults: Vec<Fault>) -> (Vec<Gap>, Vec<String>) {
    let (mut first, others): (Vec<Fault>, Vec<Fault>) =
        faults.into_iter().partition(|fault| fault.scope.is_of_policies());
    first.extend(others);
    let rest = first.split_off(first.len().min(TOLD));
    let lines: Vec<String> = rest.iter().map(Fault::to_string).collect();
    let mut gaps: Vec<Gap> = first.into_iter().map(Gap::from).collect();
    if let Some(scope) = rest.into_iter().map(|fault| fault.scope).reduce(both) {
        let reason = GapReason::Unreadable("-v 6 names them".into());
        gaps.push(Gap { unread: Unread::Documents(lines.len()), reason, scope });
    }
    (gaps, lines)
}

/// Returns what is in doubt where either is.
fn both(one: GapScope, other: GapScope) -> GapScope {
    match (one, other) {
        (GapScope::Incomplete, scope) | (scope, GapScope::Incomplete) => scope,
        (GapScope::Namespaces(mut names), GapScope::Namespaces(more)) => {
            names.extend(more);
            GapScope::Namespaces(names)
        }
        _ => GapScope::Cluster,
    }
}

#[expect(clippy::indexing_slicing, reason = "a test ends there")]
#[cfg(test)]
mod tests {
    use super::*;

    fn fault(file: usize, scope: GapScope) -> Fault {
        Fault {
            file: format!("{file}.yaml").into(),
            object: "".into(),
            problems: Problem::of_file("bad"),
            scope,
        }
    }

    #[test]
    fn the_first_gaps_are_those_that_may_hide_a_policy_and_the_rest_is_counted_with_its_doubts() {
        let of = |name: &str| GapScope::Namespaces([name.into()].into());
        let mut faults: Vec<Fault> = (0..9).map(|file| fault(file, GapScope::Incomplete)).collect();
        faults.extend([fault(9, of("a")), fault(10, of("b")), fault(11, GapScope::Incomplete)]);
        let (told, rest) = gaps(faults.clone());
        assert_eq!(rest, ["8.yaml: bad", "11.yaml: bad"]);
        assert_eq!(told[0].to_string(), "could not read 9.yaml: bad");
        assert_eq!(told.len(), 11);
        let last = "could not read 2 more documents and files: -v 6 names them";
        assert_eq!((told[10].to_string().as_str(), &told[10].scope), (last, &GapScope::Incomplete));
        let all: Vec<Fault> = (0..11).map(|file| fault(file, of("a"))).chain(faults).collect();
        assert_eq!(gaps(all).0[10].scope, GapScope::Namespaces(["a".into(), "b".into()].into()));
    }
}
