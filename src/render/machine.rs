//! Answers as JSON and YAML.

use std::io::{self, Write};

use serde::Serialize;

/// Writes an answer as indented JSON.
///
/// # Errors
/// Those of the writer.
pub fn write_json(out: &mut dyn Write, answer: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, answer)?;
    writeln!(out)
}

/// Writes an answer as YAML.
///
/// # Errors
/// Those of the writer.
pub fn write_yaml(out: &mut dyn Write, answer: &impl Serialize) -> io::Result<()> {
    write!(out, "{}", yaml(answer)?)
}

/// Returns an answer as YAML, ending in a line break.
pub(super) fn yaml(answer: &impl Serialize) -> io::Result<String> {
    let mut text = serde_saphyr::to_string(answer).map_err(io::Error::other)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}
