//! TODO answer.

pub mod caveats;
pub mod endpoint;
pub mod finding;
pub mod plugin;
pub mod rule_ref;
pub mod verdict;
