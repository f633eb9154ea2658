//! Names to choose from while a command line is typed: of objects, of their ports, of the entries of
//! a kubeconfig. What cannot be read, or not soon enough, has none.

use std::time::Duration;

use futures_util::future::join_all;

use super::api::Api;
use super::kinds::{self, Filter, Header, Kind};
use super::kubeconfig;
use super::read::block_on;
pub use super::read::{ConnectOptions, NamedEnd};
use crate::objects::object::{Container, Object, ObjectKey, Objects};

/// Longest wait for all the names of one word.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Where names are looked up.
#[derive(Debug)]
pub enum NameSource {
    /// In manifests, with the namespace of names that give none.
    Files(Box<Objects>, String),
    /// In a cluster; only metadata is asked for, and one page of it.
    Cluster,
}

/// What is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameQuery {
    /// The objects of a kind, in the namespace, or that of names that give none.
    Objects {
        /// The kind, `Pod`, `Deployment` …
        kind: String,
        /// The namespace.
        namespace: Option<String>,
    },
    /// The ports of a pod, a workload or a Service.
    Ports(NamedEnd),
    /// The entries of a kubeconfig.
    Entries(KubeconfigEntry),
}

/// The kinds of entries that a kubeconfig has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "kubectl's own words")]
pub enum KubeconfigEntry {
    Context,
    Cluster,
    User,
}

/// A name, and what is told about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OfferedName {
    /// The name.
    pub name: String,
    /// What it is, in a word or two.
    pub about: String,
}

/// Looks everything up at the same time; the answers stand in the order of the questions.
pub fn find(
    source: &NameSource,
    options: &ConnectOptions,
    wanted: &[NameQuery],
) -> Vec<Vec<OfferedName>> {
    let live = |wanted: &&NameQuery| {
        matches!(source, NameSource::Cluster) && !matches!(wanted, NameQuery::Entries(_))
    };
    let asked: Vec<&NameQuery> = wanted.iter().filter(live).collect();
    let mut found = if asked.is_empty() { Vec::new() } else { of_cluster(options, &asked) }.into_iter();
    let each = wanted.iter().map(|wanted| match (source, wanted) {
        (_, NameQuery::Entries(entry)) => entries(options, *entry),
        (NameSource::Files(objects, namespace), wanted) => of_objects(objects, namespace, wanted),
        (NameSource::Cluster, _) => found.next().unwrap_or_default(),
    });
    each.collect()
}

fn of_cluster(options: &ConnectOptions, wanted: &[&NameQuery]) -> Vec<Vec<OfferedName>> {
    let options = ConnectOptions {
        request_timeout: Some(PATIENCE),
        silent: true,
        verbosity: 0,
        ..options.clone()
    };
    let found = block_on(async {
        let api = Api::new(&options)?;
        let asked = join_all(wanted.iter().map(|wanted| ask(&api, wanted)));
        Ok(tokio::time::timeout(PATIENCE, asked).await.unwrap_or_default())
    });
    found.unwrap_or_default()
}

async fn ask(api: &Api, wanted: &NameQuery) -> Vec<OfferedName> {
    let (kind, namespace, name) = match wanted {
        NameQuery::Objects { kind, namespace } => (kind, namespace, None),
        NameQuery::Ports(end) => (&end.kind, &end.namespace, Some(&*end.name)),
        NameQuery::Entries(_) => return Vec::new(),
    };
    let Some(kind) = Kind::of_key(kind) else { return Vec::new() };
    let namespace = Some(namespace.as_deref().unwrap_or(api.namespace()));
    let filter = Filter { namespace, name, labels: None };
    if name.is_some() {
        let read = kinds::read(api, &kind, filter).await.unwrap_or_default();
        return read.iter().flat_map(|(_, object)| ports(object)).collect();
    }
    let read: Vec<Header> = api.first(&kind.path(filter)).await.unwrap_or_default();
    let about = kind.kind.to_ascii_lowercase();
    read.into_iter().map(|read| OfferedName { name: read.metadata.name, about: about.clone() }).collect()
}

fn of_objects(objects: &Objects, default: &str, wanted: &NameQuery) -> Vec<OfferedName> {
    let is_in = |key: &ObjectKey, namespace: &Option<String>| {
        key.namespace.is_empty() || key.namespace == namespace.as_deref().unwrap_or(default)
    };
    match wanted {
        // Manifests name namespaces without bringing them.
        NameQuery::Objects { kind, .. } if kind == "Namespace" => {
            let own = objects.items.keys().filter(|key| key.kind == "Namespace").map(|key| &key.name);
            let named = objects.items.keys().map(|key| &key.namespace);
            let mut names: Vec<&String> = own.chain(named).filter(|name| !name.is_empty()).collect();
            names.sort_unstable();
            names.dedup();
            names
                .into_iter()
                .map(|name| OfferedName { name: name.clone(), about: "namespace".into() })
                .collect()
        }
        NameQuery::Objects { kind, namespace } => {
            let own = objects.items.keys().filter(|key| key.kind == *kind && is_in(key, namespace));
            let about = kind.to_ascii_lowercase();
            own.map(|key| OfferedName { name: key.name.clone(), about: about.clone() }).collect()
        }
        NameQuery::Ports(NamedEnd { namespace, kind, name }) => {
            let own = objects
                .items
                .iter()
                .filter(|(key, _)| key.kind == *kind && key.name == *name && is_in(key, namespace));
            own.flat_map(|(_, object)| ports(object)).collect()
        }
        NameQuery::Entries(_) => Vec::new(),
    }
}

/// Lists the ports of an object as a question may name them: by number, and by name.
fn ports(object: &Object) -> Vec<OfferedName> {
    let of_containers = |containers: &[Container]| -> Vec<(i64, String, String)> {
        let ports = containers.iter().flat_map(|container| container.ports.iter());
        ports.map(|port| (port.container_port, port.protocol.clone(), port.name.clone())).collect()
    };
    let declared = match object {
        Object::Pod(pod) => of_containers(&pod.spec.containers),
        Object::Workload(workload) => {
            let spec = &workload.spec;
            let template = spec.job_template.as_ref().map_or(&spec.template, |job| &job.spec.template);
            of_containers(&template.spec.containers)
        }
        Object::Service(service) => {
            let ports = service.spec.ports.iter();
            ports.map(|own| (i64::from(own.port), own.protocol.clone(), own.name.clone())).collect()
        }
        _ => Vec::new(),
    };
    let mut names = Vec::new();
    for (port, protocol, name) in declared {
        let protocol = if protocol.is_empty() { "TCP".to_owned() } else { protocol };
        let number = if protocol == "TCP" { port.to_string() } else { format!("{port}/{protocol}") };
        if !name.is_empty() {
            names.push(OfferedName { name: name.clone(), about: format!("{protocol}/{port}") });
        }
        names.push(OfferedName { name: number, about: name });
    }
    names
}

/// Lists the entries of the kubeconfig that is in force.
fn entries(options: &ConnectOptions, entry: KubeconfigEntry) -> Vec<OfferedName> {
    let Ok(Some(config)) = kubeconfig::read_all(options) else { return Vec::new() };
    let (names, about): (Vec<String>, _) = match entry {
        KubeconfigEntry::Context => {
            (config.contexts.into_iter().map(|context| context.name).collect(), "context")
        }
        KubeconfigEntry::Cluster => {
            (config.clusters.into_iter().map(|cluster| cluster.name).collect(), "cluster")
        }
        KubeconfigEntry::User => (config.auth_infos.into_iter().map(|user| user.name).collect(), "user"),
    };
    names.into_iter().map(|name| OfferedName { name, about: about.to_owned() }).collect()
}
