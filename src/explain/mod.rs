//! Whether one connection may be opened, and why: the point question.

pub mod explainer;
pub mod explanation;
