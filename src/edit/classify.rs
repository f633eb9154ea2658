//! What a host is: a Service of the cluster, an address of it, or something outside.

use std::net::IpAddr;

use super::host::{Host, HostName};
use crate::model::ports::ProtocolPort;
use crate::model::service::{ServiceAddress, ServiceId};
use crate::model::snapshot::Snapshot;
use crate::world::addresses::{Reach, service_at};
use crate::world::servers::is_api_server;
use crate::world::services::{NoService, ServiceHost, by_host_name, title};

/// How many names in a row are followed.
const LONGEST_CHAIN: usize = 8;

/// What a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostClass {
    /// A Service, whose pods or addresses are to be allowed.
    Service(ServiceId),
    /// The API server, by its Service `kubernetes.default`.
    ApiServer(ServiceId),
    /// An address outside.
    Literal(IpAddr),
    /// A name that is to be resolved.
    External(HostName),
}

/// What a host is, and how it was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    /// What it is.
    pub class: HostClass,
    /// The ExternalName that the user named, and that led on: whoever may change it leads elsewhere.
    pub alias: Option<ServiceId>,
    /// The pod of the Service whose own name the user named: `postgres-0.postgres.db.svc`.
    pub pod: Option<Box<str>>,
}

/// A host that is no destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    /// The form of a Service, which there is not.
    #[error(transparent)]
    NoService(#[from] NoService),
    /// Names that lead to each other.
    #[error("the Service {0} leads in a circle of names")]
    Circle(String),
    /// A port that the Service does not have.
    #[error("the Service {name} has no port {}/{}; it has {known}", .port.protocol, .port.number)]
    NoPort {
        /// The Service.
        name: String,
        /// The port.
        port: ProtocolPort,
        /// Its ports.
        known: String,
    },
    /// A Service of which nobody knows where it leads.
    #[error("the Service {0} has no selector and no EndpointSlice: nobody knows where it leads")]
    Nowhere(String),
}

/// Finds out what a host is, for pods of a namespace; names of Services are followed.
///
/// # Errors
/// A host that is no destination.
pub fn classify(snapshot: &Snapshot, namespace: &str, host: &Host) -> Result<Classified, ClassError> {
    let (mut host, mut alias) = (host.clone(), None);
    for _ in 0..LONGEST_CHAIN {
        let name = match &host {
            Host::Ip(ip) => {
                let found = service_at(snapshot, *ip, Reach::Anywhere);
                let class = found.map_or(HostClass::Literal(*ip), |id| service_class(snapshot, id));
                return Ok(Classified { class, alias, pod: None });
            }
            Host::Name(name) => name,
        };
        let Some(ServiceHost { service: id, pod }) = by_host_name(snapshot, namespace, name.as_str())?
        else {
            return Ok(Classified { class: HostClass::External(name.clone()), alias, pod: None });
        };
        let service = snapshot.services.at(id);
        let ServiceAddress::Name(target) = &service.address else {
            return Ok(Classified { class: service_class(snapshot, id), alias, pod });
        };
        host = Host::parse(target).map_err(|_| ClassError::Nowhere(title(snapshot, service)))?;
        alias = alias.or(Some(id));
    }
    Err(ClassError::Circle(host.to_string()))
}

fn service_class(snapshot: &Snapshot, id: ServiceId) -> HostClass {
    match is_api_server(snapshot, snapshot.services.at(id)) {
        true => HostClass::ApiServer(id),
        false => HostClass::Service(id),
    }
}
