//! An explanation under way.

use std::collections::BTreeSet;

use crate::answer::caveat::Caveat;
use crate::ends::end::{End, Member};
use crate::engine::class::ClassId;
use crate::engine::network::Network;
use crate::model::endpoint::{NodeId, PodId};
use crate::model::ports::PortSet;
use crate::policy::RuleId;
use crate::world::services::Hop;

pub(super) struct Explainer<'a, 'b> {
    pub(super) network: &'a Network<'b>,
    pub(super) caveats: BTreeSet<Caveat>,
    /// The rules that were asked.
    pub(super) asked: BTreeSet<RuleId>,
    pub(super) denied: Denied,
}

/// Members of an end that no rule can tell apart.
pub(super) struct EndPart<'a> {
    pub(super) end: &'a End,
    pub(super) class: ClassId,
    /// The node whose network the members use, or on which they run: only kept where an end uses a
    /// node's network, since only then it matters.
    pub(super) node: Option<NodeId>,
    /// Where the ports of a Service lead at the members.
    pub(super) hops: Option<&'a [Hop]>,
    pub(super) members: Vec<&'a Member>,
}

/// How one end sees the other.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) subject: &'a EndPart<'a>,
    pub(super) peer: &'a EndPart<'a>,
    pub(super) addresses: &'a str,
    /// The ports of the Service that is asked for; none where the pods themselves are.
    pub(super) service: &'a PortSet,
}

/// The pods of whose connections a half denies some.
#[derive(Debug, Default)]
pub(crate) struct Denied {
    /// Sources, by their egress.
    pub(crate) egress: BTreeSet<PodId>,
    /// Destinations, by their ingress.
    pub(crate) ingress: BTreeSet<PodId>,
}
