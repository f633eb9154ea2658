//! Ways in through proxies: Ingresses, and the routes of Gateways.

use std::collections::{BTreeMap, BTreeSet};

use super::attached::{find_service, hosts, is_granted, is_named, listeners};
use super::proxies;
use super::view::{Lead, Sender, View};
use crate::answer::caveat::Caveat;
use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::ends::end::Member;
use crate::ends::naming::service_endpoint;
use crate::exposure::way::{Exposure, Way};
use crate::model::endpoint::{NamespaceId, PodId};
use crate::model::ingress::Ingress;
use crate::model::route::{Backend, Route};
use crate::model::service::ServiceId;
use crate::world::services::Hop;

/// Lists the ways in by Ingresses and routes.
pub(crate) fn by_routes(view: &View<'_, '_>) -> Vec<Exposure> {
    let routing = &view.network.snapshot.routing;
    let by_ingress = routing.ingresses.iter().flat_map(|ingress| by_ingress(view, ingress));
    let by_route = routing.routes.iter().flat_map(|route| by_route(view, route));
    by_ingress.chain(by_route).collect()
}

fn by_ingress(view: &View<'_, '_>, ingress: &Ingress) -> Vec<Exposure> {
    let at = if ingress.tls { &["TCP/80", "TCP/443"][..] } else { &["TCP/80"] };
    let at: Vec<String> = at.iter().map(|port| (*port).to_owned()).collect();
    let backends: Vec<&Backend> = ingress.backends.iter().map(|(_, backend)| backend).collect();
    let by = object(view, "Ingress", ingress.namespace, &ingress.name);
    let way = |(id, members): (ServiceId, Vec<Member>)| {
        let pods = proxies::of_ingress(view.network, ingress);
        let leads_to = |backend: &Backend| {
            find_service(view, ingress.namespace, backend).is_some_and(|(found, _)| found == id)
        };
        let leading = ingress.backends.iter().filter(|(_, backend)| leads_to(backend));
        let hosts: BTreeSet<String> = leading.map(|(host, _)| host.to_string()).collect();
        Exposure {
            way: Way::Ingress,
            addresses: ingress.addresses.iter().map(ToString::to_string).collect(),
            hosts: if hosts.contains("") { Vec::new() } else { hosts.into_iter().collect() },
            ..exposure(view, by.clone(), id, &pods, &view.leads(&members, &|_| Some(at.clone())))
        }
    };
    behind(view, ingress.namespace, &backends).into_iter().map(way).collect()
}

fn by_route(view: &View<'_, '_>, route: &Route) -> Vec<Exposure> {
    let granted = route.backends.iter().filter(|backend| is_granted(view, route, backend));
    let services = behind(view, route.namespace, &granted.collect::<Vec<_>>());
    let gateways = view.network.snapshot.routing.gateways.iter();
    let taken = gateways.map(|gateway| (gateway, listeners(view, route, gateway)));
    let taken: Vec<_> = taken.filter(|(_, listeners)| !listeners.is_empty()).collect();
    let by = object(view, &route.kind, route.namespace, &route.name);
    let mut found = Vec::new();
    for (id, members) in services {
        for (gateway, listeners) in &taken {
            let at: BTreeSet<String> =
                listeners.iter().map(|listener| listener.ports.to_string()).collect();
            let at: Vec<String> = at.into_iter().collect();
            let pods = proxies::of_gateway(view.network, gateway);
            found.push(Exposure {
                gateway: Some(object(view, "Gateway", gateway.namespace, &gateway.name)),
                addresses: gateway.addresses.iter().map(ToString::to_string).collect(),
                hosts: hosts(route, listeners),
                ..exposure(view, by.clone(), id, &pods, &view.leads(&members, &|_| Some(at.clone())))
            });
        }
    }
    found
}

/// Judges what a proxy passes on to a Service.
fn exposure(
    view: &View<'_, '_>,
    by: Endpoint,
    service: ServiceId,
    pods: &[PodId],
    leads: &[Lead],
) -> Exposure {
    let end = proxies::end_of(view.network, pods);
    let sender = end.as_ref().map_or(Sender::Anybody, Sender::Proxies);
    let judged = view.judged(leads, &sender);
    let unknown = pods.is_empty().then_some(Caveat::UnknownProxy);
    Exposure {
        way: Way::Gateway,
        by,
        service: Some(service_endpoint(view.network.snapshot, service)),
        gateway: None,
        addresses: Vec::new(),
        hosts: Vec::new(),
        sources: view.outside().endpoint.clone(),
        proxies: proxies::names(view.network, pods),
        destination: judged.destination,
        ports: judged.ports,
        verdict: judged.verdict,
        caveats: judged.caveats.into_iter().chain(unknown).collect(),
    }
}

/// Names an object that is no end of a connection.
fn object(view: &View<'_, '_>, kind: &str, namespace: NamespaceId, name: &str) -> Endpoint {
    let namespace = &*view.network.snapshot.namespaces.at(namespace).name;
    Endpoint::named(EndpointKind::of(kind), Some(namespace), name)
}

/// Returns the members of the destination behind the Services that backends name, at their ports.
fn behind(
    view: &View<'_, '_>,
    namespace: NamespaceId,
    backends: &[&Backend],
) -> BTreeMap<ServiceId, Vec<Member>> {
    let mut services: BTreeMap<ServiceId, Vec<&Backend>> = BTreeMap::new();
    for backend in backends {
        if let Some((id, _)) = find_service(view, namespace, backend) {
            services.entry(id).or_default().push(backend);
        }
    }
    let mut found = BTreeMap::new();
    for (id, backends) in services {
        let named = |hop: &&Hop| backends.iter().any(|backend| is_named(backend, &hop.name, hop.port));
        let of_ports = |member: Member| {
            let hops = member.hops.as_deref().unwrap_or_default().iter();
            let hops: Vec<Hop> = hops.filter(named).cloned().collect();
            (!hops.is_empty()).then(|| Member { hops: Some(hops.into()), ..member })
        };
        let members: Vec<Member> = view.behind(id).into_iter().filter_map(of_ports).collect();
        if !members.is_empty() {
            found.insert(id, members);
        }
    }
    found
}
