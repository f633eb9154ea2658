//! The network plugins that enforce policies, and what was seen of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A network plugin, or the part of one that enforces policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Cni {
    /// The Kubernetes API's own rules.
    Generic,
    Cilium,
    /// GKE Dataplane V2, a Cilium of its own.
    Gke,
    Calico,
    Antrea,
    OvnKubernetes,
    KubeRouter,
    Weave,
    /// Azure Network Policy Manager.
    AzureNpm,
    KubeNetworkPolicies,
    Kindnet,
    /// The Amazon VPC CNI.
    Aws,
    Flannel,
}

impl Cni {
    /// Lists all; those that others are chained behind come first.
    pub const ALL: [Self; 13] = [
        Self::Generic,
        Self::Cilium,
        Self::Gke,
        Self::Calico,
        Self::Antrea,
        Self::OvnKubernetes,
        Self::KubeRouter,
        Self::Weave,
        Self::AzureNpm,
        Self::KubeNetworkPolicies,
        Self::Kindnet,
        Self::Aws,
        Self::Flannel,
    ];

    /// Returns its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Cilium => "cilium",
            Self::Gke => "gke",
            Self::Calico => "calico",
            Self::Antrea => "antrea",
            Self::OvnKubernetes => "ovn-kubernetes",
            Self::KubeRouter => "kube-router",
            Self::Weave => "weave",
            Self::AzureNpm => "azure-npm",
            Self::KubeNetworkPolicies => "kube-network-policies",
            Self::Kindnet => "kindnet",
            Self::Aws => "aws",
            Self::Flannel => "flannel",
        }
    }

    /// Finds the one of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cni| cni.name() == name)
    }
}

impl fmt::Display for Cni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An agent of a network plugin that runs in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Agent {
    /// The plugin.
    pub cni: Cni,
    /// What shows it: `DaemonSet kube-system/cilium`.
    pub evidence: String,
    /// The tag of its image, where it has one.
    pub version: Option<String>,
    /// Whether it enforces network policies.
    pub enforces: bool,
}

/// Which network plugin answers are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NetworkPlugin {
    /// Nothing was read that would tell.
    #[default]
    Unknown,
    /// The user names it.
    Given(Cni),
    /// The one that was recognised in a cluster.
    Recognised(Agent),
    /// The cluster was read, and runs none that is known.
    NotRecognised,
}

impl NetworkPlugin {
    /// Chooses among the agents of a cluster the one that enforces policies.
    pub fn choose(agents: &[Agent]) -> Self {
        let enforcing = agents.iter().filter(|agent| agent.enforces).min();
        let found = enforcing.or_else(|| agents.iter().min());
        found.map_or(Self::NotRecognised, |agent| Self::Recognised(agent.clone()))
    }

    /// Returns the plugin whose rules hold, where it is known.
    pub fn cni(&self) -> Option<Cni> {
        match self {
            Self::Given(Cni::Generic) | Self::Unknown | Self::NotRecognised => None,
            Self::Given(cni) => Some(*cni),
            Self::Recognised(agent) => Some(agent.cni),
        }
    }

    /// Returns the version of the plugin, where it is known.
    pub fn version(&self) -> Option<&str> {
        if let Self::Recognised(agent) = self { agent.version.as_deref() } else { None }
    }
}
