//! TODO ends.

pub mod backends;
pub mod end;
pub mod naming;
pub mod not_found;
pub mod service;
pub mod service_ports;
pub mod target;
pub mod units;
