//! Ingresses, Gateways and routes as the model has them.

use std::collections::BTreeMap;

use super::gateway::{
    BackendRefObject, GatewayObject, GrantObject, ListenerObject, ParentRefObject, RouteObject,
};
use super::ingress::{IngressBackend, IngressObject};
use super::object::{Object, ObjectKey};
use super::service::LoadBalancerStatus;
use crate::model::endpoint::NamespaceId;
use crate::model::gateway::{Gateway, Grant, Listener, RouteNamespaces};
use crate::model::ingress::{Ingress, IngressClass};
use crate::model::ports::{PortSet, Protocol, port_number};
use crate::model::route::{Backend, BackendPort, ParentRef, Route};
use crate::model::routing::Routing;
use crate::model::selector::Selector;
use crate::model::snapshot::Snapshot;

/// The annotation of the class that an Ingress without one has.
const IS_DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

/// Builds the routing of a snapshot whose namespaces are there.
pub(crate) fn routing(items: &BTreeMap<ObjectKey, Object>, snapshot: &Snapshot) -> Routing {
    let mut routing = Routing::default();
    for (key, object) in items {
        let namespace = snapshot.namespace(&key.namespace);
        match (object, namespace) {
            (Object::IngressClass(read), _) => {
                let default = read.metadata.annotations.get(IS_DEFAULT_CLASS);
                routing.classes.push(IngressClass {
                    name: key.name.as_str().into(),
                    controller: read.spec.controller.as_str().into(),
                    is_default: default.is_some_and(|value| value == "true"),
                });
            }
            (Object::Ingress(read), Some(namespace)) => {
                routing.ingresses.push(ingress(namespace, &key.name, read));
            }
            (Object::Gateway(read), Some(namespace)) => {
                routing.gateways.push(gateway(namespace, &key.name, read));
            }
            (Object::Route(read), Some(namespace)) => {
                let kind = key.kind.split('.').next().unwrap_or_default();
                routing.routes.push(Route { kind: kind.into(), ..route(namespace, &key.name, read) });
            }
            (Object::ReferenceGrant(read), Some(namespace)) => {
                routing.grants.push(grant(namespace, read));
            }
            _ => {}
        }
    }
    routing
}

fn ingress(namespace: NamespaceId, name: &str, read: &IngressObject) -> Ingress {
    let spec = &read.spec;
    let backend = |read: &IngressBackend| {
        let service = read.service.as_ref()?;
        let by_name = (!service.port.name.is_empty())
            .then(|| BackendPort::Name(service.port.name.as_str().into()));
        let port = by_name.or_else(|| port_number(service.port.number).map(BackendPort::Number));
        Some(Backend { namespace: None, name: service.name.as_str().into(), port })
    };
    let mut backends: Vec<(Box<str>, Backend)> = Vec::new();
    backends.extend(spec.default_backend.as_ref().and_then(backend).map(|backend| ("".into(), backend)));
    for rule in &spec.rules {
        let paths = rule.http.paths.iter().filter_map(|path| backend(&path.backend));
        backends.extend(paths.map(|backend| (rule.host.as_str().into(), backend)));
    }
    let class = match &*spec.ingress_class_name {
        "" => read.metadata.annotations.get("kubernetes.io/ingress.class").map(String::as_str),
        name => Some(name),
    };
    Ingress {
        namespace,
        name: name.into(),
        class: class.map(Into::into),
        tls: !spec.tls.is_empty(),
        backends,
        addresses: balanced(&read.status.load_balancer),
    }
}

/// Lists the addresses and host names of a load balancer.
fn balanced(status: &LoadBalancerStatus) -> Vec<Box<str>> {
    let each = status.ingress.iter().flat_map(|given| [&given.ip, &given.hostname]);
    each.filter(|text| !text.is_empty()).map(|text| text.as_str().into()).collect()
}

fn gateway(namespace: NamespaceId, name: &str, read: &GatewayObject) -> Gateway {
    let given = [&read.status.addresses, &read.spec.addresses];
    let addresses = given.into_iter().find(|list| !list.is_empty()).into_iter().flatten();
    Gateway {
        namespace,
        name: name.into(),
        class: read.spec.gateway_class_name.as_str().into(),
        listeners: read.spec.listeners.iter().filter_map(listener).collect(),
        addresses: addresses.map(|address| address.value.as_str().into()).collect(),
    }
}

fn listener(read: &ListenerObject) -> Option<Listener> {
    let port = port_number(read.port)?;
    let protocol = if read.protocol == "UDP" { Protocol::Udp } else { Protocol::Tcp };
    let namespaces = &read.allowed_routes.namespaces;
    let kinds: Vec<Box<str>> = match &*read.allowed_routes.kinds {
        [] => default_kinds(&read.protocol).iter().map(|kind| (*kind).into()).collect(),
        kinds => kinds.iter().map(|allowed| allowed.kind.as_str().into()).collect(),
    };
    Some(Listener {
        name: read.name.as_str().into(),
        host: read.hostname.as_str().into(),
        port,
        ports: PortSet::port(protocol, port),
        routes: match (&*namespaces.from, &namespaces.selector) {
            ("" | "Same", _) => RouteNamespaces::Same,
            ("All", _) => RouteNamespaces::All,
            ("Selector", Some(selector)) => RouteNamespaces::Matching(Selector::new(selector)),
            _ => RouteNamespaces::Nobody,
        },
        kinds,
    })
}

/// Returns the kinds of routes that a listener takes by its protocol.
fn default_kinds(protocol: &str) -> &'static [&'static str] {
    match protocol {
        "HTTP" | "HTTPS" => &["HTTPRoute", "GRPCRoute"],
        "TLS" => &["TLSRoute", "TCPRoute"],
        "TCP" => &["TCPRoute"],
        "UDP" => &["UDPRoute"],
        _ => &[],
    }
}

fn route(namespace: NamespaceId, name: &str, read: &RouteObject) -> Route {
    let spec = &read.spec;
    let rules = || spec.rules.iter();
    let mirrors =
        rules().flat_map(|rule| &rule.filters).filter_map(|filter| filter.request_mirror.as_ref());
    let backends = rules().flat_map(|rule| &rule.backend_refs);
    let mut backends: Vec<Backend> =
        backends.chain(mirrors.map(|mirror| &mirror.backend_ref)).filter_map(backend).collect();
    backends.sort();
    backends.dedup();
    let is_gateway =
        |parent: &&ParentRefObject| parent.kind.as_deref().unwrap_or("Gateway") == "Gateway";
    Route {
        kind: Box::default(),
        namespace,
        name: name.into(),
        parents: spec.parent_refs.iter().filter(is_gateway).map(parent).collect(),
        has_other_parents: !spec.parent_refs.iter().all(|parent| is_gateway(&parent)),
        hosts: spec.hostnames.iter().map(|host| host.as_str().into()).collect(),
        backends,
    }
}

fn parent(read: &ParentRefObject) -> ParentRef {
    let listener = Some(&*read.section_name).filter(|name| !name.is_empty());
    ParentRef {
        namespace: read.namespace.as_deref().filter(|name| !name.is_empty()).map(Into::into),
        name: read.name.as_str().into(),
        listener: listener.map(Into::into),
        port: read.port.and_then(port_number),
    }
}

/// Reads a backend; nothing for what is no Service, and for what gets no traffic.
fn backend(read: &BackendRefObject) -> Option<Backend> {
    let is_service = read.group.is_empty() && matches!(&*read.kind, "" | "Service");
    (is_service && read.weight != Some(0)).then(|| Backend {
        namespace: (!read.namespace.is_empty()).then(|| read.namespace.as_str().into()),
        name: read.name.as_str().into(),
        port: read.port.and_then(port_number).map(BackendPort::Number),
    })
}

fn grant(namespace: NamespaceId, read: &GrantObject) -> Grant {
    let from = read.spec.from.iter();
    let services = read.spec.to.iter().filter(|to| to.kind == "Service");
    Grant {
        namespace,
        from: from
            .map(|source| (source.kind.as_str().into(), source.namespace.as_str().into()))
            .collect(),
        services: services.map(|service| service.name.as_str().into()).collect(),
    }
}
