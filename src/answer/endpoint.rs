//! One end of a connection, or a part of it.

use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Serialize, Serializer};

/// One end of a connection, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Endpoint {
    /// What it is.
    pub kind: EndpointKind,
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The addresses that are meant, where not all are or there is only this pod or node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ips: Vec<IpAddr>,
    /// The blocks of an `IPBlock`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cidrs: Vec<IpNet>,
    /// The pods that are meant; all where it is absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<String>,
}

impl Endpoint {
    /// Builds an endpoint that has a name, in its namespace if it has one.
    pub fn named(kind: EndpointKind, namespace: Option<&str>, name: &str) -> Self {
        let namespace = namespace.map(str::to_owned);
        let (ips, cidrs, pods) = (Vec::new(), Vec::new(), Vec::new());
        Self { kind, namespace, name: Some(name.to_owned()), ips, cidrs, pods }
    }

    /// Builds the endpoint of addresses, whoever holds them.
    pub fn blocks(cidrs: Vec<IpNet>) -> Self {
        let (kind, ips, pods) = (EndpointKind::IPBlock, Vec::new(), Vec::new());
        Self { kind, namespace: None, name: None, ips, cidrs, pods }
    }
}

/// What an endpoint is; ordered by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EndpointKind {
    /// One pod.
    Pod,
    /// A node.
    Node,
    /// All pods of a namespace.
    Namespace,
    /// Addresses.
    IPBlock,
    /// What has a name of this program's: `internet`, `all pods`.
    Entity,
    /// A host outside the cluster.
    Host,
    /// A Service.
    Service,
    /// An object of another kind: a workload, `Deployment`, or what opens a way in, `Ingress`.
    Object(Box<str>),
}

impl EndpointKind {
    /// Returns the kind of this name; a pod can be the workload of pods, as Spark's drivers are.
    pub fn of(name: &str) -> Self {
        match name {
            "Pod" => Self::Pod,
            "Node" => Self::Node,
            "Namespace" => Self::Namespace,
            "IPBlock" => Self::IPBlock,
            "Entity" => Self::Entity,
            "Host" => Self::Host,
            "Service" => Self::Service,
            _ => Self::Object(name.into()),
        }
    }

    /// Returns its name, as the schema has it.
    pub fn name(&self) -> &str {
        match self {
            Self::Pod => "Pod",
            Self::Node => "Node",
            Self::Namespace => "Namespace",
            Self::IPBlock => "IPBlock",
            Self::Entity => "Entity",
            Self::Host => "Host",
            Self::Service => "Service",
            Self::Object(kind) => kind,
        }
    }
}

impl fmt::Display for EndpointKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl Ord for EndpointKind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl PartialOrd for EndpointKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for EndpointKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::EndpointKind;

    #[test]
    fn a_kind_is_what_its_name_says_and_stands_where_its_name_does() {
        let names = ["Deployment", "Entity", "Host", "IPBlock", "Namespace", "Node", "Pod", "Service"];
        let kinds = names.map(EndpointKind::of);
        assert_eq!(kinds.each_ref().map(EndpointKind::name), names);
        assert!(kinds.is_sorted());
        assert_eq!(kinds.iter().filter(|kind| matches!(kind, EndpointKind::Object(_))).count(), 1);
    }
}
