//! The engine against the references, on random clusters: every cell of every question.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

#[path = "../reference/mod.rs"]
mod reference;

mod allow;
mod boxes;
mod coverage;
mod diff;
mod engine;
mod fix;
mod network_policy;
mod question;
mod reach;
mod saved;
mod services;
mod tiers;
mod wire;

use proptest::test_runner::Config;

/// Returns proptest's default configuration (256 cases, or `PROPTEST_CASES`); a failure prints its
/// smallest cluster and leaves no file behind.
fn config() -> Config {
    Config { failure_persistence: None, ..Config::default() }
}
