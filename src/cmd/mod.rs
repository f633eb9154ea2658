//! The subcommands, one file each: arguments in, answer out, no logic.

pub mod allow_endpoint;
mod cilium;
pub mod cni;
mod compared;
pub mod complete;
mod complete_target;
pub mod completion;
pub mod connection;
mod cursor;
pub mod default_deny;
pub mod diff;
pub mod doctor;
pub mod explain;
mod explain_url;
mod hosts;
mod input;
mod learning;
pub mod list;
mod opening;
mod output;
pub mod refresh_ips;
mod refreshed;
mod resolver;
pub mod snapshot;
pub mod version;
pub mod who_can_reach;
mod writing;
