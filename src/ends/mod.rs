//! The pods, nodes and addresses that the ends of a connection stand for, and how they are named.

pub mod backends;
pub mod dns;
pub mod end;
pub mod find;
pub mod grouping;
pub mod namer;
pub mod naming;
pub mod not_found;
pub mod place;
pub mod recorded;
pub mod service;
pub mod service_ports;
pub mod target;
pub mod units;
