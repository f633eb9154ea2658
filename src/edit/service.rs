//! What is behind a Service, as policies name it: they judge after its address and port were rewritten.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use k8s_openapi::api::networking::v1::NetworkPolicyEgressRule;

use super::classify::ClassError;
use crate::model::ports::ProtocolPort;
use crate::model::selector::Selector;
use crate::model::service::{Service, ServiceAddress, ServiceId, TargetPort};
use crate::model::snapshot::Snapshot;
use crate::policy::network_policy::write;
use crate::world::servers::trusted_slices;
use crate::world::services::title;

/// What is behind a Service at one of its ports.
#[derive(Clone, Debug, PartialEq)]
pub enum Backends {
    /// Pods: the rule that lets others reach them.
    Pods(NetworkPolicyEgressRule),
    /// The addresses of its EndpointSlices, by their port: it selects no pods.
    Addresses(BTreeMap<u16, BTreeSet<IpAddr>>),
}

/// Finds what is behind a Service at one of its ports: its pods, or those that a selector narrows them to, at
/// the port that it sends to.
///
/// # Errors
/// A port that it does not have, or a Service that leads nowhere.
pub fn backends(
    snapshot: &Snapshot,
    id: ServiceId,
    port: ProtocolPort,
    narrowed: Option<&Selector>,
) -> Result<Backends, ClassError> {
    let service = snapshot.services.at(id);
    let mut ports = service.ports.iter();
    let asked = ports.find(|own| own.protocol == port.protocol && own.port == port.number);
    let target = match (asked, &service.address) {
        (Some(asked), ServiceAddress::Own(_)) => asked.target.clone(),
        // A headless Service rewrites nothing.
        (_, ServiceAddress::Headless) => TargetPort::Number(port.number),
        _ => return Err(no_port(snapshot, service, port)),
    };
    if let Some(selector) = narrowed.or(service.selector.as_ref()) {
        let namespace = &snapshot.namespaces.at(service.namespace).name;
        let to = vec![write::pods_of(namespace, selector)];
        return Ok(Backends::Pods(write::egress(to, vec![write::port(port.protocol, &target)])));
    }
    let mut by_port: BTreeMap<u16, BTreeSet<IpAddr>> = BTreeMap::new();
    for slice in trusted_slices(snapshot, service) {
        let own = slice.ports.iter().find(|own| asked.is_some_and(|asked| asked.name == own.name));
        // A name of a port says nothing where there are no pods to have it.
        let number = own.and_then(|own| own.port).or(match target {
            TargetPort::Number(number) => Some(number),
            TargetPort::Name(_) => None,
        });
        let ips = slice.ips.iter().map(IpAddr::to_canonical);
        if let Some(number) = number.filter(|_| !slice.ips.is_empty()) {
            by_port.entry(number).or_default().extend(ips);
        }
    }
    match by_port.is_empty() {
        true => Err(ClassError::Nowhere(title(snapshot, service))),
        false => Ok(Backends::Addresses(by_port)),
    }
}

fn no_port(snapshot: &Snapshot, service: &Service, port: ProtocolPort) -> ClassError {
    let known = service.ports.iter().map(|own| format!("{}/{}", own.protocol, own.port));
    let known = known.collect::<Vec<_>>().join(", ");
    ClassError::NoPort { name: title(snapshot, service), port, known }
}
