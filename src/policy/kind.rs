//! What a policy kind is made of.

use super::check::Report;
use super::profile::Profile;
use super::rule::Rules;
use crate::model::snapshot::{PolicyObject, PolicySpec};

/// A kind of policy that is judged: all that others ask of it.
#[derive(Debug)]
pub struct PolicyKind {
    /// The API group.
    pub group: &'static str,
    /// Its name in the API.
    pub name: &'static str,
    /// The name in keys of objects and in snapshot files, with the group unless Kubernetes ships it.
    pub key: &'static str,
    /// What answers call it: its name, or more where another kind has the same.
    pub shown: &'static str,
    /// The resource, with the group unless Kubernetes ships it.
    pub resource: &'static str,
    /// The names that kubectl has for it, short ones first.
    pub words: &'static [&'static str],
    /// Whether its objects stand in a namespace.
    pub scope: Scope,
    /// Which servers have it.
    pub presence: Presence,
    /// The versions of its API that are read, the best first; one form reads them all.
    pub versions: &'static [&'static str],
    /// The groups that served it once, of which nothing is read.
    pub former_groups: &'static [&'static str],
    /// The fields that are read beside the metadata.
    pub fields: &'static [&'static str],
    /// The lists whose items are its rules, `spec.egress`; a list on the way stands for each item.
    pub rules: &'static [&'static str],
    /// Returns what an object without any fields says; it reads others ([`PolicySpec`] is a seed).
    pub empty: fn() -> PolicySpec,
    /// Tells what the API server would refuse.
    pub(crate) check: fn(&PolicySpec, &mut Report),
    /// Adds the rules of a policy, as a network plugin reads it.
    pub translate: fn(&PolicyObject, &Profile, &mut Rules),
}

/// Kinds of policies that are known to exist, and that no rules are made of.
#[derive(Debug)]
pub struct UnjudgedKind {
    /// The API group.
    pub group: &'static str,
    /// Its name; every other kind of the group that ends in `NetworkPolicy` where it is absent.
    pub name: Option<&'static str>,
    /// Whether its objects stand in a namespace.
    pub scope: Scope,
}

/// A kind of policy, as an API group and a name find it.
#[derive(Clone, Copy, Debug)]
pub enum KnownKind {
    /// One that is judged.
    Judged(&'static PolicyKind),
    /// One that is a gap in every answer about its pods, never skipped.
    Unjudged(&'static UnjudgedKind),
}

/// Whether the objects of a kind stand in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each stands in one.
    Namespaced,
    /// None does.
    Cluster,
}

/// Which servers have a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Every server.
    Always,
    /// Those where it is installed; where it is not, nothing is missing.
    WhereInstalled,
}

impl PolicyKind {
    /// Returns the resource as a path of the API has it, without the group.
    pub fn plural(&self) -> &'static str {
        self.resource.split('.').next().unwrap_or_default()
    }
}

impl KnownKind {
    /// Tells whether its objects stand in a namespace.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Judged(kind) => kind.scope,
            Self::Unjudged(kind) => kind.scope,
        }
    }
}
