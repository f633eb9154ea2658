//! Why one connection may or may not be opened, and what would open it, as data.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use serde::Serialize;

use super::no_fix::NoFix;
use crate::answer::caveat::Caveat;
use crate::answer::endpoint::Endpoint;
use crate::answer::finding::Finding;
use crate::answer::rule_ref::{OriginRef, RuleRef};
use crate::answer::verdict::Verdict;
pub use crate::engine::miss::{Clause, Miss, Need};
use crate::model::gap::Gap;
use crate::policy::Direction;

/// Whether one connection may be opened, and why.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `netpol/v1`.
    pub api_version: &'static str,
    /// `Explanation`.
    pub kind: &'static str,
    /// Who opens the connection.
    pub source: Endpoint,
    /// Who accepts it.
    pub destination: Endpoint,
    /// The port that was asked for, as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The verdict over all groups.
    pub verdict: Verdict,
    /// The pods and addresses of both ends, grouped by what holds for them.
    pub groups: Vec<PairGroup>,
    /// What looks wrong with the ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What would allow what is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// Why there is no fix for what is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_fix: Option<NoFix>,
    /// Limits of this answer.
    pub caveats: Vec<Caveat>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl Explanation {
    /// Says why no policy was asked for lack of an end that can be judged: no verdict proves anything then.
    pub fn nothing_judged(&self) -> Option<&Caveat> {
        self.caveats.iter().filter(|_| self.groups.is_empty()).find(|own| own.is_no_end())
    }
}

/// The smallest addition that allows what was asked, judged with it before it is told.
#[derive(Clone, Debug, Serialize)]
pub struct Fix {
    /// What to add, egress first.
    pub changes: Vec<Addition>,
    /// How many other connections it opens, counted as the rows of a list; nothing where that is
    /// not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens: Option<usize>,
    /// What the user should know about it.
    pub notes: Vec<Caveat>,
    /// The policies as they would be applied.
    pub objects: Vec<NetworkPolicy>,
}

impl Fix {
    /// Takes out the annotations, which may hold anything: an answer is shown to others.
    pub fn hide_annotations(&mut self) {
        self.objects.iter_mut().for_each(|object| object.metadata.annotations = None);
    }
}

/// One rule that a fix adds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Addition {
    /// Where it is added.
    pub change: AdditionKind,
    /// The policy's namespace.
    pub namespace: String,
    /// The policy's name.
    pub name: String,
    /// The field path of the rule: `spec.egress[1]`.
    pub path: String,
    /// Where the existing policy was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<OriginRef>,
    /// The rule.
    pub rule: ApiRule,
}

/// Where a rule is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdditionKind {
    /// To an existing policy.
    Rule,
    /// To a new policy.
    Policy,
}

/// A rule as the API has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ApiRule {
    /// An item of `spec.ingress`.
    Ingress {
        /// The sources; never none, which would mean any.
        from: Vec<NetworkPolicyPeer>,
        /// The ports; every port where they are absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        ports: Option<Vec<NetworkPolicyPort>>,
    },
    /// An item of `spec.egress`.
    Egress {
        /// The destinations; never none, which would mean any.
        to: Vec<NetworkPolicyPeer>,
        /// The ports; every port where they are absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        ports: Option<Vec<NetworkPolicyPort>>,
    },
}

impl ApiRule {
    /// Builds the item of a direction.
    pub(crate) fn new(
        direction: Direction,
        peers: Vec<NetworkPolicyPeer>,
        ports: Option<Vec<NetworkPolicyPort>>,
    ) -> Self {
        match direction {
            Direction::Ingress => Self::Ingress { from: peers, ports },
            Direction::Egress => Self::Egress { to: peers, ports },
        }
    }
}

/// Pods and addresses for which the same rules give the same verdict.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PairGroup {
    /// The members of the source.
    pub source: Endpoint,
    /// The members of the destination.
    pub destination: Endpoint,
    /// Where the ports of the Service lead, where the destination is one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_ports: Vec<PortMapping>,
    /// The asked ports that are allowed.
    pub allowed: Vec<String>,
    /// The asked ports that are denied.
    pub denied: Vec<String>,
    /// The asked ports of which it is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsure: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// What the policies of the source say.
    pub egress: Half,
    /// What the policies of the destination say.
    pub ingress: Half,
}

/// A port of a Service, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PortMapping {
    /// The Service's port: `TCP/80`.
    pub port: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The backends' port.
    pub target: String,
}

/// One direction of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Half {
    /// The verdict of this direction alone.
    pub verdict: Verdict,
    /// What kind of thing decided.
    pub reason: Reason,
    /// Why no policy was asked, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The tiers that have a say.
    pub tiers: Vec<TierUse>,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<RuleRef>,
}

/// What kind of thing decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// A rule.
    Rule,
    /// The pod is isolated, and no rule matches.
    Isolated,
    /// No policy speaks of it.
    Default,
    /// It is not subject to policies.
    Exempt,
}

/// A tier and its rules that govern the pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TierUse {
    /// The tier.
    pub tier: &'static str,
    /// What comes out of it.
    pub outcome: TierOutcome,
    /// The policies that isolate the pod.
    pub isolated_by: Vec<RuleRef>,
    /// The rules, in order of evaluation.
    pub rules: Vec<RuleUse>,
}

/// What comes out of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TierOutcome {
    /// A rule of it matches.
    Rule,
    /// No rule matches, and the pod is isolated.
    Isolated,
    /// It leaves the connection to the next tier.
    None,
}

/// A rule that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleUse {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleRef,
    /// Whether it matches some of what was asked.
    pub hit: bool,
    /// Whether it is not known if it matches.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsure: bool,
    /// What it asks for and the connection does not have.
    pub misses: Vec<RuleMiss>,
}

impl ApiRule {
    /// Tells whether it names no ports.
    pub(crate) fn is_for_every_port(&self) -> bool {
        let (Self::Ingress { ports, .. } | Self::Egress { ports, .. }) = self;
        ports.is_none()
    }
}

/// One failed clause of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleMiss {
    /// The clause, what it asks for, and what the connection has.
    #[serde(flatten)]
    pub miss: Miss,
    /// The Service's port that the rule allows, where the pods' port is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_port: Option<String>,
}
