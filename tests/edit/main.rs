//! What is to be written into a cluster, from a URL to the object: tables and laws.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod classify;
mod fuzz;
mod gitops;
mod in_files;
mod merge;
mod object;
mod plan;
mod record;
mod rotation;
mod special;
mod url;
mod whole;
