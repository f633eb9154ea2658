//! Which manifests a path of the user stands for.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::chart::{self, Chart};
use super::{bytes, kustomization};

/// A path that is not there, or cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct UnreadablePath {
    /// The path as the user gave it.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl UnreadablePath {
    pub(crate) fn new(path: &Path, error: &io::Error) -> Self {
        Self { path: path.to_string_lossy().into_owned(), problem: bytes::worded(error) }
    }
}

/// The manifests of a path.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The files, those of each directory in the order of their names.
    pub(crate) files: Vec<PathBuf>,
    /// The links to directories that were read already: back to one above, or twice to one.
    pub(crate) skipped: Vec<PathBuf>,
    /// The folders below whose names begin with a dot.
    pub(crate) dotted: Vec<PathBuf>,
    /// The charts, whose templates are not among the files.
    pub(crate) charts: Vec<Chart>,
    /// The files that are kustomizations.
    pub(crate) kustomizations: Vec<PathBuf>,
    /// The folders below that cannot be read.
    pub(crate) unreadable: Vec<UnreadablePath>,
    /// Whether the path is a directory, and its files were not named themselves.
    pub(crate) is_directory: bool,
    /// Whether there are folders below that were not asked for.
    pub(crate) has_folders_below: bool,
}

/// Lists the manifests that a path stands for.
pub(crate) fn find(path: &str, recursive: bool) -> Result<Found, UnreadablePath> {
    let root = Path::new(path);
    let metadata = fs::metadata(root).map_err(|error| UnreadablePath::new(root, &error))?;
    if !metadata.is_dir() {
        return Ok(Found { files: vec![root.to_owned()], ..Found::default() });
    }
    let found = Found { is_directory: true, ..Found::default() };
    let chart = root.parent().filter(|_| chart::is_rendered(root)).and_then(chart::find);
    if let Some(chart) = chart {
        // What is named is a part of a chart.
        return Ok(Found { charts: vec![chart], ..found });
    }
    let mut walk = Walk { recursive, found, read: BTreeSet::new(), links: Vec::new() };
    walk.folder(root)?;
    // After all directories, so that a file goes by the name that it has without a link.
    while let Some(link) = walk.links.pop() {
        walk.below(&link);
    }
    Ok(walk.found)
}

/// A walk through directories under way.
struct Walk {
    recursive: bool,
    found: Found,
    /// The directories that were read, by the paths that have no link in them.
    read: BTreeSet<PathBuf>,
    /// The links to directories that are still to be followed.
    links: Vec<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path) -> Result<(), UnreadablePath> {
        let failed = |error| UnreadablePath::new(folder, &error);
        if !self.read.insert(fs::canonicalize(folder).map_err(failed)?) {
            self.found.skipped.push(folder.to_owned());
            return Ok(());
        }
        let entries: io::Result<Vec<_>> = fs::read_dir(folder).map_err(failed)?.collect();
        let mut entries: Vec<PathBuf> =
            entries.map_err(failed)?.iter().map(fs::DirEntry::path).collect();
        entries.sort();
        let chart = chart::find(folder);
        let is_chart = chart.is_some();
        self.found.charts.extend(chart);
        for entry in entries {
            match entry.is_dir() {
                true if is_dotted(&entry) => self.dotted(entry),
                true if is_chart && chart::is_rendered(&entry) => {}
                true if !self.recursive => self.found.has_folders_below = true,
                true if entry.is_symlink() => self.links.insert(0, entry),
                true => self.below(&entry),
                false => self.entry(entry),
            }
        }
        Ok(())
    }

    fn entry(&mut self, file: PathBuf) {
        if kustomization::is_kustomization(&file) {
            self.found.kustomizations.push(file.clone());
        }
        if is_manifest(&file) && is_file(&file) {
            self.found.files.push(file);
        }
    }

    /// Reads a folder that was not named itself: one that cannot be read does not stop the others.
    fn below(&mut self, folder: &Path) {
        if let Err(error) = self.folder(folder) {
            self.found.unreadable.push(error);
        }
    }

    fn dotted(&mut self, folder: PathBuf) {
        if self.recursive {
            self.found.dotted.push(folder);
        }
    }
}

/// Tells whether a name begins with a dot: what tools keep for themselves, `.git`, `.github`.
fn is_dotted(entry: &Path) -> bool {
    entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_manifest(entry: &Path) -> bool {
    let extension = entry.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

/// Tells whether an entry can be a manifest: nothing that may never end, such as a pipe. A link to
/// nowhere counts, so that reading it tells.
fn is_file(entry: &Path) -> bool {
    entry.metadata().map_or(true, |metadata| metadata.is_file())
}
