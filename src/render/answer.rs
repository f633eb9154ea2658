//! What every answer knows of its formats, and the one way to write it.

use std::io::{self, Write};

use super::format::{Format, Formats};
use super::graph::Graph;
use super::limits::Limits;
use super::look::Look;
use super::machine::Syntax;

/// An answer.
pub trait Answer {
    /// The formats that it has beside text.
    const FORMATS: Formats;

    /// Writes it for a person.
    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()>;

    /// Writes it as data.
    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()>;

    /// Returns it as rows, where it is a list.
    fn rows(&self) -> Option<&dyn Listing> {
        None
    }

    /// Draws it, where it is about connections.
    fn graph(&self) -> Option<Graph> {
        None
    }

    /// Lists the lines that a format has no place for: whoever writes the answer tells them apart.
    fn aside(&self, format: Format) -> Vec<String> {
        match (format, self.rows()) {
            (Format::Records(_), Some(rows)) => {
                let limits = rows.limits();
                limits.each().map(|(kind, text)| format!("{kind}: {text}")).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// An answer that is a list: of connections, of their changes, of hosts.
pub trait Listing {
    /// Hands over the header, if one is wanted, and each record. Items of a list inside a field are apart
    /// by blanks.
    fn records(&self, look: Look, record: &mut WriteRecord<'_>) -> io::Result<()>;

    /// Writes it for a pull request or a wiki.
    fn markdown(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Returns what it does not say.
    fn limits(&self) -> Limits;
}

/// Takes the fields of one record.
pub type WriteRecord<'a> = dyn FnMut(&[&str]) -> io::Result<()> + 'a;

/// Writes an answer in a format; as text where it does not have it.
pub fn write(out: &mut dyn Write, answer: &impl Answer, format: Format, look: Look) -> io::Result<()> {
    match (format, answer.rows()) {
        (Format::Data(syntax), _) => answer.data(out, syntax),
        (Format::Records(write), Some(rows)) => rows.records(look, &mut |record| write(out, record)),
        (Format::Markdown, Some(rows)) => rows.markdown(out),
        (Format::Graph(write), _) => match answer.graph() {
            Some(graph) => write(out, &graph),
            None => answer.text(out, look),
        },
        _ => answer.text(out, look),
    }
}
