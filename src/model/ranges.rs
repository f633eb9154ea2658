//! The ranges from which a cluster gives out addresses.

use super::ips::{Family, IpSet};

/// What is known of the ranges of a cluster; an empty set where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// Where pods in the pod network have their addresses (`--pod-cidr`).
    pub pods: IpSet,
    /// Where Services have theirs (`--service-cidr`).
    pub services: IpSet,
}

impl Ranges {
    /// Returns where a pod without an address will have that of a family; nothing where it is not known.
    pub fn of_pods(&self, family: Family) -> Option<IpSet> {
        let everything: IpSet = [family.everything()].into_iter().collect();
        Some(self.pods.intersection(&everything)).filter(|own| !own.is_empty())
    }
}
