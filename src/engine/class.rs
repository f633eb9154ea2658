//! The classes of endpoints, and what they are made of.

use ipnet::IpNet;

use crate::model::arena::Id;
use crate::model::controller::Controller;
use crate::model::endpoint::{NamedPortsId, NamespaceId};
use crate::model::ips::{Family, IpSet};
use crate::model::names::Name;

/// Names one class.
pub type ClassId = Id<Class>;

/// Names one subject.
pub type SubjectId = Id<Subject>;

/// Names one atom.
pub type AtomId = Id<Atom>;

/// Endpoints that no rule can tell apart as the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Class {
    /// Whom policies govern; nothing for nodes, host-network pods and addresses outside.
    pub subject: Option<SubjectId>,
    /// The address family; nothing where the cluster has no known address.
    pub family: Option<Family>,
    /// The addresses; nothing for pods that have none yet.
    pub atom: Option<AtomId>,
}

/// Pods that no policy can tell apart as its subjects.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// The namespace.
    pub namespace: NamespaceId,
    /// The labels whose keys some selector mentions, ascending by key.
    pub labels: Vec<(Name, Name)>,
    /// The named ports.
    pub ports: NamedPortsId,
    /// Whose template it is, where only that is known, so that the labels that it adds are not.
    pub template: Option<Controller>,
}

/// Addresses of one family that lie in the same blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    /// The family.
    pub family: Family,
    /// The blocks they lie in, outermost first.
    pub blocks: Vec<IpNet>,
    /// The addresses.
    pub ips: IpSet,
}
