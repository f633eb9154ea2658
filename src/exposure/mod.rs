//! Ways in from outside the cluster: Services, Ingresses and Gateways, and what policies let through.

pub mod attached;
pub mod direct;
pub mod findings;
pub mod proxies;
pub mod routes;
pub mod view;
pub mod way;
pub mod ways;
pub mod ways_in;
