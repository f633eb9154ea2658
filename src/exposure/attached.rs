//! What belongs together: backends and Services, routes and the listeners that take them.

use std::collections::BTreeSet;

use super::view::View;
use crate::model::endpoint::NamespaceId;
use crate::model::gateway::{Gateway, Listener, RouteNamespaces};
use crate::model::route::{Backend, BackendPort, ParentRef, Route};
use crate::model::service::{Service, ServiceId};
use crate::world::services;

/// Tells whether a backend names a port of a Service.
pub(crate) fn is_named(backend: &Backend, name: &str, number: u16) -> bool {
    match &backend.port {
        None => true,
        Some(BackendPort::Number(port)) => *port == number,
        Some(BackendPort::Name(port)) => **port == *name,
    }
}

/// Finds the Service that a backend names.
pub(crate) fn find_service<'a>(
    view: &'a View<'_, '_>,
    namespace: NamespaceId,
    backend: &Backend,
) -> Option<(ServiceId, &'a Service)> {
    let snapshot = view.network.snapshot;
    let namespace = match &backend.namespace {
        Some(name) => name,
        None => &snapshot.namespaces.at(namespace).name,
    };
    let id = services::find(snapshot, namespace, &backend.name)?;
    Some((id, snapshot.services.at(id)))
}

/// Tells whether a route may name a backend: in its own namespace, or by a ReferenceGrant.
pub(crate) fn is_granted(view: &View<'_, '_>, route: &Route, backend: &Backend) -> bool {
    let snapshot = view.network.snapshot;
    let here = &snapshot.namespaces.at(route.namespace).name;
    let Some(other) = backend.namespace.as_ref().filter(|other| *other != here) else { return true };
    snapshot.routing.grants.iter().any(|grant| {
        *snapshot.namespaces.at(grant.namespace).name == **other
            && grant.from.iter().any(|(kind, namespace)| *kind == route.kind && namespace == here)
            && grant.services.iter().any(|name| name.is_empty() || *name == backend.name)
    })
}

/// Lists the listeners of a Gateway that take a route.
pub(crate) fn listeners<'a>(
    view: &View<'_, '_>,
    route: &Route,
    gateway: &'a Gateway,
) -> Vec<&'a Listener> {
    let parents: Vec<&ParentRef> =
        route.parents.iter().filter(|parent| is_parent(view, route, parent, gateway)).collect();
    let is_meant = |listener: &Listener| {
        parents.iter().any(|parent| {
            parent.listener.as_ref().is_none_or(|name| *name == listener.name)
                && parent.port.is_none_or(|port| port == listener.port)
        })
    };
    let takes = |listener: &&Listener| {
        is_meant(listener)
            && listener.kinds.contains(&route.kind)
            && takes_namespace(view, listener, gateway.namespace, route.namespace)
            && (route.hosts.is_empty()
                || route.hosts.iter().any(|host| narrower(host, &listener.host).is_some()))
    };
    gateway.listeners.iter().filter(takes).collect()
}

pub(crate) fn is_parent(
    view: &View<'_, '_>,
    route: &Route,
    parent: &ParentRef,
    gateway: &Gateway,
) -> bool {
    let namespace = match &parent.namespace {
        Some(name) => view.network.snapshot.namespace(name),
        None => Some(route.namespace),
    };
    namespace == Some(gateway.namespace) && parent.name == gateway.name
}

fn takes_namespace(
    view: &View<'_, '_>,
    listener: &Listener,
    gateway: NamespaceId,
    route: NamespaceId,
) -> bool {
    let snapshot = view.network.snapshot;
    match &listener.routes {
        RouteNamespaces::All => true,
        RouteNamespaces::Same => gateway == route,
        RouteNamespaces::Nobody => false,
        RouteNamespaces::Matching(selector) => {
            let namespace = snapshot.namespaces.at(route);
            // Where the labels are not known, it may be taken.
            !namespace.labels_known || selector.matches(|key| snapshot.label(namespace.labels, key))
        }
    }
}

/// Lists the host names that come to a route: its own, cut down to those of its listeners.
pub(crate) fn hosts(route: &Route, listeners: &[&Listener]) -> Vec<String> {
    let mut hosts = BTreeSet::new();
    for listener in listeners {
        match &*route.hosts {
            [] => drop(hosts.insert(listener.host.to_string())),
            listed => hosts.extend(listed.iter().filter_map(|host| narrower(host, &listener.host))),
        }
    }
    if hosts.contains("") { Vec::new() } else { hosts.into_iter().collect() }
}

/// Returns the narrower of two host names that have some name in common.
fn narrower(one: &str, other: &str) -> Option<String> {
    let covers = |wide: &str, narrow: &str| {
        wide.is_empty()
            || wide == narrow
            || wide
                .strip_prefix('*')
                .is_some_and(|end| narrow.len() > end.len() && narrow.ends_with(end))
    };
    match (covers(other, one), covers(one, other)) {
        (true, _) => Some(one.to_owned()),
        (_, true) => Some(other.to_owned()),
        _ => None,
    }
}
