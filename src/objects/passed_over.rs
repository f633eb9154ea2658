//! What of files was passed over, as no answer needs it.

use std::collections::{BTreeMap, BTreeSet};

/// What of files was passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// The files that hold no Kubernetes objects.
    pub files: BTreeSet<Box<str>>,
    /// The folders whose names begin with a dot.
    pub folders: BTreeSet<Box<str>>,
    /// What could not be read, and is only counted in the gaps.
    pub unread: BTreeSet<Box<str>>,
    /// The objects of kinds that no answer reads, by kind.
    pub kinds: BTreeMap<Box<str>, usize>,
    /// Whether there are folders below that were not asked for.
    pub has_folders_below: bool,
    /// Whether a snapshot of a cluster was read, in which nothing is an answer too.
    pub is_of_cluster: bool,
}

impl PassedOver {
    /// Adds what was passed over elsewhere.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.files.extend(other.files);
        self.folders.extend(other.folders);
        self.unread.extend(other.unread);
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.has_folders_below |= other.has_folders_below;
        self.is_of_cluster |= other.is_of_cluster;
        self
    }

    /// Lists the files and folders by name, one a line.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        let files = self.files.iter().map(|file| format!("{file}: no Kubernetes objects"));
        let folders = self.folders.iter().map(|folder| format!("{folder}: its name begins with a dot"));
        files.chain(folders).chain(self.unread.iter().map(ToString::to_string))
    }

    /// Counts the files and folders in one line; nothing where there are none.
    pub fn counted(&self) -> Option<String> {
        let files = match self.files.len() {
            0 => None,
            1 => Some("1 file holds no Kubernetes objects".to_owned()),
            count => Some(format!("{count} files hold no Kubernetes objects")),
        };
        let folders = match self.folders.len() {
            0 => None,
            1 => Some("1 folder whose name begins with a dot was passed over".to_owned()),
            count => Some(format!("{count} folders whose names begin with a dot were passed over")),
        };
        let parts: Vec<String> = files.into_iter().chain(folders).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}
