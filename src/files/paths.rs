//! Which manifests a path of the user stands for.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::bytes;

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
}

/// Lists the manifests that a path stands for.
pub(crate) fn find(path: &str, recursive: bool) -> Result<Found, UnreadablePath> {
    let root = Path::new(path);
    let metadata = fs::metadata(root).map_err(|error| UnreadablePath::new(root, &error))?;
    if !metadata.is_dir() {
        return Ok(Found { files: vec![root.to_owned()], skipped: Vec::new() });
    }
    let mut walk = Walk { recursive, found: Found::default(), read: BTreeSet::new(), links: Vec::new() };
    walk.folder(root)?;
    // After all directories, so that a file goes by the name that it has without a link.
    while let Some(link) = walk.links.pop() {
        walk.folder(&link)?;
    }
    if walk.found.files.is_empty() {
        let hint = if recursive { "" } else { "; -R also reads the directories below it" };
        let problem = format!("the directory has no .yaml, .yml or .json file{hint}");
        return Err(UnreadablePath { path: path.to_owned(), problem });
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
        for entry in entries {
            let extension = entry.extension().and_then(|extension| extension.to_str());
            match entry.is_dir() {
                true if !self.recursive => {}
                true if entry.is_symlink() => self.links.insert(0, entry),
                true => self.folder(&entry)?,
                false if is_file(&entry) && matches!(extension, Some("yaml" | "yml" | "json")) => {
                    self.found.files.push(entry);
                }
                false => {}
            }
        }
        Ok(())
    }
}

/// Tells whether an entry can be a manifest: nothing that may never end, such as a pipe. A link to
/// nowhere counts, so that reading it tells.
fn is_file(entry: &Path) -> bool {
    entry.metadata().map_or(true, |metadata| metadata.is_file())
}
