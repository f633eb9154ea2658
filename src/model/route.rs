//! What leads from outside to Services: routes, beside Ingresses and Gateways.

use super::endpoint::NamespaceId;

/// A Service that something from outside is sent to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Backend {
    /// The Service's namespace, where it is not the sender's own.
    pub namespace: Option<Box<str>>,
    /// The Service's name.
    pub name: Box<str>,
    /// The Service's port; nothing where none is given.
    pub port: Option<BackendPort>,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BackendPort {
    /// By number.
    Number(u16),
    /// By name.
    Name(Box<str>),
}

/// A route of any kind (gateway.networking.k8s.io).
#[derive(Clone, Debug)]
pub struct Route {
    /// Its kind, `HTTPRoute`.
    pub kind: Box<str>,
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Box<str>,
    /// The Gateways it belongs to.
    pub parents: Vec<ParentRef>,
    /// Whether it belongs to something that is no Gateway (a mesh).
    pub has_other_parents: bool,
    /// Its host names; empty for those of the listener.
    pub hosts: Vec<Box<str>>,
    /// Where it sends.
    pub backends: Vec<Backend>,
}

/// A Gateway that a route names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentRef {
    /// The Gateway's namespace, where it is not the route's own.
    pub namespace: Option<Box<str>>,
    /// The Gateway's name.
    pub name: Box<str>,
    /// The only listener, by name.
    pub listener: Option<Box<str>>,
    /// The only listeners, by port.
    pub port: Option<u16>,
}
