//! The rows of lists, as data.

use serde::Serialize;

use crate::answer::endpoint::Endpoint;
use crate::answer::rule_ref::RuleRef;
use crate::answer::verdict::Verdict;
use crate::explain::explanation::{PortMapping, Reason};
use crate::exposure::ways::WayCounts;

/// One allowed connection of a list.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Connection<'a> {
    /// Who may open it.
    pub source: &'a Endpoint,
    /// Who accepts it.
    pub destination: &'a Endpoint,
    /// The ports.
    pub ports: &'a [String],
    /// `allow`, or `depends` for ports that may be open.
    pub verdict: Verdict,
}

/// One source of a target, and what lets it in.
#[derive(Clone, Debug, Serialize)]
pub struct SourceRow<'a> {
    /// What it may open.
    #[serde(flatten)]
    pub connection: Connection<'a>,
    /// Where the ports of the Service lead, where the target is one that rewrites them.
    #[serde(rename = "servicePorts", skip_serializing_if = "<[_]>::is_empty")]
    pub service_ports: &'a [PortMapping],
    /// What the policies of the source open, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<Opened>,
    /// What the policies of the target open, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Opened>,
}

/// What opens one half of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Opened {
    /// `rule`, or why none is needed.
    pub reason: Reason,
    /// The rules; each opens some of the ports for some of the members.
    pub rules: Vec<RuleRef>,
}

/// How many sources a target has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Those that can open connections for certain.
    pub allow: Count,
    /// Further ones, of which it is not known.
    pub depends: Count,
}

/// Numbers of ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Workloads, and pods that belong to none.
    pub workloads: usize,
    /// The namespaces that they are in.
    pub namespaces: usize,
    /// Nodes.
    pub nodes: usize,
    /// The fewest blocks that hold the addresses outside.
    pub blocks: usize,
    /// The ways in from outside, by how.
    pub exposures: WayCounts,
}
