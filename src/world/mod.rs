//! What a cluster's objects say about addresses and names: who holds an address, what a Service leads to,
//! where DNS and the API server are.
//!
//! Pure questions to a snapshot, which need no policy.

pub mod addresses;
pub mod pods;
pub mod servers;
pub mod services;
