//! The parts of Kubernetes objects that an analysis reads, the same from files and live clusters.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::NetworkPolicySpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Deserialize;

use crate::model::origin::ObjectOrigin;
use crate::model::snapshot::Gap;

/// All objects that were read, by identity, and what could not be read.
#[derive(Debug, Default)]
pub struct Objects {
    /// The objects.
    pub items: BTreeMap<ObjectKey, Object>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// What the user should know about the input, once each.
    pub warnings: Vec<String>,
}

/// The identity of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The kind, with its group unless Kubernetes ships it: `Deployment`, `Rollout.argoproj.io`.
    pub kind: String,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// An object.
#[derive(Clone, Debug)]
pub enum Object {
    /// core/v1 Namespace.
    Namespace(Meta),
    /// core/v1 Pod.
    Pod(Box<PodObject>),
    /// Any kind with a pod template.
    Workload(Box<WorkloadObject>),
    /// core/v1 Node.
    Node(NodeObject),
    /// networking.k8s.io/v1 NetworkPolicy.
    NetworkPolicy(Box<PolicyRead>),
    /// A policy of a kind that cannot be judged.
    Unjudged,
}

/// A NetworkPolicy and where it was read.
#[derive(Clone, Debug)]
pub struct PolicyRead {
    /// Where it was read.
    pub origin: ObjectOrigin,
    /// What it says.
    pub spec: NetworkPolicySpec,
}

/// meta/v1 ObjectMeta.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct Meta {
    pub name: String,
    pub generate_name: String,
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
    pub resource_version: String,
    pub owner_references: Vec<OwnerReference>,
}

/// meta/v1 OwnerReference.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct OwnerReference {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub controller: bool,
}

/// core/v1 Pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct PodObject {
    pub metadata: Meta,
    pub spec: PodSpec,
    pub status: PodStatus,
}

/// core/v1 PodSpec.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct PodSpec {
    pub node_name: String,
    pub host_network: bool,
    pub containers: Vec<Container>,
    pub init_containers: Vec<Container>,
}

/// core/v1 Container.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct Container {
    pub ports: Vec<ContainerPort>,
    pub restart_policy: String,
}

/// core/v1 ContainerPort.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct ContainerPort {
    pub name: String,
    pub container_port: i64,
    pub protocol: String,
}

/// core/v1 PodStatus.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct PodStatus {
    pub phase: String,
    #[serde(rename = "podIP")]
    pub pod_ip: String,
    #[serde(rename = "podIPs")]
    pub pod_ips: Vec<Ip>,
    #[serde(rename = "hostIP")]
    pub host_ip: String,
    #[serde(rename = "hostIPs")]
    pub host_ips: Vec<Ip>,
}

/// core/v1 PodIP and HostIP.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct Ip {
    pub ip: String,
}

/// core/v1 Node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct NodeObject {
    pub metadata: Meta,
    pub status: NodeStatus,
}

/// core/v1 NodeStatus.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct NodeStatus {
    pub addresses: Vec<NodeAddress>,
}

/// core/v1 NodeAddress.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct NodeAddress {
    #[serde(rename = "type")]
    pub kind: String,
    pub address: String,
}

/// An object with a pod template: Deployment, CronJob, a custom kind …
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct WorkloadObject {
    pub metadata: Meta,
    pub spec: WorkloadSpec,
    pub status: WorkloadStatus,
}

/// apps/v1 DeploymentSpec and its like.
#[derive(Clone, Debug, Default, Deserialize)]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum WorkloadSelector {
    /// core/v1 ReplicationControllerSpec.selector.
    Labels(BTreeMap<String, String>),
    /// meta/v1 LabelSelector.
    Selector(LabelSelector),
}

/// core/v1 PodTemplateSpec.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct Template {
    pub metadata: Meta,
    pub spec: PodSpec,
}

/// batch/v1 JobTemplateSpec.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct JobTemplate {
    pub spec: JobTemplateSpec,
}

/// The part of batch/v1 JobSpec that a CronJob gives.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct JobTemplateSpec {
    pub parallelism: Option<u32>,
    pub template: Template,
}

/// batch/v1 JobStatus.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct WorkloadStatus {
    pub conditions: Vec<Condition>,
}

/// batch/v1 JobCondition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the API's own fields")]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
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

impl Meta {
    fn keep_owners_of(&mut self, old: Self) {
        if self.owner_references.is_empty() {
            self.owner_references = old.owner_references;
        }
    }
}

impl ObjectKey {
    /// Builds the identity of an object.
    pub fn new(group: &str, kind: &str, namespace: &str, name: &str) -> Self {
        let kind = match BUILT_IN_GROUPS.contains(&group) {
            true => kind.to_owned(),
            false => format!("{kind}.{group}"),
        };
        Self { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// The API groups whose kinds are shown without their group.
const BUILT_IN_GROUPS: [&str; 4] = ["", "apps", "batch", "networking.k8s.io"];
