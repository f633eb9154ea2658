//! Gateways: where they listen, and whose routes they take.

use super::endpoint::NamespaceId;
use super::ports::PortSet;
use super::selector::Selector;

/// A Gateway (gateway.networking.k8s.io).
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Box<str>,
    /// Its class.
    pub class: Box<str>,
    /// Where it listens.
    pub listeners: Vec<Listener>,
    /// Its addresses and host names.
    pub addresses: Vec<Box<str>>,
}

/// A listener of a Gateway.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its name.
    pub name: Box<str>,
    /// The only host name, perhaps with a wildcard; empty for every one.
    pub host: Box<str>,
    /// The port.
    pub port: u16,
    /// The same as a set.
    pub ports: PortSet,
    /// The namespaces whose routes it takes.
    pub routes: RouteNamespaces,
    /// The kinds of routes it takes.
    pub kinds: Vec<Box<str>>,
}

/// The namespaces whose routes a listener takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteNamespaces {
    /// The Gateway's own.
    Same,
    /// Every one.
    All,
    /// Those with these labels.
    Matching(Selector),
    /// None.
    Nobody,
}

/// A ReferenceGrant: routes that may name Services of its namespace.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// The kinds and namespaces of routes.
    pub from: Vec<(Box<str>, Box<str>)>,
    /// The Services; every one where the name is empty.
    pub services: Vec<Box<str>>,
}
