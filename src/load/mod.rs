//! The edge in: manifests and live clusters become a [`Snapshot`](crate::model::snapshot::Snapshot).
//!
//! ```text
//! files ─> document ─> schema, validate ─┐
//!                                        ├─> objects ─> owners ─> assemble ─> Snapshot
//! live API ─> connect ─> cluster ────────┘
//! ```

mod api;
pub mod assemble;
pub mod cluster;
mod cni;
mod connect;
mod credentials;
mod decode;
pub mod doctor;
pub mod document;
mod failure;
pub mod gateway_objects;
mod gateways;
pub mod ingress_objects;
mod kinds;
pub mod kubeconfig;
pub mod manifests;
pub mod names;
mod narrow;
pub mod objects;
mod owners;
mod proxy;
mod rights;
mod routes;
pub mod saved;
mod schema;
pub mod service_objects;
mod services;
mod unjudged;
mod validate;
mod wire;

pub use manifests::ManifestError;
