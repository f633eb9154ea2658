//! TODO world.

pub mod servers;
pub mod services;
