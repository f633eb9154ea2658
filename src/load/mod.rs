//! The edges: manifests and live clusters become a [`Snapshot`](crate::model::snapshot::Snapshot), name
//! servers tell addresses, and objects are written.
//!
//! ```text
//! files ─> document ─> schema, validate ─┐
//!                                        ├─> objects ─> owners ─> assemble ─> Snapshot
//! live API ─> connect ─> cluster ────────┘
//!
//! name servers ─> dns_reply ─> resolve ─> edit ─> apply ─> live API
//! ```

mod api;
pub mod apply;
pub mod assemble;
pub mod cluster;
mod cni;
pub mod conflict;
mod connect;
mod credentials;
mod decode;
mod dns_reply;
mod dns_transport;
pub mod doctor;
pub mod document;
mod failure;
pub mod forward;
pub mod gateway_objects;
mod gateways;
pub mod ingress_objects;
mod kinds;
pub mod kubeconfig;
pub mod manifests;
mod name_servers;
pub mod names;
mod narrow;
pub mod objects;
mod owners;
pub mod proxy;
pub mod resolve;
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
