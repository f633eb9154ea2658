//! Snapshot files: a cluster's objects as they were read, saved and read back.
//!
//! One JSON object, one item a line, so that memory does not grow while it is written. Only what an
//! analysis reads is in the objects, so nothing secret can be in the file.
//!
//! The header says which fields of which kinds were read; what it does not say is a gap when the file is
//! read back, never a default. Files of version 1 say nothing of it, and have what was read then.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};

use super::item::{self, Item};
use super::recorded::{self, Recorded};
use super::{replace, version_1};
use crate::model::gap::{Gap, GapReason, GapScope, Unread};
use crate::objects::object::Objects;

/// The version of the form; what is added to it so that older programs would misread it counts it up.
const VERSION: u32 = 2;
const BEGINNING: &str = r#"{"apiVersion":"netpol/v1","kind":"Snapshot""#;

/// What stands before the items.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedHeader {
    api_version: String,
    kind: String,
    version: u32,
    created: Timestamp,
    server_version: Option<String>,
    gaps: Vec<SavedGap>,
    /// Absent in version 1.
    kinds: Option<Recorded>,
}

/// A gap as files have it.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "GapFields")]
struct SavedGap {
    unread: Unread,
    reason: GapReason,
    scope: GapScope,
}

/// The fields of a gap in every version.
#[derive(Deserialize)]
#[serde(expecting = "struct Gap")]
struct GapFields {
    unread: Option<Unread>,
    reason: Option<GapReason>,
    /// All that version 1 has beside the scope.
    message: Option<String>,
    scope: GapScope,
}

impl TryFrom<GapFields> for SavedGap {
    type Error = &'static str;

    fn try_from(fields: GapFields) -> Result<Self, Self::Error> {
        match fields {
            GapFields { unread: Some(unread), reason: Some(reason), scope, .. } => {
                Ok(Self { unread, reason, scope })
            }
            GapFields { message: Some(message), scope, .. } => {
                Ok(Self::from(version_1::gap(&message, &scope)))
            }
            GapFields { .. } => Err("missing field `message`"),
        }
    }
}

impl From<Gap> for SavedGap {
    fn from(Gap { unread, reason, scope }: Gap) -> Self {
        Self { unread, reason, scope }
    }
}

impl From<SavedGap> for Gap {
    fn from(SavedGap { unread, reason, scope }: SavedGap) -> Self {
        Self { unread, reason, scope }
    }
}

#[derive(Deserialize)]
struct Saved {
    #[serde(flatten)]
    header: SavedHeader,
    items: Vec<Item>,
}

/// Saves objects to a file, compressed if its name ends in `.gz`, or to standard output (`-`).
///
/// # Errors
/// Those of the file system. The file is there whole or not at all.
pub fn save(objects: &Objects, path: &str) -> io::Result<()> {
    if path == "-" {
        return write(objects, BufWriter::new(io::stdout().lock())).map(drop);
    }
    let (path, partial) = (Path::new(path), format!("{path}.partial"));
    let saved = File::create(&partial).and_then(|file| {
        let file = BufWriter::new(file);
        match path.extension().is_some_and(|extension| extension == "gz") {
            false => write(objects, file)?.flush(),
            true => write(objects, GzEncoder::new(file, Compression::default()))?.finish()?.flush(),
        }
    });
    replace::put(Path::new(&partial), saved, path)
}

fn write<W: Write>(objects: &Objects, mut out: W) -> io::Result<W> {
    let now = Timestamp::now();
    let header = SavedHeader {
        api_version: "netpol/v1".to_owned(),
        kind: "Snapshot".to_owned(),
        version: VERSION,
        created: now.round(Unit::Second).unwrap_or(now),
        server_version: objects.server_version.clone(),
        gaps: objects.gaps.iter().cloned().map(SavedGap::from).collect(),
        kinds: Some(recorded::by_this_version()),
    };
    let header = serde_json::to_string(&header)?;
    // The items are its last field.
    write!(out, "{},\"items\":[", header.strip_suffix('}').unwrap_or(&header))?;
    for (index, (key, object)) in objects.items.iter().enumerate() {
        write!(out, "{}", if index == 0 { "\n" } else { ",\n" })?;
        serde_json::to_writer(&mut out, &(key, item::written(object)?))?;
    }
    writeln!(out, "\n]}}")?;
    out.flush()?;
    Ok(out)
}

/// Tells whether bytes are, or begin, a snapshot file.
pub(crate) fn is_snapshot(bytes: &[u8]) -> bool {
    let mut own = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    BEGINNING.bytes().all(|byte| own.next() == Some(&byte))
}

/// Reads a snapshot file.
///
/// # Errors
/// A sentence about what is wrong with the file.
pub(crate) fn parse(text: &str) -> Result<Objects, String> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let saved: Result<Saved, _> = serde_json::from_str(text);
    let newer = |version| {
        format!(
            "the snapshot is of version {version}, and this program reads up to version {VERSION}: use a newer kubectl-netpol"
        )
    };
    match saved {
        Ok(Saved { header, .. }) if header.version > VERSION => Err(newer(header.version)),
        Ok(Saved { header, .. }) if header.version > 1 && header.kinds.is_none() => {
            Err("the snapshot is damaged: it does not say what was read".to_owned())
        }
        Ok(Saved { header, items }) => {
            let items = items.into_iter().map(|Item(key, object)| (key, object)).collect();
            let mut gaps: Vec<Gap> = header.gaps.into_iter().map(Gap::from).collect();
            // In a file of version 1 the field would mean nothing.
            match header.kinds.filter(|_| header.version > 1) {
                Some(kinds) => gaps.extend(recorded::gaps(&kinds, &items)),
                None => gaps.extend(recorded::gaps_of_policies(&version_1::policies(), &items)),
            }
            Ok(Objects { items, gaps, server_version: header.server_version, ..Objects::default() })
        }
        Err(error) => Err(match serde_json::from_str::<Versioned>(text) {
            Ok(Versioned { version }) if version > VERSION => newer(version),
            _ => format!("the snapshot is damaged: {error}"),
        }),
    }
}

#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends there")]
#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::files::manifests::{ReadOptions, read};
    use crate::model::gap::Extent;
    use crate::objects::object::Object;

    fn objects() -> Objects {
        let files = ["shop.yaml", "ways.yaml"].map(|name| format!("tests/cli/{name}"));
        let mut objects = read(&files, ReadOptions::of("default")).unwrap();
        let unread = Unread::Objects {
            resource: "nodes".into(),
            extent: Extent::Outside { first: vec!["a".into()], more: 7 },
        };
        let (reason, scope) = (GapReason::Forbidden, GapScope::Namespaces(["b".into()].into()));
        objects.gaps = vec![Gap { unread, reason, scope }];
        objects
    }

    fn text(objects: &Objects) -> String {
        String::from_utf8(write(objects, Vec::new()).unwrap()).unwrap()
    }

    #[test]
    fn a_file_says_all_that_was_read_and_no_fields_that_it_does_not_have() {
        let objects = objects();
        let read = parse(&text(&objects)).unwrap();
        assert_eq!((&read.items, &read.gaps), (&objects.items, &objects.gaps));
        let recorded = recorded::by_this_version();
        let mut seen = BTreeSet::new();
        for (key, object) in &objects.items {
            let Value::Object(variant) = item::written(object).unwrap() else { continue };
            let Some(fields) = recorded.get(&key.kind) else { continue };
            for value in variant.into_iter().map(|(_, value)| value) {
                let mut paths = Vec::new();
                let is_metadata = matches!(object, Object::Namespace(_) | Object::Owner(_));
                list_paths(&value, if is_metadata { "metadata" } else { "" }, &mut paths);
                for path in paths.iter().filter(|path| !path.starts_with("origin")) {
                    let path = path.strip_prefix("metadata.annotations.").unwrap_or(path);
                    let is_below = |field: &String| {
                        path.strip_prefix(&**field)
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    };
                    assert!(fields.iter().any(is_below), "{key:?}: {path}");
                    seen.insert(key.kind.clone());
                }
            }
        }
        assert!(seen.len() > 10, "{seen:?}");
    }

    fn list_paths(value: &Value, path: &str, paths: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                let start = if path.is_empty() { String::new() } else { format!("{path}.") };
                list_paths(value, &format!("{start}{name}"), paths);
            }),
            Value::Array(items) => items.iter().for_each(|item| list_paths(item, path, paths)),
            _ => paths.push(path.to_owned()),
        }
    }

    #[test]
    fn what_a_file_does_not_record_is_a_gap() {
        let mut file: Value = serde_json::from_str(&text(&objects())).unwrap();
        let kinds = file["kinds"].as_object_mut().unwrap();
        kinds.remove("Job").unwrap();
        kinds.remove("*.cilium.io").unwrap();
        for kind in ["Pod", "CronJob"] {
            kinds[kind].as_array_mut().unwrap().retain(|field| field != "metadata.labels");
        }
        let read = parse(&serde_json::to_string(&file).unwrap()).unwrap();
        let told: Vec<String> = read.gaps.iter().map(ToString::to_string).collect();
        let expected = [
            "could not list nodes outside namespace a and 7 more: forbidden",
            "could not read metadata.labels of Pod: the snapshot does not record it",
            "could not list jobs: the snapshot does not record it",
            "could not list cilium.io: the snapshot does not record it",
        ];
        assert_eq!(told, expected);
        assert_eq!(read.gaps[1].scope, GapScope::Cluster);
    }

    #[test]
    fn version_1_is_read_as_it_was_and_no_version_after_this() {
        let mut file: Value = serde_json::from_str(&text(&objects())).unwrap();
        file["version"] = 1.into();
        file.as_object_mut().unwrap().remove("kinds");
        let gap = |message: &str| serde_json::json!({"scope": "Addresses", "message": message});
        file["gaps"] = [gap("could not list pods: forbidden"), gap("reworded")].into_iter().collect();
        let read = parse(&file.to_string()).unwrap();
        let told: Vec<String> = read.gaps.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["could not list pods: forbidden", "reworded"]);
        assert!(read.gaps[0].hides_all("pods") && read.gaps[1].scope == GapScope::Addresses);
        file["version"] = 3.into();
        let newer = "the snapshot is of version 3, and this program reads up to version 2: use a newer \
                     kubectl-netpol";
        assert_eq!(parse(&file.to_string()).unwrap_err(), newer);
        file["version"] = 2.into();
        assert!(parse(&file.to_string()).unwrap_err().starts_with("the snapshot is damaged: "));
    }
}
