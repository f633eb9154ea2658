//! Units and parts of units, named for text: what is told together has one place.

use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::ends::naming::{block_name, name_of};
use crate::ends::recorded::{NamedBlocks, by_names};

/// One end of a line, in the order of lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinePlace {
    /// A whole unit, or all that policies can govern of one namespace or of all.
    Whole {
        /// What a user would write, or `all pods of ns/shop`, or `all pods`.
        title: String,
        /// What it stands for.
        extent: PlaceExtent,
    },
    /// Some pods or addresses of a unit, or addresses outside.
    Part(Endpoint),
}

/// What a place stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlaceExtent {
    /// A unit.
    Unit {
        /// What it is.
        kind: EndpointKind,
        /// Its namespace, if it has one.
        namespace: Option<String>,
    },
    /// All of one namespace.
    Namespace {
        /// The namespace.
        name: String,
        /// How many units that is.
        units: usize,
    },
    /// All of every namespace.
    Everything {
        /// How many units that is.
        units: usize,
    },
}

impl LinePlace {
    /// Names a whole unit.
    pub fn unit(endpoint: &Endpoint) -> Self {
        let extent =
            PlaceExtent::Unit { kind: endpoint.kind.clone(), namespace: endpoint.namespace.clone() };
        Self::Whole { title: name_of(endpoint), extent }
    }

    pub(crate) fn all_of(namespace: &str, units: usize) -> Self {
        let title = format!("all pods of ns/{namespace}");
        Self::Whole { title, extent: PlaceExtent::Namespace { name: namespace.to_owned(), units } }
    }

    pub(crate) fn everything(units: usize) -> Self {
        Self::Whole { title: "all pods".to_owned(), extent: PlaceExtent::Everything { units } }
    }

    /// Names the place as text does.
    pub fn title(&self) -> String {
        match self {
            Self::Whole { title, .. } => title.clone(),
            Self::Part(endpoint) => title(endpoint),
        }
    }

    /// Returns what it is, where it is one thing or a part of it.
    pub fn kind(&self) -> Option<&EndpointKind> {
        match self {
            Self::Whole { extent: PlaceExtent::Unit { kind, .. }, .. } => Some(kind),
            Self::Whole { .. } => None,
            Self::Part(endpoint) => Some(&endpoint.kind),
        }
    }

    /// Returns the namespace that the place lies in.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Whole { extent: PlaceExtent::Unit { namespace, .. }, .. } => namespace.as_deref(),
            Self::Whole { extent: PlaceExtent::Namespace { name, .. }, .. } => Some(name),
            Self::Whole { extent: PlaceExtent::Everything { .. }, .. } => None,
            Self::Part(endpoint) => endpoint.namespace.as_deref(),
        }
    }
}

/// Items that are named of a longer list.
const SHOWN: usize = 3;

/// Names an endpoint, and beside addresses the host names that are recorded for them.
pub fn named(endpoint: &Endpoint) -> String {
    if endpoint.recorded.is_empty() {
        return name_of(endpoint);
    }
    let group = |NamedBlocks { names, blocks }: NamedBlocks<'_>| {
        if names.is_empty() {
            return name_of(&Endpoint::blocks(blocks));
        }
        let blocks: Vec<String> = blocks.into_iter().map(block_name).collect();
        let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
        let more = names.len().checked_sub(SHOWN).filter(|rest| *rest > 0);
        let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
        format!("{} (recorded as {shown}{more})", blocks.join(", "))
    };
    by_names(endpoint).into_iter().map(group).collect::<Vec<_>>().join(", ")
}

/// Names an endpoint, with the pods or addresses that are meant where not all are.
pub fn title(endpoint: &Endpoint) -> String {
    let name = named(endpoint);
    let ips = endpoint.ips.iter().map(ToString::to_string);
    let outside = if endpoint.kind.is_addresses() { &[][..] } else { &endpoint.cidrs };
    let outside = outside.iter().map(|block| block_name(*block));
    let families = endpoint.families.iter().map(ToString::to_string);
    let pods = endpoint.pods.iter().cloned();
    let all: Vec<String> = pods.chain(ips).chain(families).chain(outside).collect();
    if all.is_empty() {
        return name;
    }
    let shown = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match all.len().checked_sub(SHOWN).filter(|rest| *rest > 0) {
        None => format!("{name} ({shown})"),
        Some(rest) => format!("{name} ({shown} and {rest} more)"),
    }
}
