//! TODO files.

pub mod decode;
pub mod document;
pub mod manifests;
pub mod saved;
pub mod schema;
