//! Where a rule stands.

use std::fmt;
use std::sync::Arc;

use crate::model::origin::Origin;
use crate::model::snapshot::PolicyObject;

/// A policy object, named.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicySource {
    /// What answers call its kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: Option<Box<str>>,
    /// Its name.
    pub name: Box<str>,
}

/// The place of a rule: object and field path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleSource {
    /// The policy.
    pub policy: Arc<PolicySource>,
    /// The field path, `spec.egress[1]`; `spec` for the policy as a whole.
    pub path: Box<str>,
    /// The file and line, or the live version.
    pub origin: Origin,
}

impl PolicySource {
    /// Names a policy.
    pub fn of(policy: &PolicyObject) -> Self {
        Self {
            kind: policy.spec.kind().shown,
            namespace: policy.namespace.clone(),
            name: policy.name.clone(),
        }
    }
}

impl fmt::Display for PolicySource {
    /// Writes `NetworkPolicy shop/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}
