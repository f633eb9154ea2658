//! The binary as a user runs it: what it reads, what it refuses, how its answers look.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod allow_endpoint;
mod allow_manifests;
mod bad_input;
mod bad_policy;
mod bounds;
mod completion;
mod corpus;
mod default_deny;
mod diff;
mod disallow_endpoint;
mod endpoints;
mod examples;
mod fix;
mod formats;
mod help;
mod hostile;
mod kustomize;
mod look;
mod manifests;
mod misnamed;
#[path = "../dns/server.rs"]
#[expect(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    reason = "these tests need less of it than those of names"
)]
mod name_server;
mod nothing_judged;
mod nowhere;
mod overlays;
mod owners;
mod partial_files;
mod ranges;
mod reach;
mod refresh_files;
mod rendered;
mod rule_lines;
mod run;
mod snapshots;
mod summary;
mod terminal;
mod trust;
mod untidy;
