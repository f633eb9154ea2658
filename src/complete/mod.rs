//! What may follow on a command line, as kubectl asks it.

pub mod complete;
pub mod cursor;
pub mod target;
