//! Manifests and snapshot files.
//!
//! ```text
//! file ─> yaml (values with lines) ─> decode, schema ─> objects::Objects
//!                                    └─> saved (snapshot files)
//! ```

pub mod bytes;
mod chart;
mod command;
pub mod decode;
mod fault;
mod hidden;
mod item;
mod kustomization;
pub mod kustomize;
mod makers;
mod manifest;
pub mod manifests;
pub mod misnamed;
pub mod patch;
pub mod paths;
mod placeholder;
mod reader;
pub mod recorded;
mod replace;
pub mod saved;
pub mod schema;
mod spans;
mod template;
pub mod texts;
mod typed;
pub mod version_1;
