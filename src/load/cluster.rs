//! A live cluster, read through its API: plain lists in pages, all kinds at once.

use std::sync::Arc;

use futures_util::future::join_all;
use k8s_openapi::api::networking::v1::NetworkPolicySpec;
use kube::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use super::connect::{ClusterError, ConnectOptions};
use super::connect::{PATIENCE, address, config, connection_error, is_foreign};
use super::objects::{
    Meta, NodeObject, Object, ObjectKey, Objects, PodObject, PolicyRead, WorkloadObject,
};
use crate::model::origin::ObjectOrigin;
use crate::model::snapshot::{Gap, GapScope};
use crate::policy::{self, KINDS};

/// Objects asked for in one request.
const PAGE: usize = 500;
/// A cluster's objects, and the namespace that its context names.
#[derive(Debug)]
pub struct Cluster {
    /// What was read.
    pub objects: Objects,
    /// The context's namespace, `default` where it names none.
    pub namespace: String,
}

/// Reads everything that an analysis needs; what may not be read becomes a gap.
///
/// # Errors
/// A kubeconfig that cannot be used, a server that cannot be reached, credentials it rejects.
pub fn read(options: &ConnectOptions) -> Result<Cluster, ClusterError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ClusterError::Config(error.to_string()))?;
    runtime.block_on(async {
        let config = config(options).await?;
        let namespace = match &*config.default_namespace {
            "" => "default".to_owned(),
            namespace => namespace.to_owned(),
        };
        let server = address(&config.cluster_url);
        let client = Client::try_from(config).map_err(|error| connection_error(&error, &server))?;
        let objects = Api { client, server }.read_all().await?;
        Ok(Cluster { objects, namespace })
    })
}

struct Api {
    client: Client,
    server: String,
}

/// What to read, and what it means when it may not be read.
struct Kind {
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
}

impl Kind {
    /// Returns which answers are in doubt where the kind may not be read.
    fn doubt(&self) -> GapScope {
        match self.kind {
            "NetworkPolicy" => GapScope::Cluster,
            "Pod" => GapScope::Addresses,
            _ => GapScope::Incomplete,
        }
    }
}

const KINDS_READ: [Kind; 11] = [
    Kind { group: "", version: "v1", plural: "namespaces", kind: "Namespace" },
    Kind { group: "", version: "v1", plural: "nodes", kind: "Node" },
    Kind { group: "", version: "v1", plural: "pods", kind: "Pod" },
    Kind { group: "", version: "v1", plural: "replicationcontrollers", kind: "ReplicationController" },
    Kind { group: "apps", version: "v1", plural: "deployments", kind: "Deployment" },
    Kind { group: "apps", version: "v1", plural: "statefulsets", kind: "StatefulSet" },
    Kind { group: "apps", version: "v1", plural: "daemonsets", kind: "DaemonSet" },
    Kind { group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet" },
    Kind { group: "batch", version: "v1", plural: "jobs", kind: "Job" },
    Kind { group: "batch", version: "v1", plural: "cronjobs", kind: "CronJob" },
    Kind { group: "networking.k8s.io", version: "v1", plural: "networkpolicies", kind: "NetworkPolicy" },
];

/// One object of a list, named.
type Named = (ObjectKey, Object);

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Page<T> {
    #[serde(default)]
    metadata: PageMeta,
    // May be null, and is never absent: what has none is no list, and not an empty one.
    #[serde(deserialize_with = "Option::deserialize")]
    items: Option<Vec<T>>,
}

#[derive(Default, Deserialize)]
struct PageMeta {
    #[serde(default, rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct NetworkPolicyObject {
    metadata: Meta,
    #[serde(default)]
    spec: NetworkPolicySpec,
}

#[derive(Deserialize)]
struct AnyObject {
    metadata: Meta,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    preferred_version: GroupVersion,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupVersion {
    group_version: String,
}

#[derive(Deserialize)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    kind: String,
    verbs: Vec<String>,
}

impl Api {
    async fn read_all(&self) -> Result<Objects, ClusterError> {
        let lists = join_all(KINDS_READ.iter().map(|kind| self.read_kind(kind)));
        let (lists, others) = futures_util::future::join(lists, self.read_unjudged()).await;
        let mut objects = Objects::default();
        for (kind, list) in KINDS_READ.iter().zip(lists) {
            match list {
                Ok(items) => objects.items.extend(items),
                Err(error) => {
                    objects.gaps.push(self.gap(kind.plural, kind.doubt(), &error)?);
                }
            }
        }
        let (items, gaps) = others?;
        objects.items.extend(items);
        objects.gaps.extend(gaps);
        Ok(objects)
    }

    async fn read_kind(&self, kind: &Kind) -> Result<Vec<Named>, kube::Error> {
        let path = match kind.group {
            "" => format!("/api/{}/{}", kind.version, kind.plural),
            group => format!("/apis/{group}/{}/{}", kind.version, kind.plural),
        };
        let key = |meta: &Meta| ObjectKey::new(kind.group, kind.kind, &meta.namespace, &meta.name);
        Ok(match kind.kind {
            "Namespace" => {
                self.list(&path, |read: AnyObject| {
                    (key(&read.metadata), Object::Namespace(read.metadata))
                })
                .await?
            }
            "Node" => {
                self.list(&path, |read: NodeObject| (key(&read.metadata), Object::Node(read))).await?
            }
            "Pod" => {
                self.list(&path, |read: Box<PodObject>| (key(&read.metadata), Object::Pod(read))).await?
            }
            "NetworkPolicy" => {
                self.list(&path, |read: NetworkPolicyObject| (key(&read.metadata), policy_of(read)))
                    .await?
            }
            _ => {
                let wrap = |read: Box<WorkloadObject>| (key(&read.metadata), Object::Workload(read));
                self.list(&path, wrap).await?
            }
        })
    }

    /// Reads a list page by page.
    async fn list<T: DeserializeOwned, U>(
        &self,
        path: &str,
        mut wrap: impl FnMut(T) -> U,
    ) -> Result<Vec<U>, kube::Error> {
        let (mut items, mut next) = (Vec::new(), String::new());
        let mut has_expired = false;
        loop {
            let page: Page<T> = match self.get(&format!("{path}?limit={PAGE}{next}")).await {
                // The server has forgotten the version of the first page: once more, from there.
                Err(kube::Error::Api(status)) if status.code == 410 && !has_expired => {
                    has_expired = true;
                    items.clear();
                    next.clear();
                    continue;
                }
                page => page?,
            };
            items.extend(page.items.into_iter().flatten().map(&mut wrap));
            if page.metadata.next.is_empty() {
                return Ok(items);
            }
            // The token is base64 of the URL alphabet, or has its `+`, `/` and `=` to be escaped.
            let token = page.metadata.next.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
            next = format!("&continue={token}");
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, kube::Error> {
        let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
        // A server that sends a byte now and then would be waited for without end.
        match tokio::time::timeout(PATIENCE.1, self.client.request(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(kube::Error::Service("timed out".into())),
        }
    }

    /// Reads the names of policies of kinds that cannot be judged.
    async fn read_unjudged(&self) -> Result<(Vec<Named>, Vec<Gap>), ClusterError> {
        let (mut items, mut gaps) = (Vec::new(), Vec::new());
        let groups = match self.get::<Groups>("/apis").await {
            Ok(groups) => groups.groups,
            Err(error) => {
                gaps.push(self.gap("API groups", GapScope::Cluster, &error)?);
                Vec::new()
            }
        };
        let unjudged = |group: &Group| KINDS.iter().any(|kind| !kind.judged && kind.group == group.name);
        for group in groups.into_iter().filter(unjudged) {
            let path = format!("/apis/{}", group.preferred_version.group_version);
            let resources = match self.get::<Resources>(&path).await {
                Ok(resources) => resources.resources,
                Err(error) => {
                    gaps.push(self.gap(&group.name, GapScope::Cluster, &error)?);
                    continue;
                }
            };
            for resource in resources {
                let listable = resource.verbs.iter().any(|verb| verb == "list");
                if !listable || policy::kind(&group.name, &resource.kind).is_none() {
                    continue;
                }
                let key = |read: AnyObject| {
                    let meta = read.metadata;
                    let key = ObjectKey::new(&group.name, &resource.kind, &meta.namespace, &meta.name);
                    (key, Object::Unjudged)
                };
                match self.list(&format!("{path}/{}", resource.name), key).await {
                    Ok(found) => items.extend(found),
                    Err(error) => {
                        let name = format!("{}.{}", resource.name, group.name);
                        gaps.push(self.gap(&name, GapScope::Cluster, &error)?);
                    }
                }
            }
        }
        Ok((items, gaps))
    }

    /// Turns what may not be read into a gap; anything else is an error.
    fn gap(&self, what: &str, scope: GapScope, error: &kube::Error) -> Result<Gap, ClusterError> {
        let kube::Error::Api(status) = error else { return Err(connection_error(error, &self.server)) };
        let reason = match status.code {
            _ if is_foreign(status) => return Err(connection_error(error, &self.server)),
            403 => "forbidden",
            404 => "not found",
            _ => return Err(connection_error(error, &self.server)),
        };
        Ok(Gap { scope, message: format!("could not list {what}: {reason}") })
    }
}

fn policy_of(read: NetworkPolicyObject) -> Object {
    let resource_version = Arc::from(read.metadata.resource_version.as_str());
    Object::NetworkPolicy(Box::new(PolicyRead {
        origin: ObjectOrigin::Live { resource_version },
        spec: read.spec,
    }))
}
