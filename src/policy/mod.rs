//! Policies as rules: every kind is translated into one small, symbolic form in ordered tiers.
//!
//! A new kind is one file with a `translate` function, a variant of [`PolicySpec`] and a row in
//! [`KINDS`]. Nothing here needs a cluster.

pub mod deviation;
pub mod network_policy;
pub mod peers;
pub mod ports;
pub mod rule;
pub mod source;
pub mod validate;

pub use peers::{IpBlock, NamespaceSelection, Peer, Peers, Selection};
pub use ports::{PortMatch, Ports};
pub use rule::{Action, Direction, Isolation, IsolationId, Rule, RuleId, Rules, Tier, Unjudged};
pub use source::{PolicySource, RuleSource};

use crate::model::snapshot::{GapScope, PolicyObject, PolicySpec, Snapshot};

/// A kind of policy that a cluster can hold.
pub struct Kind {
    /// The API group.
    pub group: &'static str,
    /// The kind; every kind that ends in `NetworkPolicy` where it is absent.
    pub kind: Option<&'static str>,
    /// Whether this version turns it into rules. What it does not is a gap, never skipped.
    pub judged: bool,
}

/// Lists the policy kinds that are known.
pub const KINDS: [Kind; 7] = [
    Kind { group: "networking.k8s.io", kind: Some("NetworkPolicy"), judged: true },
    Kind { group: "policy.networking.k8s.io", kind: None, judged: false },
    Kind { group: "cilium.io", kind: None, judged: false },
    Kind { group: "projectcalico.org", kind: None, judged: false },
    Kind { group: "crd.projectcalico.org", kind: None, judged: false },
    Kind { group: "crd.antrea.io", kind: None, judged: false },
    Kind { group: "networking.gke.io", kind: None, judged: false },
];

/// Finds the row of an API group and kind, if it is a policy.
pub fn kind(group: &str, kind: &str) -> Option<&'static Kind> {
    let any = || kind.ends_with("NetworkPolicy") && !kind.starts_with("Staged");
    KINDS.iter().find(|row| row.group == group && row.kind.map_or_else(any, |name| name == kind))
}

/// Tells whether a policy kind has no namespace.
pub fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    self::kind(group, kind).is_some()
        && (group == "policy.networking.k8s.io"
            || kind.contains("Clusterwide")
            || kind.starts_with("Cluster")
            || kind.starts_with("Global"))
}

/// Translates all policies of a snapshot; what could not be read puts its subjects in doubt.
pub fn translate(snapshot: &Snapshot) -> Rules {
    translate_with(snapshot, &[])
}

/// Translates all policies of a snapshot as if some others were applied: each replaces the one of
/// its kind, namespace and name, or is new.
pub fn translate_with(snapshot: &Snapshot, applied: &[PolicyObject]) -> Rules {
    let mut rules = Rules::default();
    let kept = snapshot.policies.iter().filter(|old| !applied.iter().any(|new| new.is_same_as(old)));
    for policy in kept.chain(applied) {
        match &policy.spec {
            PolicySpec::NetworkPolicy(spec) => network_policy::translate(policy, spec, &mut rules),
        }
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
