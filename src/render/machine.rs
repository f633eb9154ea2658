//! Answers as JSON and YAML.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

/// Writes an answer as indented JSON, or as YAML.
pub fn write(out: &mut dyn Write, answer: &impl Serialize, syntax: Syntax) -> io::Result<()> {
    match syntax {
        Syntax::Json => {
            serde_json::to_writer_pretty(&mut *out, answer)?;
            writeln!(out)
        }
        Syntax::Yaml => write!(out, "{}", yaml(answer)?),
    }
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
    /// JSON; of a document written field by field, a row a line.
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
