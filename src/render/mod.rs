//! Answers become text, data, tables or graphs.

pub mod allowance;
pub mod boxes;
pub mod csv;
pub mod default_deny;
pub mod diff;
pub mod diff_markdown;
pub mod diff_rows;
pub mod diff_words;
pub mod doctor;
pub mod dot;
pub mod edge;
pub mod explain;
pub mod exposure;
pub mod fix;
pub mod graph;
pub mod host;
pub mod limits;
pub mod list;
pub mod machine;
pub mod markdown;
pub mod mermaid;
pub mod place;
pub mod reach;
pub mod refresh;
pub mod sanitize;
pub mod subject;
pub mod table;
pub mod text;
pub mod ways;

/// How to write an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person.
    Text,
    /// For a person who wants every detail.
    Wide,
    /// JSON in the schema `netpol/v1`.
    Json,
    /// The same as YAML.
    Yaml,
    /// A row for each connection, as spreadsheets read them.
    Csv,
    /// A table for a pull request or a wiki.
    Markdown,
    /// A graph for Graphviz.
    Dot,
    /// A graph for Mermaid.
    Mermaid,
}

impl Format {
    /// The formats of answers about connections and their changes, each with its word.
    pub const OF_CONNECTIONS: &'static [(&'static str, Self)] = &[
        ("csv", Self::Csv),
        ("dot", Self::Dot),
        ("json", Self::Json),
        ("md", Self::Markdown),
        ("mermaid", Self::Mermaid),
        ("wide", Self::Wide),
        ("yaml", Self::Yaml),
    ];
    /// The formats of an explanation, each with its word.
    pub const OF_EXPLANATIONS: &'static [(&'static str, Self)] =
        &[("json", Self::Json), ("wide", Self::Wide), ("yaml", Self::Yaml)];
    /// The formats of answers that have no detail to leave out, each with its word.
    pub const OF_FACTS: &'static [(&'static str, Self)] = &[("json", Self::Json), ("yaml", Self::Yaml)];
}

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The columns of the terminal.
    pub width: usize,
    /// Whether to show every detail.
    pub wide: bool,
    /// Whether tables have a header.
    pub headers: bool,
}
