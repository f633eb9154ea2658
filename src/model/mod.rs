//! What a cluster is: endpoints, labels, addresses, ports and the objects they were read from.
//!
//! Pure data and set algebra. Nothing here knows a policy, a file or the network.

pub mod arena;
pub mod cni;
pub mod controller;
pub mod endpoint;
pub mod gap;
pub mod gateway;
pub mod ingress;
pub mod interval;
pub mod ips;
pub mod labels;
pub mod names;
pub mod origin;
pub mod ports;
pub mod ranges;
pub mod recorded;
pub mod rights;
pub mod route;
pub mod routing;
pub mod selector;
pub mod service;
pub mod snapshot;
pub mod special;
