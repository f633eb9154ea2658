//! Manifests on disk become objects; everything wrong in all files is reported together.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::decode::{self, DecodeError};
use super::document::{self, Value, YamlNode};
use super::misnamed::{self, Meant};
use super::paths::{self, UnreadablePath};
use super::{bytes, saved, schema};
use crate::model::origin::{Lines, ObjectOrigin};
use crate::model::snapshot::PolicyMeta;
use crate::objects::gateway::ROUTES;
use crate::objects::meta::Meta;
use crate::objects::object::{Object, ObjectKey, Objects, PolicyRead};
use crate::objects::plugin::DaemonSetRead;
use crate::policy::check::Report;
use crate::policy::{self, KnownKind, PolicyKind, Scope};

/// Files that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A path that is not there, or cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadablePath),
    /// Everything wrong inside the files, one line each.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

/// Which files to read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions<'a> {
    /// Whether directories below directories are read too.
    pub recursive: bool,
    /// The namespace of objects that name none.
    pub namespace: &'a str,
}

/// Reads all objects of files, directories and standard input (`-`).
///
/// # Errors
/// A path that cannot be read, a directory without manifests, or everything that is wrong in the
/// files, all together.
pub fn read(paths: &[String], options: ReadOptions<'_>) -> Result<Objects, ManifestError> {
    let mut reader = Reader { options, objects: Objects::default(), errors: Vec::new(), found: false };
    for path in paths {
        if path == "-" {
            reader.bytes("-", bytes::read(std::io::stdin().lock()));
            continue;
        }
        let found = paths::find(path, options.recursive)?;
        for file in &found.files {
            let opened = File::open(file).map_err(|error| UnreadablePath::new(file, &error))?;
            reader.bytes(&file.to_string_lossy(), bytes::read(opened));
        }
        let skipped = found.skipped.iter().map(|link| already_read(link));
        reader.objects.warnings.extend(skipped);
    }
    if !reader.errors.is_empty() {
        return Err(ManifestError::Invalid(reader.errors));
    }
    if !reader.found {
        // A pipe that failed, a wrong file: an answer about nothing would sound like a finding.
        let problem = "no Kubernetes object".to_owned();
        return Err(UnreadablePath { path: paths.join(", "), problem }.into());
    }
    Ok(reader.objects)
}

fn already_read(link: &Path) -> String {
    format!("{}: skipped: it links to a directory that is read already", link.display())
}

struct Reader<'a> {
    options: ReadOptions<'a>,
    objects: Objects,
    errors: Vec<String>,
    /// Whether any document is a Kubernetes object, of whatever kind.
    found: bool,
}

/// A document under way, with all that its errors have to name.
struct Manifest<'a> {
    file: &'a str,
    /// The lines of the whole file.
    text: &'a [&'a str],
    node: &'a YamlNode,
    api_version: &'a str,
    kind: &'a str,
}

impl Manifest<'_> {
    fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Returns the row of a policy's kind.
    fn policy(&self) -> Option<KnownKind> {
        policy::kind(self.group(), self.kind)
    }
}

impl Reader<'_> {
    fn bytes(&mut self, file: &str, bytes: Result<Vec<u8>, String>) {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(problem) => return self.errors.push(format!("{file}: {problem}")),
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return self.errors.push(format!("{file}: the file is not UTF-8 text"));
        };
        if saved::is_snapshot(&bytes) {
            return match saved::parse(text) {
                Ok(objects) => self.snapshot(objects),
                Err(problem) => self.errors.push(format!("{file}: {problem}")),
            };
        }
        match document::parse(text) {
            Ok(nodes) => {
                let lines: Vec<&str> = text.lines().collect();
                nodes.iter().for_each(|node| self.node(file, &lines, node, ("", "")));
            }
            Err(error) => {
                self.errors.push(format!("{file}:{}:{}: {}", error.line, error.column, error.message));
            }
        }
    }

    fn snapshot(&mut self, objects: Objects) {
        self.found = true;
        self.objects.items.extend(objects.items);
        self.objects.gaps.extend(objects.gaps);
        self.objects.server_version = objects.server_version;
    }

    /// Reads one document, or one item of a list whose items carry no kind of their own.
    fn node(&mut self, file: &str, text: &[&str], node: &YamlNode, inherited: (&str, &str)) {
        let own = |key| node.get(key).and_then(YamlNode::text);
        let api_version = own("apiVersion").unwrap_or(inherited.0);
        let kind = own("kind").unwrap_or(inherited.1);
        if api_version.is_empty() || kind.is_empty() || !matches!(node.value, Value::Map(_)) {
            if node.value != Value::Null {
                let line = node.line;
                self.objects.warnings.push(format!("{file}:{line}: skipped: not a Kubernetes object"));
            }
            return;
        }
        self.found = true;
        let document = Manifest { file, text, node, api_version, kind };
        let item_kind = kind.strip_suffix("List");
        match (item_kind, node.field("items").map(|items| &items.value)) {
            (Some(item_kind), Some(Value::List(items))) => {
                let inherited = if item_kind.is_empty() { ("", "") } else { (api_version, item_kind) };
                items.iter().for_each(|item| self.node(file, text, item, inherited));
            }
            (Some(item_kind), items) if misnamed::is_list_of(api_version, item_kind) => match items {
                Some(Value::Null) => {}
                Some(_) => self.error(&document, "items", "a list is needed"),
                None => self.error(&document, "", "the list has no field `items`"),
            },
            _ => self.object(&document),
        }
    }

    fn object(&mut self, document: &Manifest<'_>) {
        match document.policy() {
            Some(KnownKind::Judged(kind)) => return self.policy(document, kind),
            // Of a kind that is not judged counts only that it is there.
            Some(KnownKind::Unjudged(_)) => {
                return self.read(document, |_: Headed| Object::Unjudged, |header| &header.metadata);
            }
            None => {}
        }
        let (group, version) =
            document.api_version.split_once('/').unwrap_or(("", document.api_version));
        match (group, document.kind) {
            ("", "Namespace") => {
                let wrap = |header: Headed| Object::Namespace(header.metadata);
                self.read(document, wrap, |header| &header.metadata);
            }
            ("", "Pod") => self.read(document, |pod| Object::Pod(Box::new(pod)), |pod| &pod.metadata),
            ("", "Node") => self.read(document, Object::Node, |node| &node.metadata),
            ("", "Service") => {
                self.read(document, |read| Object::Service(Box::new(read)), |read| &read.metadata);
            }
            ("discovery.k8s.io", "EndpointSlice") => {
                self.read(document, |read| Object::EndpointSlice(Box::new(read)), |read| &read.metadata);
            }
            ("networking.k8s.io", "Ingress") if version == "v1" => {
                self.read(document, |read| Object::Ingress(Box::new(read)), |read| &read.metadata.meta);
            }
            ("networking.k8s.io", "IngressClass") => {
                self.read(
                    document,
                    |read| Object::IngressClass(Box::new(read)),
                    |read| &read.metadata.meta,
                );
            }
            ("gateway.networking.k8s.io", "Gateway") => {
                self.read(document, |read| Object::Gateway(Box::new(read)), |read| &read.metadata);
            }
            ("gateway.networking.k8s.io", "ReferenceGrant") => {
                self.read(
                    document,
                    |read| Object::ReferenceGrant(Box::new(read)),
                    |read| &read.metadata,
                );
            }
            ("gateway.networking.k8s.io", kind) if ROUTES.contains(&kind) => {
                self.read(document, |read| Object::Route(Box::new(read)), |read| &read.metadata);
            }
            ("apps", "DaemonSet") if has_pod_template(document.node) => {
                let wrap = |read: DaemonSetRead| Object::Workload(read.0);
                self.read(document, wrap, |read| &read.0.metadata);
            }
            _ if has_pod_template(document.node) => {
                self.read(document, |read| Object::Workload(Box::new(read)), |read| &read.metadata);
            }
            _ => self.dropped(document),
        }
    }

    /// Tells of an object that is not read, where it is nearly one that is: without a policy that was
    /// meant the answer would be another.
    fn dropped(&mut self, document: &Manifest<'_>) {
        let Some(meant) = misnamed::meant(document.api_version, document.kind) else { return };
        let Meant { api_version, kind, is_policy } = meant;
        let [own_version, own_kind] = [document.api_version, document.kind].map(misnamed::spelt);
        let message = format!(
            "there is no kind `{own_kind}` of apiVersion `{own_version}`; use kind {kind} of apiVersion \
             {api_version}"
        );
        if is_policy {
            return self.error(document, "", &message);
        }
        let line = self.line(document, "", &format!("skipped: {message}"));
        self.objects.warnings.push(line);
    }

    /// Reads an object of a type, checks it, and keeps it.
    fn read<T: DeserializeOwned>(
        &mut self,
        document: &Manifest<'_>,
        wrap: impl FnOnce(T) -> Object,
        meta: impl Fn(&T) -> &Meta,
    ) {
        if !self.check_schema(document) {
            return;
        }
        match decode::decode::<T>(document.node) {
            Err(error) => self.decode_error(document, &error),
            Ok((object, _)) => {
                let mut report = Report::default();
                report.labels("metadata.labels", &meta(&object).labels);
                self.report(document, report);
                let key = self.key(document, meta(&object));
                self.keep(document, key, wrap(object));
            }
        }
    }

    /// Reads a policy.
    fn policy(&mut self, document: &Manifest<'_>, kind: &PolicyKind) {
        let served = kind.versions.iter().map(|version| format!("{}/{version}", kind.group));
        let served: Vec<String> = served.collect();
        if served.iter().all(|served| document.api_version != served) {
            let (given, served) = (document.api_version, served.join(" or "));
            let message = format!("no such version `{given}`; use {served}");
            return self.error(document, "apiVersion", &message);
        }
        let spec = match decode::decode_seed(document.node, (kind.empty)()) {
            Err(error) => return self.decode_error(document, &error),
            Ok((spec, unknown)) => {
                self.unknown_fields(document, unknown);
                spec
            }
        };
        let header = match decode::decode::<Headed>(document.node) {
            Err(error) => return self.decode_error(document, &error),
            Ok((header, _)) => header,
        };
        let mut report = Report::default();
        report.labels("metadata.labels", &header.metadata.labels);
        (kind.check)(&spec, &mut report);
        self.report(document, report);
        let lines = lines(document, kind);
        let origin = ObjectOrigin::File { file: Arc::from(document.file), lines };
        let key = self.key(document, &header.metadata);
        let annotations = document.node.at(&["metadata", "annotations"]).map(decode::decode);
        let annotations = annotations.and_then(Result::ok).map(|read| read.0).unwrap_or_default();
        let metadata = PolicyMeta::new(header.metadata.labels, annotations);
        self.keep(document, key, Object::Policy(Box::new(PolicyRead { metadata, origin, spec })));
    }

    /// Reports fields that the type does not have; returns false where a value has a wrong type.
    fn check_schema(&mut self, document: &Manifest<'_>) -> bool {
        match schema::unknown_fields(document.api_version, document.kind, document.node) {
            Ok(unknown) => self.unknown_fields(document, unknown),
            Err(error) => {
                self.decode_error(document, &error);
                return false;
            }
        }
        true
    }

    fn unknown_fields(&mut self, document: &Manifest<'_>, unknown: Vec<String>) {
        // What a server reports is not what a user wrote: it says nothing about the intent.
        let written = |path: &String| path != "status" && !path.starts_with("status.");
        for path in unknown.into_iter().filter(written) {
            let name = path.rsplit('.').next().unwrap_or_default();
            let message = format!("unknown field `{name}`");
            // Newer servers have fields that this version does not know. In a policy and in labels
            // they would change the answer; elsewhere they are worth a word.
            let is_judged = matches!(document.policy(), Some(KnownKind::Judged(_)));
            if is_judged || path.contains("metadata.") {
                self.error(document, &path, &message);
            } else {
                let line = self.line(document, &path, &message);
                self.objects.warnings.push(line);
            }
        }
    }

    fn key(&self, document: &Manifest<'_>, meta: &Meta) -> ObjectKey {
        let group = document.group();
        let cluster_scoped = matches!(
            (group, document.kind),
            ("", "Namespace" | "Node") | ("networking.k8s.io", "IngressClass")
        ) || document.policy().is_some_and(|kind| kind.scope() == Scope::Cluster);
        let namespace = match (cluster_scoped, meta.namespace.is_empty()) {
            (true, _) => "",
            (false, true) => self.options.namespace,
            (false, false) => &meta.namespace,
        };
        let name = if meta.name.is_empty() { &meta.generate_name } else { &meta.name };
        ObjectKey::new(group, document.kind, namespace, name)
    }

    fn keep(&mut self, document: &Manifest<'_>, key: ObjectKey, object: Object) {
        if key.name.is_empty() {
            return self.error(document, "metadata.name", "a name is needed");
        }
        if self.objects.items.contains_key(&key) {
            let line = self.line(document, "", "the same object stands twice; the last one counts");
            self.objects.warnings.push(line);
        }
        self.objects.items.insert(key, object);
    }

    fn report(&mut self, document: &Manifest<'_>, report: Report) {
        for (path, message) in report.errors {
            self.error(document, &path, &message);
        }
        for (path, message) in report.warnings {
            let line = self.line(document, &path, &message);
            self.objects.warnings.push(line);
        }
    }

    fn decode_error(&mut self, document: &Manifest<'_>, error: &DecodeError) {
        self.error(document, &error.path, &error.problem.to_string());
    }

    fn error(&mut self, document: &Manifest<'_>, path: &str, message: &str) {
        let line = self.line(document, path, message);
        self.errors.push(line);
    }

    /// Writes `file:line: kind namespace/name: path: message`.
    fn line(&self, document: &Manifest<'_>, path: &str, message: &str) -> String {
        let meta = |key| document.node.at(&["metadata", key]).and_then(YamlNode::text);
        let name = meta("name").unwrap_or("(no name)");
        let name = match meta("namespace") {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.to_owned(),
        };
        let line = document.node.line_of(path);
        let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
        format!("{}:{line}: {} {name}: {path}{message}", document.file, document.kind)
    }
}

/// The part that all objects share.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Headed {
    metadata: Meta,
}

fn has_pod_template(node: &YamlNode) -> bool {
    let containers = ["spec", "template", "spec", "containers"];
    let job = ["spec", "jobTemplate", "spec", "template", "spec", "containers"];
    node.at(&containers).or_else(|| node.at(&job)).is_some()
}

/// Maps the paths that answers point at to their lines: the object as a whole, and every rule.
fn lines(document: &Manifest<'_>, kind: &PolicyKind) -> Lines {
    let mut lines = Lines::default();
    lines.insert("", document.node.line);
    for list in kind.rules {
        let steps: Vec<&str> = list.split('.').collect();
        rule_lines(document, document.node, "", &steps, &mut lines);
    }
    lines
}

/// Adds the lines of the items of a list, which is some steps below a node.
fn rule_lines(document: &Manifest<'_>, node: &YamlNode, path: &str, steps: &[&str], lines: &mut Lines) {
    let dotted = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    if let Some((step, rest)) = steps.split_first()
        && let Some(below) = node.get(step)
    {
        let path = dotted(step);
        match below.items() {
            [] => rule_lines(document, below, &path, rest, lines),
            items => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    if rest.is_empty() {
                        lines.insert(&path, document::item_line(document.text, item));
                    }
                    rule_lines(document, item, &path, rest, lines);
                }
            }
        }
    }
}

#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends there")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_lines_in_lists_of_lists_too() {
        let text = "specs:\n- egress:\n  - to: []\n- ingress: []\n- egress:\n  - to: []\n  - to: []\n";
        let nodes = document::parse(text).unwrap();
        let all: Vec<&str> = text.lines().collect();
        let node = &nodes[0];
        let document = Manifest { file: "", text: &all, node, api_version: "", kind: "" };
        let mut lines = Lines::default();
        rule_lines(&document, node, "", &["specs", "egress"], &mut lines);
        let of = ["specs[0].egress[0]", "specs[2].egress[0]", "specs[2].egress[1].to"];
        assert_eq!(of.map(|path| lines.of(path)), [3, 6, 7]);
    }
}
