//! What the network plugin that enforces the policies does.
//!
//! Verdicts are those of the Kubernetes API: so far no profile departs from it in a field that
//! decides, and where a plugin is known to differ, its profile says so in words. A rule of a plugin
//! that is to decide becomes a field here, beside a reader of it: what a block matches
//! (`engine::resolve`), which port names count (`engine::network`), which ports a policy may name
//! (the translation of its kind).

use super::deviations::{
    BLOCKS_OUTSIDE_ONLY, Deviation, EGRESS_TO_OWN_NODE, EXCEPT_CUTS_OTHERS, INGRESS_AFTER_TRANSLATION,
    INGRESS_OPENS_EGRESS, LATE_AND_CONTROLLED_ONLY, NAME_BESIDE_BLOCK_DROPPED,
    NAME_BESIDE_BLOCK_MAY_DIFFER, NAMES_OF_INIT_CONTAINERS, NO_NAMES_NO_RANGES, RANGES_IGNORED,
    SCTP_IF_SET, SELECTS_HOST_NETWORK, SERVICE_PORT_IS_CONTAINER_PORT, UNKNOWN_NAME_OPENS_ALL,
};
use super::rule::{Direction, Rule};
use crate::model::cni::{Cni, NetworkPlugin};

/// What a network plugin does.
#[derive(Debug)]
pub struct Profile {
    /// The directions in which a pod and its own node are always let through.
    pub own_node: &'static [Direction],
    /// Whether the plugin is known to match pods by the blocks that hold their addresses, as the
    /// Kubernetes API says.
    pub blocks_match_pods: bool,
    deviations: &'static [Deviation],
}

const API: Profile =
    Profile { own_node: &[Direction::Ingress], blocks_match_pods: false, deviations: &[] };
const CILIUM: Profile =
    Profile { deviations: &[BLOCKS_OUTSIDE_ONLY, SCTP_IF_SET, RANGES_IGNORED], ..API };
const GKE: Profile = Profile { deviations: &[BLOCKS_OUTSIDE_ONLY, SCTP_IF_SET], ..API };
const CALICO: Profile =
    Profile { blocks_match_pods: true, deviations: &[NAMES_OF_INIT_CONTAINERS], ..API };
const ANTREA: Profile = Profile { blocks_match_pods: true, ..API };
const OVN_KUBERNETES: Profile = Profile { deviations: &[SELECTS_HOST_NETWORK], ..API };
const KUBE_ROUTER: Profile =
    Profile { deviations: &[INGRESS_OPENS_EGRESS, EXCEPT_CUTS_OTHERS, UNKNOWN_NAME_OPENS_ALL], ..API };
const WEAVE: Profile = Profile { deviations: &[NO_NAMES_NO_RANGES, INGRESS_AFTER_TRANSLATION], ..API };
const AZURE_NPM: Profile = Profile { deviations: &[EGRESS_TO_OWN_NODE], ..API };
const KUBE_NETWORK_POLICIES: Profile =
    Profile { blocks_match_pods: true, deviations: &[NAME_BESIDE_BLOCK_MAY_DIFFER], ..API };
const KINDNET: Profile = Profile { deviations: &[NAME_BESIDE_BLOCK_MAY_DIFFER], ..API };
const AWS: Profile = Profile {
    deviations: &[NAME_BESIDE_BLOCK_DROPPED, LATE_AND_CONTROLLED_ONLY, SERVICE_PORT_IS_CONTAINER_PORT],
    ..API
};

impl Profile {
    /// Returns the profile of the plugin that enforces a cluster's policies; that of the Kubernetes
    /// API where it is not known.
    pub fn of(plugin: &NetworkPlugin) -> &'static Self {
        plugin.cni().map_or(&API, Self::of_cni)
    }

    const fn of_cni(cni: Cni) -> &'static Self {
        match cni {
            Cni::Generic | Cni::Flannel => &API,
            Cni::Cilium => &CILIUM,
            Cni::Gke => &GKE,
            Cni::Calico => &CALICO,
            Cni::Antrea => &ANTREA,
            Cni::OvnKubernetes => &OVN_KUBERNETES,
            Cni::KubeRouter => &KUBE_ROUTER,
            Cni::Weave => &WEAVE,
            Cni::AzureNpm => &AZURE_NPM,
            Cni::KubeNetworkPolicies => &KUBE_NETWORK_POLICIES,
            Cni::Kindnet => &KINDNET,
            Cni::Aws => &AWS,
        }
    }

    /// Lists how the plugin differs where rules have a shape that it treats in its own way; the
    /// version is the tag of its image, where that is known.
    pub fn deviations(&self, version: Option<&str>, rules: &[&Rule]) -> Vec<&'static str> {
        let version = version.and_then(major_and_minor);
        let has = |deviation: &&Deviation| {
            let ended = version.zip(deviation.until).is_some_and(|(version, until)| version >= until);
            !ended && (deviation.touches)(rules)
        };
        self.deviations.iter().filter(has).map(|deviation| deviation.text).collect()
    }
}

/// Reads `(1, 18)` of `v1.18.4`.
fn major_and_minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Profile, major_and_minor};
    use crate::model::cni::Cni;

    #[test]
    fn no_rules_no_deviation_that_needs_one() {
        for cni in Cni::ALL {
            let deviations = Profile::of_cni(cni).deviations(None, &[]);
            assert_eq!(deviations, Vec::<&str>::new(), "{cni}");
        }
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(major_and_minor("v1.18.4"), Some((1, 18)));
        assert_eq!(major_and_minor("1.9"), Some((1, 9)));
        assert_eq!(major_and_minor("latest"), None);
    }
}
