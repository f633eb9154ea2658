//! What egress policies need beside themselves: that their pods may ask for names.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{NetworkPolicyEgressRule, NetworkPolicyPeer};

use crate::edit::host::Host;
use crate::edit::record::{ANNOTATION, Key, Record};
use crate::model::selector::Selector;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::{Direction, network_policy};
use crate::world::pods::selected;

/// The hosts that are taken from policies, by the policy's name.
pub type Taken = BTreeMap<String, BTreeSet<Key>>;

/// Tells whether what a policy opens is found by name: pods, everything, or hosts that are not taken back.
pub fn needs_names(policy: &PolicyObject, taken: &Taken) -> bool {
    let taken = taken.get(&*policy.name);
    let is_name =
        |key: &Key| matches!(key.host, Host::Name(_)) && !taken.is_some_and(|taken| taken.contains(key));
    let is_block = |peer: &NetworkPolicyPeer| peer.ip_block.is_some();
    let is_blocks = |rule: &NetworkPolicyEgressRule| {
        rule.to.as_ref().is_some_and(|to| !to.is_empty() && to.iter().all(is_block))
    };
    record_of(policy).is_some_and(|record| record.entries.keys().any(is_name))
        || !rules(policy).iter().all(is_blocks)
}

/// Lists the other egress policies for the pods of policies that are deleted, and whether each needs names.
pub fn of_others(
    snapshot: &Snapshot,
    deleted: &[PolicyObject],
    taken: &Taken,
) -> BTreeMap<String, bool> {
    let mut needs = BTreeMap::new();
    for gone in deleted {
        let Some(own) = network_policy::governed(gone, Direction::Egress) else { continue };
        let namespace = gone.namespace.as_deref().unwrap_or_default();
        let pods = selected(snapshot, namespace, &own);
        let is_for_them = |other: &PolicyObject| {
            let selects = |selector: Selector| {
                selector == own || !selected(snapshot, namespace, &selector).is_disjoint(&pods)
            };
            other.namespace == gone.namespace
                && !deleted.iter().any(|gone| gone.is_same_as(other))
                && network_policy::governed(other, Direction::Egress).is_some_and(selects)
        };
        let others = snapshot.policies.iter().filter(|other| is_for_them(other));
        let need = |other: &PolicyObject| {
            (format!("NetworkPolicy {namespace}/{}", other.name), needs_names(other, taken))
        };
        needs.extend(others.map(need));
    }
    needs
}

/// Returns what is remembered on a policy; nothing where it cannot be read.
pub fn record_of(policy: &PolicyObject) -> Option<Record> {
    Record::parse(policy.metadata.annotations.get(ANNOTATION)?).ok()
}

/// Lists the egress rules of a policy.
pub fn rules(policy: &PolicyObject) -> &[NetworkPolicyEgressRule] {
    let spec = network_policy::spec_of(policy);
    spec.and_then(|spec| spec.egress.as_deref()).unwrap_or_default()
}
