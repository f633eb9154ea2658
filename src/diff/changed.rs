//! A change of a diff.

use crate::answer::endpoint::Endpoint;
use crate::diff::change::{Cause, ChangeKind};
use crate::diff::joint::EndParts;
use crate::diff::sides::Sides;

/// One change.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// What happens to the connection.
    pub change: ChangeKind,
    /// Who may open it.
    pub source: &'a Endpoint,
    /// Who accepts it.
    pub destination: &'a Endpoint,
    /// What was open and what is.
    pub ports: Sides<&'a SidePorts>,
    /// Whether some of what was open, or may have been, no longer can be.
    pub narrows: bool,
    /// What brought it about, as far as it is known.
    pub causes: &'a [Cause],
    /// Who the source is.
    pub from: EndParts<'a>,
    /// Who the destination is.
    pub to: EndParts<'a>,
}

/// The ports of a connection on one side, as they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SidePorts {
    /// Those that are open for certain.
    pub open: Vec<String>,
    /// Those that may be open.
    pub unsure: Vec<String>,
}
