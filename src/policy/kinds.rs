//! The policy kinds that a cluster can hold, as a table.

use k8s_openapi::api::networking::v1::NetworkPolicySpec;
use serde::de::{Deserialize, DeserializeSeed, Deserializer};

use super::kind::{Kind, Scope};
use super::network_policy;
use crate::model::snapshot::PolicySpec;

/// Lists the policy kinds that are known; of a group those with a name come first.
pub static KINDS: [Kind; 11] = [
    network_policy::KIND,
    unjudged("policy.networking.k8s.io", None, Scope::Cluster),
    unjudged("cilium.io", Some("CiliumClusterwideNetworkPolicy"), Scope::Cluster),
    unjudged("cilium.io", None, Scope::Namespaced),
    unjudged("projectcalico.org", Some("GlobalNetworkPolicy"), Scope::Cluster),
    unjudged("projectcalico.org", None, Scope::Namespaced),
    unjudged("crd.projectcalico.org", Some("GlobalNetworkPolicy"), Scope::Cluster),
    unjudged("crd.projectcalico.org", None, Scope::Namespaced),
    unjudged("crd.antrea.io", Some("ClusterNetworkPolicy"), Scope::Cluster),
    unjudged("crd.antrea.io", None, Scope::Namespaced),
    unjudged("networking.gke.io", None, Scope::Namespaced),
];

const fn unjudged(group: &'static str, name: Option<&'static str>, scope: Scope) -> Kind {
    Kind { group, name, scope, judged: None }
}

/// Finds the row of an API group and kind, if it is a policy.
pub fn kind(group: &str, kind: &str) -> Option<&'static Kind> {
    let other = || kind.ends_with("NetworkPolicy") && !kind.starts_with("Staged");
    let served = |row: &Kind| {
        let former = row.judged.as_ref().map_or(&[][..], |judged| judged.former_groups);
        row.group == group || former.contains(&group)
    };
    KINDS.iter().find(|row| served(row) && row.name.map_or_else(other, |name| name == kind))
}

impl PolicySpec {
    /// Returns the row of its kind.
    pub const fn kind(&self) -> &'static Kind {
        match self {
            Self::NetworkPolicy(_) => &network_policy::KIND,
        }
    }
}

/// Reads a specification of the same kind.
impl<'de> DeserializeSeed<'de> for PolicySpec {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self, D::Error> {
        match self {
            Self::NetworkPolicy(_) => NetworkPolicySpec::deserialize(from).map(Self::NetworkPolicy),
        }
    }
}
