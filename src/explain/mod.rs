//! TODO explain.

pub mod explain;
pub mod explanation;
