//! TODO objects.

pub mod assemble;
pub mod gateway;
pub mod ingress;
pub mod meta;
pub mod object;
pub mod owners;
pub mod plugin;
pub mod routes;
pub mod service;
pub mod services;
