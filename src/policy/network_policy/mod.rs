//! networking.k8s.io/v1 NetworkPolicy: all that is known of the kind.

mod check;
mod spec;
mod translate;
pub mod write;

use k8s_openapi::api::networking::v1::NetworkPolicySpec;

pub use spec::{NAME, TIER, governed, isolates_ingress_unsaid, spec_mut, spec_of};

use super::kind::{Judged, Kind, Scope};
use crate::model::snapshot::PolicySpec;

/// Its row in the table of kinds.
pub const KIND: Kind = Kind {
    group: "networking.k8s.io",
    name: Some(NAME),
    scope: Scope::Namespaced,
    judged: Some(Judged {
        version: "v1",
        former_groups: &["extensions"],
        empty: || PolicySpec::NetworkPolicy(NetworkPolicySpec::default()),
        check: check::check,
        translate: translate::translate,
    }),
};
