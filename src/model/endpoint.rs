//! The things that talk: pods, the workloads they belong to, and nodes.

use std::net::IpAddr;

use super::arena::Id;
use super::labels::LabelsId;
use super::names::Name;
use super::ports::Protocol;
use super::selector::Selector;

/// Names one namespace.
pub type NamespaceId = Id<Namespace>;
/// Names one pod.
pub type PodId = Id<Pod>;
/// Names one workload.
pub type WorkloadId = Id<Workload>;
/// Names one node.
pub type NodeId = Id<Node>;

/// A namespace (core/v1 `Namespace`).
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub name: Box<str>,
    /// Its labels, `kubernetes.io/metadata.name` always among them.
    pub labels: LabelsId,
    /// Whether the Namespace object was read; if not, only the label of its name is known.
    pub labels_known: bool,
}

/// A pod (core/v1 `Pod`), or the pods of a workload of which only the template is known.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its name; a template pod carries its workload's.
    pub name: Box<str>,
    /// Its labels.
    pub labels: LabelsId,
    /// The named ports of its containers and restartable init containers, in their order.
    pub ports: NamedPortsId,
    /// The ports of its node that lead to it.
    pub host_ports: Box<[HostPort]>,
    /// Its addresses (`status.podIPs`), at most one per family, in the order of the status; the node's for
    /// host-network pods.
    pub ips: Vec<IpAddr>,
    /// The node it runs on.
    pub node: Option<NodeId>,
    /// Whether it uses its node's network (`spec.hostNetwork`).
    pub host_network: bool,
    /// Whether Services send to it (condition `Ready`); true where no condition was read.
    pub ready: bool,
    /// How far its life has come.
    pub state: PodState,
    /// The workload it belongs to; nothing for a bare pod.
    pub workload: Option<WorkloadId>,
}

impl Pod {
    /// Tells whether policies can select the pod or match it by labels.
    pub fn is_managed(&self) -> bool {
        !self.host_network && self.state != PodState::Finished
    }

    /// Tells whether the pod stands for all replicas of a workload without pods.
    pub fn is_template(&self) -> bool {
        matches!(self.state, PodState::Template { .. })
    }

    /// Tells whether the pod stands for two or more replicas.
    pub fn is_many(&self) -> bool {
        matches!(self.state, PodState::Template { replicas } if replicas.is_none_or(|count| count > 1))
    }
}

/// How far the life of a pod has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodState {
    /// It has not finished (`Pending` and `Unknown` too).
    Active,
    /// `status.phase` is `Succeeded` or `Failed`: it neither sends nor receives.
    Finished,
    /// It is the template of a workload without pods.
    Template {
        /// The replicas wanted; nothing where a number does not follow from the object.
        replicas: Option<u32>,
    },
}

/// The owner of pods: the top of their controller chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Its kind, `Deployment`.
    pub kind: Box<str>,
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Box<str>,
    /// Its own selector; nothing where it has none, or was not read.
    pub selector: Option<Selector>,
}

/// A node (core/v1 `Node`).
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: Box<str>,
    /// Its addresses (`status.addresses` of type InternalIP and ExternalIP).
    pub ips: Vec<IpAddr>,
}

/// A port of a node that leads to a container (core/v1 `ContainerPort.hostPort`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    /// The protocol of both.
    pub protocol: Protocol,
    /// The node's port.
    pub host_port: u16,
    /// The container's port.
    pub port: u16,
    /// The only address of the node; nothing for all.
    pub host_ip: Option<IpAddr>,
}

/// A container port that has a name (core/v1 `ContainerPort`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedPort {
    /// The name.
    pub name: Name,
    /// The protocol.
    pub protocol: Protocol,
    /// The port number.
    pub port: u16,
}

/// A key of the table of sets of named ports.
#[derive(Debug)]
pub struct NamedPorts;

/// Names one interned set of named ports.
pub type NamedPortsId = Id<NamedPorts>;
