//! Where servers that nearly every pod needs answer: the cluster's DNS, and the API server.
//!
//! Policies judge a packet after a Service rewrote it, so that they have to name what is behind the
//! Service. Of backends in a node's network no selector holds; caches of DNS there also answer at the
//! Service's own address, which nothing rewrites then.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::model::endpoint::{Pod, PodId, PodState};
use crate::model::labels::value_of;
use crate::model::ports::Protocol;
use crate::model::selector::{Requirement, Selector, Test};
use crate::model::service::{Service, ServiceAddress, ServicePort, Slice, TargetPort};
use crate::model::snapshot::Snapshot;
use crate::world::services::selects;

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
        /// The labels.
        labels: BTreeMap<String, String>,
    },
    /// By their addresses.
    Addresses(BTreeSet<IpAddr>),
}

/// The labels by which DNS servers go: CoreDNS and kube-dns, and OpenShift's.
const DNS_LABELS: [(&str, &str); 2] =
    [("k8s-app", "kube-dns"), ("dns.operator.openshift.io/daemonset-dns", "default")];
/// The Services by which DNS servers go where their pods have other labels.
const DNS_SERVICES: [(&str, &str); 3] =
    [("kube-system", "kube-dns"), ("kube-system", "coredns"), ("openshift-dns", "dns-default")];
/// The label of caches in the network of each node.
const NODE_LOCAL_LABEL: (&str, &str) = ("k8s-app", "node-local-dns");
/// The address at which these caches listen unless they are told otherwise.
const NODE_LOCAL_DNS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 20, 10));
/// The port of DNS.
const DNS_PORT: u16 = 53;

/// Finds the DNS servers of a cluster: by their Service, else by the labels of their pods.
pub fn dns(snapshot: &Snapshot) -> Vec<Servers> {
    let services: Vec<&Service> =
        snapshot.services.values().filter(|own| is_dns(snapshot, own)).collect();
    let mut found: Vec<Servers> =
        services.iter().flat_map(|own| behind(snapshot, own, is_dns_port)).collect();
    if services.is_empty() {
        found.extend(DNS_LABELS.iter().flat_map(|label| labelled(snapshot, *label)));
    }
    if pods(snapshot).any(|pod| label(snapshot, pod, NODE_LOCAL_LABEL.0) == Some(NODE_LOCAL_LABEL.1)) {
        let ips = services.iter().flat_map(|own| own_addresses(own)).chain([NODE_LOCAL_DNS]);
        found.push(Servers { at: At::Addresses(ips.collect()), ports: any_dns_port() });
    }
    merged(found)
}

/// Lists where the servers behind the cluster's DNS Service answer by UDP that are ready: each may know
/// other addresses of a name.
pub fn dns_endpoints(snapshot: &Snapshot) -> BTreeSet<SocketAddr> {
    let is_asked = |port: &&ServicePort| is_dns_port(port) && port.protocol == Protocol::Udp;
    let services = snapshot.services.values().filter(|own| is_dns(snapshot, own));
    let of_service = |own: &Service| {
        let asked: Vec<&ServicePort> = own.ports.iter().filter(is_asked).collect();
        own.slices.iter().flat_map(|slice| sockets(&listed(slice, &asked))).collect::<Vec<_>>()
    };
    services.flat_map(of_service).collect()
}

/// Lists the pods behind the cluster's DNS Service that are ready, with the port where each answers by TCP.
pub fn dns_pods(snapshot: &Snapshot) -> BTreeSet<(PodId, u16)> {
    let is_asked = |port: &&ServicePort| is_dns_port(port) && port.protocol == Protocol::Tcp;
    let services = snapshot.services.values().filter(|own| is_dns(snapshot, own));
    let of_service = |own: &Service| {
        let is_behind = |pod: &Pod| {
            let selector = own.selector.as_ref();
            pod.namespace == own.namespace
                && pod.state == PodState::Active
                && pod.ready
                && selector.is_some_and(|selector| selects(snapshot, selector, pod))
        };
        let behind = snapshot.pods.iter().filter(|(_, pod)| is_behind(pod));
        let at = |(id, pod)| {
            let ports = own.ports.iter().filter(is_asked);
            let targets = ports.flat_map(move |port| targets(snapshot, &[pod], port));
            targets.filter_map(move |port| Some((id, number(&port)?)))
        };
        behind.flat_map(at).collect::<Vec<_>>()
    };
    services.flat_map(of_service).collect()
}

fn number((_, target): &Port) -> Option<u16> {
    match target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(_) => None,
    }
}

fn sockets(servers: &Servers) -> Vec<SocketAddr> {
    let At::Addresses(ips) = &servers.at else { return Vec::new() };
    let ports = servers.ports.iter().filter_map(number);
    ports.flat_map(|port| ips.iter().map(move |ip| SocketAddr::new(*ip, port))).collect()
}

/// Returns the port of DNS in both protocols.
pub fn any_dns_port() -> BTreeSet<Port> {
    [Protocol::Udp, Protocol::Tcp].map(|protocol| (protocol, TargetPort::Number(DNS_PORT))).into()
}

/// Finds the API server; nothing where none of its addresses was read.
pub fn api_server(snapshot: &Snapshot) -> Option<Vec<Servers>> {
    let is_it = |own: &&Service| is_named(snapshot, own, ("default", "kubernetes"));
    let service = snapshot.services.values().find(is_it)?;
    let found = behind(snapshot, service, |_| true);
    (!found.is_empty()).then(|| merged(found))
}

fn is_dns(snapshot: &Snapshot, service: &Service) -> bool {
    let has_label = |(key, value): (&str, &str)| {
        let all = service.selector.iter().flat_map(|own| &own.requirements);
        all.into_iter().any(|own| *own == Requirement::equals(key, value))
    };
    let by_name = || DNS_SERVICES.into_iter().any(|name| is_named(snapshot, service, name));
    // Monitoring has Services for the metrics of the same pods.
    service.ports.iter().any(is_dns_port) && (DNS_LABELS.into_iter().any(has_label) || by_name())
}

fn is_dns_port(port: &ServicePort) -> bool {
    port.port == DNS_PORT
}

fn is_named(snapshot: &Snapshot, service: &Service, name: (&str, &str)) -> bool {
    (&*snapshot.namespaces.at(service.namespace).name, &*service.name) == name
}

/// Lists the pods that have not finished.
fn pods(snapshot: &Snapshot) -> impl Iterator<Item = &Pod> {
    snapshot.pods.values().filter(|pod| pod.state != PodState::Finished)
}

fn label<'a>(snapshot: &'a Snapshot, pod: &Pod, key: &str) -> Option<&'a str> {
    let value = value_of(snapshot.labels.get(pod.labels), snapshot.names.find(key)?)?;
    Some(snapshot.names.get(value))
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
        None => service.slices.iter().map(|slice| listed(slice, &asked)).collect(),
    };
    found.retain(|own| own.at != At::Addresses(BTreeSet::new()) && !own.ports.is_empty());
    // The address of a Service alone does not tell where its packets go.
    let own: BTreeSet<IpAddr> = own_addresses(service).collect();
    if !own.is_empty() && found.iter().any(|own| matches!(own.at, At::Addresses(_))) {
        let ports = asked.iter().map(|port| (port.protocol, TargetPort::Number(port.port)));
        found.push(Servers { at: At::Addresses(own), ports: ports.collect() });
    }
    found
}

fn own_addresses(service: &Service) -> impl Iterator<Item = IpAddr> + '_ {
    let ips: &[IpAddr] = match &service.address {
        ServiceAddress::Own(ips) => ips,
        ServiceAddress::Headless | ServiceAddress::Name(_) => &[],
    };
    ips.iter().copied()
}

/// Lists the pods that a Service selects: by their labels, those in a node's network by address.
fn selected(
    snapshot: &Snapshot,
    service: &Service,
    selector: &Selector,
    asked: &[&ServicePort],
) -> Vec<Servers> {
    let own = pods(snapshot).filter(|pod| pod.namespace == service.namespace);
    let own = own.filter(|pod| selects(snapshot, selector, pod));
    let (host, managed): (Vec<&Pod>, Vec<&Pod>) = own.partition(|pod| pod.host_network);
    let ports = |pods: &[&Pod]| -> BTreeSet<Port> {
        let of = |port: &&ServicePort| targets(snapshot, pods, port);
        asked.iter().flat_map(of).collect()
    };
    let mut found = Vec::new();
    if host.is_empty() || !managed.is_empty() {
        let single = |own: &Requirement| match &own.test {
            Test::In(values) => Some((own.key.clone(), values.first()?.clone())),
            Test::NotIn(_) | Test::Exists | Test::DoesNotExist => None,
        };
        let labels = selector.requirements.iter().filter_map(single).collect();
        let namespace = snapshot.namespaces.at(service.namespace).name.to_string();
        found.push(Servers { at: At::Pods { namespace, labels }, ports: ports(&managed) });
    }
    if !host.is_empty() {
        found.push(Servers { at: at_addresses(&host), ports: ports(&host) });
    }
    found
}

/// Lists where a port leads at some pods; by its name where none of them has it.
fn targets(snapshot: &Snapshot, pods: &[&Pod], port: &ServicePort) -> BTreeSet<Port> {
    let TargetPort::Name(name) = &port.target else {
        return BTreeSet::from([(port.protocol, port.target.clone())]);
    };
    let named = pods.iter().flat_map(|pod| snapshot.ports.get(pod.ports));
    let named =
        named.filter(|own| own.protocol == port.protocol && *snapshot.names.get(own.name) == **name);
    let numbers: BTreeSet<Port> =
        named.map(|own| (own.protocol, TargetPort::Number(own.port))).collect();
    match numbers.is_empty() {
        true => BTreeSet::from([(port.protocol, port.target.clone())]),
        false => numbers,
    }
}

/// Returns the addresses of a slice, with where the ports lead there.
fn listed(slice: &Slice, asked: &[&ServicePort]) -> Servers {
    let target = |port: &&ServicePort| {
        let mut own = slice.ports.iter();
        let own = own.find(|own| own.name == port.name && own.protocol == port.protocol)?;
        Some((port.protocol, TargetPort::Number(own.port.unwrap_or(port.port))))
    };
    let ips = slice.ips.iter().copied().collect();
    Servers { at: At::Addresses(ips), ports: asked.iter().filter_map(target).collect() }
}

/// Lists the pods of a label, where no Service tells; they name their ports `dns` and `dns-tcp`.
fn labelled(snapshot: &Snapshot, (key, value): (&str, &str)) -> Vec<Servers> {
    let own = pods(snapshot).filter(|pod| label(snapshot, pod, key) == Some(value));
    let servers = own.map(|pod| {
        let named = snapshot.ports.get(pod.ports).iter();
        let named = named.filter(|port| matches!(snapshot.names.get(port.name), "dns" | "dns-tcp"));
        let ports: BTreeSet<Port> =
            named.map(|port| (port.protocol, TargetPort::Number(port.port))).collect();
        let namespace = snapshot.namespaces.at(pod.namespace).name.to_string();
        let labels = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        Servers {
            at: if pod.host_network { at_addresses(&[pod]) } else { At::Pods { namespace, labels } },
            ports: if ports.is_empty() { any_dns_port() } else { ports },
        }
    });
    servers.filter(|own| own.at != At::Addresses(BTreeSet::new())).collect()
}

fn at_addresses(pods: &[&Pod]) -> At {
    At::Addresses(pods.iter().flat_map(|pod| pod.ips.iter().copied()).collect())
}

/// Brings the ports of the same servers together, then the addresses of the same ports.
fn merged(found: Vec<Servers>) -> Vec<Servers> {
    let mut ports: BTreeMap<At, BTreeSet<Port>> = BTreeMap::new();
    for own in found {
        ports.entry(own.at).or_default().extend(own.ports);
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
