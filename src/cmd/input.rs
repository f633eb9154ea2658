//! The snapshot that the flags ask for.

use super::connection;
use super::global::Global;
use super::nothing;
use super::terminal::{tell, warn};
use crate::cluster::read as cluster;
use crate::cluster::read::Question;
use crate::edit::recorded;
use crate::ends::not_found::{NotFound, nearest};
use crate::ends::target::{Target, kind_of};
use crate::error::Error;
use crate::files::manifests::{self, ManifestError, ReadOptions};
use crate::files::texts::ManifestText;
use crate::objects::census::Reading;
use crate::objects::object::{ObjectKey, Objects};
use crate::objects::passed_over::PassedOver;
use crate::plan::input::Input;
use crate::policy::kinds;
use crate::render::sanitize::sanitize;

/// Reads the files or the cluster, lays `--with` over it and takes `--without` away.
///
/// The targets are the ends that the command line names.
pub(crate) fn read(global: &Global, all_namespaces: bool, targets: &[&Target]) -> Result<Input, Error> {
    let named: Vec<String> = targets.iter().filter_map(|target| target.namespace()).collect();
    read_for(global, all_namespaces, Question::Everything(&named))
}

/// Reads the same for a question about connections.
pub(crate) fn read_ends(
    global: &Global,
    all_namespaces: bool,
    targets: &[&Target],
) -> Result<Input, Error> {
    let named: Vec<String> = targets.iter().filter_map(|target| target.namespace()).collect();
    read_to_judge(global, all_namespaces, Question::Everything(&named))
}

/// Reads what a question needs.
pub(crate) fn read_for(
    global: &Global,
    all_namespaces: bool,
    question: Question<'_>,
) -> Result<Input, Error> {
    read_at_least(Reading::Nothing, global, all_namespaces, question)
}

/// Reads what a question about connections needs: of files without any pod or workload there is no
/// answer.
pub(crate) fn read_to_judge(
    global: &Global,
    all_namespaces: bool,
    question: Question<'_>,
) -> Result<Input, Error> {
    read_at_least(Reading::Pods, global, all_namespaces, question)
}

fn read_at_least(
    least: Reading,
    global: &Global,
    all_namespaces: bool,
    question: Question<'_>,
) -> Result<Input, Error> {
    let given = connection::given(global.namespace.clone());
    let (mut objects, namespace, only, only_ends) = if global.filename.is_empty() {
        let options = global.connection.options(given.as_ref());
        // What is laid over or taken away may be anywhere.
        let named: Vec<String> = match question {
            Question::Ends(ends) | Question::Around(ends) => {
                ends.iter().filter_map(|end| end.namespace.clone()).collect()
            }
            Question::Everything(named) | Question::Addresses(named) => named.to_vec(),
        };
        let question = if global.has_overlay() { Question::Everything(&named) } else { question };
        let read = cluster::read(&options, question)?;
        let namespace = given.unwrap_or(read.namespace);
        (read.objects, namespace.clone(), Some(namespace), read.only_ends)
    } else {
        let namespace = given.clone().unwrap_or_else(|| "default".to_owned());
        (files(&global.filename, global, &namespace)?, namespace, given, false)
    };
    if !global.with.is_empty() {
        objects = objects.with(files(&global.with, global, &namespace)?);
    }
    tell_beside(global, &[&objects]);
    if !global.filename.is_empty() {
        nothing::check(least, &objects, &global.filename)?;
    }
    for word in &global.without {
        remove(&mut objects, word, &namespace)?;
    }
    let only = only.filter(|_| !all_namespaces);
    let mut snapshot = objects.assemble();
    recorded::lay_over(&mut snapshot);
    global.lay_over(&mut snapshot);
    Ok(Input { snapshot, namespace, only, only_ends })
}

/// Tells what the user should know about the input.
pub(crate) fn tell_beside(global: &Global, read: &[&Objects]) {
    let warnings = read.iter().flat_map(|objects| objects.warnings.clone());
    warn(&warnings.collect::<Vec<_>>());
    let all = read.iter().map(|objects| objects.passed_over.clone());
    let passed_over = all.fold(PassedOver::default(), PassedOver::with);
    match global.connection.is_verbose() {
        true => passed_over.names().for_each(|line| tell(&line)),
        false => passed_over.counted().iter().for_each(|line| tell(line)),
    }
}

/// Reads all of the cluster.
pub(crate) fn read_cluster(global: &Global) -> Result<Objects, Error> {
    let options = global.connection.options(global.namespace.as_ref());
    let read = cluster::read(&options, Question::Everything(&[]))?;
    warn(&read.objects.warnings);
    Ok(read.objects)
}

pub(crate) fn files(paths: &[String], global: &Global, namespace: &str) -> Result<Objects, Error> {
    manifests::read(paths, options(global, namespace)).map_err(unread)
}

const fn options<'a>(global: &Global, namespace: &'a str) -> ReadOptions<'a> {
    ReadOptions { recursive: global.recursive, strict: global.strict, namespace }
}

/// Reads the files of `-f`, and keeps the texts of the manifests among them.
pub(crate) fn read_texts(global: &Global) -> Result<(Input, Vec<ManifestText>), Error> {
    let only = connection::given(global.namespace.clone());
    let namespace = only.clone().unwrap_or_else(|| "default".to_owned());
    let (objects, texts) =
        manifests::read_texts(&global.filename, options(global, &namespace)).map_err(unread)?;
    tell_beside(global, &[&objects]);
    nothing::check(Reading::Nothing, &objects, &global.filename)?;
    let mut snapshot = objects.assemble();
    global.lay_over(&mut snapshot);
    Ok((Input { snapshot, namespace, only, only_ends: false }, texts))
}

fn unread(error: ManifestError) -> Error {
    match error {
        // One line each, whatever the names in them hold.
        ManifestError::Invalid(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| sanitize(line)).collect();
            Error::usage(lines.join("\n"))
        }
        // In the words of kubectl.
        ManifestError::Kustomize(error) => Error::usage(error.to_string()),
        error => Error::one_line(error),
    }
}

/// Takes away the object that `TYPE/NAME` or `NAMESPACE/TYPE/NAME` names.
pub(crate) fn remove(objects: &mut Objects, word: &str, default_namespace: &str) -> Result<(), Error> {
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
    let resource = kind.split('.').next().unwrap_or_default();
    let resource = resource.to_ascii_lowercase();
    let wanted = match kinds::of_word(&resource) {
        Some(kind) => kind.name.to_ascii_lowercase(),
        None => kind_of(&resource).unwrap_or(resource).to_ascii_lowercase(),
    };
    let is_kind = |key: &ObjectKey| {
        let own = key.kind.split('.').next().unwrap_or_default().to_ascii_lowercase();
        own == wanted || format!("{own}s") == wanted
    };
    let is_here = |key: &ObjectKey| key.namespace.is_empty() || key.namespace == namespace;
    let same_kind = || objects.items.keys().filter(|key| is_kind(key));
    let is_wanted = |key: &&ObjectKey| is_here(key) && key.name == name;
    let keys: Vec<ObjectKey> = same_kind().filter(is_wanted).cloned().collect();
    if keys.is_empty() {
        let cluster_scoped = same_kind().any(|key| key.namespace.is_empty());
        let names = same_kind().filter(|key| is_here(key)).map(|key| key.name.clone());
        let elsewhere = same_kind().filter(|key| key.name == name).map(|key| key.namespace.clone());
        let error = NotFound::Object {
            kind: "--without".to_owned(),
            name: word.to_owned(),
            namespace: if cluster_scoped { String::new() } else { namespace.to_owned() },
            nearest: nearest(name, names.collect()),
            elsewhere: elsewhere.collect(),
        };
        return Err(Error::one_line(error));
    }
    for key in &keys {
        objects.without(key);
    }
    Ok(())
}
