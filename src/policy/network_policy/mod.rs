//! networking.k8s.io/v1 NetworkPolicy: all that is known of the kind.

mod check;
mod spec;
mod translate;
pub mod write;

use k8s_openapi::api::networking::v1::NetworkPolicySpec;

pub(crate) use spec::read;
pub use spec::{NAME, TIER, governed, is_named, isolates_ingress_unsaid, spec_mut, spec_of};

use super::kind::{PolicyKind, Presence, Scope};
use crate::model::snapshot::PolicySpec;

/// Its row in the table of kinds.
pub static KIND: PolicyKind = PolicyKind {
    group: "networking.k8s.io",
    name: NAME,
    key: NAME,
    shown: NAME,
    resource: "networkpolicies",
    words: &["netpol", "networkpolicy", "networkpolicies"],
    scope: Scope::Namespaced,
    presence: Presence::Always,
    versions: &["v1"],
    former_groups: &["extensions"],
    fields: &["spec"],
    rules: &["spec.ingress", "spec.egress"],
    empty: || PolicySpec::NetworkPolicy { spec: NetworkPolicySpec::default() },
    check: check::check,
    translate: translate::translate,
};
