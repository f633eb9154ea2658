//! Whether one connection may be opened, and why: the point question.

pub mod caveats;
pub mod connection;
pub mod explainer;
pub mod explanation;
pub mod half;
mod idle;
pub mod no_fix;
pub mod question;
