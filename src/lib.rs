//! Who can talk to whom in a Kubernetes cluster, exactly, and which line of which policy says so.
//!
//! A pure core between edges:
//! ```text
//! manifests ─ files ──┐
//!                     ├─ objects ─> model::Snapshot ─> policy (rules) ─> engine ─> answers ─> render
//! live API ─ cluster ─┘
//! ```
//! Compute, then answer, then render. Nothing prints while it computes; nothing below `render` knows
//! a colour; only `cluster`, `dns` and `files` know the network or the file system. The answers are
//! those of `explain`, `report`, `diff`, `fix` and `exposure`, made of `ends` and `answer`. `plan`
//! writes what `edit` has computed.
//!
//! Imports go one way and never in a circle; `ARCHITECTURE.md` draws the arrows, and `tests/layout`
//! reads them there.

pub mod answer;
pub mod cli;
pub mod cluster;
pub mod cmd;
pub mod complete;
pub mod diff;
pub mod dns;
pub mod edit;
pub mod ends;
pub mod engine;
pub mod error;
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
pub mod yaml;
