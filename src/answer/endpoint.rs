//! One end of a connection, or a part of it.

use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Serialize, Serializer};

use crate::model::ips::Family;

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
    /// The address families that are meant of pods without an address; all where it is absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<Family>,
    /// The host names that the policies of whoever opens connections there remember for its addresses; they prove
    /// nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recorded: Vec<RecordedAs>,
}

/// A host name that a policy remembers for an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct RecordedAs {
    /// The address.
    pub address: IpAddr,
    /// The name.
    pub name: String,
}

impl Endpoint {
    /// Builds an endpoint that has a name, in its namespace if it has one.
    pub fn named(kind: EndpointKind, namespace: Option<&str>, name: &str) -> Self {
        let (namespace, name) = (namespace.map(str::to_owned), Some(name.to_owned()));
        Self { namespace, name, ..Self::unnamed(kind) }
    }

    /// Builds the endpoint of what has a name of this program's.
    pub fn entity(entity: Entity) -> Self {
        Self::named(EndpointKind::Entity(entity), None, entity.name())
    }

    /// Builds the endpoint of addresses, whoever holds them.
    pub fn blocks(cidrs: Vec<IpNet>) -> Self {
        Self { cidrs, ..Self::unnamed(EndpointKind::IPBlock) }
    }

    const fn unnamed(kind: EndpointKind) -> Self {
        Self {
            kind,
            namespace: None,
            name: None,
            ips: Vec::new(),
            cidrs: Vec::new(),
            pods: Vec::new(),
            families: Vec::new(),
            recorded: Vec::new(),
        }
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
    /// What has a name of this program's.
    Entity(Entity),
    /// A host outside the cluster.
    Host,
    /// A Service.
    Service,
    /// An object of another kind: a workload, `Deployment`, or what opens a way in, `Ingress`.
    Object(Box<str>),
}

/// What has a name of this program's; ordered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entity {
    /// Every pod of every namespace.
    AllPods,
    /// Whoever there is.
    Anywhere,
    /// All public addresses.
    Internet,
    /// All nodes.
    Nodes,
}

impl Entity {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllPods => "all pods",
            Self::Anywhere => "anywhere",
            Self::Internet => "internet",
            Self::Nodes => "nodes",
        }
    }
}

impl EndpointKind {
    /// Returns the kind of this name; a pod can be the workload of pods, as Spark's drivers are.
    pub fn of(name: &str) -> Self {
        match name {
            "Pod" => Self::Pod,
            "Node" => Self::Node,
            "Namespace" => Self::Namespace,
            "IPBlock" => Self::IPBlock,
            "Host" => Self::Host,
            "Service" => Self::Service,
            _ => Self::Object(name.into()),
        }
    }

    /// Tells whether it stands for addresses, whoever holds them.
    pub const fn is_addresses(&self) -> bool {
        matches!(self, Self::IPBlock | Self::Entity(_) | Self::Host)
    }

    /// Returns its name, as the schema has it.
    pub fn name(&self) -> &str {
        match self {
            Self::Pod => "Pod",
            Self::Node => "Node",
            Self::Namespace => "Namespace",
            Self::IPBlock => "IPBlock",
            Self::Entity(_) => "Entity",
            Self::Host => "Host",
            Self::Service => "Service",
            Self::Object(kind) => kind,
        }
    }

    /// Returns which entity it is, if it is one.
    const fn entity(&self) -> Option<Entity> {
        if let Self::Entity(entity) = self { Some(*entity) } else { None }
    }
}

impl fmt::Display for EndpointKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl Ord for EndpointKind {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.name(), self.entity()).cmp(&(other.name(), other.entity()))
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
    use super::{Endpoint, EndpointKind, Entity};

    #[test]
    fn a_kind_is_what_its_name_says_and_stands_where_its_name_does() {
        let names = ["Deployment", "Host", "IPBlock", "Namespace", "Node", "Pod", "Service"];
        let kinds = names.map(EndpointKind::of);
        assert_eq!(kinds.each_ref().map(EndpointKind::name), names);
        assert!(kinds.is_sorted());
        assert_eq!(kinds.iter().filter(|kind| matches!(kind, EndpointKind::Object(_))).count(), 1);
    }

    #[test]
    fn an_object_of_the_kind_of_entities_is_none_of_them() {
        let object = Endpoint::named(EndpointKind::of("Entity"), None, "internet");
        let internet = Endpoint::entity(Entity::Internet);
        assert_eq!(object.kind.name(), internet.kind.name());
        assert_eq!(object.name, internet.name);
        assert!(object != internet && object < internet);
    }
}
