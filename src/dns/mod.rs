//! TODO dns.

pub mod name_servers;
pub mod patience;
pub mod reply;
pub mod resolve;
pub mod transport;
