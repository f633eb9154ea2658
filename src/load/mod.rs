//! The edge in: manifests and live clusters become a [`Snapshot`](crate::model::snapshot::Snapshot).
//!
//! ```text
//! files ─> document ─> schema, validate ─┐
//!                                        ├─> objects ─> owners ─> assemble ─> Snapshot
//! live API ─> connect ─> cluster ────────┘
//! ```

pub mod assemble;
pub mod cluster;
mod connect;
mod decode;
pub mod document;
pub mod manifests;
pub mod objects;
mod owners;
mod schema;
mod validate;

pub use manifests::ManifestError;
