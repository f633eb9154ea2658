//! The ports of a rule, by number and by name.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::ports::{PortSet, Protocol};

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

    /// Tells whether both list the same, in whatever order.
    pub fn says_same(&self, other: &Self) -> bool {
        let names = |ports: &Self| -> BTreeSet<(String, Protocol)> {
            ports.names().map(|(name, protocol)| (name.to_owned(), protocol)).collect()
        };
        self.numbers() == other.numbers() && names(self) == names(other)
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
