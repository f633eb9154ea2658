//! Whether one connection may be opened, and why: the point question.

pub mod explain;
pub mod explanation;
