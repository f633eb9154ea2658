//! Where an object, or a part of it, was read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The place an object came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectOrigin {
    /// A document of a manifest.
    File {
        /// The path as the user gave it, `-` for standard input.
        file: Arc<str>,
        /// The line of every rule, and of the object itself under the empty path.
        lines: Lines,
    },
    /// An object of a live cluster.
    Live {
        /// Its `metadata.resourceVersion`.
        resource_version: Arc<str>,
    },
    /// Nowhere: it is proposed.
    Generated,
}

/// Lines, counted from 1, of the paths of one document: `spec.egress[1]` -> 14.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines(BTreeMap<Box<str>, u32>);

impl Lines {
    /// Remembers the line of a path.
    pub fn insert(&mut self, path: &str, line: u32) {
        self.0.insert(path.into(), line);
    }

    /// Returns the line of a path, or of the closest path above it that is known.
    pub fn of(&self, path: &str) -> u32 {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return *line;
            }
            if path.is_empty() {
                return 1;
            }
            let cut = path.rfind(['.', '[']).unwrap_or(0);
            path = path.get(..cut).unwrap_or("");
        }
    }
}

/// The place of one part of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A line of a manifest.
    File {
        /// The path as the user gave it.
        file: Arc<str>,
        /// The line, from 1.
        line: u32,
    },
    /// A version of a live object.
    Live {
        /// The object's `metadata.resourceVersion`.
        resource_version: Arc<str>,
    },
    /// Nowhere: its object is proposed.
    Generated,
}

impl ObjectOrigin {
    /// Returns the place of the part at a field path.
    pub fn at(&self, path: &str) -> Origin {
        match self {
            Self::File { file, lines } => Origin::File { file: Arc::clone(file), line: lines.of(path) },
            Self::Live { resource_version } => {
                Origin::Live { resource_version: Arc::clone(resource_version) }
            }
            Self::Generated => Origin::Generated,
        }
    }
}

impl fmt::Display for Origin {
    /// Writes `file:line`, `live` or `generated`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Live { .. } => f.write_str("live"),
            Self::Generated => f.write_str("generated"),
        }
    }
}
