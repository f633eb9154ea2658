//! The types of a diff; `docs/schema.json` describes what they look like as JSON.

use serde::Serialize;

use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::answer::rule_ref::{OriginRef, RuleRef};
use crate::policy::Direction;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// Nothing was open, and something is.
    Added,
    /// Something was open, and nothing is.
    Removed,
    /// Other ports are open, or it is more or less certain that they are.
    Changed,
}

/// One change of a diff.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionChange<'a> {
    /// What happens to the connection.
    pub change: ChangeKind,
    /// Who may open it.
    pub source: &'a Endpoint,
    /// Who accepts it.
    pub destination: &'a Endpoint,
    /// The ports that were open.
    pub before: &'a [String],
    /// The ports that may have been open.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub before_unsure: &'a [String],
    /// The ports that are open.
    pub after: &'a [String],
    /// The ports that may be open.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub after_unsure: &'a [String],
    /// What brought it about.
    pub causes: &'a [Cause],
}

/// A difference that brings changes about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Cause {
    /// What is different.
    pub cause: CauseKind,
    /// The kind of the object.
    pub kind: EndpointKind,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name; addresses outside have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The field path of the first difference in a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where the policy stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<OriginRef>,
}

/// What is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// A policy is new.
    PolicyAdded,
    /// A policy says something else.
    PolicyChanged,
    /// A policy is gone.
    PolicyRemoved,
    /// Labels that some policy asks for.
    LabelsChanged,
    /// Addresses, named ports or the use of the node's network.
    PodsChanged,
    /// A workload, bare pod or node is new.
    WorkloadAdded,
    /// It is gone.
    WorkloadRemoved,
}

/// Pods that become isolated, or no longer are.
#[derive(Clone, Debug, Serialize)]
pub struct IsolationChange {
    /// `added` or `removed`.
    pub change: ChangeKind,
    /// The pods.
    pub subject: Endpoint,
    /// The direction.
    pub direction: Direction,
    /// The other ends to which, or from which, no connection is left.
    pub lost: usize,
    /// Those of which less is left.
    pub narrowed: usize,
    /// The policies that isolate, or did.
    pub by: Vec<RuleRef>,
}
