//! The parts of Kubernetes objects that an analysis reads, and how they become a
//! [`Snapshot`](crate::model::snapshot::Snapshot).
//!
//! ```text
//! files ──┐
//!         ├─> object ─> owners ─> assemble ─> Snapshot
//! cluster ┘              services, routes, plugin ─┘
//! ```

pub mod assemble;
pub mod census;
pub mod gateway;
pub mod ingress;
pub mod meta;
pub mod object;
pub mod owners;
pub mod passed_over;
pub mod plugin;
pub mod routes;
pub mod service;
pub mod services;
pub(crate) mod unread;
