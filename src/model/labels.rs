//! Label sets, interned: pods of one workload mostly share theirs.

use super::arena::Id;
use super::names::Name;

/// Key/value pairs, ascending by key, each key once.
pub type Labels = [(Name, Name)];

/// A key of the table of label sets.
#[derive(Debug)]
pub struct LabelSet;

/// Names one interned label set.
pub type LabelsId = Id<LabelSet>;

/// The label that every Namespace carries (set by the API server since Kubernetes 1.21).
pub const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Returns the value of a key.
pub fn value_of(labels: &Labels, key: Name) -> Option<Name> {
    let index = labels.binary_search_by_key(&key, |(key, _)| *key).ok()?;
    labels.get(index).map(|(_, value)| *value)
}
