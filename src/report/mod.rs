//! Questions and their answers, as plain data in the schema `netpol/v1`.

pub mod backends;
pub mod doctor;
pub mod ends;
pub mod explain;
pub mod findings;
pub mod judge;
pub mod list;
pub mod naming;
pub mod not_found;
pub mod plugin;
pub mod reach;
mod rows;
pub mod schema;
pub mod service;
pub mod subject;
pub mod summary;
pub mod target;
pub mod units;
