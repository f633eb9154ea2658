//! TODO dns.

pub mod name_servers;
pub mod reply;
pub mod resolve;
pub mod transport;
