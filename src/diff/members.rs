//! Who in a unit is who on the other side of a diff.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::sides::Sides;
use crate::diff::seen::Seen;
use crate::ends::end::Who;
use crate::ends::units::Unit;
use crate::engine::class::ClassId;
use crate::engine::network::Network;
use crate::model::endpoint::PodId;
use crate::model::ips::Family;

/// What makes a member the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MemberKey<'n> {
    /// A pod or template of this name, with its address of a family.
    Pod(&'n str, bool, Option<Family>),
    /// A pod of this name in its node's network, with one of the addresses.
    HostPod(&'n str, Option<IpAddr>, Option<Family>),
    /// A node with one of its addresses.
    Address(Option<IpAddr>),
}

/// A member of a unit on one side.
#[derive(Clone, Copy)]
pub(crate) struct UnitMember<'n> {
    key: MemberKey<'n>,
    pub(crate) class: ClassId,
    family: Option<Family>,
    pub(crate) seen: Seen,
    /// Whether it stands for two or more replicas.
    pub(crate) many: bool,
}

/// Lists the members of a unit, ascending by key.
pub(crate) fn members<'a>(network: &'a Network<'_>, unit: &Unit) -> Vec<UnitMember<'a>> {
    let pod = |pod: PodId| network.snapshot.pods.at(pod);
    let mut members: Vec<UnitMember<'a>> = Vec::new();
    for part in &unit.parts {
        let family = network.classes.family(part.class);
        members.extend(part.members.iter().map(|(who, ip)| {
            let (key, many) = match who {
                Who::Pod(id) if pod(*id).host_network => {
                    (MemberKey::HostPod(&pod(*id).name, *ip, family), pod(*id).is_many())
                }
                Who::Pod(id) => {
                    (MemberKey::Pod(&pod(*id).name, pod(*id).is_template(), family), pod(*id).is_many())
                }
                Who::Node(_) | Who::Outside => (MemberKey::Address(*ip), false),
            };
            UnitMember { key, class: part.class, family, seen: (*who, *ip), many }
        }));
    }
    members.sort_unstable_by_key(|member| member.key);
    members
}

/// Members of both sides.
pub(crate) type Pair<'n> = Sides<Option<UnitMember<'n>>>;

/// Pairs the members of a unit: whose classes are compared, and who is told of it.
pub(crate) fn matched<'n>(members: &Sides<Vec<UnitMember<'n>>>) -> Vec<(Pair<'n>, Pair<'n>)> {
    let mut pairs = Vec::new();
    let mut alone: Sides<Vec<UnitMember<'n>>> = Sides::default();
    let (mut before, mut after) =
        (members.before.iter().copied().peekable(), members.after.iter().copied().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(one), Some(other)) => one.key.cmp(&other.key),
        };
        match order {
            std::cmp::Ordering::Less => alone.before.extend(before.next()),
            std::cmp::Ordering::Greater => alone.after.extend(after.next()),
            std::cmp::Ordering::Equal => {
                let pair = Sides { before: before.next(), after: after.next() };
                pairs.push((pair, pair));
            }
        }
    }
    for member in &alone.before {
        let told = Sides { before: Some(*member), after: None };
        for other in counterparts(member, &alone.after, &members.after) {
            pairs.push((Sides { before: Some(*member), after: other }, told));
        }
    }
    for member in &alone.after {
        let told = Sides { before: None, after: Some(*member) };
        for other in counterparts(member, &alone.before, &members.before) {
            pairs.push((Sides { before: other, after: Some(*member) }, told));
        }
    }
    pairs
}

/// Lists with whom a member that only one side has is compared, one of each class; nobody where its
/// workload has nobody of its address family.
fn counterparts<'n>(
    member: &UnitMember<'n>,
    alone: &[UnitMember<'n>],
    all: &[UnitMember<'n>],
) -> Vec<Option<UnitMember<'n>>> {
    let compatible = |other: &&UnitMember<'_>| {
        member.family.is_none() || other.family.is_none() || member.family == other.family
    };
    let mut found: BTreeMap<ClassId, UnitMember<'n>> = BTreeMap::new();
    for others in [alone, all] {
        if found.is_empty() {
            found.extend(others.iter().filter(compatible).map(|other| (other.class, *other)));
        }
    }
    match found.is_empty() {
        true => vec![None],
        false => found.into_values().map(Some).collect(),
    }
}
