//! YAML and JSON texts, read as kubectl reads them.
//!
//! kubectl reads YAML 1.1 by a port of libyaml, with ways of its own: `yes` is a boolean, a key that is merged
//! counts in its turn, a directive is refused. No crate does the same, so the rules of that reader stand here
//! once more, over a text in memory. A trial of the control plane compares both.
//!
//! ```text
//! text ─ document ─┬─ json ──────────────────────────────────┐
//!        (parts)   └─ cursor ─> scanner (+ scalars) ─> parser ┴─> tree with lines
//!                                                      resolve (what a plain scalar is)
//! ```

mod budget;
mod cursor;
pub mod document;
mod fields;
mod json;
mod parser;
mod resolve;
mod scalars;
mod scanner;
mod tag;
mod token;
pub mod tree;
