//! Where a port of a Service leads at one backend.

use crate::model::ports::Protocol;

/// A port of a Service, and where it leads at one backend.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hop {
    /// The protocol of both.
    pub protocol: Protocol,
    /// The Service's port.
    pub port: u16,
    /// The name of the Service's port; may be empty.
    pub name: Box<str>,
    /// The backend's port.
    pub target: u16,
}
