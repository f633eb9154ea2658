//! What every answer is made of: ends, verdicts, rules and their places, findings, and the limits that are
//! told with it.

pub mod caveat;
pub mod caveats;
pub mod endpoint;
pub mod finding;
pub mod plugin;
pub mod rule_ref;
pub mod unheard;
pub mod verdict;
