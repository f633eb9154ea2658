//! The rules that let pods reach a Service: policies judge after its address and port were rewritten.

use k8s_openapi::api::networking::v1::NetworkPolicyEgressRule;

use super::classify::ClassError;
use crate::model::ports::ProtocolPort;
use crate::model::selector::Selector;
use crate::model::service::{Service, ServiceAddress, ServiceId, Slice, TargetPort};
use crate::model::snapshot::Snapshot;
use crate::policy::network_policy::write;
use crate::world::services::title;

/// Builds the rules that let pods reach a Service at one of its ports: its pods, or those that a selector
/// narrows them to, at the port that it sends to.
///
/// # Errors
/// A port that it does not have, or a Service that leads nowhere.
pub fn service_rules(
    snapshot: &Snapshot,
    id: ServiceId,
    port: ProtocolPort,
    narrowed: Option<&Selector>,
) -> Result<Vec<NetworkPolicyEgressRule>, ClassError> {
    let service = snapshot.services.at(id);
    let mut ports = service.ports.iter();
    let asked = ports.find(|own| own.protocol == port.protocol && own.port == port.number);
    let target = match (asked, &service.address) {
        (Some(asked), ServiceAddress::Own(_)) => asked.target.clone(),
        // A headless Service rewrites nothing.
        (_, ServiceAddress::Headless) => TargetPort::Number(port.number),
        _ => return Err(no_port(snapshot, service, port)),
    };
    let rule = |to, target: &TargetPort| write::egress(to, vec![write::port(port.protocol, target)]);
    if let Some(selector) = narrowed.or(service.selector.as_ref()) {
        let namespace = &snapshot.namespaces.at(service.namespace).name;
        return Ok(vec![rule(vec![write::pods_of(namespace, selector)], &target)]);
    }
    let at_slice = |slice: &Slice| {
        let to = write::blocks(&slice.ips.iter().copied().collect());
        let own = slice.ports.iter().find(|own| asked.is_some_and(|asked| asked.name == own.name));
        let number = own.and_then(|own| own.port).map(TargetPort::Number);
        (!to.is_empty()).then(|| rule(to, number.as_ref().unwrap_or(&target)))
    };
    let rules: Vec<_> = service.slices.iter().filter_map(at_slice).collect();
    if rules.is_empty() { Err(ClassError::Nowhere(title(snapshot, service))) } else { Ok(rules) }
}

fn no_port(snapshot: &Snapshot, service: &Service, port: ProtocolPort) -> ClassError {
    let known = service.ports.iter().map(|own| format!("{}/{}", own.protocol, own.port));
    let known = known.collect::<Vec<_>>().join(", ");
    ClassError::NoPort { name: title(snapshot, service), port, known }
}
