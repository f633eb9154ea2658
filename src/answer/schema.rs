//! The types of an answer; `docs/schema.json` describes what they look like as JSON.

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use serde::Serialize;
use std::net::IpAddr;

use crate::engine::miss;
use crate::exposure::exposure::Exposure;
use crate::exposure::ways::WayCounts;
use crate::model::origin::Origin;
use crate::policy::{Action, RuleSource};

/// The version of the schema.
pub const API_VERSION: &str = "netpol/v1";

/// What an answer concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything that was asked is allowed.
    Allow,
    /// Nothing of it is allowed.
    Deny,
    /// Some of the asked ports, addresses or pods are allowed.
    Partial,
    /// Something that was not read, or cannot be known, decides.
    Depends,
}

impl Verdict {
    /// Joins the verdicts of parts of a question; nothing asked is nothing allowed.
    pub fn of(any_allowed: bool, any_denied: bool, any_unsure: bool) -> Self {
        match (any_unsure, any_allowed, any_denied) {
            (true, _, _) => Self::Depends,
            (false, true, false) => Self::Allow,
            (false, true, true) => Self::Partial,
            (false, false, _) => Self::Deny,
        }
    }
}

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
    pub groups: Vec<Group>,
    /// What looks wrong with the ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What would allow what is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// Why there is no fix for what is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_fix: Option<String>,
    /// Limits of this answer.
    pub caveats: Vec<String>,
    /// What could not be read.
    pub gaps: Vec<String>,
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
    pub notes: Vec<String>,
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

/// Pods and addresses for which the same rules give the same verdict.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The members of the source.
    pub source: Endpoint,
    /// The members of the destination.
    pub destination: Endpoint,
    /// Where the ports of the Service lead, where the destination is one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_ports: Vec<ServicePort>,
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
pub struct ServicePort {
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
    pub outcome: Outcome,
    /// The policies that isolate the pod.
    pub isolated_by: Vec<RuleRef>,
    /// The rules, in order of evaluation.
    pub rules: Vec<RuleUse>,
}

/// What comes out of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
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
    pub misses: Vec<Miss>,
}

/// A rule, or a policy as a whole, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct RuleRef {
    /// The policy's kind.
    pub kind: &'static str,
    /// The policy's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The policy's name.
    pub name: String,
    /// The field path: `spec.egress[1]`, or `spec`.
    pub path: String,
    /// The file and line, or the live version.
    pub origin: OriginRef,
    /// What it does with a match.
    pub action: &'static str,
}

/// Where a rule was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum OriginRef {
    /// A manifest.
    File {
        /// The path as it was given.
        file: String,
        /// The line, from 1.
        line: u32,
    },
    /// A live object.
    Live {
        /// Its `metadata.resourceVersion`.
        live: String,
    },
    /// Nowhere: the policy is proposed. Only text is told of such rules.
    Generated,
}

impl ApiRule {
    /// Tells whether it names no ports.
    pub(crate) fn is_for_every_port(&self) -> bool {
        let (Self::Ingress { ports, .. } | Self::Egress { ports, .. }) = self;
        ports.is_none()
    }
}

impl From<&Origin> for OriginRef {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::File { file, line } => Self::File { file: file.to_string(), line: *line },
            Origin::Live { resource_version } => Self::Live { live: resource_version.to_string() },
            Origin::Generated => Self::Generated,
        }
    }
}

impl RuleRef {
    /// Names a rule.
    pub fn rule(source: &RuleSource, action: Action) -> Self {
        let action = match action {
            Action::Allow => "allow",
            Action::Deny => "deny",
            Action::Pass => "pass",
        };
        Self::new(source, action)
    }

    /// Names a policy that isolates.
    pub fn isolation(source: &RuleSource) -> Self {
        Self::new(source, "isolate")
    }

    fn new(source: &RuleSource, action: &'static str) -> Self {
        let origin = OriginRef::from(&source.origin);
        Self {
            kind: source.policy.kind,
            namespace: source.policy.namespace.as_deref().map(str::to_owned),
            name: source.policy.name.to_string(),
            path: source.path.to_string(),
            origin,
            action,
        }
    }

    /// Returns `namespace/name`, or the name of a cluster-scoped policy.
    pub fn object(&self) -> String {
        self.namespace.as_ref().map_or_else(|| self.name.clone(), |ns| format!("{ns}/{}", self.name))
    }
}

/// One failed clause of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Miss {
    /// The clause, by the API's field name.
    pub clause: &'static str,
    /// What the rule asks for.
    pub needs: String,
    /// What the connection has.
    pub has: String,
    /// The Service's port that the rule allows, where the pods' port is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_port: Option<String>,
}

impl From<miss::Miss> for Miss {
    fn from(miss: miss::Miss) -> Self {
        let clause = match miss.clause {
            miss::Clause::PodSelector => "podSelector",
            miss::Clause::NamespaceSelector => "namespaceSelector",
            miss::Clause::IpBlock => "ipBlock",
            miss::Clause::Except => "except",
            miss::Clause::Port => "port",
            miss::Clause::Protocol => "protocol",
            miss::Clause::NamedPort => "namedPort",
        };
        Self { clause, needs: miss.needs, has: miss.has, service_port: None }
    }
}

/// One end of a connection, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Endpoint {
    /// `Pod`, a workload's kind, `Namespace` (all its pods), `Node`, `IPBlock` or `Entity`.
    pub kind: String,
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The addresses that are meant, where not all are or there is only this pod or node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ips: Vec<IpAddr>,
    /// The blocks of an `IPBlock`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cidrs: Vec<IpNet>,
    /// The pods that are meant; all where it is absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<String>,
}

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
    pub caveats: Vec<String>,
    /// What could not be read.
    pub gaps: Vec<String>,
}

/// One direction of a workload.
#[derive(Clone, Debug, Serialize)]
pub struct Dir {
    /// Whether any pod of it is isolated, so that only what rules allow is allowed.
    pub isolated: bool,
    /// The policies that isolate it.
    pub by: Vec<IsolatedBy>,
    /// What is allowed, rule by rule; where it is not isolated, everything.
    pub allows: Vec<Allowed>,
    /// Rules that match nothing now.
    pub unused: Vec<RuleRef>,
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
pub struct Allowed {
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

/// Something in a policy that probably does not do what was meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check that found it.
    pub id: &'static str,
    /// What is wrong, one sentence.
    pub message: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
}

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
    pub service_ports: &'a [ServicePort],
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
