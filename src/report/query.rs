//! Which connections to list.

use crate::ends::end::End;
use crate::ends::target::PortQuery;
use crate::ends::units::Level;
use crate::policy::Direction;

/// Which connections to list.
#[derive(Clone, Debug)]
pub struct Query {
    /// Whether pods of one workload are one end.
    pub level: Level,
    /// The only direction to judge; both where it is absent.
    pub direction: Option<Direction>,
    /// The only source.
    pub from: Option<End>,
    /// The only destination.
    pub to: Option<End>,
    /// The only ports.
    pub port: Option<PortQuery>,
    /// The only namespace: one end must be in it.
    pub namespace: Option<String>,
}
