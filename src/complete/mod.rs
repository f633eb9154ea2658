//! What may follow on a command line that is still being typed.

pub mod cursor;
pub mod kubectl;
pub mod lookup;
pub mod offer;
pub mod target;
pub mod value;
