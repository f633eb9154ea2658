//! Which answers are in doubt where objects of a kind were not read.

use std::collections::BTreeSet;

use crate::model::gap::GapScope;
use crate::policy::kinds;

/// Returns the scope of a gap: of a kind, as keys name it, only some namespaces were read, or none.
pub(crate) fn scope(key: &str, read: &BTreeSet<Box<str>>) -> GapScope {
    match key {
        _ if kinds::of_key(key).is_some() && read.is_empty() => GapScope::Cluster,
        _ if kinds::of_key(key).is_some() => GapScope::OtherNamespaces(read.clone()),
        "Pod" => GapScope::Addresses,
        _ => GapScope::Incomplete,
    }
}
