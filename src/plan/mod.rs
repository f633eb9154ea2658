//! TODO plan.

pub mod allowance;
pub mod cilium;
pub mod hosts;
pub mod learning;
pub mod opening;
pub mod refreshed;
pub mod writing;
