//! The formats of answers: what is one more row here is one more way to draw a graph or write a record.

use std::io::{self, Write};

use super::graph::Graph;
use super::machine::Syntax;
use super::{csv, dot, mermaid};

/// How to write an answer.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// For a person.
    Text,
    /// For a person who wants every detail.
    Wide,
    /// In the schema `netpol/v1`.
    Data(Syntax),
    /// A record for each connection, written so.
    Records(fn(&mut dyn Write, &[&str]) -> io::Result<()>),
    /// A table for a pull request or a wiki, in GitHub's Markdown.
    Markdown,
    /// A graph, written so.
    Graph(fn(&mut dyn Write, &Graph) -> io::Result<()>),
}

/// The formats that an answer has beside text, each with its word, ascending.
pub type Formats = &'static [(&'static str, Format)];

impl Format {
    /// The formats of answers about connections and their changes: all that there are.
    pub const OF_CONNECTIONS: Formats = &[
        ("csv", Self::Records(csv::record)),
        ("dot", Self::Graph(dot::write)),
        ("json", Self::Data(Syntax::Json)),
        ("md", Self::Markdown),
        ("mermaid", Self::Graph(mermaid::write)),
        ("wide", Self::Wide),
        ("yaml", Self::Data(Syntax::Yaml)),
    ];
    /// The formats of other lists.
    pub const OF_LISTS: Formats = &[
        ("csv", Self::Records(csv::record)),
        ("json", Self::Data(Syntax::Json)),
        ("md", Self::Markdown),
        ("wide", Self::Wide),
        ("yaml", Self::Data(Syntax::Yaml)),
    ];
    /// The formats of an explanation.
    pub const OF_EXPLANATIONS: Formats =
        &[("json", Self::Data(Syntax::Json)), ("wide", Self::Wide), ("yaml", Self::Data(Syntax::Yaml))];
    /// The formats of answers that have no detail to leave out.
    pub const OF_FACTS: Formats =
        &[("json", Self::Data(Syntax::Json)), ("yaml", Self::Data(Syntax::Yaml))];

    /// Returns the format of a word.
    pub fn named(word: &str) -> Option<Self> {
        let row = Self::OF_CONNECTIONS.iter().find(|(known, _)| *known == word);
        row.map(|(_, format)| *format)
    }

    /// Tells whether a program is to read the answer.
    pub const fn is_data(self) -> bool {
        matches!(self, Self::Data(_))
    }

    /// Tells whether every detail is asked for.
    pub const fn is_wide(self) -> bool {
        matches!(self, Self::Wide)
    }
}
