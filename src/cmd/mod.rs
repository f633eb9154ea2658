//! The subcommands, one file each: arguments in, answer out, no logic.

pub mod allow_endpoint;
pub mod cni;
pub mod compared;
pub mod completion;
pub mod connection;
pub mod default_deny;
pub mod diff;
pub mod doctor;
pub mod explain;
pub mod explain_url;
pub mod global;
pub mod input;
pub mod list;
pub mod output;
pub mod policies;
pub mod progress;
pub mod refresh_ips;
pub mod resolver;
pub mod snapshot;
pub mod version;
pub mod who_can_reach;
