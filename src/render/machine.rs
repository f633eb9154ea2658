//! Answers as JSON and YAML.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

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

/// Writes objects to apply as JSON: one as it is, others as a `List`.
///
/// # Errors
/// Those of the writer.
pub fn write_json_objects(out: &mut dyn Write, objects: &[impl Serialize]) -> io::Result<()> {
    match objects {
        [object] => write_json(out, object),
        _ => write_json(out, &json!({"apiVersion": "v1", "kind": "List", "items": objects})),
    }
}

/// Writes objects to apply as the documents of a YAML stream.
///
/// # Errors
/// Those of the writer.
pub fn write_yaml_objects(out: &mut dyn Write, objects: &[impl Serialize]) -> io::Result<()> {
    for (index, object) in objects.iter().enumerate() {
        write!(out, "{}{}", if index == 0 { "" } else { "---\n" }, yaml(object)?)?;
    }
    Ok(())
}

/// Returns an answer as YAML, ending in a line break.
pub(crate) fn yaml(answer: &impl Serialize) -> io::Result<String> {
    let mut text = serde_saphyr::to_string(answer).map_err(io::Error::other)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON, a row a line.
    Json,
    /// YAML.
    Yaml,
}

/// An answer that is written field by field, and its long lists row by row, so that no list is
/// ever in memory.
pub struct Document<'a> {
    out: &'a mut dyn Write,
    syntax: Syntax,
    fields: usize,
    rows: usize,
}

impl<'a> Document<'a> {
    /// Begins a document.
    pub fn new(out: &'a mut dyn Write, syntax: Syntax) -> Self {
        Self { out, syntax, fields: 0, rows: 0 }
    }

    /// Writes one field.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn field(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        match self.syntax {
            Syntax::Json => {
                self.name(name)?;
                serde_json::to_writer(&mut *self.out, value).map_err(io::Error::from)
            }
            Syntax::Yaml => write!(self.out, "{}", yaml(&BTreeMap::from([(name, value)]))?),
        }
    }

    /// Writes a field whose rows are written by `each`.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn rows(
        &mut self,
        name: &str,
        each: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.name(name)?;
        self.rows = 0;
        if self.syntax == Syntax::Json {
            write!(self.out, "[")?;
        }
        each(self)?;
        match (self.syntax, self.rows) {
            (Syntax::Json, _) => write!(self.out, "\n]"),
            (Syntax::Yaml, 0) => writeln!(self.out, " []"),
            (Syntax::Yaml, _) => Ok(()),
        }
    }

    /// Writes one row.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn row(&mut self, row: &impl Serialize) -> io::Result<()> {
        let first = self.rows == 0;
        self.rows += 1;
        match self.syntax {
            Syntax::Json => {
                write!(self.out, "{}", if first { "\n" } else { ",\n" })?;
                serde_json::to_writer(&mut *self.out, row).map_err(io::Error::from)
            }
            Syntax::Yaml => {
                write!(self.out, "{}{}", if first { "\n" } else { "" }, yaml(&[row])?)
            }
        }
    }

    /// Ends the document.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn end(self) -> io::Result<()> {
        if self.syntax == Syntax::Json { writeln!(self.out, "}}") } else { Ok(()) }
    }

    fn name(&mut self, name: &str) -> io::Result<()> {
        let first = self.fields == 0;
        self.fields += 1;
        match self.syntax {
            Syntax::Json => write!(self.out, "{}\"{name}\":", if first { "{" } else { "," }),
            Syntax::Yaml => write!(self.out, "{name}:"),
        }
    }
}
