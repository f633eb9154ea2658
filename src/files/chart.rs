//! Helm charts: folders whose templates only Helm can render.

use std::fs;
use std::path::{Path, PathBuf};

use super::fault::{Fault, Problem};
use super::{bytes, command, hidden};
use crate::model::gap::GapScope;
use crate::yaml::document;

/// A chart whose templates are not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chart {
    folder: PathBuf,
    may_hide_policy: bool,
}

/// Finds the chart that a folder is; nothing where it is none, or plain manifests are all it has.
pub(crate) fn find(folder: &Path) -> Option<Chart> {
    if !folder.join("Chart.yaml").is_file() {
        return None;
    }
    let mut templates = Vec::new();
    let parts = ["templates", "charts"].map(|part| folder.join(part));
    parts.iter().for_each(|part| collect(part, &mut templates));
    let texts = templates.iter().map(|path| bytes::searched(path));
    let (mut is_plain, mut may_hide_policy) = (!folder.join("charts").is_dir(), false);
    for text in texts {
        is_plain &= text.as_ref().is_some_and(|text| !hidden::is_template(text));
        may_hide_policy |= text.is_none_or(|text| hidden::may_be_policy(&text));
    }
    (!is_plain).then(|| Chart { folder: folder.to_owned(), may_hide_policy })
}

/// Tells whether a folder of a chart holds what only Helm reads.
pub(crate) fn is_rendered(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == "templates" || name == "charts")
}

/// Collects the templates below a folder; a link to a folder is not followed, so that it ends.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().map(|entry| entry.path()) {
        let extension = entry.extension().and_then(|extension| extension.to_str());
        if entry.is_dir() && !entry.is_symlink() {
            collect(&entry, found);
        } else if matches!(extension, Some("yaml" | "yml" | "json")) && is_template(&entry) {
            found.push(entry);
        }
    }
}

/// Tells whether a file stands among templates, not beside them as the values of a chart do.
fn is_template(file: &Path) -> bool {
    file.parent().is_some_and(|folder| folder.ancestors().any(|above| above.ends_with("templates")))
}

impl Chart {
    /// Says that it was not read, and how it can be.
    pub(crate) fn fault(&self) -> Fault {
        let folder = self.folder.to_string_lossy();
        let (name, word) = (self.name(), command::word(&folder));
        let problem =
            format!("a Helm chart: helm template {name} {word} | kubectl netpol … -f - renders it");
        let scope = if self.may_hide_policy { GapScope::Cluster } else { GapScope::Incomplete };
        let (file, object) = (folder.into(), "".into());
        Fault { file, object, problems: Problem::of_file(problem), scope }
    }

    /// Returns the name of the chart as that of a release.
    fn name(&self) -> String {
        let text = bytes::searched(&self.folder.join("Chart.yaml")).unwrap_or_default();
        let nodes = document::parse(&text).unwrap_or_default();
        let name = nodes.first().and_then(|node| node.get("name")?.text()).unwrap_or_default();
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_name);
        if is_plain { name.to_owned() } else { "NAME".to_owned() }
    }
}
