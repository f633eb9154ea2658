//! Who can talk to whom in a Kubernetes cluster, exactly, and which line of which policy says so.
//!
//! A pure core between edges:
//! ```text
//! manifests ─┐
//!            ├─ load ─> model::Snapshot ─> policy (rules) ─> engine ─> report ─> render ─> text, json, yaml
//! live API ──┘
//! ```
//! Compute, then report, then render. Nothing prints while it computes; nothing below `render`
//! knows a colour; nothing below `load` knows async, kube or the file system. Imports go one way
//! (`tests/layout.rs` checks it):
//! ```text
//! main -> cli -> cmd -> load   -> policy (names of kinds), model, edit (outcome, host)
//!                cmd -> edit   -> policy, model
//!                cmd -> report -> engine -> policy -> model
//!                cmd -> render -> report (names only: policy, model)
//! error is a leaf
//! ```

pub mod cli;
pub mod cmd;
pub mod edit;
pub mod engine;
pub mod error;

pub mod answer;
pub mod cluster;
pub mod complete;
pub mod diff;
pub mod dns;
pub mod ends;
pub mod explain;
pub mod exposure;
pub mod files;
pub mod fix;
pub mod model;
pub mod objects;
pub mod plan;
pub mod policy;
pub mod render;
pub mod report;
pub mod world;
