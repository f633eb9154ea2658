//! Naive evaluators, one per policy kind, and the random clusters that they are asked about.
//!
//! Written to be read beside the API's text: one packet at a time, no sets, no classes, no cache.
//! Nothing here uses the engine or the rules that it reads.
//!
//! ```text
//! generate ─> Cluster ─┬─> objects ─> netpol's loader ─> engine ─┐
//!                      └─> network_policy (the reference) ───────┴─> equal?
//! ```

pub(crate) mod cluster;
pub(crate) mod generate;
pub(crate) mod network_policy;
pub(crate) mod objects;
mod policies;
