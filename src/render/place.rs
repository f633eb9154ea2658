//! Where a rule stands, as text shows it.

use crate::answer::rule_ref::OriginRef;

/// Writes a place as [`place`] does.
pub(crate) fn place_of(origin: &OriginRef) -> String {
    format!("({})", where_is(origin))
}

/// Writes `file:line`, `live` or `generated`.
pub(crate) fn where_is(origin: &OriginRef) -> String {
    match origin {
        OriginRef::File { file, line } => format!("{file}:{line}"),
        OriginRef::Live { .. } => "live".to_owned(),
        OriginRef::Generated => "generated".to_owned(),
    }
}
