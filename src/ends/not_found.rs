//! Names that the snapshot does not have, and what the user may have meant.

use super::target::{plural, short_name};
use crate::model::snapshot::Snapshot;

/// A name that the snapshot does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No namespace of that name.
    #[error("namespace `{name}` not found{}", hint(.nearest))]
    Namespace {
        /// The name.
        name: String,
        /// The namespaces with similar names.
        nearest: Vec<String>,
    },
    /// No such object in the namespace.
    #[error("{kind} `{name}` not found{}{}{}", in_namespace(.namespace), exists_in(.elsewhere), hint(.nearest))]
    Object {
        /// The kind, as kubectl shortens it.
        kind: String,
        /// The namespace that was searched; empty for nodes.
        namespace: String,
        /// The name.
        name: String,
        /// The namespaces that have an object of this name.
        elsewhere: Vec<String>,
        /// Similar names in the namespace.
        nearest: Vec<String>,
    },
}

impl NotFound {
    /// Names what was not found.
    pub fn what(&self) -> String {
        match self {
            Self::Namespace { name, .. } => format!("namespace `{name}`"),
            Self::Object { kind, namespace, name, .. } => {
                format!("{kind} `{name}`{}", in_namespace(namespace))
            }
        }
    }

    /// Names the list that would have it, as the API does.
    pub fn list(&self) -> String {
        match self {
            Self::Namespace { .. } => "namespaces".to_owned(),
            Self::Object { kind, .. } => plural(kind),
        }
    }
}

fn in_namespace(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!(" in namespace `{namespace}`") }
}

fn exists_in(namespaces: &[String]) -> String {
    match namespaces {
        [] => String::new(),
        _ => format!("; it exists in namespace {}", quoted(namespaces)),
    }
}

/// Says what the user may have meant; nothing where there is no such name.
pub fn hint(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; did you mean {}?", quoted(names)) }
}

/// Says which of the names, to be put behind an error, the user may have meant.
pub fn meant(name: &str, names: Vec<String>) -> String {
    if names.iter().any(|known| known == name) { String::new() } else { hint(&nearest(name, names)) }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Says that a namespace is not there, and which ones the user may have meant.
pub fn no_namespace(snapshot: &Snapshot, name: &str) -> NotFound {
    let names = snapshot.namespaces.values().map(|namespace| namespace.name.to_string()).collect();
    NotFound::Namespace { name: name.to_owned(), nearest: nearest(name, names) }
}

/// Says what is not there: the namespace, if nothing of the name is anywhere, else the object.
/// Says that an object is not there, where it is, and which ones the user may have meant.
pub fn not_found(
    snapshot: &Snapshot,
    (kind, namespace, name): (&str, &str, &str),
    names: Vec<String>,
    mut elsewhere: Vec<String>,
) -> NotFound {
    if elsewhere.is_empty() && !namespace.is_empty() && snapshot.namespace(namespace).is_none() {
        return no_namespace(snapshot, namespace);
    }
    elsewhere.truncate(5);
    let other_kinds = other_kinds(snapshot, namespace, name);
    let nearest = if other_kinds.is_empty() { nearest(name, names) } else { other_kinds };
    NotFound::Object {
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        nearest,
        elsewhere,
    }
}

/// Lists what has the name in the namespace, whatever its kind.
fn other_kinds(snapshot: &Snapshot, namespace: &str, name: &str) -> Vec<String> {
    let Some(id) = snapshot.namespace(namespace) else { return Vec::new() };
    let is_it = |own_namespace, own_name: &str| own_namespace == id && own_name == name;
    let workloads = snapshot.workloads.values().filter(|own| is_it(own.namespace, &own.name));
    let workloads = workloads.map(|own| format!("{}/{name}", short_name(&own.kind)));
    let pods = snapshot.pods.values().filter(|own| !own.is_template());
    let pods = pods.filter(|own| is_it(own.namespace, &own.name)).map(|_| format!("pod/{name}"));
    let services = snapshot.services.values().filter(|own| is_it(own.namespace, &own.name));
    workloads.chain(pods).chain(services.map(|_| format!("svc/{name}"))).collect()
}

/// Picks the names that the user may have meant, the most similar first; all of very few where none
/// is similar.
pub fn nearest(name: &str, mut names: Vec<String>) -> Vec<String> {
    const SHOWN: usize = 3;
    let distance = |candidate: &str| strsim::osa_distance(name, candidate);
    let similar = |candidate: &String| {
        candidate.starts_with(name)
            || distance(candidate) <= 2
            || strsim::jaro_winkler(name, candidate) > 0.85
    };
    names.sort();
    names.dedup();
    if names.len() > SHOWN || names.iter().any(similar) {
        names.retain(similar);
    }
    names.sort_by_cached_key(|candidate| (!candidate.starts_with(name), distance(candidate)));
    names.truncate(SHOWN);
    names
}
