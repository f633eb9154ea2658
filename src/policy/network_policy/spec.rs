//! What others ask of a NetworkPolicy.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicySpec};
use serde::de::{Deserialize, Deserializer};

use crate::model::selector::Selector;
use crate::model::snapshot::{PolicyObject, PolicySpec};
use crate::policy::rule::{Direction, Tier};

/// The kind's name.
pub const NAME: &str = "NetworkPolicy";

/// The tier of its rules.
pub const TIER: Tier = Tier { order: 2_000, name: NAME };

/// Reads an object, as the API has it.
pub(crate) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<PolicySpec, D::Error> {
    NetworkPolicy::deserialize(from).map(|read| read.spec.unwrap_or_default().into())
}

/// Returns the specification of a NetworkPolicy; nothing for a policy of another kind.
pub fn spec_of(policy: &PolicyObject) -> Option<&NetworkPolicySpec> {
    own(&policy.spec)
}

/// Returns the specification of a NetworkPolicy for a change to it.
pub fn spec_mut(policy: &mut PolicyObject) -> Option<&mut NetworkPolicySpec> {
    let PolicySpec::NetworkPolicy { spec } = &mut policy.spec else { return None };
    Some(spec)
}

/// Tells whether a policy is the NetworkPolicy of a namespace and name.
pub fn is_named(policy: &PolicyObject, namespace: &str, name: &str) -> bool {
    let is_there = policy.namespace.as_deref() == Some(namespace) && *policy.name == *name;
    is_there && spec_of(policy).is_some()
}

pub(super) fn own(spec: &PolicySpec) -> Option<&NetworkPolicySpec> {
    let PolicySpec::NetworkPolicy { spec } = spec else { return None };
    Some(spec)
}

/// Returns the selector of the pods that a policy governs in a direction; nothing where it has no
/// say in it, or is of another kind.
pub fn governed(policy: &PolicyObject, direction: Direction) -> Option<Selector> {
    let spec = spec_of(policy)?;
    directions(spec).contains(&direction).then(|| subject_of(spec))
}

/// Tells whether a policy isolates ingress only because it does not name its policy types: it has
/// egress rules and none for ingress.
pub fn isolates_ingress_unsaid(policy: &PolicyObject) -> bool {
    spec_of(policy).is_some_and(|spec| {
        items(spec.policy_types.as_deref()).is_empty()
            && items(spec.ingress.as_deref()).is_empty()
            && directions(spec).contains(&Direction::Egress)
    })
}

pub(super) fn subject_of(spec: &NetworkPolicySpec) -> Selector {
    spec.pod_selector.as_ref().map(Selector::new).unwrap_or_default()
}

/// Lists the directions that a policy governs, with the API server's default.
///
/// Without `policyTypes`: Ingress always, Egress where there is an egress rule.
pub(super) fn directions(spec: &NetworkPolicySpec) -> Vec<Direction> {
    let given = items(spec.policy_types.as_deref());
    let listed = |direction, name| (given.iter().any(|given| given == name)).then_some(direction);
    if given.is_empty() {
        let egress = spec.egress.as_ref().is_some_and(|rules| !rules.is_empty());
        let egress = egress.then_some(Direction::Egress);
        return [Some(Direction::Ingress), egress].into_iter().flatten().collect();
    }
    [listed(Direction::Ingress, "Ingress"), listed(Direction::Egress, "Egress")]
        .into_iter()
        .flatten()
        .collect()
}

pub(super) fn items<T>(list: Option<&[T]>) -> &[T] {
    list.unwrap_or_default()
}
