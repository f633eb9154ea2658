//! What is being read: the objects so far, and what is wrong with the files.

use std::collections::{BTreeMap, HashMap};
use std::mem;

use super::fault::{self, Fault, Problem};
use super::manifest::Manifest;
use super::texts::ManifestText;
use super::{hidden, makers};
use crate::model::gap::{Gap, GapReason, GapScope, Unread};
use crate::objects::object::{Object, ObjectKey, Objects};

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

/// Objects that stand twice and are told one by one.
const TOLD_TWICE: usize = 10;

/// A reading of files under way.
pub(super) struct Reader<'a> {
    pub(super) options: ReadOptions<'a>,
    pub(super) objects: Objects,
    /// What is wrong in files that were named, one line each.
    pub(super) errors: Vec<String>,
    /// What is wrong in the files of directories.
    pub(super) faults: Vec<Fault>,
    /// Whether the file was named itself.
    pub(super) is_named: bool,
    /// Whether any document is a Kubernetes object, of whatever kind.
    pub(super) found: bool,
    /// What is wrong with the document under way.
    pub(super) problems: Vec<Problem>,
    /// The documents of the file under way that are no objects, by their lines.
    pub(super) others: Vec<u32>,
    /// How many documents of the file under way are objects.
    pub(super) own: usize,
    /// Where each object stands.
    pub(super) places: HashMap<ObjectKey, String>,
    /// What is told of objects that stand twice.
    pub(super) twice: Vec<String>,
    /// How many objects were kept.
    pub(super) kept: usize,
    /// How many placeholders have a default that was read, and where the first one is.
    pub(super) filled: Option<(usize, String)>,
    /// How many objects there are of kinds that make pods which no file shows.
    pub(super) makers: BTreeMap<String, usize>,
    /// The Namespaces that could not be read, in one of the places where they stand.
    pub(super) unread_namespaces: Vec<String>,
    /// The texts that were read, where they are kept.
    pub(super) texts: Option<Vec<ManifestText>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(options: ReadOptions<'a>) -> Self {
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
            twice: Vec::new(),
            kept: 0,
            filled: None,
            makers: BTreeMap::new(),
            unread_namespaces: Vec::new(),
            texts: None,
        }
    }

    /// Returns what was read, with a gap for what was not.
    pub(super) fn finish(mut self) -> Objects {
        for name in &self.unread_namespaces {
            // Its labels are not known, whatever stands elsewhere.
            self.objects.items.remove(&ObjectKey::new("", "Namespace", "", name));
        }
        let more = self.twice.len().saturating_sub(TOLD_TWICE);
        self.objects.warnings.extend(self.twice.into_iter().take(TOLD_TWICE));
        if more > 0 {
            self.objects.warnings.push(format!("{more} more objects stand twice; the last ones count"));
        }
        let (gaps, rest) = fault::gaps(self.faults);
        self.objects.gaps.extend(gaps);
        self.objects.passed_over.unread.extend(rest.into_iter().map(String::into));
        self.objects.gaps.extend(self.makers.iter().map(|(kind, count)| makers::gap(kind, *count)));
        if let Some((count, first)) = self.filled {
            let (unread, reason) =
                (Unread::Placeholders { count, first: first.into() }, GapReason::FilledLater);
            self.objects.gaps.push(Gap { unread, reason, scope: GapScope::Incomplete });
        }
        self.objects
    }

    /// Says that something cannot be used: an error where it was named, else a gap.
    pub(super) fn fault(&mut self, fault: Fault) {
        match self.is_named || self.options.strict {
            true => self.errors.extend(fault.lines()),
            false => self.faults.push(fault),
        }
    }

    /// Ends a document: with anything wrong it was not kept.
    pub(super) fn end(&mut self, document: &Manifest<'_>) {
        let problems = mem::take(&mut self.problems);
        if problems.is_empty() {
            return;
        }
        if (document.group(), document.kind) == ("", "Namespace") {
            self.unread_namespaces.extend(document.meta("name").map(str::to_owned));
        }
        self.fault(document.fault(problems));
    }

    /// Keeps an object with which nothing is wrong.
    pub(super) fn keep(&mut self, document: &Manifest<'_>, key: ObjectKey, object: Object) {
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
        if let Some(kept) = self.objects.items.get(&key)
            && is_patch_of(&object, kept)
        {
            return self.error(
                document,
                "spec.selector",
                "it is missing, as in a patch: this is no object",
            );
        }
        let place = format!("{}:{}", document.file, document.node.line);
        if let Some(first) = self.places.insert(key.clone(), place) {
            let message = format!("the same object stands twice, also in {first}; the last one counts");
            self.twice.push(document.line("", &message));
        }
        self.objects.items.insert(key, object);
        self.kept += 1;
    }

    pub(super) fn error(&mut self, document: &Manifest<'_>, path: &str, message: &str) {
        self.problems.push(document.problem(path, message));
    }
}

/// Tells whether a workload is a patch of one that was read: the API server wants a selector in a whole one.
fn is_patch_of(object: &Object, kept: &Object) -> bool {
    match (object, kept) {
        (Object::Workload(own), Object::Workload(kept)) => {
            own.spec.selector.is_none() && kept.spec.selector.is_some()
        }
        _ => false,
    }
}
