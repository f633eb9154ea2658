//! Answers become text, data, tables or graphs.
//!
//! Whatever writes them fails only as the writer does that it is given.

pub mod allowance;
pub mod answer;
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
pub mod endpoints;
pub mod explain;
pub mod exposure;
pub mod fix;
pub mod format;
pub mod graph;
pub mod host;
pub mod limits;
pub mod list;
pub mod look;
pub mod machine;
pub mod markdown;
pub mod mermaid;
pub mod objects;
pub mod place;
pub mod reach;
pub mod reach_markdown;
pub mod reach_rows;
pub mod reach_words;
pub mod records;
pub mod refresh;
pub mod sanitize;
pub mod stream;
pub mod subject;
pub mod table;
pub mod text;
pub mod ways;
