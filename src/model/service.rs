//! Services: the names under which pods are reached, and the pods or addresses behind them.

use std::fmt;
use std::net::IpAddr;

use super::arena::Id;
use super::endpoint::NamespaceId;
use super::ips::{Family, IpSet};
use super::ports::Protocol;
use super::selector::Selector;

/// Names one Service.
pub type ServiceId = Id<Service>;

/// A Service (core/v1 `Service`), with the EndpointSlices that are its own.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Box<str>,
    /// How it is reached inside the cluster.
    pub address: ServiceAddress,
    /// The families of the backends that it sends to; the cluster's own where there is none.
    pub families: Vec<Family>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// The labels of its pods; nothing where only EndpointSlices tell.
    pub selector: Option<Selector>,
    /// Whether it sends to pods that are not ready.
    pub not_ready_too: bool,
    /// Its EndpointSlices (label `kubernetes.io/service-name`); empty where none was read.
    pub slices: Vec<Slice>,
    /// How it is reached from outside.
    pub outside: OutsideAccess,
}

/// How a Service is reached inside the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceAddress {
    /// By addresses of its own; empty where the cluster has not given it any yet.
    Own(Vec<IpAddr>),
    /// By the addresses of its pods, which its name resolves to (`clusterIP: None`).
    Headless,
    /// By another name (type ExternalName).
    Name(Box<str>),
}

/// How a Service is reached from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutsideAccess {
    /// Whether a port of every node leads to it (types NodePort and LoadBalancer).
    pub node_ports: bool,
    /// Its load balancer; nothing for other types.
    pub load_balancer: Option<LoadBalancer>,
    /// Its `externalIPs`.
    pub external_ips: Vec<IpAddr>,
    /// Whether only the nodes that run a backend pass on, and keep the source address
    /// (`externalTrafficPolicy: Local`).
    pub local_only: bool,
}

/// A load balancer of the cloud, or of the cluster's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalancer {
    /// The addresses that it was given (`status.loadBalancer.ingress`).
    pub ips: Vec<IpAddr>,
    /// The address that was asked for, which proves nothing (`loadBalancerIP`).
    pub asked: Option<IpAddr>,
    /// Its host names.
    pub host_names: Vec<Box<str>>,
    /// The only sources that it lets through (`loadBalancerSourceRanges`); all where it is empty.
    pub sources: IpSet,
}

/// A port of a Service (core/v1 `ServicePort`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name; empty where the Service has this port only.
    pub name: Box<str>,
    /// The protocol.
    pub protocol: Protocol,
    /// The port number.
    pub port: u16,
    /// The port of the pods.
    pub target: TargetPort,
    /// The port of every node.
    pub node_port: Option<u16>,
}

/// A port of the pods behind a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetPort {
    /// The same number on all pods.
    Number(u16),
    /// The port that each pod gives this name.
    Name(Box<str>),
}

impl fmt::Display for TargetPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// An EndpointSlice (discovery.k8s.io/v1): addresses, and the ports they all have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Its name, which whoever may write slices in the namespace of the Service chooses.
    pub name: Box<str>,
    /// The addresses that are ready.
    pub ips: Vec<IpAddr>,
    /// How many of its endpoints are not ready.
    pub not_ready: usize,
    /// The ports.
    pub ports: Vec<SlicePort>,
}

/// A port of an EndpointSlice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlicePort {
    /// The name of the Service's port that leads here.
    pub name: Box<str>,
    /// The protocol.
    pub protocol: Protocol,
    /// The port number; that of the Service where it is absent.
    pub port: Option<u16>,
}

impl Service {
    /// Returns the addresses by which it is reached inside the cluster, as far as it has its own.
    pub fn own_addresses(&self) -> &[IpAddr] {
        match &self.address {
            ServiceAddress::Own(ips) => ips,
            ServiceAddress::Headless | ServiceAddress::Name(_) => &[],
        }
    }

    /// Lists the addresses that the cluster gave it, for inside and for outside.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let balancer = self.outside.load_balancer.iter().flat_map(|balancer| &balancer.ips);
        self.own_addresses().iter().chain(balancer).copied()
    }

    /// Lists the addresses that whoever wrote it wants to lead to it: anybody's, so that they prove nothing.
    pub fn claims(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let asked = self.outside.load_balancer.iter().filter_map(|balancer| balancer.asked);
        self.outside.external_ips.iter().copied().chain(asked)
    }
}
