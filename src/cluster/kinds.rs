//! The kinds that an analysis reads from an API server, and how each is asked for.

use std::sync::Arc;

use k8s_openapi::api::networking::v1::NetworkPolicySpec;
use serde::{Deserialize, Serialize};

use super::api::{Api, Extent};
use super::failure::Failure;
use crate::model::gap::GapReason;
use crate::model::origin::ObjectOrigin;
use crate::model::snapshot::PolicyMeta;
use crate::objects::ingress::{AnnotatedMeta, IngressClassObject, IngressObject};
use crate::objects::meta::Meta;
use crate::objects::object::{NodeObject, Object, ObjectKey, PodObject, PolicyRead, WorkloadObject};
use crate::objects::plugin::DaemonSetRead;
use crate::objects::service::{EndpointSliceObject, ServiceObject};

/// A kind to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
}

const fn kind(group: &'static str, plural: &'static str, kind: &'static str, namespaced: bool) -> Kind {
    Kind { group, plural, kind, namespaced }
}

pub(crate) const NAMESPACE: Kind = kind("", "namespaces", "Namespace", false);
pub(crate) const NODE: Kind = kind("", "nodes", "Node", false);
pub(crate) const POD: Kind = kind("", "pods", "Pod", true);
pub(crate) const SERVICE: Kind = kind("", "services", "Service", true);
pub(crate) const ENDPOINT_SLICE: Kind =
    kind("discovery.k8s.io", "endpointslices", "EndpointSlice", true);
pub(crate) const REPLICA_SET: Kind = kind("apps", "replicasets", "ReplicaSet", true);
pub(crate) const DAEMON_SET: Kind = kind("apps", "daemonsets", "DaemonSet", true);
pub(crate) const NETWORK_POLICY: Kind =
    kind("networking.k8s.io", "networkpolicies", "NetworkPolicy", true);

/// All of them; those that decide most come first.
pub(crate) const KINDS_READ: [Kind; 15] = [
    NETWORK_POLICY,
    POD,
    NAMESPACE,
    NODE,
    SERVICE,
    ENDPOINT_SLICE,
    REPLICA_SET,
    DAEMON_SET,
    kind("", "replicationcontrollers", "ReplicationController", true),
    kind("apps", "deployments", "Deployment", true),
    kind("apps", "statefulsets", "StatefulSet", true),
    kind("batch", "jobs", "Job", true),
    kind("batch", "cronjobs", "CronJob", true),
    kind("networking.k8s.io", "ingresses", "Ingress", true),
    kind("networking.k8s.io", "ingressclasses", "IngressClass", false),
];

/// Those that tell which addresses are the cluster's own.
pub(crate) const KINDS_OF_ADDRESSES: [Kind; 4] = [POD, NODE, SERVICE, ENDPOINT_SLICE];

/// One object of a list, named.
pub(crate) type Named = (ObjectKey, Object);

/// Metadata alone: meta/v1 PartialObjectMetadata, or any object of which nothing else counts.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
pub(crate) struct Header {
    #[prost(message, required, tag = "1")]
    pub(crate) metadata: Meta,
}

#[derive(Deserialize)]
struct NetworkPolicyObject {
    metadata: AnnotatedMeta,
    #[serde(default)]
    spec: NetworkPolicySpec,
}

/// Which objects of a kind to read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter<'a> {
    /// Only those of a namespace.
    pub(crate) namespace: Option<&'a str>,
    /// Only the one of a name.
    pub(crate) name: Option<&'a str>,
    /// Only those that a label selector, in its text form, selects.
    pub(crate) labels: Option<&'a str>,
}

impl Kind {
    /// Returns the path and query that list it.
    pub(crate) fn path(&self, filter: Filter<'_>) -> String {
        let root = match self.group {
            "" => "/api/v1".to_owned(),
            group => format!("/apis/{group}/v1"),
        };
        let namespace = filter.namespace.filter(|_| self.namespaced);
        let within = namespace.map(|name| format!("/namespaces/{}", escape(name))).unwrap_or_default();
        let name = filter
            .name
            .map(|name| format!("fieldSelector={}", escape(&format!("metadata.name={name}"))));
        let labels = filter.labels.map(|labels| format!("labelSelector={}", escape(labels)));
        let query: Vec<String> = name.into_iter().chain(labels).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        format!("{root}{within}/{}{query}", self.plural)
    }

    fn key(&self, meta: &Meta) -> ObjectKey {
        ObjectKey::new(self.group, self.kind, &meta.namespace, &meta.name)
    }
}

pub(crate) fn escape(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Reads the objects of a kind; of ReplicaSets, which come in numbers, only who owns them, unless
/// one of them is its own master.
pub(crate) async fn read(api: &Api, kind: &Kind, filter: Filter<'_>) -> Result<Vec<Named>, Failure> {
    let path = kind.path(filter);
    match kind.kind {
        "Namespace" => {
            let wrap = |read: Header| (kind.key(&read.metadata), Object::Namespace(read.metadata));
            api.list(&path, Extent::Metadata, wrap).await
        }
        "Node" => {
            let wrap = |read: NodeObject| (kind.key(&read.metadata), Object::Node(read));
            api.list(&path, Extent::Whole, wrap).await
        }
        "Pod" => {
            let wrap = |mut read: PodObject| {
                read.slim();
                (kind.key(&read.metadata), Object::Pod(Box::new(read)))
            };
            api.list(&path, Extent::Whole, wrap).await
        }
        "Service" => {
            let wrap = |read: ServiceObject| (kind.key(&read.metadata), Object::Service(Box::new(read)));
            api.list(&path, Extent::Whole, wrap).await
        }
        "EndpointSlice" => {
            let wrap = |read: EndpointSliceObject| {
                (kind.key(&read.metadata), Object::EndpointSlice(Box::new(read)))
            };
            api.list(&path, Extent::Whole, wrap).await
        }
        "Ingress" => {
            let wrap = |mut read: Box<IngressObject>| {
                read.metadata.slim();
                (kind.key(&read.metadata.meta), Object::Ingress(read))
            };
            api.list_json(&path, wrap).await
        }
        "IngressClass" => {
            let wrap = |mut read: Box<IngressClassObject>| {
                read.metadata.slim();
                (kind.key(&read.metadata.meta), Object::IngressClass(read))
            };
            api.list_json(&path, wrap).await
        }
        "ReplicaSet" => {
            let owned = api.list(&path, Extent::Metadata, |read: Header| owned(kind, read)).await?;
            match owned.into_iter().collect() {
                Some(owned) => Ok(owned),
                None => workloads(api, kind, &path).await,
            }
        }
        "DaemonSet" => {
            let wrap = |read: DaemonSetRead| (kind.key(&read.0.metadata), Object::Workload(read.0));
            api.list_json(&path, wrap).await
        }
        "NetworkPolicy" => {
            let wrap = |read: NetworkPolicyObject| (kind.key(&read.metadata.meta), policy_of(read));
            api.list_json(&path, wrap).await
        }
        _ => workloads(api, kind, &path).await,
    }
}

/// Reads one namespace by its name, which a right to it alone is enough for.
pub(crate) async fn read_namespace(api: &Api, name: &str) -> Result<Vec<Named>, Failure> {
    let read = api.get_json::<Header>(&format!("/api/v1/namespaces/{}", escape(name))).await;
    match read {
        Ok(read) => Ok(vec![(NAMESPACE.key(&read.metadata), Object::Namespace(read.metadata))]),
        // Who may only list is answered so.
        Err(failure) if failure.refusal() == Some(GapReason::Forbidden) => {
            let by_name = Filter { name: Some(name), ..Filter::default() };
            self::read(api, &NAMESPACE, by_name).await
        }
        Err(failure) => Err(failure),
    }
}

async fn workloads(api: &Api, kind: &Kind, path: &str) -> Result<Vec<Named>, Failure> {
    let wrap = |read: Box<WorkloadObject>| (kind.key(&read.metadata), Object::Workload(read));
    api.list_json(path, wrap).await
}

/// Keeps a ReplicaSet that something controls: pods are its owner's.
fn owned(kind: &Kind, read: Header) -> Option<Named> {
    let is_owned = read.metadata.owner_references.iter().any(|owner| owner.controller);
    let key = kind.key(&read.metadata);
    is_owned.then_some((key, Object::Owner(read.metadata)))
}

fn policy_of(read: NetworkPolicyObject) -> Object {
    let AnnotatedMeta { meta, annotations } = read.metadata;
    let resource_version = Arc::from(meta.resource_version.as_str());
    Object::Policy(Box::new(PolicyRead {
        metadata: PolicyMeta::new(meta.labels, annotations),
        origin: ObjectOrigin::Live { resource_version },
        spec: read.spec.into(),
    }))
}
