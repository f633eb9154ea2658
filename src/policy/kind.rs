//! What a policy kind is made of.

use super::check::Report;
use super::profile::Profile;
use super::rule::Rules;
use crate::model::snapshot::{PolicyObject, PolicySpec};

/// A kind of policy.
#[derive(Debug)]
pub struct Kind {
    /// The API group.
    pub group: &'static str,
    /// Its name; every other kind of the group that ends in `NetworkPolicy` where it is absent.
    pub name: Option<&'static str>,
    /// Whether its objects stand in a namespace.
    pub scope: Scope,
    /// How this version judges it. What it does not judge is a gap, never skipped.
    pub judged: Option<Judged>,
}

/// Whether the objects of a kind stand in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each stands in one.
    Namespaced,
    /// None does.
    Cluster,
}

/// What a kind that is judged does with its objects.
#[derive(Debug)]
pub struct Judged {
    /// The version of its API that is read.
    pub version: &'static str,
    /// The groups that served it once, of which nothing is read.
    pub former_groups: &'static [&'static str],
    /// Returns the specification of an object without one.
    pub empty: fn() -> PolicySpec,
    /// Tells what the API server would refuse.
    pub(crate) check: fn(&PolicySpec, &mut Report),
    /// Adds the rules of a policy, as a network plugin reads it.
    pub translate: fn(&PolicyObject, &Profile, &mut Rules),
}
