//! Where a Service sends: its ports at each pod or address behind it.
//!
//! Policies judge a packet after its address and port were rewritten, so that a connection to a
//! Service is one to each of its backends. A headless Service rewrites nothing: its name resolves to
//! the pods, and clients connect to the port that they choose.

use super::end::{End, Member};
use super::naming::name_of;
use super::target::PortQuery;
use crate::engine::network::Network;
use crate::model::ports::{PortSet, Protocol};
use crate::model::service::{Service, ServiceAddress, ServicePort, TargetPort};
use crate::world::services::Hop;

/// A question that a Service has no answer to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// A Service as the source of connections.
    #[error("{0} opens no connections, only the pods behind it do: name their workload as the source")]
    Source(String),
    /// A port that the Service does not have.
    #[error("{service} has no port {port}{}", ports_hint(.known))]
    Port {
        /// The Service.
        service: String,
        /// The port.
        port: String,
        /// The ports that it has.
        known: Vec<String>,
    },
}

fn ports_hint(known: &[String]) -> String {
    match known {
        [] => String::new(),
        _ => format!("; it has {}", known.join(", ")),
    }
}

/// Refuses a Service as the source of connections.
///
/// # Errors
/// The end is a Service.
pub fn check_source(end: &End) -> Result<(), ServiceError> {
    end.service.map_or(Ok(()), |_| Err(ServiceError::Source(name_of(&end.endpoint))))
}

/// Refuses a port that the Service of an end does not have.
///
/// # Errors
/// No port of the Service is the one that is asked for.
pub fn check_port(
    network: &Network<'_>,
    end: &End,
    port: Option<&PortQuery>,
) -> Result<(), ServiceError> {
    let (Some(id), Some(port)) = (end.service, port) else { return Ok(()) };
    let service = network.snapshot.services.at(id);
    let names = matches!(service.address, ServiceAddress::Name(_));
    if names || is_direct(service, port) || service.ports.iter().any(|own| is_asked(own, port)) {
        return Ok(());
    }
    let write = |own: &ServicePort| match &*own.name {
        "" => format!("{}/{}", own.protocol, own.port),
        name => format!("{}/{} ({name})", own.protocol, own.port),
    };
    let known = service.ports.iter().map(write).collect();
    Err(ServiceError::Port { service: name_of(&end.endpoint), port: port.to_string(), known })
}

/// Returns the ports of a member of an end that a query asks for; no query asks for all.
pub fn asked(network: &Network<'_>, end: &End, member: &Member, port: Option<&PortQuery>) -> PortSet {
    let (Some(id), Some(hops)) = (end.service, &member.hops) else {
        return port.map_or_else(PortSet::any, |port| port.resolve(network, member.class));
    };
    let service = network.snapshot.services.at(id);
    match port {
        Some(port) if is_direct(service, port) => port.resolve(network, member.class),
        None if service.ports.is_empty() => PortSet::any(),
        _ => asked_hops(hops, port)
            .fold(PortSet::none(), |all, hop| all.union(&PortSet::port(hop.protocol, hop.target))),
    }
}

/// Tells whether an end is a Service that sends nowhere: what will be behind it decides.
pub fn leads_nowhere(network: &Network<'_>, end: &End, port: Option<&PortQuery>) -> bool {
    let leads = |member: &Member| !asked(network, end, member, port).is_empty();
    end.service.is_some() && !end.members.iter().any(leads)
}

/// Lists the hops that a query asks for; no query asks for all.
pub fn asked_hops<'a>(
    hops: &'a [Hop],
    port: Option<&'a PortQuery>,
) -> impl Iterator<Item = &'a Hop> + 'a {
    hops.iter()
        .filter(move |hop| port.is_none_or(|port| is_meant(port, &hop.name, (hop.protocol, hop.port))))
}

/// Lists the ports of the backends, as the Service of an end gives them, that a query asks for.
pub(crate) fn targets<'a>(
    network: &'a Network<'_>,
    end: &End,
    port: Option<&'a PortQuery>,
) -> impl Iterator<Item = (Protocol, &'a TargetPort)> {
    let service = end.service.map(|id| network.snapshot.services.at(id));
    let ports = service.into_iter().flat_map(|service| &service.ports);
    let asked = ports.filter(move |own| port.is_none_or(|port| is_asked(own, port)));
    asked.map(|own| (own.protocol, &own.target))
}

/// Tells whether a port is the backends' own, as nothing rewrites it.
fn is_direct(service: &Service, port: &PortQuery) -> bool {
    service.address == ServiceAddress::Headless && matches!(port, PortQuery::Numbers { .. })
}

fn is_asked(own: &ServicePort, port: &PortQuery) -> bool {
    is_meant(port, &own.name, (own.protocol, own.port))
}

fn is_meant(query: &PortQuery, own_name: &str, (own_protocol, own_port): (Protocol, u16)) -> bool {
    match query {
        PortQuery::Numbers { protocol, low, high } => {
            *protocol == own_protocol && (*low..=*high).contains(&own_port)
        }
        PortQuery::Name { name, protocol } => {
            *name == *own_name && protocol.is_none_or(|protocol| protocol == own_protocol)
        }
    }
}
