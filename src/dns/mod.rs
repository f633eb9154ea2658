//! Name servers: who is asked, how, and what a reply says about a name.
//!
//! ```text
//! name_servers ─> transport ─> reply ─> resolve ─> session ─> edit::outcome
//! ```

pub mod name_servers;
pub mod patience;
pub mod reply;
pub mod resolve;
pub mod session;
pub mod share;
pub mod transport;
