//! Policies as rules: every kind is translated into one small, symbolic form in ordered tiers.
//!
//! A new kind is a folder that owns all of it, a variant of [`PolicySpec`] and a row in [`KINDS`], which
//! everybody else asks.
//! Nothing here needs a cluster.
//!
//! [`PolicySpec`]: crate::model::snapshot::PolicySpec

pub mod check;
pub mod cidr;
mod deviations;
pub mod kind;
pub mod kinds;
pub mod network_policy;
pub mod peers;
pub mod ports;
pub mod profile;
pub mod rule;
pub mod source;

pub use kind::{KnownKind, PolicyKind, Presence, Scope, UnjudgedKind};
pub use kinds::{KINDS, kind};
pub use peers::{IpBlock, NamespaceSelection, Peer, Peers, Selection};
pub use ports::{PortMatch, Ports};
pub use profile::{BlockMatch, Profile};
pub use rule::{Action, Direction, Isolation, IsolationId, Rule, RuleId, Rules, Tier, Unjudged};
pub use source::{PolicySource, RuleSource};

use crate::model::gap::GapScope;
use crate::model::snapshot::{PolicyObject, Snapshot};

/// Translates all policies of a snapshot; what could not be read puts its subjects in doubt.
pub fn translate(snapshot: &Snapshot) -> Rules {
    translate_with(snapshot, Profile::of(&snapshot.plugin), &[], &[])
}

/// Translates all policies of a snapshot for a network plugin, as if some others were applied, where each
/// replaces the one of its kind, namespace and name, or is new, and as if some were deleted.
pub fn translate_with(
    snapshot: &Snapshot,
    profile: &Profile,
    applied: &[PolicyObject],
    deleted: &[PolicyObject],
) -> Rules {
    let mut rules = Rules::default();
    let is_kept = |old: &&PolicyObject| !applied.iter().chain(deleted).any(|own| own.is_same_as(old));
    let kept = snapshot.policies.iter().filter(is_kept);
    for policy in kept.chain(applied) {
        (policy.spec.kind().translate)(policy, profile, &mut rules);
    }
    for gap in &snapshot.gaps {
        match &gap.scope {
            GapScope::Incomplete | GapScope::OtherPods => {}
            GapScope::Namespaces(names) => {
                let names = names.iter().cloned();
                rules.unjudged.extend(names.map(|name| Unjudged { namespace: Some(name) }));
            }
            GapScope::OtherNamespaces(read) => {
                let others = snapshot.namespaces.values().map(|namespace| namespace.name.clone());
                let others = others.filter(|name| !read.contains(name));
                rules.unjudged.extend(others.map(|name| Unjudged { namespace: Some(name) }));
            }
            GapScope::Cluster => rules.unjudged.push(Unjudged { namespace: None }),
            GapScope::Addresses => rules.unread_pods = true,
        }
    }
    rules
}
