//! Manifests on disk become objects; everything wrong in all files is reported together.

use std::collections::HashMap;
use std::fs::File;
use std::mem;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::decode::{self, DecodeError};
use super::fault::{self, Fault, Problem};
use super::manifest::{Manifest, scope_of_half};
use super::misnamed::{self, Meant};
use super::paths::{self, UnreadablePath};
use super::{bytes, hidden, saved, schema};
use crate::model::gap::GapScope;
use crate::model::origin::ObjectOrigin;
use crate::model::snapshot::PolicyMeta;
use crate::objects::gateway::ROUTES;
use crate::objects::meta::Meta;
use crate::objects::object::{Object, ObjectKey, Objects, PolicyRead};
use crate::objects::plugin::DaemonSetRead;
use crate::policy::check::Report;
use crate::policy::{KnownKind, PolicyKind};
use crate::yaml::document::{self, SyntaxError, Value, YamlNode};

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
    /// Whether what cannot be read in a directory is an error; else it is a gap.
    pub strict: bool,
    /// The namespace of objects that name none.
    pub namespace: &'a str,
}

impl<'a> ReadOptions<'a> {
    /// Returns how files are read without any flag.
    pub const fn of(namespace: &'a str) -> Self {
        Self { recursive: false, strict: false, namespace }
    }
}

/// Reads all objects of files, directories and standard input (`-`).
///
/// What cannot be read of a directory is a gap, unless it is read strictly.
///
/// # Errors
/// A path that cannot be read, or everything that is wrong in the files that were named, all together.
pub fn read(paths: &[String], options: ReadOptions<'_>) -> Result<Objects, ManifestError> {
    let mut reader = Reader::new(options);
    let mut has_directory = false;
    for path in paths {
        if path == "-" {
            reader.is_named = true;
            reader.bytes("-", bytes::read(std::io::stdin().lock()));
            continue;
        }
        let found = paths::find(path, options.recursive)?;
        reader.is_named = !found.is_directory;
        has_directory |= found.is_directory;
        for file in &found.files {
            reader.file(file)?;
        }
        reader.passed_over(found);
    }
    if !reader.errors.is_empty() {
        return Err(ManifestError::Invalid(reader.errors));
    }
    if !reader.found && !has_directory {
        // A pipe that failed, a wrong file: an answer about nothing would sound like a finding.
        let problem = "no Kubernetes object".to_owned();
        return Err(UnreadablePath { path: paths.join(", "), problem }.into());
    }
    Ok(reader.finish())
}

struct Reader<'a> {
    options: ReadOptions<'a>,
    objects: Objects,
    /// What is wrong in files that were named, one line each.
    errors: Vec<String>,
    /// What is wrong in the files of directories.
    faults: Vec<Fault>,
    /// Whether the file was named itself.
    is_named: bool,
    /// Whether any document is a Kubernetes object, of whatever kind.
    found: bool,
    /// What is wrong with the document under way.
    problems: Vec<Problem>,
    /// The documents of the file under way that are no objects, by their lines.
    others: Vec<u32>,
    /// How many documents of the file under way are objects.
    own: usize,
    /// Where each object stands.
    places: HashMap<ObjectKey, String>,
    /// The Namespaces that could not be read, in one of the places where they stand.
    unread_namespaces: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(options: ReadOptions<'a>) -> Self {
        Self {
            options,
            objects: Objects::default(),
            errors: Vec::new(),
            faults: Vec::new(),
            is_named: false,
            found: false,
            problems: Vec::new(),
            others: Vec::new(),
            own: 0,
            places: HashMap::new(),
            unread_namespaces: Vec::new(),
        }
    }

    /// Returns what was read, with a gap for what was not.
    fn finish(mut self) -> Objects {
        for name in &self.unread_namespaces {
            // Its labels are not known, whatever stands elsewhere.
            self.objects.items.remove(&ObjectKey::new("", "Namespace", "", name));
        }
        self.objects.gaps.extend(fault::gaps(self.faults));
        self.objects
    }

    /// Says that something cannot be used: an error where it was named, else a gap.
    fn fault(&mut self, fault: Fault) {
        match self.is_named || self.options.strict {
            true => self.errors.extend(fault.lines()),
            false => self.faults.push(fault),
        }
    }

    fn passed_over(&mut self, found: paths::Found) {
        let link = |link: &Path| {
            format!("{}: skipped: it links to a directory that is read already", link.display())
        };
        self.objects.warnings.extend(found.skipped.iter().map(|path| link(path)));
        let passed_over = &mut self.objects.passed_over;
        passed_over.folders.extend(found.dotted.iter().map(|folder| folder.to_string_lossy().into()));
        passed_over.has_folders_below |= found.has_folders_below;
        for UnreadablePath { path, problem } in found.unreadable {
            self.unreadable(&path, problem);
        }
    }

    fn file(&mut self, file: &Path) -> Result<(), UnreadablePath> {
        match File::open(file) {
            Ok(opened) => self.bytes(&file.to_string_lossy(), bytes::read(opened)),
            Err(error) if self.is_named => return Err(UnreadablePath::new(file, &error)),
            Err(error) => self.unreadable(&file.to_string_lossy(), bytes::worded(&error)),
        }
        Ok(())
    }

    /// Says that nothing of a file or folder can be read, whatever may be in it.
    fn unreadable(&mut self, file: &str, problem: String) {
        let problems = Problem::of_file(problem);
        let (file, object, scope) = (file.into(), "".into(), GapScope::Cluster);
        self.fault(Fault { file, object, problems, scope });
    }

    fn bytes(&mut self, file: &str, bytes: Result<Vec<u8>, String>) {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(problem) => return self.unreadable(file, problem),
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let text = String::from_utf8_lossy(&bytes).replace('\0', "");
            return self.unread_text(file, &text, Problem::of_file("the file is not UTF-8 text"));
        };
        if saved::is_snapshot(&bytes) {
            return match saved::parse(text) {
                Ok(objects) => self.snapshot(objects),
                Err(problem) => self.unreadable(file, problem),
            };
        }
        match document::parse(text) {
            Ok(nodes) => self.documents(file, text, &nodes),
            Err(error) => self.unread_text(file, text, vec![worded(text, &error)]),
        }
    }

    fn snapshot(&mut self, objects: Objects) {
        self.found = true;
        self.objects.passed_over.is_of_cluster = true;
        self.objects.items.extend(objects.items);
        self.objects.gaps.extend(objects.gaps);
        self.objects.server_version = objects.server_version;
    }

    /// Says that a text cannot be read; what is none of Kubernetes does not matter in a directory.
    fn unread_text(&mut self, file: &str, text: &str, problems: Vec<Problem>) {
        if !self.is_named && !hidden::may_be_object(text) {
            self.objects.passed_over.files.insert(file.into());
            return;
        }
        let (file, object, scope) = (file.into(), "".into(), hidden::scope_of_text(text));
        self.fault(Fault { file, object, problems, scope });
    }

    fn documents(&mut self, file: &str, text: &str, nodes: &[YamlNode]) {
        let lines: Vec<&str> = text.lines().collect();
        self.own = 0;
        nodes.iter().for_each(|node| self.node(file, &lines, node, ("", "")));
        let others = mem::take(&mut self.others);
        if self.own == 0 && !others.is_empty() {
            self.objects.passed_over.files.insert(file.into());
        } else {
            let skipped = |line: &u32| format!("{file}:{line}: skipped: not a Kubernetes object");
            self.objects.warnings.extend(others.iter().map(skipped));
        }
    }

    /// Reads one document, or one item of a list whose items carry no kind of their own.
    fn node(&mut self, file: &str, text: &[&str], node: &YamlNode, inherited: (&str, &str)) {
        let own = |key| node.get(key).and_then(YamlNode::text);
        let api_version = own("apiVersion").unwrap_or(inherited.0);
        let kind = own("kind").unwrap_or(inherited.1);
        let namespace = self.options.namespace;
        let document = Manifest { file, text, node, api_version, kind, namespace };
        if api_version.is_empty() || kind.is_empty() || !matches!(node.value, Value::Map(_)) {
            return self.no_object(&document);
        }
        (self.found, self.own) = (true, self.own + 1);
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
        self.end(&document);
    }

    /// Passes over a document that is no object, unless it may be meant for a policy.
    fn no_object(&mut self, document: &Manifest<'_>) {
        if document.node.value == Value::Null {
            return;
        }
        let Some(scope) = scope_of_half(document.node, self.options.namespace) else {
            return self.others.push(document.node.line);
        };
        let missing = if document.kind.is_empty() { "kind" } else { "apiVersion" };
        let problem = document.problem("", &format!("the field `{missing}` is missing"));
        let fault = document.fault(vec![problem]);
        self.fault(Fault { object: fault.object.trim_start().into(), scope, ..fault });
    }

    /// Ends a document: with anything wrong it was not kept.
    fn end(&mut self, document: &Manifest<'_>) {
        let problems = mem::take(&mut self.problems);
        if problems.is_empty() {
            return;
        }
        if (document.group(), document.kind) == ("", "Namespace") {
            self.unread_namespaces.extend(document.meta("name").map(str::to_owned));
        }
        self.fault(document.fault(problems));
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
            ("apps", "DaemonSet") if document.has_pod_template() => {
                let wrap = |read: DaemonSetRead| Object::Workload(read.0);
                self.read(document, wrap, |read| &read.0.metadata);
            }
            _ if document.has_pod_template() => {
                self.read(document, |read| Object::Workload(Box::new(read)), |read| &read.metadata);
            }
            _ => self.dropped(document),
        }
    }

    /// Tells of an object that is not read, where it is nearly one that is: without a policy that was
    /// meant the answer would be another.
    fn dropped(&mut self, document: &Manifest<'_>) {
        let kind = ObjectKey::new(document.group(), document.kind, "", "").kind;
        *self.objects.passed_over.kinds.entry(kind.into()).or_default() += 1;
        if hidden::is_placeholder(document.kind) {
            return self.error(document, "kind", &format!("a placeholder, {}", document.kind));
        }
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
        self.objects.warnings.push(document.line("", &format!("skipped: {message}")));
    }

    /// Reads an object of a type, checks it, and keeps it.
    fn read<T: DeserializeOwned>(
        &mut self,
        document: &Manifest<'_>,
        wrap: impl FnOnce(T) -> Object,
        meta: impl Fn(&T) -> &Meta,
    ) {
        match decode::decode::<T>(document.node) {
            Err(error) => self.decode_error(document, &error),
            Ok((object, _)) => {
                self.check_schema(document);
                let mut report = Report::default();
                // Nobody selects nodes by their labels.
                if document.kind != "Node" {
                    report.labels("metadata.labels", &meta(&object).labels);
                }
                self.report(document, report);
                let key = document.key(meta(&object));
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
        let lines = document.lines(kind);
        let origin = ObjectOrigin::File { file: Arc::from(document.file), lines };
        let key = document.key(&header.metadata);
        let annotations = document.node.at(&["metadata", "annotations"]).map(decode::decode);
        let annotations = annotations.and_then(Result::ok).map(|read| read.0).unwrap_or_default();
        let metadata = PolicyMeta::new(header.metadata.labels, annotations);
        self.keep(document, key, Object::Policy(Box::new(PolicyRead { metadata, origin, spec })));
    }

    /// Reports fields that the type does not have; a value of a wrong type is told, but for those that
    /// answers need, which were read before.
    fn check_schema(&mut self, document: &Manifest<'_>) {
        let checked = schema::check(document.api_version, document.kind, document.node);
        for error in &checked.mistyped {
            let line = document.line(&error.path, &error.problem.to_string());
            self.objects.warnings.push(line);
        }
        self.unknown_fields(document, checked.unknown);
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
                let line = document.line(&path, &message);
                self.objects.warnings.push(line);
            }
        }
    }

    /// Keeps an object with which nothing is wrong.
    fn keep(&mut self, document: &Manifest<'_>, key: ObjectKey, object: Object) {
        if key.name.is_empty() {
            return self.error(document, "metadata.name", "a name is needed");
        }
        for (path, name) in [("metadata.name", &key.name), ("metadata.namespace", &key.namespace)] {
            if hidden::is_placeholder(name) {
                self.error(document, path, &format!("a placeholder, {name}"));
            }
        }
        if !self.problems.is_empty() {
            return;
        }
        let place = format!("{}:{}", document.file, document.node.line);
        if let Some(first) = self.places.insert(key.clone(), place) {
            let message = format!("the same object stands twice, also in {first}; the last one counts");
            self.objects.warnings.push(document.line("", &message));
        }
        self.objects.items.insert(key, object);
    }

    fn report(&mut self, document: &Manifest<'_>, report: Report) {
        for (path, message) in report.errors {
            self.error(document, &path, &message);
        }
        for (path, message) in report.warnings {
            self.objects.warnings.push(document.line(&path, &message));
        }
    }

    fn decode_error(&mut self, document: &Manifest<'_>, error: &DecodeError) {
        self.error(document, &error.path, &error.problem.to_string());
    }

    fn error(&mut self, document: &Manifest<'_>, path: &str, message: &str) {
        self.problems.push(document.problem(path, message));
    }
}

/// Says what is wrong with a text that is no YAML, as whoever wrote it knows it.
fn worded(text: &str, error: &SyntaxError) -> Problem {
    match hidden::is_template(text) {
        true => Problem {
            at: String::new(),
            message: "it looks like a Helm template: helm template renders it".to_owned(),
        },
        false => {
            Problem { at: format!(":{}:{}", error.line, error.column), message: error.message.clone() }
        }
    }
}

/// The part that all objects share.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Headed {
    metadata: Meta,
}
