//! A rule, or a policy as a whole, and where it stands.

use serde::Serialize;

use crate::model::origin::Origin;
use crate::policy::{Action, RuleSource};

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
    pub action: RuleAction,
}

/// What a rule, or a policy as a whole, does; ordered by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleAction {
    /// The rule allows what it matches.
    Allow,
    /// The rule denies what it matches.
    Deny,
    /// The policy denies what no rule of its tier allows.
    Isolate,
    /// The rule leaves what it matches to the next tier.
    Pass,
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
            Action::Allow => RuleAction::Allow,
            Action::Deny => RuleAction::Deny,
            Action::Pass => RuleAction::Pass,
        };
        Self::new(source, action)
    }

    /// Names a policy that isolates.
    pub fn isolation(source: &RuleSource) -> Self {
        Self::new(source, RuleAction::Isolate)
    }

    fn new(source: &RuleSource, action: RuleAction) -> Self {
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
