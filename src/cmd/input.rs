//! The snapshot that the flags ask for.

use std::collections::BTreeSet;
use std::io::Write;

use crate::cli::Global;
use crate::error::Error;
use crate::load::cluster::{self, ClusterError, ConnectOptions};
use crate::load::manifests::{self, ReadOptions};
use crate::load::objects::{ObjectKey, Objects};
use crate::model::snapshot::Snapshot;
use crate::render::sanitize::sanitize;
use crate::report::target::kind_of;

/// What a command reads.
pub(super) struct Input {
    /// The snapshot.
    pub(super) snapshot: Snapshot,
    /// The namespace of names that give none.
    pub(super) namespace: String,
    /// The only namespace to show; all where it is absent.
    pub(super) only: Option<String>,
}

/// Reads the files or the cluster, lays `--with` over it and takes `--without` away.
pub(super) fn read(global: &Global, all_namespaces: bool) -> Result<Input, Error> {
    let given = global.namespace.clone();
    let (mut objects, namespace, only) = if global.filename.is_empty() {
        let options =
            ConnectOptions { kubeconfig: global.kubeconfig.clone(), context: global.context.clone() };
        let read = cluster::read(&options).map_err(cluster_error)?;
        let namespace = given.unwrap_or(read.namespace);
        (read.objects, namespace.clone(), Some(namespace))
    } else {
        let namespace = given.clone().unwrap_or_else(|| "default".to_owned());
        (files(&global.filename, global, &namespace)?, namespace, given)
    };
    if !global.with.is_empty() {
        objects = objects.with(files(&global.with, global, &namespace)?);
    }
    for word in &global.without {
        remove(&mut objects, word, &namespace)?;
    }
    warn(&objects.warnings);
    let only = only.filter(|_| !all_namespaces);
    Ok(Input { snapshot: objects.assemble(), namespace, only })
}

fn files(paths: &[String], global: &Global, namespace: &str) -> Result<Objects, Error> {
    let options = ReadOptions { recursive: global.recursive, namespace };
    manifests::read(paths, options).map_err(Error::usage)
}

fn cluster_error(error: ClusterError) -> Error {
    match error {
        ClusterError::Config(_) => Error::usage(error),
        _ => Error::cluster(error),
    }
}

/// Tells every warning once.
fn warn(warnings: &[String]) {
    let mut told = BTreeSet::new();
    for warning in warnings.iter().filter(|warning| told.insert(*warning)) {
        // A closed standard error is no reason not to answer.
        let _ = writeln!(std::io::stderr(), "Warning: {}", sanitize(warning));
    }
}

/// Takes away the object that `TYPE/NAME` or `NAMESPACE/TYPE/NAME` names.
fn remove(objects: &mut Objects, word: &str, default_namespace: &str) -> Result<(), Error> {
    let parts: Vec<&str> = word.split('/').collect();
    let (namespace, kind, name) = match *parts {
        [kind, name] => (default_namespace, kind, name),
        [namespace, kind, name] => (namespace, kind, name),
        _ => {
            return Err(Error::usage(format!(
                "--without `{word}`: use TYPE/NAME or NAMESPACE/TYPE/NAME"
            )));
        }
    };
    let wanted = match &*kind.to_ascii_lowercase() {
        "netpol" | "networkpolicy" | "networkpolicies" => "networkpolicy".to_owned(),
        other => kind_of(other).unwrap_or_else(|| other.to_owned()).to_ascii_lowercase(),
    };
    let is_wanted = |key: &ObjectKey| {
        let own = key.kind.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let here = key.namespace.is_empty() || key.namespace == namespace;
        here && key.name == name && (own == wanted || format!("{own}s") == wanted)
    };
    let keys: Vec<ObjectKey> = objects.items.keys().filter(|key| is_wanted(key)).cloned().collect();
    if keys.is_empty() {
        return Err(Error::usage(format!("--without `{word}`: not found in namespace `{namespace}`")));
    }
    for key in &keys {
        objects.without(key);
    }
    Ok(())
}
