//! What policies apply to one workload, as data.

use serde::Serialize;

use crate::answer::caveat::Caveat;
use crate::answer::endpoint::Endpoint;
use crate::answer::finding::Finding;
use crate::answer::rule_ref::RuleRef;
use crate::answer::verdict::Verdict;
use crate::exposure::way::Exposure;
use crate::model::gap::Gap;

/// What policies apply to one workload.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectExplanation {
    /// `netpol/v1`.
    pub api_version: &'static str,
    /// `SubjectExplanation`.
    pub kind: &'static str,
    /// The workload.
    pub subject: Endpoint,
    /// Who may open connections to it.
    pub ingress: Dir,
    /// To whom it may open connections.
    pub egress: Dir,
    /// The ways in from outside the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<Exposure>,
    /// What looks wrong in the policies that apply, and in the ways in.
    pub findings: Vec<Finding>,
    /// Limits of this answer.
    pub caveats: Vec<Caveat>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl SubjectExplanation {
    /// Tells whether neither direction has any connection, since all pods have finished.
    pub fn has_no_connections(&self) -> bool {
        let nothing = |dir: &Dir| !dir.isolated && dir.allows.is_empty();
        nothing(&self.ingress) && nothing(&self.egress)
    }
}

/// One direction of a workload.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dir {
    /// Whether any pod of it is isolated, so that only what rules allow is allowed, or may be; false means
    /// known to be open.
    pub isolated: bool,
    /// Whether it is not known if it is isolated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub isolation_unknown: bool,
    /// The policies that isolate it.
    pub by: Vec<IsolatedBy>,
    /// What is allowed, rule by rule; where it is not isolated, everything; of finished pods, nothing.
    pub allows: Vec<AllowedPeer>,
    /// Rules that match nothing now.
    pub unused: Vec<RuleRef>,
    /// Rules that match nothing that was read, and may match a pod that was not.
    pub unread: Vec<RuleRef>,
}

impl Dir {
    /// Tells whether it is known to be isolated.
    #[must_use]
    pub const fn is_isolated(&self) -> bool {
        self.isolated && !self.isolation_unknown
    }
}

/// A policy that isolates a workload.
#[derive(Clone, Debug, Serialize)]
pub struct IsolatedBy {
    /// The policy.
    #[serde(flatten)]
    pub rule: RuleRef,
    /// The pods it isolates; all where it is absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<String>,
}

/// Peers that a rule allows.
#[derive(Clone, Debug, Serialize)]
pub struct AllowedPeer {
    /// The other end.
    pub peer: Endpoint,
    /// The ports, at the destination.
    pub ports: Vec<String>,
    /// `allow`, or `depends` where it is not known whether the rule matches.
    pub verdict: Verdict,
    /// The rule; nothing where no policy isolates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// The pods of the workload for which it holds; all where it is absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<String>,
}
