//! Whether a question can be asked: the port that is asked for exists, and the ends stand for something.

use std::collections::BTreeSet;

use crate::answer::caveat::Caveat;
use crate::answer::endpoint::EndpointKind;
use crate::ends::end::End;
use crate::ends::naming::name_of;
use crate::ends::service::{self, ServiceError};
use crate::ends::target::{PortQuery, named_ports};
use crate::engine::network::Network;

/// A question that cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// A port name that no pod of the destination has.
    #[error("no container of {destination} has a port named `{name}`{}", names_hint(.known))]
    NoSuchPort {
        /// The destination.
        destination: String,
        /// The name.
        name: String,
        /// The names that its pods have.
        known: Vec<String>,
    },
    /// A question that a Service has no answer to.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

fn names_hint(known: &[String]) -> String {
    match known {
        [] => "; no port of it has a name".to_owned(),
        _ => format!("; its port names are {}", known.join(", ")),
    }
}

/// Refuses a port that a destination does not have: a Service, or a name that no pod has; says so
/// where only some have it.
///
/// # Errors
/// The ports that it has.
pub(crate) fn check_port(
    network: &Network<'_>,
    destination: &End,
    port: Option<&PortQuery>,
) -> Result<Option<Caveat>, ExplainError> {
    service::check_port(network, destination, port)?;
    let Some(port @ PortQuery::Name { name, .. }) = port else { return Ok(None) };
    if destination.service.is_some() {
        return Ok(None);
    }
    let members = destination.members.iter();
    let with = members.filter(|member| !port.resolve(network, member.class).is_empty()).count();
    if with == 0 {
        return Err(no_such_port(network, destination, name));
    }
    let left_out = || Caveat::PortLeftOut(name_of(&destination.endpoint));
    Ok((with < destination.members.len()).then(left_out))
}

fn no_such_port(network: &Network<'_>, destination: &End, name: &str) -> ExplainError {
    let ports = destination.members.iter().flat_map(|member| named_ports(network, member.class));
    let known: BTreeSet<&str> = ports.map(|port| network.snapshot.names.get(port.name)).collect();
    ExplainError::NoSuchPort {
        destination: name_of(&destination.endpoint),
        name: name.to_owned(),
        known: known.into_iter().map(str::to_owned).collect(),
    }
}

/// Says that an end stands for nothing, unless it says why itself.
pub(crate) fn no_member(end: &End) -> Option<Caveat> {
    let silent = end.members.is_empty() && end.caveats.is_empty() && end.findings.is_empty();
    silent.then(|| match end.endpoint.kind {
        EndpointKind::Node => Caveat::NoAddress(name_of(&end.endpoint)),
        _ => Caveat::NoMember(name_of(&end.endpoint)),
    })
}
