//! The symbolic form of every policy kind.

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;

use crate::model::arena::{Arena, Id};
use crate::model::origin::Origin;
use crate::model::ports::{PortSet, Protocol};
use crate::model::selector::Selector;

/// The direction of a connection, seen from the pod that a policy governs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Connections that others open to the pod.
    Ingress,
    /// Connections that the pod opens.
    Egress,
}

impl Direction {
    /// Lists both directions.
    pub const ALL: [Self; 2] = [Self::Ingress, Self::Egress];

    /// Returns the name of the field in a policy's specification.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field())
    }
}

/// What a rule does with the connections that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Allows them; nothing later is asked.
    Allow,
    /// Denies them; nothing later is asked.
    Deny,
    /// Leaves them to the next tier.
    Pass,
}

/// A stage of evaluation; the first tier that decides is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// ClusterNetworkPolicy of tier Admin, AdminNetworkPolicy.
    Admin,
    /// NetworkPolicy.
    NetworkPolicy,
    /// ClusterNetworkPolicy of tier Baseline, BaselineAdminNetworkPolicy.
    Baseline,
}

impl Tier {
    /// Lists the tiers in the order of evaluation.
    pub const ALL: [Self; 3] = [Self::Admin, Self::NetworkPolicy, Self::Baseline];

    /// Returns the name that is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::Baseline => "Baseline",
        }
    }
}

/// Names one rule.
pub type RuleId = Id<Rule>;
/// Names one isolation.
pub type IsolationId = Id<Isolation>;

/// All policies of a snapshot, as rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The rules; inside a tier the smaller `order` comes first, then their order here.
    pub rules: Arena<Rule>,
    /// The isolations.
    pub isolations: Arena<Isolation>,
    /// Policies that could not be read or judged.
    pub unjudged: Vec<Unjudged>,
    /// Whether pods may exist that were not read, so that an address may be one of a governed pod.
    pub unread_pods: bool,
}

/// One rule of one policy.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The pods it governs.
    pub subject: Arc<Selection>,
    /// The tier it is asked in.
    pub tier: Tier,
    /// Its place inside the tier.
    pub order: i32,
    /// The direction it governs.
    pub direction: Direction,
    /// The other ends it matches.
    pub peers: Peers,
    /// The ports, at the destination, that it matches.
    pub ports: Ports,
    /// What it does with a match.
    pub action: Action,
    /// Where it stands.
    pub source: RuleSource,
}

/// A statement that pods are denied, in one direction, whatever no rule of the tier allows.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// The isolated pods.
    pub subject: Arc<Selection>,
    /// The tier that ends with the denial.
    pub tier: Tier,
    /// The isolated direction.
    pub direction: Direction,
    /// Where it stands.
    pub source: RuleSource,
}

/// Policies that exist, or may exist, and that no rule stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unjudged {
    /// The namespace whose pods they may govern; every namespace where it is absent.
    pub namespace: Option<Box<str>>,
}

/// A policy object, named.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicySource {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: Option<Box<str>>,
    /// Its name.
    pub name: Box<str>,
}

/// The place of a rule: object and field path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleSource {
    /// The policy.
    pub policy: Arc<PolicySource>,
    /// The field path, `spec.egress[1]`; `spec` for the policy as a whole.
    pub path: Box<str>,
    /// The file and line, or the live version.
    pub origin: Origin,
}

/// Pods, by namespace and labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Selection {
    /// The namespaces.
    pub namespaces: NamespaceSelection,
    /// The pods inside them.
    pub pods: Selector,
}

/// Namespaces, by name or by labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamespaceSelection {
    /// One namespace.
    Named(Box<str>),
    /// Those with matching labels; the empty selector selects all.
    Matching(Selector),
}

/// The other ends that a rule matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Peers {
    /// Everything, addresses outside included.
    Any,
    /// What any of these matches.
    OneOf(Vec<Peer>),
}

/// One kind of other end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// Pods by labels; never nodes, host-network pods or addresses outside.
    Pods(Selection),
    /// Addresses, those of pods and nodes included.
    Block(IpBlock),
}

/// A block of addresses less some inner blocks (networking/v1 `IPBlock`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpBlock {
    /// The block, host bits masked.
    pub cidr: IpNet,
    /// The blocks left out of it.
    pub except: Vec<IpNet>,
}

/// The ports that a rule matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ports {
    /// Every protocol and port.
    Any,
    /// What any of these matches.
    OneOf(Vec<PortMatch>),
}

/// One entry of a rule's ports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PortMatch {
    /// Ports by number.
    Numbers(PortSet),
    /// A port by the name that the destination pod's container gives it.
    Named {
        /// The name.
        name: Box<str>,
        /// The protocol that the container port must have.
        protocol: Protocol,
    },
}

impl Ports {
    /// Returns the ports given by number.
    pub fn numbers(&self) -> PortSet {
        match self {
            Self::Any => PortSet::any(),
            Self::OneOf(items) => items.iter().fold(PortSet::none(), |set, item| match item {
                PortMatch::Numbers(numbers) => set.union(numbers),
                PortMatch::Named { .. } => set,
            }),
        }
    }

    /// Lists the ports given by name.
    pub fn names(&self) -> impl Iterator<Item = (&str, Protocol)> {
        let items = match self {
            Self::Any => &[][..],
            Self::OneOf(items) => items,
        };
        items.iter().filter_map(|item| match item {
            PortMatch::Numbers(_) => None,
            PortMatch::Named { name, protocol } => Some((&**name, *protocol)),
        })
    }
}

impl fmt::Display for PolicySource {
    /// Writes `NetworkPolicy shop/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

impl fmt::Display for IpBlock {
    /// Writes `10.0.0.0/8 except 10.1.0.0/16`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cidr)?;
        for (index, except) in self.except.iter().enumerate() {
            let separator = if index == 0 { " except " } else { "," };
            write!(f, "{separator}{except}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Ports {
    /// Writes `TCP/80,TCP/http`, or `any`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::OneOf(items) = self else { return f.write_str("any") };
        for (index, item) in items.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match item {
                PortMatch::Numbers(set) => write!(f, "{comma}{set}")?,
                PortMatch::Named { name, protocol } => write!(f, "{comma}{protocol}/{name}")?,
            }
        }
        Ok(())
    }
}
