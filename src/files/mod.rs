//! Manifests and snapshot files.
//!
//! ```text
//! file ─> document (values with lines) ─> decode, schema ─> objects::Objects
//!                                    └─> saved (snapshot files)
//! ```

pub mod bytes;
pub mod decode;
mod fault;
mod hidden;
mod item;
mod manifest;
pub mod manifests;
pub mod misnamed;
pub mod paths;
pub mod recorded;
pub mod saved;
pub mod schema;
pub mod version_1;
