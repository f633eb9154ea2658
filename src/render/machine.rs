//! Answers as JSON and YAML; characters that would steer a terminal are escaped in both.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::sanitize::is_hostile;

/// Writes an answer as indented JSON, or as YAML.
pub fn write(out: &mut dyn Write, answer: &impl Serialize, syntax: Syntax) -> io::Result<()> {
    match syntax {
        Syntax::Json => {
            writeln!(out, "{}", escaped(serde_json::to_string_pretty(answer)?, syntax))
        }
        Syntax::Yaml => write!(out, "{}", yaml(answer)?),
    }
}

/// Returns an answer as YAML, ending in a line break.
pub(crate) fn yaml(answer: &impl Serialize) -> io::Result<String> {
    match block(answer)? {
        Some(text) => Ok(text),
        None => Ok(format!("{}\n", line(answer, Syntax::Yaml)?)),
    }
}

/// Returns a value as YAML in blocks; nothing where it has characters that these cannot escape.
fn block(value: &impl Serialize) -> io::Result<Option<String>> {
    let mut text = serde_saphyr::to_string(value).map_err(io::Error::other)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok((!text.contains(needs_escape)).then_some(text))
}

/// Returns a value as JSON in one line; for YAML too, which JSON is.
fn line(value: &impl Serialize, syntax: Syntax) -> io::Result<String> {
    Ok(escaped(serde_json::to_string(value)?, syntax))
}

/// Escapes the characters of JSON text that can only stand in its strings.
fn escaped(text: String, syntax: Syntax) -> String {
    if !text.contains(needs_escape) {
        return text;
    }
    let escape = |c: char| match syntax {
        _ if !needs_escape(c) => c.to_string(),
        // JSON has no other form for a character beyond four digits than two halves, YAML has one.
        Syntax::Yaml if c > '\u{ffff}' => format!("\\U{:08x}", u32::from(c)),
        _ => c.encode_utf16(&mut [0; 2]).iter().map(|half| format!("\\u{half:04x}")).collect(),
    };
    text.chars().map(escape).collect()
}

/// Tells whether a character is hostile; line breaks are those of the syntax.
fn needs_escape(c: char) -> bool {
    c != '\n' && is_hostile(c)
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
                write!(self.out, "{}", line(value, self.syntax)?)
            }
            Syntax::Yaml => match block(&BTreeMap::from([(name, value)]))? {
                Some(text) => write!(self.out, "{text}"),
                None => writeln!(self.out, "{name}: {}", line(value, self.syntax)?),
            },
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
                write!(self.out, "{}", line(row, self.syntax)?)
            }
            Syntax::Yaml => {
                write!(self.out, "{}", if first { "\n" } else { "" })?;
                match block(&[row])? {
                    Some(text) => write!(self.out, "{text}"),
                    None => writeln!(self.out, "- {}", line(row, self.syntax)?),
                }
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
