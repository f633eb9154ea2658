//! Answers become text, JSON or YAML.

pub mod doctor;
pub mod explain;
pub mod list;
pub mod machine;
pub mod sanitize;
pub mod subject;
pub mod text;

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
