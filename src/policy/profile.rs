//! What the network plugin that enforces the policies does.
//!
//! Each field decides verdicts, and names its reader. So far no profile departs from the Kubernetes API
//! in one of them: where a plugin is known to differ, its profile says so in words.

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
    /// The directions in which a pod and its own node are always let through (`engine::connection`).
    pub own_node: &'static [Direction],
    /// Whether a block matches pods by their addresses (`engine::resolve`).
    pub blocks_match_pods: BlockMatch,
    /// Whether a block matches nodes by their addresses (`engine::resolve`).
    pub blocks_match_nodes: bool,
    /// The ways of naming ports that count (the translation of each kind).
    pub ports: &'static [PortForm],
    deviations: &'static [Deviation],
}

/// Whether blocks match endpoints of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockMatch {
    /// They do.
    Always,
    /// The Kubernetes API says that they do, and plugins differ: an answer carries it as a caveat.
    Assumed,
    /// They match addresses outside only.
    Never,
}

/// A way in which a rule names ports, beside a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortForm {
    /// The name that a container gives to a port; where it does not count, it matches nothing.
    Name,
    /// `port` to `endPort`; where it does not count, `port` alone is matched.
    Range,
    /// A port of SCTP; where it does not count, it matches nothing.
    Sctp,
}

const API: Profile = Profile {
    own_node: &[Direction::Ingress],
    blocks_match_pods: BlockMatch::Assumed,
    blocks_match_nodes: true,
    ports: &[PortForm::Name, PortForm::Range, PortForm::Sctp],
    deviations: &[],
};
const CILIUM: Profile =
    Profile { deviations: &[BLOCKS_OUTSIDE_ONLY, SCTP_IF_SET, RANGES_IGNORED], ..API };
const GKE: Profile = Profile { deviations: &[BLOCKS_OUTSIDE_ONLY, SCTP_IF_SET], ..API };
const CALICO: Profile =
    Profile { blocks_match_pods: BlockMatch::Always, deviations: &[NAMES_OF_INIT_CONTAINERS], ..API };
const ANTREA: Profile = Profile { blocks_match_pods: BlockMatch::Always, ..API };
const OVN_KUBERNETES: Profile = Profile { deviations: &[SELECTS_HOST_NETWORK], ..API };
const KUBE_ROUTER: Profile =
    Profile { deviations: &[INGRESS_OPENS_EGRESS, EXCEPT_CUTS_OTHERS, UNKNOWN_NAME_OPENS_ALL], ..API };
const WEAVE: Profile = Profile { deviations: &[NO_NAMES_NO_RANGES, INGRESS_AFTER_TRANSLATION], ..API };
const AZURE_NPM: Profile = Profile { deviations: &[EGRESS_TO_OWN_NODE], ..API };
const KUBE_NETWORK_POLICIES: Profile = Profile {
    blocks_match_pods: BlockMatch::Always,
    deviations: &[NAME_BESIDE_BLOCK_MAY_DIFFER],
    ..API
};
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
#[expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
mod tests {
    use super::{API, BlockMatch, PortForm, Profile, major_and_minor};
    use crate::answer::verdict::Verdict;
    use crate::ends::find::find_end;
    use crate::ends::target;
    use crate::engine::network::Network;
    use crate::explain::connection::explain;
    use crate::files::manifests::{ReadOptions, read};
    use crate::model::cni::Cni;
    use crate::policy::{Direction, translate_with};

    /// Asks for one connection of a case of `tests/cases`, under the Kubernetes API's profile and another.
    fn verdicts(case: &str, question: [&str; 3], other: &'static Profile) -> [Verdict; 2] {
        let options = ReadOptions::of("x");
        let snapshot = read(&[format!("tests/cases/{case}")], options).unwrap().assemble();
        [&API, other].map(|profile| {
            let rules = translate_with(&snapshot, profile, &[], &[]);
            let network = Network::build(&snapshot, profile, rules);
            let end = |word| find_end(&network, &target::parse(word).unwrap().target, "x").unwrap();
            let [source, destination, port] = question;
            let port = target::parse_port(port).unwrap();
            explain(&network, &end(source), &end(destination), Some(&port)).unwrap().verdict
        })
    }

    const OPENED: [Verdict; 2] = [Verdict::Deny, Verdict::Allow];
    const CLOSED: [Verdict; 2] = [Verdict::Allow, Verdict::Deny];

    #[test]
    fn the_own_node_is_exempt_in_the_directions_of_the_profile() {
        let case = "a-pods-own-node-always-gets-in";
        let none = &Profile { own_node: &[], ..API };
        assert_eq!(verdicts(case, ["node/n1", "x/pod/web", "8080"], none), CLOSED);
        let both = &Profile { own_node: &Direction::ALL, ..API };
        assert_eq!(verdicts(case, ["x/pod/web", "node/n1", "10250"], both), OPENED);
        let other_node = verdicts(case, ["node/n2", "x/pod/web", "8080"], both);
        assert_eq!(other_node, [Verdict::Deny; 2]);
    }

    #[test]
    fn blocks_match_pods_and_nodes_where_the_profile_says_so() {
        let case = "a-block-of-everything-holds-pods-and-nodes";
        let pods = &Profile { blocks_match_pods: BlockMatch::Never, ..API };
        let nodes = &Profile { blocks_match_nodes: false, ..API };
        let to = |end, profile| verdicts(case, ["x/pod/a", end, "443"], profile);
        assert_eq!(to("x/pod/b", pods), CLOSED);
        assert_eq!(to("node/n2", nodes), CLOSED);
        for (end, profile) in [("x/pod/b", nodes), ("node/n2", pods), ("10.0.0.3", nodes)] {
            assert_eq!(to(end, profile), [Verdict::Allow; 2], "{end}");
        }
    }

    #[test]
    fn forms_of_ports_count_where_the_profile_has_them() {
        let case = "an-ingress-named-port-is-the-subjects-own";
        let question = ["x/pod/a", "x/pod/b1", "8080"];
        let names = &Profile { ports: &[PortForm::Range, PortForm::Sctp], ..API };
        assert_eq!(verdicts(case, question, names), CLOSED);
        let case = "an-end-port-is-inclusive";
        let ranges = &Profile { ports: &[PortForm::Name, PortForm::Sctp], ..API };
        assert_eq!(verdicts(case, ["x/pod/a", "x/pod/b", "8005"], ranges), CLOSED);
        assert_eq!(verdicts(case, ["x/pod/a", "x/pod/b", "8000"], ranges), [Verdict::Allow; 2]);
        let case = "a-port-of-sctp";
        let sctp = &Profile { ports: &[PortForm::Name, PortForm::Range], ..API };
        assert_eq!(verdicts(case, ["x/pod/a", "x/pod/b", "5060/SCTP"], sctp), CLOSED);
    }

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
