//! The subcommands, one file each: arguments in, answer out, no logic.

pub mod allow_endpoint;
pub mod compared;
pub mod completion;
pub mod connection;
mod cronjob;
pub mod default_deny;
pub mod diff;
pub mod disallow_endpoint;
pub mod doctor;
pub mod endpoints;
pub mod explain;
pub mod flags;
pub mod global;
pub mod input;
pub mod list;
mod nothing;
pub mod output;
pub mod proposed;
mod ranges;
mod refresh_files;
pub mod refresh_ips;
pub mod snapshot;
pub mod target;
pub mod terminal;
pub mod version;
pub mod who_can_reach;
