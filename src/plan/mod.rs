//! Edits as use cases: a question becomes a plan, the plan is shown, and what was agreed to is written.

pub mod allowance;
pub mod cilium;
pub mod hosts;
pub mod learning;
pub mod opening;
pub mod refreshed;
pub mod writing;
