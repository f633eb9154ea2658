//! A file that is there whole or not at all.

use std::path::Path;
use std::{fs, io};

/// Puts a file that was written beside a path in its place; what was not written to its end is taken away.
pub(crate) fn put(partial: &Path, written: io::Result<()>, path: &Path) -> io::Result<()> {
    let put = written.and_then(|()| fs::rename(partial, path));
    if put.is_err() {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(partial);
    }
    put
}
