//! Which connections to list.

use crate::ends::end::End;
use crate::ends::target::PortQuery;
use crate::ends::units::Level;
use crate::engine::class_set::ClassSet;
use crate::engine::network::Network;
use crate::engine::rows::{RowScope, Rows};
use crate::model::ports::PortSet;
use crate::policy::Direction;

/// Which connections to list.
#[derive(Clone, Debug)]
pub struct ListQuery {
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

impl ListQuery {
    /// Judges the rows that are needed: first those of the end that is named, and of the other end
    /// only what these leave open.
    pub(crate) fn rows<'a, 'b>(&self, network: &'a Network<'b>) -> Rows<'a, 'b> {
        let classes = |end: &Option<End>| -> ClassSet {
            match end {
                Some(end) => end.members.iter().map(|member| member.class).collect(),
                None => network.classes.all().clone(),
            }
        };
        let scope = RowScope {
            sources: classes(&self.from),
            destinations: classes(&self.to),
            ports: self.ports(),
            direction: self.direction,
        };
        let order = match (&self.from, &self.to) {
            (None, Some(_)) => [Direction::Ingress, Direction::Egress],
            _ => [Direction::Egress, Direction::Ingress],
        };
        Rows::among(network, scope, order)
    }

    /// Returns the ports that are asked for, as far as they do not turn on the destination: a port
    /// of a Service leads to another of each backend.
    fn ports(&self) -> PortSet {
        let through_service = self.to.as_ref().is_some_and(|end| end.service.is_some());
        match self.port.as_ref().filter(|_| !through_service) {
            Some(PortQuery::Numbers { protocol, low, high }) => PortSet::range(*protocol, *low, *high),
            Some(PortQuery::Name { .. }) | None => PortSet::any(),
        }
    }
}
