//! All that was read of a cluster, and what could not be read.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use k8s_openapi::api::networking::v1::NetworkPolicySpec;
use serde::{Deserialize, Serialize};

use super::arena::Arena;
use super::cni::NetworkPlugin;
use super::controller::Controller;
use super::endpoint::{
    NamedPort, NamedPorts, Namespace, NamespaceId, Node, Pod, PodId, PodState, Workload,
};
use super::gap::{Gap, GapScope};
use super::ips::Family;
use super::labels::{LabelSet, Labels, LabelsId, value_of};
use super::names::{Interner, Text};
use super::origin::ObjectOrigin;
use super::ranges::Ranges;
use super::recorded::RecordedNames;
use super::service::{Service, ServiceId};
use crate::model::routing::Routing;

/// A cluster as it was read at one time.
///
/// Namespaces are ascending by name, pods ascending by namespace and name.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Label keys and values, port names.
    pub names: Interner<Text, str>,
    /// The label sets of pods and namespaces.
    pub labels: Interner<LabelSet, Labels>,
    /// The sets of named ports of pods.
    pub ports: Interner<NamedPorts, [NamedPort]>,
    /// The namespaces.
    pub namespaces: Arena<Namespace>,
    /// The pods, template pods of workloads without pods among them.
    pub pods: Arena<Pod>,
    /// The workloads that pods belong to.
    pub workloads: Arena<Workload>,
    /// The nodes.
    pub nodes: Arena<Node>,
    /// The Services, ascending by namespace and name.
    pub services: Arena<Service>,
    /// What leads from outside to Services.
    pub routing: Routing,
    /// The policies of kinds that can be judged.
    pub policies: Vec<PolicyObject>,
    /// What could not be read or judged.
    pub gaps: Vec<Gap>,
    /// The network plugin that enforces the policies.
    pub plugin: NetworkPlugin,
    /// The ranges from which it gives out addresses.
    pub ranges: Ranges,
    /// The host names that policies remember for addresses.
    pub recorded: RecordedNames,
    /// The Service that the user says leads to the cluster's DNS (`--dns`).
    pub dns: Option<ServiceId>,
}

/// A policy as it was read.
#[derive(Clone, Debug)]
pub struct PolicyObject {
    /// Its namespace; nothing for cluster-scoped kinds.
    pub namespace: Option<Box<str>>,
    /// Its name.
    pub name: Box<str>,
    /// What else its metadata says, so that the object can be applied again.
    pub metadata: PolicyMeta,
    /// Where it was read.
    pub origin: ObjectOrigin,
    /// What it says.
    pub spec: PolicySpec,
}

/// The annotation in which `kubectl apply` keeps a copy of the object.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What users write into a policy's metadata beside its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyMeta {
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its annotations, less the copy of the object that `kubectl apply` keeps there; a snapshot
    /// file has none, as they may hold anything.
    #[serde(skip)]
    pub annotations: BTreeMap<String, String>,
}

/// What a policy says, by kind: the fields of the object beside its metadata, as the API has them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PolicySpec {
    /// networking.k8s.io/v1 `NetworkPolicy`.
    NetworkPolicy {
        /// Its specification.
        spec: NetworkPolicySpec,
    },
}

impl From<NetworkPolicySpec> for PolicySpec {
    fn from(spec: NetworkPolicySpec) -> Self {
        Self::NetworkPolicy { spec }
    }
}

/// The label of the policies that this program writes; anybody can set it.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "kubectl-netpol");

impl PolicyMeta {
    /// Tells whether it is said to be of a policy that this program writes.
    pub fn is_managed(&self) -> bool {
        self.labels.get(MANAGED_BY.0).is_some_and(|by| by == MANAGED_BY.1)
    }

    /// Keeps labels and annotations.
    pub fn new(labels: BTreeMap<String, String>, mut annotations: BTreeMap<String, String>) -> Self {
        annotations.remove(LAST_APPLIED);
        Self { labels, annotations }
    }
}

impl PolicyObject {
    /// Tells whether both are versions of one object.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let same_kind = std::mem::discriminant(&self.spec) == std::mem::discriminant(&other.spec);
        same_kind && self.namespace == other.namespace && self.name == other.name
    }
}

impl Snapshot {
    /// Returns the namespace of a name.
    pub fn namespace(&self, name: &str) -> Option<NamespaceId> {
        self.namespaces.find_by(|row| (*row.name).cmp(name))
    }

    /// Returns the value of a label in a label set.
    pub fn label(&self, labels: LabelsId, key: &str) -> Option<&str> {
        let value = value_of(self.labels.get(labels), self.names.find(key)?)?;
        Some(self.names.get(value))
    }

    /// Tells whether there may be pods that were not read.
    pub fn lacks_pods(&self) -> bool {
        self.gaps.iter().any(|gap| matches!(gap.scope, GapScope::Addresses | GapScope::OtherPods))
    }

    /// Returns the name of a pod's namespace.
    pub fn namespace_of(&self, pod: PodId) -> &str {
        &self.namespaces.at(self.pods.at(pod).namespace).name
    }

    /// Returns the controller of a pod of which only the template is known.
    pub fn controller_of_template(&self, pod: &Pod) -> Option<Controller> {
        let kind = pod.workload.map(|workload| &*self.workloads.at(workload).kind);
        pod.is_template().then(|| kind.map_or(Controller::Any, Controller::of))
    }

    /// Lists the addresses of a pod: of one that uses its node's network, all of the node too.
    pub fn addresses_of(&self, pod: PodId) -> impl Iterator<Item = IpAddr> + '_ {
        let pod = self.pods.at(pod);
        let node = pod.node.filter(|_| pod.host_network).map(|node| self.nodes.at(node));
        let of_node = node.into_iter().flat_map(|node| &node.ips).filter(|ip| !pod.ips.contains(ip));
        pod.ips.iter().chain(of_node).copied()
    }

    /// Lists the families that pods and nodes have addresses of, or will; none where no address is known.
    pub fn known_families(&self) -> Vec<Family> {
        let pods = self.pods.values().flat_map(|pod| pod.ips.iter());
        let nodes = self.nodes.values().flat_map(|node| node.ips.iter());
        let ranges = self.ranges.pods.ranges().map(|(ip, _)| ip);
        let known = pods.chain(nodes).copied().chain(ranges);
        let known: BTreeSet<Family> = known.map(Family::of).collect();
        known.into_iter().collect()
    }

    /// Lists the families that pods may have addresses of; both where no address is known.
    pub fn families(&self) -> Vec<Family> {
        let known = self.known_families();
        if known.is_empty() { Family::ALL.to_vec() } else { known }
    }

    /// Returns the family that the cluster has first (core/v1 `PodStatus.podIPs`: the first is that of the
    /// node; `ServiceSpec.ipFamilies`: so is that of a Service without any); IPv4 where none is known.
    pub fn primary_family(&self) -> Family {
        let pods = self.pods.values().filter(|pod| pod.state != PodState::Finished);
        let pods = pods.filter_map(|pod| pod.ips.first());
        let nodes = self.nodes.values().filter_map(|node| node.ips.first());
        let addresses = pods.chain(nodes).map(|ip| Family::of(*ip));
        let services = self.services.values().filter_map(|service| service.families.first().copied());
        addresses.chain(services).next().unwrap_or(Family::V4)
    }
}
