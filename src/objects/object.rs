//! The parts of Kubernetes objects that an analysis reads, the same from files and live clusters.
//!
//! A type that comes in numbers has two wire forms: JSON by the names of its fields, and protobuf by
//! their numbers in the `generated.proto` of its API group; what is not named here is skipped.

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::{Deserialize, Serialize};

use super::gateway::{GatewayObject, GrantObject, RouteObject};
use super::ingress::{IngressClassObject, IngressObject};
use super::passed_over::PassedOver;
use super::service::{EndpointSliceObject, ServiceObject};
use crate::model::cni::Agent;
use crate::model::gap::Gap;
use crate::model::origin::ObjectOrigin;
use crate::model::snapshot::{PolicyMeta, PolicySpec};
use crate::objects::meta::Meta;

/// All objects that were read, by identity, and what could not be read.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// The objects.
    pub items: BTreeMap<ObjectKey, Object>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// What the user should know about the input, once each.
    pub warnings: Vec<String>,
    /// What of files was passed over.
    pub passed_over: PassedOver,
    /// The cluster's version (`GET /version`, `gitVersion`), where a cluster was read.
    pub server_version: Option<String>,
}

/// The identity of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectKey {
    /// The kind, with its group unless Kubernetes ships it: `Deployment`, `Rollout.argoproj.io`.
    pub kind: String,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Object {
    /// core/v1 Namespace.
    Namespace(Meta),
    /// core/v1 Pod.
    Pod(Box<PodObject>),
    /// Any kind with a pod template.
    Workload(Box<WorkloadObject>),
    /// The metadata of a ReplicaSet that something controls: it only leads from pods to their owner.
    Owner(Meta),
    /// core/v1 Node.
    Node(NodeObject),
    /// core/v1 Service.
    Service(Box<ServiceObject>),
    /// discovery.k8s.io/v1 EndpointSlice.
    EndpointSlice(Box<EndpointSliceObject>),
    /// networking.k8s.io/v1 Ingress.
    Ingress(Box<IngressObject>),
    /// networking.k8s.io/v1 IngressClass.
    IngressClass(Box<IngressClassObject>),
    /// gateway.networking.k8s.io Gateway.
    Gateway(Box<GatewayObject>),
    /// gateway.networking.k8s.io HTTPRoute, GRPCRoute, TLSRoute, TCPRoute and UDPRoute.
    Route(Box<RouteObject>),
    /// gateway.networking.k8s.io ReferenceGrant.
    ReferenceGrant(Box<GrantObject>),
    /// A policy of a kind that is judged; in snapshot files its kind is its form.
    #[serde(skip)]
    Policy(Box<PolicyRead>),
    /// The agent of a network plugin, of whose DaemonSet nothing else counts.
    Agent(Agent),
    /// A policy of a kind that cannot be judged.
    Unjudged,
}

/// A policy and where it was read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PolicyRead {
    /// What its metadata says beside its name.
    pub metadata: PolicyMeta,
    /// Where it was read.
    pub origin: ObjectOrigin,
    /// What it says.
    #[serde(flatten)]
    pub spec: PolicySpec,
}

/// core/v1 Pod.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct PodObject {
    #[prost(message, required, tag = "1")]
    pub metadata: Meta,
    #[prost(message, required, tag = "2")]
    pub spec: PodSpec,
    #[prost(message, required, tag = "3")]
    pub status: PodStatus,
}

/// core/v1 PodSpec.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct PodSpec {
    #[prost(string, tag = "10")]
    pub node_name: String,
    #[prost(bool, tag = "11")]
    pub host_network: bool,
    #[prost(message, repeated, tag = "2")]
    pub containers: Vec<Container>,
    #[prost(message, repeated, tag = "20")]
    pub init_containers: Vec<Container>,
}

/// core/v1 Container.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct Container {
    #[prost(message, repeated, tag = "6")]
    pub ports: Vec<ContainerPort>,
    #[prost(string, tag = "24")]
    pub restart_policy: String,
}

/// core/v1 ContainerPort.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct ContainerPort {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(int64, tag = "3")]
    pub container_port: i64,
    #[prost(string, tag = "4")]
    pub protocol: String,
    #[prost(int64, tag = "2")]
    pub host_port: i64,
    #[serde(rename = "hostIP")]
    #[prost(string, tag = "5")]
    pub host_ip: String,
}

/// core/v1 PodStatus.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct PodStatus {
    #[prost(string, tag = "1")]
    pub phase: String,
    #[serde(rename = "podIP")]
    #[prost(string, tag = "6")]
    pub pod_ip: String,
    #[serde(rename = "podIPs")]
    #[prost(message, repeated, tag = "12")]
    pub pod_ips: Vec<Ip>,
    #[serde(rename = "hostIP")]
    #[prost(string, tag = "5")]
    pub host_ip: String,
    #[serde(rename = "hostIPs")]
    #[prost(message, repeated, tag = "16")]
    pub host_ips: Vec<Ip>,
    #[prost(message, repeated, tag = "2")]
    pub conditions: Vec<Condition>,
}

/// core/v1 PodIP and HostIP.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct Ip {
    #[prost(string, tag = "1")]
    pub ip: String,
}

/// core/v1 Node.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct NodeObject {
    #[prost(message, required, tag = "1")]
    pub metadata: Meta,
    #[prost(message, required, tag = "3")]
    pub status: NodeStatus,
}

/// core/v1 NodeStatus.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct NodeStatus {
    #[prost(message, repeated, tag = "5")]
    pub addresses: Vec<NodeAddress>,
}

/// core/v1 NodeAddress.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct NodeAddress {
    #[serde(rename = "type")]
    #[prost(string, tag = "1")]
    pub kind: String,
    #[prost(string, tag = "2")]
    pub address: String,
}

/// An object with a pod template: Deployment, CronJob, a custom kind …
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct WorkloadObject {
    pub metadata: Meta,
    pub spec: WorkloadSpec,
    pub status: WorkloadStatus,
    /// Set by the loader: the network plugin whose agent this is.
    #[serde(rename = "netpol/agent", skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
}

/// apps/v1 DeploymentSpec and its like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct WorkloadSpec {
    pub replicas: Option<u32>,
    pub parallelism: Option<u32>,
    pub selector: Option<WorkloadSelector>,
    pub template: Template,
    pub job_template: Option<JobTemplate>,
}

/// A workload's selector: a LabelSelector, or the plain map of a ReplicationController.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WorkloadSelector {
    /// core/v1 ReplicationControllerSpec.selector.
    Labels(BTreeMap<String, String>),
    /// meta/v1 LabelSelector.
    Selector(LabelSelector),
}

/// core/v1 PodTemplateSpec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct Template {
    pub metadata: Meta,
    pub spec: PodSpec,
}

/// batch/v1 JobTemplateSpec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct JobTemplate {
    pub spec: JobTemplateSpec,
}

/// The part of batch/v1 JobSpec that a CronJob gives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct JobTemplateSpec {
    pub parallelism: Option<u32>,
    pub template: Template,
}

/// batch/v1 JobStatus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct WorkloadStatus {
    pub conditions: Vec<Condition>,
}

/// core/v1 PodCondition and batch/v1 JobCondition.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct Condition {
    #[serde(rename = "type")]
    #[prost(string, tag = "1")]
    pub kind: String,
    #[prost(string, tag = "2")]
    pub status: String,
}

impl PodObject {
    /// Drops what no answer depends on: conditions but one, containers without ports.
    pub(crate) fn slim(&mut self) {
        self.status.conditions.retain(|condition| condition.kind == "Ready");
        self.status.conditions.shrink_to_fit();
        for containers in [&mut self.spec.containers, &mut self.spec.init_containers] {
            containers.retain(|container| !container.ports.is_empty());
            containers.shrink_to_fit();
        }
    }
}

impl WorkloadObject {
    /// Returns the pod template.
    pub fn template(&self) -> &Template {
        self.spec.job_template.as_ref().map_or(&self.spec.template, |job| &job.spec.template)
    }

    /// Tells whether two versions make the same pods, as far as policies can see.
    pub fn makes_same_pods(&self, other: &Self) -> bool {
        let (own, other) = (self.template(), other.template());
        own.metadata.labels == other.metadata.labels && own.spec == other.spec
    }

    /// Tells whether it is a Job that has ended.
    pub fn has_finished(&self) -> bool {
        let ended = |condition: &Condition| {
            matches!(&*condition.kind, "Complete" | "Failed") && condition.status == "True"
        };
        self.status.conditions.iter().any(ended)
    }
}

impl Object {
    /// Takes over what an apply would not change: the status, and what the cluster has filled in.
    pub fn keep_status_of(&mut self, old: Self) {
        match (self, old) {
            (Self::Pod(new), Self::Pod(old)) => {
                if new.status == PodStatus::default() {
                    new.status = old.status;
                }
                if new.spec.node_name.is_empty() {
                    new.spec.node_name = old.spec.node_name;
                }
                new.metadata.keep_owners_of(old.metadata);
            }
            (Self::Service(new), Self::Service(old)) => new.keep_addresses_of(*old),
            (Self::Ingress(new), Self::Ingress(old)) if new.status.load_balancer.ingress.is_empty() => {
                new.status = old.status;
            }
            (Self::Gateway(new), Self::Gateway(old)) if new.status.addresses.is_empty() => {
                new.status = old.status;
            }
            (Self::Node(new), Self::Node(old)) if new.status.addresses.is_empty() => {
                new.status = old.status;
            }
            (Self::Workload(new), Self::Workload(old)) => {
                if new.status.conditions.is_empty() {
                    new.status = old.status;
                }
                new.metadata.keep_owners_of(old.metadata);
            }
            _ => {}
        }
    }
}

impl ObjectKey {
    /// Builds the identity of an object.
    pub fn new(group: &str, kind: &str, namespace: &str, name: &str) -> Self {
        let kind = match BUILT_IN_GROUPS.contains(&group) || group == FORMER_GROUP {
            true => kind.to_owned(),
            false => format!("{kind}.{group}"),
        };
        Self { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// The API groups whose kinds are shown without their group.
const BUILT_IN_GROUPS: [&str; 5] = ["", "apps", "batch", "networking.k8s.io", "discovery.k8s.io"];

/// The API group that Kubernetes' own kinds had before they moved to those of today.
const FORMER_GROUP: &str = "extensions";

/// Reads an address; an IPv4 address in the clothes of IPv6 is an IPv4 address.
pub(crate) fn parse_ip(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}
