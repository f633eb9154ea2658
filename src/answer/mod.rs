//! TODO answer.

pub mod plugin;
pub mod schema;
pub mod summary;
