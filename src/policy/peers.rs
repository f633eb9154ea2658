//! The other ends of a rule: pods by labels, addresses by blocks.

use std::collections::BTreeSet;
use std::fmt;

use ipnet::IpNet;

use crate::model::ips::IpSet;
use crate::model::selector::Selector;

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

impl IpBlock {
    /// Returns the addresses that it holds.
    pub fn addresses(&self) -> IpSet {
        let inside: IpSet = [self.cidr].into_iter().collect();
        inside.difference(&self.except.iter().copied().collect())
    }
}

impl Peers {
    /// Lists them; none where everything is matched.
    pub fn list(&self) -> &[Peer] {
        match self {
            Self::Any => &[],
            Self::OneOf(peers) => peers,
        }
    }

    /// Lists those that are pods by labels.
    pub fn selections(&self) -> impl Iterator<Item = &Selection> {
        self.list().iter().filter_map(|peer| match peer {
            Peer::Pods(selection) => Some(selection),
            Peer::Block(_) => None,
        })
    }

    /// Lists those that are blocks of addresses.
    pub fn blocks(&self) -> impl Iterator<Item = &IpBlock> {
        self.list().iter().filter_map(|peer| match peer {
            Peer::Pods(_) => None,
            Peer::Block(block) => Some(block),
        })
    }

    /// Tells whether both list the same, in whatever order.
    pub fn says_same(&self, other: &Self) -> bool {
        let blocks = |peers: &Self| -> BTreeSet<IpBlock> {
            let sorted = |block: &IpBlock| {
                let mut block = block.clone();
                block.except.sort_unstable();
                block
            };
            peers.blocks().map(sorted).collect()
        };
        let selections =
            |peers: &'_ Self| -> BTreeSet<Selection> { peers.selections().cloned().collect() };
        (*self == Self::Any) == (*other == Self::Any)
            && selections(self) == selections(other)
            && blocks(self) == blocks(other)
    }

    /// Returns the addresses that any of the blocks holds.
    pub fn addresses(&self) -> IpSet {
        self.blocks().fold(IpSet::default(), |all, block| all.union(&block.addresses()))
    }
}

impl Selection {
    /// Tells whether it selects every pod of every namespace, or of the one that it names.
    pub fn selects_all(&self) -> bool {
        let named = matches!(self.namespaces, NamespaceSelection::Named(_));
        self.pods.is_empty() && (named || self.is_everywhere())
    }

    /// Tells whether it is about the pods of every namespace.
    pub fn is_everywhere(&self) -> bool {
        matches!(&self.namespaces, NamespaceSelection::Matching(selector) if selector.is_empty())
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
