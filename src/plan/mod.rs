//! Use cases of several steps, between the words of a command and its answer: what is read for it, and of an
//! edit the plan, the consent and the write.

pub mod allow_endpoint;
pub mod allowance;
pub mod change;
pub mod changes;
pub mod cilium;
pub mod console;
pub mod cronjob;
pub mod default_deny;
pub mod deletion;
pub mod disallow_endpoint;
pub mod doctor;
pub mod endpoints;
pub mod explain_connection;
pub mod explain_url;
pub mod facts;
pub mod find;
pub mod hosts;
pub mod input;
pub mod learning;
pub mod name_servers;
pub mod needs;
pub mod opening;
pub mod other_side;
pub mod pod_spec;
pub mod proposal;
pub mod refresh_files;
pub mod refresh_ips;
pub mod refreshed;
pub mod refreshing;
pub mod unfinished;
pub mod writing;
