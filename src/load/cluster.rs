//! A live cluster, read through its API: plain lists in pages, all kinds at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use k8s_openapi::api::networking::v1::NetworkPolicySpec;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::objects::{
    Meta, NodeObject, Object, ObjectKey, Objects, PodObject, PolicyRead, WorkloadObject,
};
use crate::model::origin::ObjectOrigin;
use crate::model::snapshot::{Gap, GapScope};
use crate::policy::{self, KINDS};

/// Objects asked for in one request.
const PAGE: usize = 500;
/// Longest wait for a connection, and for the answer to one request.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

/// Which cluster to read.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The kubeconfig; `KUBECONFIG` and then the usual place where it is absent.
    pub kubeconfig: Option<PathBuf>,
    /// The context; the current one where it is absent.
    pub context: Option<String>,
}

/// A cluster that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The kubeconfig cannot be used. Its text, which holds secrets, is never repeated.
    #[error("{0}")]
    Config(String),
    /// The API server cannot be reached.
    #[error("Unable to connect to the server: {0}")]
    Unreachable(String),
    /// The API server refused the connection.
    #[error("The connection to the server {0} was refused - did you specify the right host or port?")]
    Refused(String),
    /// The API server refused the request.
    #[error("{0}")]
    Server(String),
}

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
        let server = config.cluster_url.authority().map(ToString::to_string).unwrap_or_default();
        let client = Client::try_from(config).map_err(|error| connection_error(&error, &server))?;
        let objects = Api { client, server }.read_all().await?;
        Ok(Cluster { objects, namespace })
    })
}

async fn config(options: &ConnectOptions) -> Result<Config, ClusterError> {
    let kubeconfig = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let chosen = KubeConfigOptions { context: options.context.clone(), ..KubeConfigOptions::default() };
    let config = match kubeconfig {
        Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &chosen)
            .await
            .map_err(|error| config_error(&error)),
        Err(error) => match Config::incluster() {
            Ok(config) if options.kubeconfig.is_none() && options.context.is_none() => Ok(config),
            _ => Err(config_error(&error)),
        },
    };
    config.map(|mut config| {
        config.connect_timeout = Some(PATIENCE.0);
        config.read_timeout = Some(PATIENCE.1);
        config.write_timeout = Some(PATIENCE.1);
        // It would try for minutes where a person waits for an answer.
        config.default_retry = false;
        config
    })
}

/// Words a kubeconfig error without any of the file's text, which holds credentials.
fn config_error(error: &KubeconfigError) -> ClusterError {
    ClusterError::Config(match error {
        KubeconfigError::LoadContext(name) => format!("context `{name}` does not exist"),
        KubeconfigError::CurrentContextNotSet => {
            "no context is set: use --context, or -f to read manifests".to_owned()
        }
        KubeconfigError::ReadConfig(error, path) => {
            format!("cannot read the kubeconfig {}: {error}", path.display())
        }
        KubeconfigError::Parse(error) => {
            let place = error.location().map(|place| format!(" at line {}", place.line()));
            format!("the kubeconfig is not valid YAML{}", place.unwrap_or_default())
        }
        KubeconfigError::LoadClusterOfContext(name) => format!("cluster `{name}` does not exist"),
        KubeconfigError::FindPath => {
            "no kubeconfig was found: use --kubeconfig, or -f to read manifests".to_owned()
        }
        KubeconfigError::MissingClusterUrl => "the context's cluster has no server".to_owned(),
        KubeconfigError::LoadCertificateAuthority(_) => {
            "the certificate authority of the cluster cannot be loaded".to_owned()
        }
        KubeconfigError::LoadClientCertificate(_) | KubeconfigError::LoadClientKey(_) => {
            "the client certificate or key of the user cannot be loaded".to_owned()
        }
        _ => "the kubeconfig cannot be used".to_owned(),
    })
}

fn connection_error(error: &kube::Error, server: &str) -> ClusterError {
    if let kube::Error::Api(status) = error {
        return match status.code {
            401 => ClusterError::Server(
                "error: You must be logged in to the server (Unauthorized)".to_owned(),
            ),
            _ => ClusterError::Server(format!(
                "Error from server ({}): {}",
                status.reason, status.message
            )),
        };
    }
    let mut causes = vec![error.to_string()];
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    match causes.iter().any(|cause| cause.contains("Connection refused")) {
        true => ClusterError::Refused(server.to_owned()),
        false => ClusterError::Unreachable(causes.last().cloned().unwrap_or_default()),
    }
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
                    objects.gaps.push(self.gap(kind.plural, kind.kind == "NetworkPolicy", &error)?)
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
            "NetworkPolicy" => self.list(&path, |read| (key_of(&read, &key), policy_of(read))).await?,
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
        loop {
            let page: Page<T> = self.get(&format!("{path}?limit={PAGE}{next}")).await?;
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
        self.client.request(request).await
    }

    /// Reads the names of policies of kinds that cannot be judged.
    async fn read_unjudged(&self) -> Result<(Vec<Named>, Vec<Gap>), ClusterError> {
        let (mut items, mut gaps) = (Vec::new(), Vec::new());
        let groups = match self.get::<Groups>("/apis").await {
            Ok(groups) => groups.groups,
            Err(error) => {
                gaps.push(self.gap("API groups", true, &error)?);
                Vec::new()
            }
        };
        let unjudged = |group: &Group| KINDS.iter().any(|kind| !kind.judged && kind.group == group.name);
        for group in groups.into_iter().filter(unjudged) {
            let path = format!("/apis/{}", group.preferred_version.group_version);
            let resources = match self.get::<Resources>(&path).await {
                Ok(resources) => resources.resources,
                Err(error) => {
                    gaps.push(self.gap(&group.name, true, &error)?);
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
                        gaps.push(self.gap(&name, true, &error)?);
                    }
                }
            }
        }
        Ok((items, gaps))
    }

    /// Turns what may not be read into a gap; anything else is an error.
    fn gap(&self, what: &str, is_policy: bool, error: &kube::Error) -> Result<Gap, ClusterError> {
        let kube::Error::Api(status) = error else { return Err(connection_error(error, &self.server)) };
        let reason = match status.code {
            403 => "forbidden",
            404 => "not found",
            _ => return Err(connection_error(error, &self.server)),
        };
        let scope = if is_policy { GapScope::Cluster } else { GapScope::Incomplete };
        Ok(Gap { scope, message: format!("could not list {what}: {reason}") })
    }
}

fn key_of(read: &NetworkPolicyObject, key: impl Fn(&Meta) -> ObjectKey) -> ObjectKey {
    key(&read.metadata)
}

fn policy_of(read: NetworkPolicyObject) -> Object {
    let resource_version = Arc::from(read.metadata.resource_version.as_str());
    Object::NetworkPolicy(Box::new(PolicyRead {
        origin: ObjectOrigin::Live { resource_version },
        spec: read.spec,
    }))
}
