//! The texts of manifests, the policies in them, and how a text takes the place of another on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use super::patch::{ObjectPlace, value_of};
use super::paths::UnreadablePath;
use super::{bytes, replace};
use crate::yaml::document;
use crate::yaml::tree::YamlNode;

/// The text of a file of manifests, or of standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestText {
    /// The path as it was found; `-` for standard input.
    pub file: String,
    /// The text, unpacked.
    pub text: String,
}

/// A `NetworkPolicy` as it stands in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyText {
    /// Where in the text.
    pub place: ObjectPlace,
    /// Its line, from 1.
    pub line: u32,
    /// The object, as it was written.
    pub object: Value,
}

impl ManifestText {
    /// Lists the `NetworkPolicies` of the text, of lists too; none of a text that cannot be read.
    pub fn policies(&self) -> Vec<PolicyText> {
        let mut all = Vec::new();
        for (index, node) in document::parse(&self.text).unwrap_or_default().iter().enumerate() {
            let place = ObjectPlace { document: index, items: Vec::new() };
            policies(node, place, ("", ""), &mut all);
        }
        all
    }

    /// Puts another text in its place on disk, at once: whoever reads the file finds the one or the other. A
    /// link stays, and so do the permissions.
    ///
    /// # Errors
    /// Those of the file system, and a file that says something else than was read.
    pub fn replace(&self, text: &str) -> Result<(), UnreadablePath> {
        let given = Path::new(&self.file);
        let failed = |error: io::Error| UnreadablePath::new(given, &error);
        let path = fs::canonicalize(given).map_err(failed)?;
        let problem =
            |problem: &str| UnreadablePath { path: self.file.clone(), problem: problem.into() };
        let packed = fs::read(&path).map_err(failed)?;
        if packed != self.text.as_bytes() {
            let is_packed = bytes::read(&*packed).is_ok_and(|own| own == self.text.as_bytes());
            return Err(problem(match is_packed {
                true => "it is compressed: unpack it, or print the policies by -o yaml",
                false => "it was changed since it was read: run it again",
            }));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let partial = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        let permissions = fs::metadata(&path).map_err(failed)?.permissions();
        let written = OpenOptions::new().write(true).create_new(true).open(&partial);
        let written = written.and_then(|mut file: File| {
            file.set_permissions(permissions)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        replace::put(&partial, written, &path).map_err(failed)
    }
}

fn policies(node: &YamlNode, place: ObjectPlace, inherited: (&str, &str), all: &mut Vec<PolicyText>) {
    let own = |key| node.get(key).and_then(YamlNode::text);
    let api_version = own("apiVersion").unwrap_or(inherited.0);
    let kind = own("kind").unwrap_or(inherited.1);
    if let Some(item_kind) = kind.strip_suffix("List") {
        let inherited = if item_kind.is_empty() { ("", "") } else { (api_version, item_kind) };
        let items = node.get("items").map(YamlNode::items).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let mut place = place.clone();
            place.items.push(index);
            policies(item, place, inherited, all);
        }
    } else if (api_version, kind) == ("networking.k8s.io/v1", "NetworkPolicy")
        && let Some(object) = value_of(node)
    {
        all.push(PolicyText { place, line: node.line, object });
    }
}
