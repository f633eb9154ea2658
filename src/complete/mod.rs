//! TODO complete.

pub mod complete;
pub mod cursor;
pub mod target;
