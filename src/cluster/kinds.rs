//! The kinds that an analysis reads from an API server, and how each is asked for.

use std::sync::Arc;

use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
use crate::policy::{PolicyKind, Scope, kinds, network_policy};

/// A kind to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    version: &'static str,
    /// The resource, with the group unless Kubernetes ships it.
    pub(crate) resource: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    form: Form,
}

/// What is read of the objects of a kind.
#[derive(Clone, Copy, Debug)]
enum Form {
    Namespace,
    Node,
    Pod,
    Service,
    EndpointSlice,
    Ingress,
    IngressClass,
    ReplicaSet,
    DaemonSet,
    Workload,
    Policy(&'static PolicyKind),
}

const fn kind(group: &'static str, resource: &'static str, kind: &'static str, form: Form) -> Kind {
    let namespaced = !matches!(form, Form::Namespace | Form::Node | Form::IngressClass);
    Kind { group, version: "v1", resource, kind, namespaced, form }
}

pub(crate) const NAMESPACE: Kind = kind("", "namespaces", "Namespace", Form::Namespace);
pub(crate) const NODE: Kind = kind("", "nodes", "Node", Form::Node);
pub(crate) const POD: Kind = kind("", "pods", "Pod", Form::Pod);
pub(crate) const SERVICE: Kind = kind("", "services", "Service", Form::Service);
pub(crate) const ENDPOINT_SLICE: Kind =
    kind("discovery.k8s.io", "endpointslices", "EndpointSlice", Form::EndpointSlice);
pub(crate) const REPLICA_SET: Kind = kind("apps", "replicasets", "ReplicaSet", Form::ReplicaSet);
pub(crate) const DAEMON_SET: Kind = kind("apps", "daemonsets", "DaemonSet", Form::DaemonSet);
pub(crate) const NETWORK_POLICY: Kind = Kind::of_policy(&network_policy::KIND, "v1");

/// Those that every server has; those that decide most come first.
pub(crate) const KINDS_READ: [Kind; 15] = [
    NETWORK_POLICY,
    POD,
    NAMESPACE,
    NODE,
    SERVICE,
    ENDPOINT_SLICE,
    REPLICA_SET,
    DAEMON_SET,
    kind("", "replicationcontrollers", "ReplicationController", Form::Workload),
    kind("apps", "deployments", "Deployment", Form::Workload),
    kind("apps", "statefulsets", "StatefulSet", Form::Workload),
    kind("batch", "jobs", "Job", Form::Workload),
    kind("batch", "cronjobs", "CronJob", Form::Workload),
    kind("networking.k8s.io", "ingresses", "Ingress", Form::Ingress),
    kind("networking.k8s.io", "ingressclasses", "IngressClass", Form::IngressClass),
];

/// Those that tell which addresses are the cluster's own; those come first of which the rights that are printed
/// for a CronJob name the namespaces.
pub(crate) const KINDS_OF_ADDRESSES: [Kind; 4] = [SERVICE, ENDPOINT_SLICE, POD, NODE];

/// One object of a list, named.
pub(crate) type Named = (ObjectKey, Object);

/// Metadata alone: meta/v1 PartialObjectMetadata, or any object of which nothing else counts.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
pub(crate) struct Header {
    #[prost(message, required, tag = "1")]
    pub(crate) metadata: Meta,
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

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        (self.group, self.resource) == (other.group, other.resource)
    }
}

impl Kind {
    /// Returns a kind of policies, read in a version of its API.
    pub(crate) const fn of_policy(policy: &'static PolicyKind, version: &'static str) -> Self {
        let PolicyKind { group, resource, name, .. } = *policy;
        let namespaced = matches!(policy.scope, Scope::Namespaced);
        Self { group, version, resource, kind: name, namespaced, form: Form::Policy(policy) }
    }

    /// Finds the kind that keys of objects name so, in the version that is preferred.
    pub(crate) fn of_key(key: &str) -> Option<Self> {
        let policy = || kinds::of_key(key).map(|kind| (kind, kind.versions.first()));
        let shipped = KINDS_READ.into_iter().find(|kind| kind.kind == key);
        shipped.or_else(|| policy().and_then(|(kind, best)| Some(Self::of_policy(kind, best?))))
    }

    /// Returns the resource as a path of the API has it, without the group.
    pub(crate) fn plural(&self) -> &'static str {
        self.resource.split('.').next().unwrap_or_default()
    }

    /// Returns what keys of objects name it.
    pub(crate) fn key(&self) -> &'static str {
        match self.form {
            Form::Policy(policy) => policy.key,
            _ => self.kind,
        }
    }

    /// Returns the version of the API that it is read in, with the group: `networking.k8s.io/v1`.
    pub(crate) fn api_version(&self) -> String {
        let slash = if self.group.is_empty() { "" } else { "/" };
        format!("{}{slash}{}", self.group, self.version)
    }

    /// Returns the path and query that list it.
    pub(crate) fn path(&self, filter: Filter<'_>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let version = self.api_version();
        let namespace = filter.namespace.filter(|_| self.namespaced);
        let within = namespace.map(|name| format!("/namespaces/{}", escape(name))).unwrap_or_default();
        let name = filter
            .name
            .map(|name| format!("fieldSelector={}", escape(&format!("metadata.name={name}"))));
        let labels = filter.labels.map(|labels| format!("labelSelector={}", escape(labels)));
        let query: Vec<String> = name.into_iter().chain(labels).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        format!("{root}/{version}{within}/{}{query}", self.plural())
    }

    fn key_of(&self, meta: &Meta) -> ObjectKey {
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
    match kind.form {
        Form::Namespace => {
            let wrap = |read: Header| (kind.key_of(&read.metadata), Object::Namespace(read.metadata));
            api.list(&path, Extent::Metadata, wrap).await
        }
        Form::Node => {
            let wrap = |read: NodeObject| (kind.key_of(&read.metadata), Object::Node(read));
            api.list(&path, Extent::Whole, wrap).await
        }
        Form::Pod => {
            let wrap = |mut read: PodObject| {
                read.slim();
                (kind.key_of(&read.metadata), Object::Pod(Box::new(read)))
            };
            api.list(&path, Extent::Whole, wrap).await
        }
        Form::Service => {
            let wrap =
                |read: ServiceObject| (kind.key_of(&read.metadata), Object::Service(Box::new(read)));
            api.list(&path, Extent::Whole, wrap).await
        }
        Form::EndpointSlice => {
            let wrap = |read: EndpointSliceObject| {
                (kind.key_of(&read.metadata), Object::EndpointSlice(Box::new(read)))
            };
            api.list(&path, Extent::Whole, wrap).await
        }
        Form::Ingress => {
            let wrap = |mut read: Box<IngressObject>| {
                read.metadata.slim();
                (kind.key_of(&read.metadata.meta), Object::Ingress(read))
            };
            api.list_json(&path, wrap).await
        }
        Form::IngressClass => {
            let wrap = |mut read: Box<IngressClassObject>| {
                read.metadata.slim();
                (kind.key_of(&read.metadata.meta), Object::IngressClass(read))
            };
            api.list_json(&path, wrap).await
        }
        Form::ReplicaSet => {
            let owned = api.list(&path, Extent::Metadata, |read: Header| owned(kind, read)).await?;
            match owned.into_iter().collect() {
                Some(owned) => Ok(owned),
                None => workloads(api, kind, &path).await,
            }
        }
        Form::DaemonSet => {
            let wrap = |read: DaemonSetRead| (kind.key_of(&read.0.metadata), Object::Workload(read.0));
            api.list_json(&path, wrap).await
        }
        Form::Policy(policy) => {
            let wrap = |read: Map<String, Value>| policy_of(kind, policy, read);
            let read: Result<_, _> = api.list_json(&path, wrap).await?.into_iter().collect();
            read.map_err(|error: serde_json::Error| Failure::Foreign(None, error.to_string()))
        }
        Form::Workload => workloads(api, kind, &path).await,
    }
}

/// Reads one namespace by its name, which a right to it alone is enough for.
pub(crate) async fn read_namespace(api: &Api, name: &str) -> Result<Vec<Named>, Failure> {
    let read = api.get_json::<Header>(&format!("/api/v1/namespaces/{}", escape(name))).await;
    match read {
        Ok(read) => Ok(vec![(NAMESPACE.key_of(&read.metadata), Object::Namespace(read.metadata))]),
        // Who may only list is answered so.
        Err(failure) if failure.refusal() == Some(GapReason::Forbidden) => {
            let by_name = Filter { name: Some(name), ..Filter::default() };
            self::read(api, &NAMESPACE, by_name).await
        }
        Err(failure) => Err(failure),
    }
}

async fn workloads(api: &Api, kind: &Kind, path: &str) -> Result<Vec<Named>, Failure> {
    let wrap = |read: Box<WorkloadObject>| (kind.key_of(&read.metadata), Object::Workload(read));
    api.list_json(path, wrap).await
}

/// Keeps a ReplicaSet that something controls: pods are its owner's.
fn owned(kind: &Kind, read: Header) -> Option<Named> {
    let is_owned = read.metadata.owner_references.iter().any(|owner| owner.controller);
    let key = kind.key_of(&read.metadata);
    is_owned.then_some((key, Object::Owner(read.metadata)))
}

/// Reads a policy as its kind does: what it says beside its metadata.
fn policy_of(
    kind: &Kind,
    policy: &PolicyKind,
    mut object: Map<String, Value>,
) -> serde_json::Result<Named> {
    let metadata = object.remove("metadata").unwrap_or_default();
    let AnnotatedMeta { meta, annotations } = AnnotatedMeta::deserialize(metadata)?;
    let key = kind.key_of(&meta);
    let read = PolicyRead {
        origin: ObjectOrigin::Live { resource_version: Arc::from(meta.resource_version.as_str()) },
        metadata: PolicyMeta::new(meta.labels, annotations),
        spec: (policy.empty)().deserialize(Value::Object(object))?,
    };
    Ok((key, Object::Policy(Box::new(read))))
}
