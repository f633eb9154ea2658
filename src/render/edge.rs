//! The lines and nodes of a graph.

use crate::diff::change::ChangeKind;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A workload or pod.
    Workload,
    /// All pods of its namespace, or of every namespace.
    Group,
    /// A node of the cluster, or addresses.
    Outside,
}

/// Connections from one node to another; the nodes have their numbers, or still are places.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edge<End = usize> {
    /// The source.
    pub from: End,
    /// The destination.
    pub to: End,
    /// The ports.
    pub label: String,
    /// How it is drawn.
    pub stroke: Stroke,
    /// What happens to them, in a diff.
    pub change: Option<ChangeKind>,
}

/// How an edge is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stroke {
    /// It is certain.
    Solid,
    /// It is not.
    Dashed,
}
