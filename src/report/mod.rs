//! Questions and their answers, as plain data in the schema `netpol/v1`.

mod attached;
pub mod backends;
pub mod doctor;
pub mod ends;
pub mod explain;
pub mod exposure;
mod exposure_direct;
mod exposure_findings;
mod exposure_routes;
mod exposure_view;
pub mod findings;
pub mod judge;
pub mod list;
pub mod naming;
pub mod not_found;
pub mod plugin;
mod proxies;
pub mod reach;
mod rows;
pub mod schema;
pub mod service;
pub mod subject;
pub mod summary;
pub mod target;
pub mod units;
