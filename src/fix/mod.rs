//! TODO fix.

pub mod fix;
pub mod missing_rule;
pub mod opened;
pub mod peers;
pub mod proof;
pub mod selection;
