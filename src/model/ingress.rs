//! Ingresses and their classes.

use super::endpoint::NamespaceId;
use super::route::Backend;

/// An IngressClass (networking.k8s.io/v1).
#[derive(Clone, Debug)]
pub struct IngressClass {
    /// Its name.
    pub name: Box<str>,
    /// The controller that serves it.
    pub controller: Box<str>,
    /// Whether an Ingress that names no class has this one.
    pub is_default: bool,
}

/// An Ingress (networking.k8s.io/v1).
#[derive(Clone, Debug)]
pub struct Ingress {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: Box<str>,
    /// Its class, where it names one.
    pub class: Option<Box<str>>,
    /// Whether it has certificates, so that TCP/443 is open beside TCP/80.
    pub tls: bool,
    /// Where it sends, and for which host names (empty for every one).
    pub backends: Vec<(Box<str>, Backend)>,
    /// Its addresses and host names in the load balancer's status.
    pub addresses: Vec<Box<str>>,
}
