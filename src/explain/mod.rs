//! TODO explain.

pub mod explain;
