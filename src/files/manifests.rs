//! Manifests on disk become objects; everything wrong in all files is reported together.

use std::fs::File;
use std::mem;
use std::path::Path;

use super::fault::{Fault, Problem};
use super::kustomization::{self, Inputs, Kustomization};
use super::kustomize::{self, KustomizeError};
use super::manifest::{Manifest, scope_of_half};
use super::paths::{self, UnreadablePath};
use super::placeholder::{self, Filled};
pub use super::reader::ReadOptions;
use super::reader::Reader;
use super::texts::ManifestText;
use super::{bytes, hidden, misnamed, saved, template};
use crate::model::gap::GapScope;
use crate::objects::object::Objects;
use crate::yaml::document;
use crate::yaml::tree::{SyntaxError, Value, YamlNode};

/// Files that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A path that is not there, or cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadablePath),
    /// A folder that kustomize does not render.
    #[error(transparent)]
    Kustomize(#[from] KustomizeError),
    /// Everything wrong inside the files, one line each.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

/// Reads all objects of files, directories, standard input (`-`) and what kustomize makes of a folder
/// (`kustomize:DIR`).
///
/// What cannot be read of a directory is a gap, unless it is read strictly.
///
/// # Errors
/// A path that cannot be read, or everything that is wrong in the files that were named, all together.
pub fn read(paths: &[String], options: ReadOptions<'_>) -> Result<Objects, ManifestError> {
    Ok(read_each(paths, options, None)?.0)
}

/// Does the same, and keeps the texts of the manifests; of a snapshot there is none.
///
/// # Errors
/// Those of `read`.
pub fn read_texts(
    paths: &[String],
    options: ReadOptions<'_>,
) -> Result<(Objects, Vec<ManifestText>), ManifestError> {
    read_each(paths, options, Some(Vec::new()))
}

fn read_each(
    paths: &[String],
    options: ReadOptions<'_>,
    texts: Option<Vec<ManifestText>>,
) -> Result<(Objects, Vec<ManifestText>), ManifestError> {
    let mut reader = Reader { texts, ..Reader::new(options) };
    let mut has_directory = false;
    for path in paths {
        if path == "-" {
            reader.is_named = true;
            reader.bytes("-", bytes::read(std::io::stdin().lock()));
            continue;
        }
        if let Some(folder) = kustomize::folder(path) {
            reader.is_named = true;
            let rendered = kustomize::render(folder)?;
            reader.objects.warnings.extend(rendered.warnings);
            reader.bytes(path, Ok(rendered.text));
            continue;
        }
        let found = paths::find(path, options.recursive)?;
        reader.is_named = !found.is_directory;
        has_directory |= found.is_directory;
        let inputs = reader.kustomizations(&found);
        for file in found.files.iter().filter(|file| !inputs.hold(file)) {
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
    let texts = reader.texts.take().unwrap_or_default();
    Ok((reader.finish(), texts))
}

impl Reader<'_> {
    /// Reads the kustomizations of a directory: which of its files are no objects by themselves.
    fn kustomizations(&mut self, found: &paths::Found) -> Inputs {
        let all = found.kustomizations.iter().filter_map(|file| kustomization::read(file));
        let all: Vec<Kustomization> = all.collect();
        // Read strictly too, what it lists can be read.
        self.faults.extend(all.iter().filter_map(Kustomization::fault));
        Inputs::of(&all)
    }

    fn passed_over(&mut self, found: paths::Found) {
        found.charts.iter().for_each(|chart| self.fault(chart.fault()));
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
        if let Some(texts) = &mut self.texts {
            texts.push(ManifestText { file: file.to_owned(), text: text.to_owned() });
        }
        match document::parse(text) {
            Ok(nodes) => self.documents(file, text, nodes),
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

    fn documents(&mut self, file: &str, text: &str, nodes: Vec<YamlNode>) {
        let lines: Vec<&str> = text.lines().collect();
        self.own = 0;
        let has_placeholders = text.contains("${");
        for mut node in nodes {
            let kept = self.kept;
            let filled = if has_placeholders { placeholder::fill(&mut node) } else { Filled::default() };
            let place = kustomize::place(file, &node);
            self.node(place.as_deref().unwrap_or(file), &lines, &node, ("", ""));
            if filled.count > 0 && self.kept > kept {
                self.filled.get_or_insert_with(|| (0, format!("{file}:{}", filled.line))).0 +=
                    filled.count;
            }
        }
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
            _ => match template::objects(api_version, kind, node) {
                Some(objects) => {
                    objects.iter().for_each(|object| self.node(file, text, object, ("", "")));
                }
                None => self.object(&document),
            },
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
