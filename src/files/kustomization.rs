//! Kustomizations: what they list that is no object by itself, and what only rendering them shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::fault::{Fault, Problem};
use super::{bytes, command, hidden};
use crate::model::gap::GapScope;
use crate::yaml::document;
use crate::yaml::tree::{Value, YamlNode};

/// The names that a kustomization may have.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What each field does to the objects, with the fields that do it.
const DEEDS: [(&str, &[&str]); 5] = [
    (
        "patches",
        &["patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "vars", "transformers"],
    ),
    ("adds components", &["components"]),
    ("renames", &["namePrefix", "nameSuffix", "namespace"]),
    ("relabels", &["commonLabels", "labels"]),
    ("generates", &["generators", "helmCharts", "helmChartInflationGenerator"]),
];

/// A kustomization, as far as reading its files raw needs it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kustomization {
    folder: PathBuf,
    is_component: bool,
    /// What it applies: files and folders.
    resources: Vec<PathBuf>,
    /// The files that it changes objects with, or makes them of.
    inputs: Vec<PathBuf>,
    /// The folders of its components.
    components: Vec<PathBuf>,
    /// What it does to its objects.
    deeds: Vec<&'static str>,
    /// Whether it names policies that it changes.
    changes_policies: bool,
}

/// What kustomizations list that is no object by itself.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    files: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
}

/// Tells whether a file is a kustomization by its name.
pub(crate) fn is_kustomization(file: &Path) -> bool {
    file.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known))
}

/// Reads a kustomization; nothing where it is none that can be read.
pub(crate) fn read(file: &Path) -> Option<Kustomization> {
    let nodes = document::parse(&bytes::searched(file)?).ok()?;
    let node = nodes.first()?;
    let folder = file.parent()?;
    let list = |key: &str| node.get(key).map(YamlNode::items).unwrap_or_default();
    let texts = |key: &str| list(key).iter().filter_map(YamlNode::text);
    let path = |text: &str| folder.join(text);
    let resources: Vec<&str> = texts("resources").chain(texts("bases")).collect();
    let mut deeds: Vec<&'static str> = DEEDS
        .into_iter()
        .filter(|(_, fields)| fields.iter().any(|field| is_given(node, field)))
        .map(|(deed, _)| deed)
        .collect();
    if resources.iter().any(|text| is_remote(text)) {
        deeds.push("takes resources from elsewhere");
    }
    Some(Kustomization {
        folder: folder.to_owned(),
        is_component: node.get("kind").and_then(YamlNode::text) == Some("Component"),
        resources: resources.into_iter().map(path).collect(),
        inputs: inputs(node).into_iter().map(path).collect(),
        components: texts("components").map(path).collect(),
        deeds,
        changes_policies: changes_policies(node),
    })
}

/// Lists the files that a kustomization names as anything but resources.
fn inputs(node: &YamlNode) -> Vec<&str> {
    let list = |key: &str| node.get(key).map(YamlNode::items).unwrap_or_default();
    let mut found = Vec::new();
    let plain =
        ["patchesStrategicMerge", "generators", "transformers", "validators", "configurations", "crds"];
    found.extend(plain.iter().flat_map(|key| list(key)).filter_map(YamlNode::text));
    let with_path = ["patches", "patchesJson6902", "replacements"];
    found.extend(with_path.iter().flat_map(|key| list(key)).filter_map(|item| item.get("path")?.text()));
    for generator in ["configMapGenerator", "secretGenerator"].iter().flat_map(|key| list(key)) {
        let files = ["files", "envs"].iter().filter_map(|key| generator.get(key));
        let files = files.flat_map(YamlNode::items).filter_map(YamlNode::text);
        let files = files.chain(generator.get("env").and_then(YamlNode::text));
        found.extend(files.map(|file| file.split_once('=').map_or(file, |(_, path)| path)));
    }
    let values = list("helmCharts").iter().filter_map(|chart| chart.get("valuesFile")?.text());
    found.extend(values);
    // A patch may stand there itself.
    found.retain(|text| !text.contains('\n'));
    found
}

fn is_given(node: &YamlNode, field: &str) -> bool {
    match node.get(field).map(|node| &node.value) {
        None => false,
        Some(Value::List(items)) => !items.is_empty(),
        Some(Value::Map(fields)) => !fields.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

/// Tells whether a resource is a URL or a repository.
fn is_remote(text: &str) -> bool {
    text.contains("://")
        || text.contains("?ref=")
        || text.starts_with("git@")
        || text.starts_with("github.com/")
}

/// Tells whether a patch that stands in the kustomization, or is aimed by it, may change a policy.
fn changes_policies(node: &YamlNode) -> bool {
    let patches = ["patches", "patchesStrategicMerge", "patchesJson6902", "replacements"];
    let items = patches.iter().filter_map(|key| node.get(key)).flat_map(YamlNode::items);
    let mut items = items.peekable();
    items.any(|item| {
        let inline = item.text().or_else(|| item.get("patch")?.text()).unwrap_or_default();
        let is_aimed_anywhere = item.get("target").is_some_and(|target| {
            target.get("kind").and_then(YamlNode::text).is_none_or(|kind| kind.contains(['*', '|', '.']))
        });
        is_aimed_anywhere
            || hidden::scope_of_tree(item) == GapScope::Cluster
            || hidden::may_be_policy(inline)
    })
}

/// Tells whether a file, or any file of a folder, may hold a policy; one that cannot be searched may.
fn may_hide_policy(path: &Path) -> bool {
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        // A link to a folder is not followed, so that it ends.
        return entries.filter(|entry| !entry.is_symlink()).any(|entry| may_hide_policy(&entry));
    }
    path.is_file() && bytes::searched(path).is_none_or(|text| hidden::may_be_policy(&text))
}

impl Inputs {
    /// Collects what is no object of all kustomizations; what one of them applies is an object.
    pub(crate) fn of(all: &[Kustomization]) -> Self {
        let real = |path: &PathBuf| fs::canonicalize(path).ok();
        let mut inputs = Self::default();
        for own in all {
            inputs.files.extend(own.inputs.iter().filter_map(real));
            inputs.folders.extend(own.components.iter().filter_map(real));
            inputs.folders.extend(own.is_component.then(|| real(&own.folder)).flatten());
        }
        for own in all.iter().filter(|own| !own.is_component) {
            for resource in own.resources.iter().filter_map(real) {
                inputs.files.remove(&resource);
                inputs.folders.remove(&resource);
            }
        }
        inputs
    }

    /// Tells whether a file is no object by itself.
    pub(crate) fn hold(&self, file: &Path) -> bool {
        if self.files.is_empty() && self.folders.is_empty() {
            return false;
        }
        let Ok(file) = fs::canonicalize(file) else { return false };
        self.files.contains(&file) || file.ancestors().skip(1).any(|above| self.folders.contains(above))
    }
}

impl Kustomization {
    /// Says what is not read where its files are read as they are; nothing where that is all it applies.
    pub(crate) fn fault(&self) -> Option<Fault> {
        if self.is_component {
            let problem = "a component, which only the kustomizations that name it apply".to_owned();
            return may_hide_policy(&self.folder).then(|| self.unread(problem, GapScope::Cluster));
        }
        if self.deeds.is_empty() {
            return None;
        }
        let hides = self.inputs.iter().chain(&self.components).any(|path| may_hide_policy(path));
        let scope = match hides || self.changes_policies {
            true => GapScope::Cluster,
            false => GapScope::Incomplete,
        };
        let (deeds, word) = (self.deeds.join(", "), command::word(&self.folder.to_string_lossy()));
        let problem = format!("a kustomization that {deeds}: kubectl netpol … -k {word} renders it");
        Some(self.unread(problem, scope))
    }

    fn unread(&self, problem: String, scope: GapScope) -> Fault {
        let (file, object) = (self.folder.to_string_lossy().into(), "".into());
        Fault { file, object, problems: Problem::of_file(problem), scope }
    }
}

#[expect(clippy::unwrap_used, reason = "a test ends there")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_that_cannot_be_searched_may_hide_a_policy() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kustomization.yaml");
        fs::write(&file, "patches: [{path: patch.yaml}]\n").unwrap();
        let scope = |patch: &[u8]| {
            fs::write(folder.path().join("patch.yaml"), patch).unwrap();
            read(&file).and_then(|own| own.fault()).map(|fault| fault.scope)
        };
        assert_eq!(scope(b"kind: Deployment"), Some(GapScope::Incomplete));
        assert_eq!(scope(b"kind: NetworkPolicy"), Some(GapScope::Cluster));
        // Not UTF-8, and larger than is searched.
        assert_eq!(scope(b"# \xff\nkind: NetworkPolicy"), Some(GapScope::Cluster));
        assert_eq!(scope(&[b'#'; 2 << 20]), Some(GapScope::Cluster));
    }
}
