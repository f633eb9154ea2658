//! What would allow a denied connection: the smallest addition, judged before it is told.

pub mod missing_rule;
pub mod opened;
pub mod peers;
pub mod proof;
pub mod proposal;
pub mod selection;
