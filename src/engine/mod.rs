//! Rules and a snapshot become verdicts.
//!
//! ```text
//! pods ──┐                     ┌─> rules by class ─┐
//!        ├─> classes ─> resolve┤                   ├─> decide ─> pieces
//! rules ─┘                     └─> peers as sets ──┘
//! ```

pub mod class;
pub mod class_set;
pub mod classes;
pub mod connection;
pub mod decide;
pub mod miss;
pub mod network;
mod outcomes;
pub mod region;
pub mod resolve;
pub mod row;
pub mod rows;
mod walk;
