//! TODO world.

pub mod servers;
