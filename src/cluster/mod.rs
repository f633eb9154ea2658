//! A live cluster: its objects are read, and policies are written.
//!
//! ```text
//! flags, kubeconfigs ─ kubeconfig ─> connect (+ proxy) ─> api (pages, retry, warnings) ─ wire (protobuf | JSON)
//!                                                           │
//!    read: which question? ─── two ends ──> narrow ─────────┤
//!             └─ everything ─> kinds, policies ─────────────┤
//!                              └─ forbidden ─> rights ──────┘        apply ─> conflict
//! ```

pub mod api;
pub mod apply;
pub mod body;
pub mod conflict;
pub mod connect;
pub mod credentials;
pub mod delete;
pub mod discovery;
pub mod doctor;
pub mod exec;
pub mod failure;
pub mod forward;
pub mod gateways;
pub mod jobs;
pub mod kinds;
pub mod kubeconfig;
pub mod names;
pub mod narrow;
pub mod policies;
pub mod proxy;
pub mod read;
pub mod rights;
pub mod wire;
