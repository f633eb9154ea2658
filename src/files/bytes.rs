//! The bytes of one file or stream, unpacked, and never more than a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::saved;

const GZIP: &[u8] = &[0x1f, 0x8b];
/// As much of a text as tells whether it is a snapshot.
const HEAD: u64 = 1 << 10;
/// `kubectl get pods -A -o json` of some 20,000 pods; a tree takes several times its text.
const LARGEST_MANIFEST: u64 = 200 << 20;
/// As much as a chart's or a kustomization's file may have: they are written by hand.
const LARGEST_SEARCHED: u64 = 1 << 20;
/// Several times the snapshot of the largest cluster, 150,000 pods.
const LARGEST_SNAPSHOT: u64 = 1 << 30;

/// Reads a file or stream to its end, unpacked where it is compressed.
///
/// # Errors
/// What is wrong with it: it cannot be read, is damaged, or has no end within the bound.
pub(crate) fn read(mut source: impl Read) -> Result<Vec<u8>, String> {
    let mut head = Vec::new();
    source.by_ref().take(HEAD).read_to_end(&mut head).map_err(|error| worded(&error))?;
    let is_packed = head.starts_with(GZIP);
    let whole = io::Cursor::new(head).chain(source);
    if is_packed {
        let damaged = |error: &io::Error| format!("the compressed file is damaged: {error}");
        return bounded(MultiGzDecoder::new(whole), damaged);
    }
    bounded(whole, worded)
}

/// Reads a file that is only searched, without any other use; nothing where it is none that can be read, or is
/// larger than is worth a search.
pub(crate) fn searched(path: &Path) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LARGEST_SEARCHED).read_to_end(&mut bytes).ok()?;
    let is_whole = u64::try_from(bytes.len()).is_ok_and(|length| length < LARGEST_SEARCHED);
    is_whole.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Words why a file cannot be read.
pub(crate) fn worded(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn bounded(mut text: impl Read, failed: impl Fn(&io::Error) -> String) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    text.by_ref().take(HEAD).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    let (most, what) = match saved::is_snapshot(&bytes) {
        true => (LARGEST_SNAPSHOT, "a snapshot"),
        false => (LARGEST_MANIFEST, "a file of manifests"),
    };
    text.take(most).read_to_end(&mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::OutOfMemory => "there is not enough memory to read it".to_owned(),
        _ => failed(&error),
    })?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(format!(
            "it is larger than {} MiB, the most that is read of {what}: split it, or use `kubectl netpol \
             snapshot`",
            most >> 20
        ));
    }
    Ok(bytes)
}
