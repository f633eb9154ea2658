//! What was read for a question.

use crate::model::snapshot::Snapshot;

/// What was read for a question.
pub struct Input {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The namespace of names that give none.
    pub namespace: String,
    /// The only namespace to show; all where it is absent.
    pub only: Option<String>,
    /// Whether only the ends of a connection were read.
    pub only_ends: bool,
}
