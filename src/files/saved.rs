//! Snapshot files: a cluster's objects as they were read, saved and read back.
//!
//! One JSON object, one item a line, so that memory does not grow while it is written. Only what an
//! analysis reads is in the objects, so nothing secret can be in the file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::snapshot::Gap;
use crate::objects::object::{Object, ObjectKey, Objects};

/// The version of the form; what is added to it so that older programs would misread it counts it up.
const VERSION: u32 = 1;
const BEGINNING: &str = r#"{"apiVersion":"netpol/v1","kind":"Snapshot""#;
const GZIP: &[u8] = &[0x1f, 0x8b];
/// More than any cluster takes: a small file can unpack to a huge one.
const LARGEST: u64 = 8 << 30;

/// What stands before the items.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    api_version: String,
    kind: String,
    version: u32,
    created: Timestamp,
    server_version: Option<String>,
    gaps: Vec<Gap>,
}

#[derive(Deserialize)]
struct Saved {
    #[serde(flatten)]
    header: Header,
    items: Vec<(ObjectKey, Object)>,
}

/// Saves objects to a file, compressed if its name ends in `.gz`, or to standard output (`-`).
///
/// # Errors
/// Those of the file system. The file is there whole or not at all.
pub fn save(objects: &Objects, path: &str) -> io::Result<()> {
    if path == "-" {
        return write(objects, BufWriter::new(io::stdout().lock())).map(drop);
    }
    let partial = format!("{path}.partial");
    let saved = File::create(&partial).and_then(|file| {
        let file = BufWriter::new(file);
        match Path::new(path).extension().is_some_and(|extension| extension == "gz") {
            false => write(objects, file)?.flush(),
            true => write(objects, GzEncoder::new(file, Compression::default()))?.finish()?.flush(),
        }
    });
    let saved = saved.and_then(|()| fs::rename(&partial, path));
    if saved.is_err() {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(&partial);
    }
    saved
}

fn write<W: Write>(objects: &Objects, mut out: W) -> io::Result<W> {
    let now = Timestamp::now();
    let header = Header {
        api_version: "netpol/v1".to_owned(),
        kind: "Snapshot".to_owned(),
        version: VERSION,
        created: now.round(Unit::Second).unwrap_or(now),
        server_version: objects.server_version.clone(),
        gaps: objects.gaps.clone(),
    };
    let header = serde_json::to_string(&header)?;
    write!(out, "{},\"items\":[", header.trim_end_matches('}'))?;
    for (index, (key, object)) in objects.items.iter().enumerate() {
        write!(out, "{}", if index == 0 { "\n" } else { ",\n" })?;
        let mut value = serde_json::to_value(object)?;
        // In a policy an empty list is not an absent one.
        if !matches!(object, Object::Policy(_)) {
            prune(&mut value);
        }
        serde_json::to_writer(&mut out, &(key, value))?;
    }
    writeln!(out, "\n]}}")?;
    out.flush()?;
    Ok(out)
}

/// Takes out the fields that have the value of absent ones; the value of a label may be empty.
fn prune(value: &mut Value) {
    let is_empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    };
    match value {
        Value::Object(fields) => {
            let of_labels = |key: &str| matches!(key, "labels" | "matchLabels" | "selector");
            let others = fields.iter_mut().filter(|(key, _)| !of_labels(key));
            others.for_each(|(_, value)| prune(value));
            fields.retain(|_, value| !is_empty(value));
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

/// Unpacks a compressed file; other bytes stay as they are.
///
/// # Errors
/// A sentence about what is wrong with the file.
pub(crate) fn unpack(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(GZIP) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(&*bytes).take(LARGEST).read_to_end(&mut unpacked);
    read.map_err(|error| format!("the compressed file is damaged: {error}"))?;
    Ok(unpacked)
}

/// Tells whether a text is a snapshot file.
pub(crate) fn is_snapshot(text: &str) -> bool {
    let mut own = text.chars().filter(|c| !c.is_whitespace());
    BEGINNING.chars().all(|c| own.next() == Some(c))
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
            "the snapshot is of version {version}, and this program reads version {VERSION}: use a newer kubectl-netpol"
        )
    };
    match saved {
        Ok(Saved { header, .. }) if header.version > VERSION => Err(newer(header.version)),
        Ok(Saved { header, items }) => Ok(Objects {
            items: items.into_iter().collect(),
            gaps: header.gaps,
            warnings: Vec::new(),
            server_version: header.server_version,
        }),
        Err(error) => Err(match serde_json::from_str::<Versioned>(text) {
            Ok(Versioned { version }) if version > VERSION => newer(version),
            _ => format!("the snapshot is damaged: {error}"),
        }),
    }
}
