//! What differs between two networks, and what made it so.

pub mod alike;
pub mod causes;
pub mod change;
pub mod change_summary;
pub mod changed;
pub mod compare;
pub mod isolations;
pub mod joint;
pub mod members;
pub mod network_diff;
pub mod policy_changes;
pub mod seen;
pub mod side_gaps;
pub mod sides;
