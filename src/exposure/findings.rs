//! Ingresses and routes that lead nowhere.

use std::collections::BTreeSet;

use super::attached::{find_service, is_granted, is_named, is_parent, listeners};
use super::view::View;
use crate::answer::endpoint::EndpointKind;
use crate::answer::finding::Finding;
use crate::ends::end::Who;
use crate::model::endpoint::NamespaceId;
use crate::model::route::{Backend, BackendPort, ParentRef, Route};
use crate::world::services::is_behind;

/// Checks the Ingresses and routes of the destination's namespaces that lead to it.
pub(crate) fn findings(view: &View<'_, '_>) -> Vec<Finding> {
    let snapshot = view.network.snapshot;
    let namespaces = view.destination.members.iter().filter_map(|member| match member.who {
        Who::Pod(pod) => Some(snapshot.pods.at(pod).namespace),
        Who::Node(_) | Who::Outside => None,
    });
    let named = view.destination.endpoint.namespace.as_deref().and_then(|name| snapshot.namespace(name));
    let namespaces: BTreeSet<NamespaceId> = namespaces.chain(named).collect();
    let mut findings = Vec::new();
    for ingress in snapshot.routing.ingresses.iter().filter(|row| namespaces.contains(&row.namespace)) {
        let name = name(view, "Ingress", ingress.namespace, &ingress.name);
        let backends: BTreeSet<&Backend> = ingress.backends.iter().map(|(_, backend)| backend).collect();
        let is_meant = touches(view, ingress.namespace, backends.iter().copied());
        for backend in backends.into_iter().filter(|_| is_meant) {
            findings.extend(leads_nowhere(view, &name, ingress.namespace, backend));
        }
    }
    let of_namespaces = snapshot.routing.routes.iter().filter(|row| namespaces.contains(&row.namespace));
    for route in of_namespaces.filter(|row| touches(view, row.namespace, row.backends.iter())) {
        let name = name(view, &route.kind, route.namespace, &route.name);
        for backend in &route.backends {
            findings.extend(match is_granted(view, route, backend) {
                true => leads_nowhere(view, &name, route.namespace, backend),
                false => Some(finding(
                    "reference-not-granted",
                    format!(
                        "{name} sends to Service {}, and no ReferenceGrant of that namespace lets it",
                        written(view, route.namespace, backend)
                    ),
                )),
            });
        }
        findings.extend(without_gateway(view, &name, route));
    }
    findings
}

/// Tells whether a route leads to the destination by any of its backends; a namespace as a whole is touched by
/// all that is in it.
fn touches<'a>(
    view: &View<'_, '_>,
    namespace: NamespaceId,
    mut backends: impl Iterator<Item = &'a Backend>,
) -> bool {
    let snapshot = view.network.snapshot;
    let leads_here = |backend: &Backend| {
        let Some((id, service)) = find_service(view, namespace, backend) else { return false };
        let mut pods = view.destination.members.iter().filter_map(|member| member.who.pod());
        view.destination.service == Some(id)
            || pods.any(|pod| is_behind(snapshot, service, snapshot.pods.at(pod)))
    };
    view.destination.endpoint.kind == EndpointKind::Namespace || backends.any(leads_here)
}

fn name(view: &View<'_, '_>, kind: &str, namespace: NamespaceId, name: &str) -> String {
    format!("{kind} {}/{name}", view.network.snapshot.namespaces.at(namespace).name)
}

fn written(view: &View<'_, '_>, namespace: NamespaceId, backend: &Backend) -> String {
    let here = &view.network.snapshot.namespaces.at(namespace).name;
    format!("{}/{}", backend.namespace.as_ref().unwrap_or(here), backend.name)
}

fn finding(id: &'static str, message: String) -> Finding {
    Finding { id, message, rule: None }
}

/// Tells whether a list may not be read, so that nothing follows from what is not in it.
fn is_unread(view: &View<'_, '_>, list: &str) -> bool {
    view.network.snapshot.gaps.iter().any(|gap| gap.hides(list))
}

/// Says so where a backend names a Service, or a port of it, that does not exist.
fn leads_nowhere(
    view: &View<'_, '_>,
    name: &str,
    namespace: NamespaceId,
    backend: &Backend,
) -> Option<Finding> {
    if is_unread(view, "services") {
        return None;
    }
    let service = written(view, namespace, backend);
    let problem = match (find_service(view, namespace, backend), &backend.port) {
        (None, _) => format!("{name} sends to Service {service}, which was not found"),
        (Some((_, found)), port)
            if !found.ports.iter().any(|port| is_named(backend, &port.name, port.port)) =>
        {
            let port = match port {
                Some(BackendPort::Number(port)) => port.to_string(),
                Some(BackendPort::Name(port)) => port.to_string(),
                None => return None,
            };
            format!("{name} sends to port {port} of Service {service}, which it does not have")
        }
        _ => return None,
    };
    Some(finding("route-leads-nowhere", problem))
}

/// Says so where no Gateway takes a route.
fn without_gateway(view: &View<'_, '_>, name: &str, route: &Route) -> Vec<Finding> {
    if is_unread(view, "gateways") {
        return Vec::new();
    }
    let gateways = &view.network.snapshot.routing.gateways;
    let problem = |parent: &ParentRef| {
        let found = gateways.iter().find(|gateway| is_parent(view, route, parent, gateway));
        let here = &view.network.snapshot.namespaces.at(route.namespace).name;
        let gateway = format!("{}/{}", parent.namespace.as_ref().unwrap_or(here), parent.name);
        match found {
            None => Some(format!("{name} belongs to Gateway {gateway}, which was not found")),
            Some(found) if listeners(view, route, found).is_empty() => Some(format!(
                "{name} belongs to Gateway {gateway}, no listener of which takes it (its kind, namespace or \
                 host name)"
            )),
            Some(_) => None,
        }
    };
    if route.parents.is_empty() && !route.has_other_parents {
        return vec![finding("route-without-gateway", format!("{name} belongs to no Gateway"))];
    }
    let problems = route.parents.iter().filter_map(problem);
    problems.map(|message| finding("route-without-gateway", message)).collect()
}
