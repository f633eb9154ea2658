//! The subcommands, one file each: arguments in, answer out, no logic.

pub mod explain;
mod input;
pub mod list;
mod output;
