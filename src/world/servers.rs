//! Where servers that nearly every pod needs answer: the cluster's DNS, and the API server.
//!
//! Policies judge a packet after a Service rewrote it, so that they have to name what is behind the
//! Service. Of backends in a node's network no selector holds; caches of DNS there also answer at the
//! Service's own address, which nothing rewrites then.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::model::endpoint::{Pod, PodId, PodState};
use crate::model::ports::Protocol;
use crate::model::selector::{Requirement, Selector};
use crate::model::service::{Service, ServicePort, Slice, TargetPort};
use crate::model::snapshot::Snapshot;
use crate::world::services::{find, pods_behind, port_at_pod, port_at_slice, title};

/// Servers, and the ports on which they answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Servers {
    /// Who they are.
    pub at: At,
    /// Their ports.
    pub ports: BTreeSet<Port>,
}

/// A protocol and a port of a server.
pub type Port = (Protocol, TargetPort);

/// How a policy names servers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// By the labels of their pods.
    Pods {
        /// Their namespace.
        namespace: String,
        /// What selects them: labels, each with its value.
        selector: Selector,
    },
    /// By their addresses.
    Addresses(BTreeSet<IpAddr>),
}

/// The namespace of the cluster's DNS. A label proves nothing: pods of any namespace may have it.
pub const SYSTEM: &str = "kube-system";
/// The label of CoreDNS and kube-dns, whatever the name of their Service.
pub const DNS_LABEL: (&str, &str) = ("k8s-app", "kube-dns");
/// The names of their Services in [`SYSTEM`] where their pods have other labels.
const DNS_NAMES: [&str; 2] = ["kube-dns", "coredns"];
/// The Service of OpenShift's DNS, and the label of its pods.
pub const OPENSHIFT_DNS: (&str, &str) = ("openshift-dns", "dns-default");
const OPENSHIFT_LABEL: (&str, &str) = ("dns.operator.openshift.io/daemonset-dns", "default");
/// The label of caches in the network of each node.
const NODE_LOCAL_LABEL: (&str, &str) = ("k8s-app", "node-local-dns");
/// The address at which these caches listen unless they are told otherwise.
const NODE_LOCAL_DNS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 20, 10));
/// The Service of the API server.
pub const API_SERVER: (&str, &str) = ("default", "kubernetes");
/// The port of DNS.
pub const DNS_PORT: u16 = 53;

/// The namespaces in which clusters have their DNS.
pub const DNS_NAMESPACES: [&str; 2] = [SYSTEM, OPENSHIFT_DNS.0];

/// Finds the DNS servers of a cluster: by their Service, else by the labels of their pods.
pub fn dns(snapshot: &Snapshot) -> Vec<Servers> {
    let services: Vec<&Service> = dns_services(snapshot).collect();
    let mut found: Vec<Servers> =
        services.iter().flat_map(|service| behind(snapshot, service, is_dns_port)).collect();
    if services.is_empty() {
        found.extend(labelled(snapshot, SYSTEM, DNS_LABEL));
        found.extend(labelled(snapshot, OPENSHIFT_DNS.0, OPENSHIFT_LABEL));
    }
    if labelled_pods(snapshot, SYSTEM, NODE_LOCAL_LABEL).next().is_some() {
        let ips = services.iter().flat_map(|service| service.own_addresses()).copied();
        let ips = ips.chain([NODE_LOCAL_DNS]);
        found.push(Servers { at: At::Addresses(ips.collect()), ports: any_dns_port() });
    }
    merged(found)
}

/// Lists the namespaces of the cluster's DNS; that of most clusters where none was found.
pub fn dns_namespaces(snapshot: &Snapshot) -> BTreeSet<String> {
    let name = |service: &Service| snapshot.namespaces.at(service.namespace).name.to_string();
    let found: BTreeSet<String> = dns_services(snapshot).map(name).collect();
    if found.is_empty() { [SYSTEM.to_owned()].into() } else { found }
}

/// Lists where the servers behind the cluster's DNS Service answer by UDP that are ready: each may know
/// other addresses of a name.
pub fn dns_endpoints(snapshot: &Snapshot) -> BTreeSet<SocketAddr> {
    let is_asked = |port: &&ServicePort| is_dns_port(port) && port.protocol == Protocol::Udp;
    let of_service = |service: &Service| {
        let asked: Vec<&ServicePort> = service.ports.iter().filter(is_asked).collect();
        service.slices.iter().flat_map(|slice| sockets(&listed(slice, &asked))).collect::<Vec<_>>()
    };
    dns_services(snapshot).flat_map(of_service).collect()
}

/// Lists the pods behind the cluster's DNS Service that are ready, with the port where each answers by TCP.
pub fn dns_pods(snapshot: &Snapshot) -> BTreeSet<(PodId, u16)> {
    let is_asked = |port: &&ServicePort| is_dns_port(port) && port.protocol == Protocol::Tcp;
    let of_service = |service: &Service| {
        let ready = pods_behind(snapshot, service);
        let ready = ready.filter(|(_, pod)| pod.state == PodState::Active && pod.ready);
        let at = |(id, pod)| {
            let ports = service.ports.iter().filter(is_asked);
            let ports = ports.filter_map(move |port| port_at_pod(snapshot, pod, port));
            ports.map(move |port| (id, port))
        };
        ready.flat_map(at).collect::<Vec<_>>()
    };
    dns_services(snapshot).flat_map(of_service).collect()
}

fn sockets(servers: &Servers) -> Vec<SocketAddr> {
    let At::Addresses(ips) = &servers.at else { return Vec::new() };
    let ports = servers.ports.iter().filter_map(|(_, port)| match port {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(_) => None,
    });
    ports.flat_map(|port| ips.iter().map(move |ip| SocketAddr::new(*ip, port))).collect()
}

/// Returns the port of DNS in both protocols.
pub fn any_dns_port() -> BTreeSet<Port> {
    [Protocol::Udp, Protocol::Tcp].map(|protocol| (protocol, TargetPort::Number(DNS_PORT))).into()
}

/// Finds the API server; nothing where none of its addresses was read.
pub fn api_server(snapshot: &Snapshot) -> Option<Vec<Servers>> {
    let service = find(snapshot, API_SERVER.0, API_SERVER.1)?;
    let found = behind(snapshot, snapshot.services.at(service), |_| true);
    (!found.is_empty()).then(|| merged(found))
}

/// Tells whether a Service is the one that leads to the API server.
pub fn is_api_server(snapshot: &Snapshot, service: &Service) -> bool {
    is_named(snapshot, service, API_SERVER)
}

/// Lists the EndpointSlices that say where a Service leads. Of that of the API server only the one counts that
/// the server itself writes, under the name of the Service, and puts right where anybody changes it
/// (`pkg/controlplane/reconcilers`): another with its label is somebody else's.
pub fn trusted_slices<'a>(snapshot: &Snapshot, service: &'a Service) -> impl Iterator<Item = &'a Slice> {
    let is_own = is_api_server(snapshot, service);
    service.slices.iter().filter(move |slice| !is_own || *slice.name == *service.name)
}

/// Lists the Services of the cluster's DNS: the one that the user names, else those where only those who
/// run the cluster may make one.
pub fn dns_services(snapshot: &Snapshot) -> impl Iterator<Item = &Service> {
    let is_it = |id, service: &Service| match snapshot.dns {
        Some(named) => id == named,
        None => is_dns(snapshot, service),
    };
    snapshot.services.iter().filter(move |(id, service)| is_it(*id, service)).map(|(_, service)| service)
}

/// Returns the Service that the user names as the cluster's DNS, with its namespace: `dns/resolver`.
pub fn named_dns(snapshot: &Snapshot) -> Option<Box<str>> {
    snapshot.dns.map(|id| title(snapshot, snapshot.services.at(id)).into())
}

/// Lists the Services elsewhere that look like the cluster's DNS: whoever may make one can, so that nobody
/// asks them.
pub fn dns_claimants(snapshot: &Snapshot) -> impl Iterator<Item = &Service> {
    let all = snapshot.services.iter();
    let others = all.filter(|(id, service)| snapshot.dns != Some(*id) && !is_dns(snapshot, service));
    let looks_like = |service: &&Service| {
        leads_to_dns(service) && (selects(service, DNS_LABEL) || selects(service, OPENSHIFT_LABEL))
    };
    others.map(|(_, service)| service).filter(looks_like)
}

/// Tells whether a Service has the port of DNS.
pub fn leads_to_dns(service: &Service) -> bool {
    service.ports.iter().any(is_dns_port)
}

fn is_dns(snapshot: &Snapshot, service: &Service) -> bool {
    let by_name = || DNS_NAMES.into_iter().any(|name| is_named(snapshot, service, (SYSTEM, name)));
    let is_here = *snapshot.namespaces.at(service.namespace).name == *SYSTEM;
    let is_system = is_here && (selects(service, DNS_LABEL) || by_name());
    // Monitoring has Services for the metrics of the same pods.
    leads_to_dns(service) && (is_system || is_named(snapshot, service, OPENSHIFT_DNS))
}

fn selects(service: &Service, (key, value): (&str, &str)) -> bool {
    let mut all = service.selector.iter().flat_map(|selector| &selector.requirements);
    all.any(|requirement| *requirement == Requirement::equals(key, value))
}

fn is_dns_port(port: &ServicePort) -> bool {
    port.port == DNS_PORT
}

fn is_named(snapshot: &Snapshot, service: &Service, name: (&str, &str)) -> bool {
    (&*snapshot.namespaces.at(service.namespace).name, &*service.name) == name
}

/// Lists the pods of a namespace with a label that have not finished.
fn labelled_pods<'a>(
    snapshot: &'a Snapshot,
    namespace: &str,
    (key, value): (&'a str, &'a str),
) -> impl Iterator<Item = &'a Pod> {
    let namespace = snapshot.namespace(namespace);
    let here = snapshot.pods.values().filter(move |pod| Some(pod.namespace) == namespace);
    let alive = here.filter(|pod| pod.state != PodState::Finished);
    alive.filter(move |pod| snapshot.label(pod.labels, key) == Some(value))
}

/// Lists the servers behind some ports of a Service.
fn behind(
    snapshot: &Snapshot,
    service: &Service,
    is_asked: impl Fn(&ServicePort) -> bool,
) -> Vec<Servers> {
    let asked: Vec<&ServicePort> = service.ports.iter().filter(|port| is_asked(port)).collect();
    let mut found = match &service.selector {
        Some(selector) => selected(snapshot, service, selector, &asked),
        None => trusted_slices(snapshot, service).map(|slice| listed(slice, &asked)).collect(),
    };
    found.retain(|servers| servers.at != At::Addresses(BTreeSet::new()) && !servers.ports.is_empty());
    // The address of a Service alone does not tell where its packets go.
    let ips: BTreeSet<IpAddr> = service.own_addresses().iter().copied().collect();
    if !ips.is_empty() && found.iter().any(|servers| matches!(servers.at, At::Addresses(_))) {
        let ports = asked.iter().map(|port| (port.protocol, TargetPort::Number(port.port)));
        found.push(Servers { at: At::Addresses(ips), ports: ports.collect() });
    }
    found
}

/// Lists the pods that a Service selects: by their labels, those in a node's network by address.
fn selected(
    snapshot: &Snapshot,
    service: &Service,
    selector: &Selector,
    asked: &[&ServicePort],
) -> Vec<Servers> {
    let pods = pods_behind(snapshot, service).map(|(_, pod)| pod);
    let (host, managed): (Vec<&Pod>, Vec<&Pod>) = pods.partition(|pod| pod.host_network);
    let ports = |pods: &[&Pod]| -> BTreeSet<Port> {
        asked.iter().flat_map(|port| targets(snapshot, pods, port)).collect()
    };
    let mut found = Vec::new();
    if host.is_empty() || !managed.is_empty() {
        let namespace = snapshot.namespaces.at(service.namespace).name.to_string();
        let at = At::Pods { namespace, selector: selector.clone() };
        found.push(Servers { at, ports: ports(&managed) });
    }
    if !host.is_empty() {
        found.push(Servers { at: at_addresses(&host), ports: ports(&host) });
    }
    found
}

/// Lists where a port leads at some pods; by its name where none of them has it.
fn targets(snapshot: &Snapshot, pods: &[&Pod], port: &ServicePort) -> BTreeSet<Port> {
    let numbers = pods.iter().filter_map(|pod| port_at_pod(snapshot, pod, port));
    let numbers: BTreeSet<Port> =
        numbers.map(|number| (port.protocol, TargetPort::Number(number))).collect();
    match numbers.is_empty() {
        true => BTreeSet::from([(port.protocol, port.target.clone())]),
        false => numbers,
    }
}

/// Returns the addresses of a slice, with where the ports lead there.
fn listed(slice: &Slice, asked: &[&ServicePort]) -> Servers {
    let target =
        |port: &&ServicePort| Some((port.protocol, TargetPort::Number(port_at_slice(slice, port)?)));
    let ips = slice.ips.iter().copied().collect();
    Servers { at: At::Addresses(ips), ports: asked.iter().filter_map(target).collect() }
}

/// Lists the pods of a label, where no Service tells; they name their ports `dns` and `dns-tcp`.
fn labelled(snapshot: &Snapshot, namespace: &str, (key, value): (&str, &str)) -> Vec<Servers> {
    let servers = labelled_pods(snapshot, namespace, (key, value)).map(|pod| {
        let named = snapshot.ports.get(pod.ports).iter();
        let named = named.filter(|port| matches!(snapshot.names.get(port.name), "dns" | "dns-tcp"));
        let ports: BTreeSet<Port> =
            named.map(|port| (port.protocol, TargetPort::Number(port.port))).collect();
        let namespace = namespace.to_owned();
        let selector = Selector { requirements: vec![Requirement::equals(key, value)] };
        Servers {
            at: if pod.host_network { at_addresses(&[pod]) } else { At::Pods { namespace, selector } },
            ports: if ports.is_empty() { any_dns_port() } else { ports },
        }
    });
    servers.filter(|servers| servers.at != At::Addresses(BTreeSet::new())).collect()
}

fn at_addresses(pods: &[&Pod]) -> At {
    At::Addresses(pods.iter().flat_map(|pod| pod.ips.iter().copied()).collect())
}

/// Brings the ports of the same servers together, then the addresses of the same ports.
fn merged(found: Vec<Servers>) -> Vec<Servers> {
    let mut ports: BTreeMap<At, BTreeSet<Port>> = BTreeMap::new();
    for servers in found {
        ports.entry(servers.at).or_default().extend(servers.ports);
    }
    let mut servers = Vec::new();
    let mut addresses: BTreeMap<BTreeSet<Port>, BTreeSet<IpAddr>> = BTreeMap::new();
    for (at, ports) in ports {
        match at {
            At::Addresses(ips) => addresses.entry(ports).or_default().extend(ips),
            pods @ At::Pods { .. } => servers.push(Servers { at: pods, ports }),
        }
    }
    let addresses = addresses.into_iter();
    servers.extend(addresses.map(|(ports, ips)| Servers { at: At::Addresses(ips), ports }));
    servers
}
