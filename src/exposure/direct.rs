//! Ways in without a proxy: load balancers, ports of nodes, external addresses, the node's network.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::view::{Lead, Sender, View, clients};
use crate::answer::caveat::Caveat;
use crate::answer::verdict::Verdict;
use crate::ends::end::{Member, Who};
use crate::ends::naming::service_endpoint;
use crate::ends::target::PortQuery;
use crate::exposure::way::{ExposedPort, Exposure, Way};
use crate::model::endpoint::HostPort;
use crate::model::ips::IpSet;
use crate::model::ports::PortSet;
use crate::model::service::{LoadBalancer, Service, ServiceId};
use crate::world::services::Hop;

/// Lists the ways in by Services.
pub(crate) fn by_services(view: &View<'_, '_>) -> Vec<Exposure> {
    let services = view.network.snapshot.services.iter();
    let outside = services.filter(|(_, service)| {
        let outside = &service.outside;
        outside.node_ports || outside.load_balancer.is_some() || !outside.external_ips.is_empty()
    });
    outside.flat_map(|(id, service)| by_service(view, id, service)).collect()
}

fn by_service(view: &View<'_, '_>, id: ServiceId, service: &Service) -> Vec<Exposure> {
    let members = view.behind(id);
    if members.iter().all(|member| member.hops.as_deref().unwrap_or_default().is_empty()) {
        return Vec::new();
    }
    let own_port = |hop: &Hop| Some(vec![PortSet::port(hop.protocol, hop.port).to_string()]);
    let node_port = |hop: &Hop| {
        let port = |declared: &&crate::model::service::ServicePort| {
            declared.port == hop.port && declared.protocol == hop.protocol
        };
        let number = service.ports.iter().find(port)?.node_port;
        Some(number.map(|port| PortSet::port(hop.protocol, port).to_string()).into_iter().collect())
    };
    let mut found = Vec::new();
    if let Some(balancer) = &service.outside.load_balancer {
        found.push(balanced(view, id, balancer, &view.leads(&members, &own_port)));
    }
    if service.outside.node_ports {
        let way =
            exposure(view, (Way::NodePort, id), &IpSet::everything(), &view.leads(&members, &node_port));
        found.push(way);
    }
    let external = &service.outside.external_ips;
    if !external.is_empty() {
        let way = (Way::ExternalIP, id);
        let way = exposure(view, way, &IpSet::everything(), &view.leads(&members, &own_port));
        found.push(Exposure { addresses: external.iter().map(ToString::to_string).collect(), ..way });
    }
    found
}

fn balanced(view: &View<'_, '_>, id: ServiceId, balancer: &LoadBalancer, leads: &[Lead]) -> Exposure {
    let sources = match balancer.sources.is_empty() {
        true => IpSet::everything(),
        false => balancer.sources.clone(),
    };
    let mut way = exposure(view, (Way::LoadBalancer, id), &sources, leads);
    let asked = balancer.asked.iter().filter(|_| balancer.ips.is_empty());
    let ips = balancer.ips.iter().chain(asked).map(ToString::to_string);
    way.addresses = ips.chain(balancer.host_names.iter().map(ToString::to_string)).collect();
    way.caveats.push(Caveat::BalancerAsProxy);
    if way.addresses.is_empty() {
        way.caveats.push(Caveat::NoBalancerAddress);
    }
    way
}

fn exposure(
    view: &View<'_, '_>,
    (way, id): (Way, ServiceId),
    sources: &IpSet,
    leads: &[Lead],
) -> Exposure {
    let service = view.network.snapshot.services.at(id);
    let narrow;
    let from = if *sources == IpSet::everything() {
        view.outside()
    } else {
        narrow = clients(view.network, sources);
        &narrow
    };
    let local = service.outside.local_only;
    let sender = if local { Sender::Clients(from) } else { Sender::ClientsOrNodes(from) };
    let judged = view.judged(leads, &sender);
    let hidden = (!local).then_some(Caveat::ClientsHidden);
    Exposure {
        way,
        by: service_endpoint(view.network.snapshot, id),
        service: None,
        gateway: None,
        addresses: Vec::new(),
        hosts: Vec::new(),
        sources: from.endpoint.clone(),
        proxies: Vec::new(),
        destination: judged.destination,
        ports: judged.ports,
        verdict: judged.verdict,
        caveats: hidden.into_iter().chain(judged.caveats).collect(),
    }
}

/// Lists the ways in by ports of the pods' nodes, and by the nodes' own network.
pub(crate) fn by_pods(view: &View<'_, '_>) -> Vec<Exposure> {
    if view.destination.service.is_some() {
        return Vec::new();
    }
    by_host_ports(view).into_iter().chain(by_host_network(view)).collect()
}

fn by_host_ports(view: &View<'_, '_>) -> Option<Exposure> {
    let snapshot = view.network.snapshot;
    let mut by_port: BTreeMap<HostPort, Vec<Member>> = BTreeMap::new();
    for member in &view.destination.members {
        let Who::Pod(pod) = member.who else { continue };
        let asked = view.port.map(|port| port.resolve(view.network, member.class));
        for port in &snapshot.pods.at(pod).host_ports {
            if asked.as_ref().is_none_or(|asked| asked.contains(port.protocol, port.port)) {
                by_port.entry(*port).or_default().push(member.clone());
            }
        }
    }
    let lead = |(port, members): (&HostPort, &Vec<Member>)| Lead {
        at: vec![PortSet::port(port.protocol, port.host_port).to_string()],
        service: None,
        target: PortQuery::Numbers { protocol: port.protocol, low: port.port, high: port.port },
        members: members.clone(),
    };
    let leads: Vec<Lead> = by_port.iter().map(lead).collect();
    if leads.is_empty() {
        return None;
    }
    let judged = view.judged(&leads, &Sender::Clients(view.outside()));
    let addresses = by_port.iter().flat_map(|(port, members)| match port.host_ip {
        Some(ip) => vec![ip],
        None => members.iter().flat_map(|member| node_ips(view, member)).collect(),
    });
    let addresses: BTreeSet<IpAddr> = addresses.collect();
    Some(Exposure {
        way: Way::HostPort,
        by: judged.destination.clone(),
        service: None,
        gateway: None,
        addresses: addresses.iter().map(ToString::to_string).collect(),
        hosts: Vec::new(),
        sources: view.outside().endpoint.clone(),
        proxies: Vec::new(),
        destination: judged.destination,
        ports: judged.ports,
        verdict: judged.verdict,
        caveats: judged.caveats.into_iter().collect(),
    })
}

/// Lists the addresses of the node of a pod.
fn node_ips(view: &View<'_, '_>, member: &Member) -> Vec<IpAddr> {
    let Who::Pod(pod) = member.who else { return Vec::new() };
    let node = view.network.snapshot.pods.at(pod).node;
    node.map(|node| view.network.snapshot.nodes.at(node).ips.clone()).unwrap_or_default()
}

fn by_host_network(view: &View<'_, '_>) -> Option<Exposure> {
    let snapshot = view.network.snapshot;
    let on_nodes = view.pods().into_iter().filter(|pod| snapshot.pods.at(*pod).host_network);
    let on_nodes: BTreeSet<Who> = on_nodes.map(Who::Pod).collect();
    let members = || view.destination.members.iter().filter(|member| on_nodes.contains(&member.who));
    let destination = view.part(members());
    let ips = members().flat_map(|member| member.ips.ranges().map(|(ip, _)| ip));
    let ips: BTreeSet<IpAddr> = ips.collect();
    let port = view.port.map_or_else(|| "any".to_owned(), ToString::to_string);
    // No policy governs the end, so that nothing stands between.
    let verdict = match view.network.rules.unread_pods {
        true => Verdict::Depends,
        false => Verdict::Allow,
    };
    (!on_nodes.is_empty()).then(|| Exposure {
        way: Way::HostNetwork,
        by: destination.clone(),
        service: None,
        gateway: None,
        addresses: ips.iter().map(ToString::to_string).collect(),
        hosts: Vec::new(),
        sources: view.outside().endpoint.clone(),
        proxies: Vec::new(),
        destination,
        ports: vec![ExposedPort { at: vec![port.clone()], service: None, target: port, verdict }],
        verdict,
        caveats: vec![Caveat::HostNetwork],
    })
}
