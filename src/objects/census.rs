//! What kinds of objects lie there, and whether that is enough for an answer.

use std::collections::BTreeMap;
use std::fmt;

use super::object::{Object, Objects};

/// How much of what policies are about was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// No pod, workload or policy.
    Nothing,
    /// Policies, and nobody whom they could govern.
    PoliciesAlone,
    /// Pods or workloads.
    Pods,
}

impl Objects {
    /// Tells how much of what policies are about was read.
    pub fn reading(&self) -> Reading {
        let of = |object: &Object| match object {
            Object::Pod(_) | Object::Workload(_) => Reading::Pods,
            Object::Policy(_) | Object::Unjudged => Reading::PoliciesAlone,
            _ => Reading::Nothing,
        };
        self.items.values().map(of).max().unwrap_or(Reading::Nothing)
    }

    /// Lists the kinds of the objects that lie there, whether they are read or not, with their counts.
    pub fn census(&self) -> Census {
        let mut kinds = self.passed_over.kinds.clone();
        for key in self.items.keys() {
            *kinds.entry(key.kind.as_str().into()).or_default() += 1;
        }
        Census(kinds)
    }
}

/// How many objects of each kind there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census(BTreeMap<Box<str>, usize>);

impl Census {
    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Census {
    /// Writes the first kinds: `3 ConfigMap, 1 Secret and 2 more kinds`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        let kinds = self.0.iter().take(SHOWN).map(|(kind, count)| format!("{count} {kind}"));
        let kinds: Vec<String> = kinds.collect();
        let more = self.0.len().saturating_sub(SHOWN);
        match (kinds.is_empty(), more) {
            (true, _) => f.write_str("no Kubernetes object"),
            (_, 0) => f.write_str(&kinds.join(", ")),
            (_, 1) => write!(f, "{} and 1 more kind", kinds.join(", ")),
            _ => write!(f, "{} and {more} more kinds", kinds.join(", ")),
        }
    }
}
