//! The ends of both sides of a diff as one: who was there, who is there, and in which classes.
//!
//! Both sides cut the world into classes of their own. A [`Joint`] is a class of the one and a class
//! of the other that have members in common, so that both can be asked the same question.
//! ```text
//! units before ─┐
//!               ├─ same name ─> ends ─ same member ─> parts: one joint each
//! units after  ─┘
//! ```
//! A member that only one side has (a pod that was replaced, a replica more) is compared with those
//! of its workload that only the other side has, or else with all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::members::{matched, members};
use super::sides::Sides;
use crate::answer::endpoint::Endpoint;
use crate::diff::seen::Seen;
use crate::ends::end::Who;
use crate::ends::naming::outside_endpoint;
use crate::ends::units::{Level, UnitId, Units};
use crate::engine::class::{AtomId, Class, ClassId};
use crate::engine::network::Network;
use crate::model::arena::{Arena, Id};
use crate::model::ips::{Family, IpSet};

/// A class before and after; nothing where the end is not there.
pub type Joint = Sides<Option<ClassId>>;
/// Names one joint.
pub type JointId = Id<Joint>;
/// Names one end of changes.
pub type EndId = Id<JointEnd>;

/// One end of changes: a workload, a bare pod, a node or the addresses outside.
#[derive(Debug)]
pub struct JointEnd {
    /// What it is, as it is told of a whole end.
    pub endpoint: Endpoint,
    /// Its unit on each side.
    pub units: Sides<Option<UnitId>>,
    /// Its members, by joint.
    pub parts: Vec<JointPart>,
    /// Whether policies can govern any member on either side.
    pub governed: bool,
}

/// Members of an end that no policy of either side can tell apart.
#[derive(Debug)]
pub struct JointPart {
    /// Their classes.
    pub joint: JointId,
    /// The members, on the sides that have them.
    pub members: BTreeSet<Sides<Option<Seen>>>,
    /// Whether a member stands for two or more replicas, which can talk to each other.
    pub many: bool,
    /// The addresses, of a part of the outside.
    ips: IpSet,
}

impl JointPart {
    /// Tells whether it is one pod on either side, so that it cannot be both ends of a connection.
    pub fn is_alone(&self) -> bool {
        let count = |seen: fn(&Sides<Option<Seen>>) -> Option<Seen>| {
            self.members.iter().filter_map(seen).count()
        };
        !self.many && count(|member| member.before) <= 1 && count(|member| member.after) <= 1
    }
}

/// Some parts of an end, or all of them.
#[derive(Clone, Copy, Debug)]
pub struct EndParts<'a> {
    /// The end.
    pub end: EndId,
    /// The parts.
    pub parts: &'a [&'a JointPart],
    /// Whether they are all of it.
    pub is_whole: bool,
}

impl EndParts<'_> {
    /// Returns the end if all of it is meant.
    pub fn whole(&self) -> Option<EndId> {
        self.is_whole.then_some(self.end)
    }
}

/// The ends of both sides.
pub struct JointEnds {
    /// Workloads and pods ascending by namespace, then nodes, then the addresses outside.
    pub ends: Arena<JointEnd>,
    /// The joints.
    pub joints: Arena<Joint>,
    /// Which ends have members in a joint, ascending.
    pub of_joint: Arena<Joint, Vec<EndId>>,
    /// The joints of the classes of each side, ascending.
    pub of_class: Sides<Arena<Class, Vec<JointId>>>,
    units: Sides<Units>,
}

impl JointEnds {
    /// Brings the ends of two networks together.
    pub fn build(networks: Sides<&Network<'_>>) -> Self {
        let units = networks.map(|network| Units::build(network, Level::Workloads));
        let mut builder = JointBuilder { networks, joints: Arena::default(), known: HashMap::new() };
        let mut ends: Arena<JointEnd> = Arena::default();
        for pair in pairs(units.each()) {
            if let Some(end) = builder.end(units.each(), pair) {
                ends.push(end);
            }
        }
        ends.push(builder.outside(units.each()));
        let joints = builder.joints;
        let mut of_joint = joints.map(|_| Vec::new());
        for (id, end) in ends.iter() {
            for joint in end.parts.iter().map(|part| part.joint).collect::<BTreeSet<_>>() {
                of_joint.at_mut(joint).push(id);
            }
        }
        let mut of_class = networks.map(|network| network.classes.classes.map(|_| Vec::new()));
        for (id, joint) in joints.iter() {
            for (classes, class) in of_class.each_mut().zip(*joint).list() {
                if let Some(class) = class {
                    classes.at_mut(class).push(id);
                }
            }
        }
        Self { ends, joints, of_joint, of_class, units }
    }

    /// Tells whether parts are all of an end.
    pub fn is_whole(&self, end: EndId, parts: &[&JointPart]) -> bool {
        let all = &self.ends.at(end).parts;
        let here: BTreeSet<JointId> = parts.iter().map(|part| part.joint).collect();
        !self.is_outside(end) && all.iter().all(|part| here.contains(&part.joint))
    }

    /// Returns some parts of an end.
    pub(crate) fn parts<'a>(&self, end: EndId, parts: &'a [&'a JointPart]) -> EndParts<'a> {
        EndParts { end, parts, is_whole: self.is_whole(end, parts) }
    }

    /// Lists the classes of some parts of an end on each side.
    pub(crate) fn classes(&self, end: EndParts<'_>) -> Sides<Vec<ClassId>> {
        let joints = || end.parts.iter().map(|part| *self.joints.at(part.joint));
        Sides {
            before: joints().filter_map(|joint| joint.before).collect(),
            after: joints().filter_map(|joint| joint.after).collect(),
        }
    }

    /// Tells whether an end is the addresses outside.
    pub fn is_outside(&self, end: EndId) -> bool {
        end.index() + 1 == self.ends.len()
    }

    /// Tells whether an end is one pod on either side.
    pub fn is_alone(&self, end: EndId) -> bool {
        match &*self.ends.at(end).parts {
            [part] => !self.is_outside(end) && part.is_alone(),
            _ => false,
        }
    }

    /// Returns the endpoint of some parts of an end: all of it, or which pods and addresses.
    pub fn endpoint(&self, networks: Sides<&Network<'_>>, end: EndId, parts: &[&JointPart]) -> Endpoint {
        if self.is_outside(end) {
            let ranges = parts.iter().flat_map(|part| part.ips.ranges());
            return outside_endpoint(&self.units.after.held.fill(&IpSet::from_ranges(ranges)));
        }
        let row = self.ends.at(end);
        if self.is_whole(end, parts) {
            return row.endpoint.clone();
        }
        let names = |parts: &mut dyn Iterator<Item = &JointPart>| -> BTreeSet<String> {
            let members = parts.flat_map(|part| &part.members);
            members.filter_map(|member| pod_name(networks, member)).collect()
        };
        let here = names(&mut parts.iter().copied());
        let all = names(&mut row.parts.iter());
        let is_here = |member: &&Sides<Option<Seen>>| {
            pod_name(networks, member).is_none_or(|name| here.contains(&name))
        };
        // A pod without an address is the same member of several parts.
        let meant = row.parts.iter().flat_map(|part| &part.members).filter(is_here).count();
        let told: Vec<_> = parts.iter().flat_map(|part| &part.members).collect();
        let mut endpoint = row.endpoint.clone();
        if told.len() < meant {
            let ips = told.iter().filter_map(|member| member.newest()?.1);
            endpoint.ips = ips.collect::<BTreeSet<_>>().into_iter().collect();
            endpoint.families = self.families_without_address(networks, parts);
        }
        if here.len() < all.len() {
            endpoint.pods = here.into_iter().collect();
        }
        endpoint
    }

    /// Lists the families of members that have no address yet.
    fn families_without_address(
        &self,
        networks: Sides<&Network<'_>>,
        parts: &[&JointPart],
    ) -> Vec<Family> {
        let unknown = parts.iter().filter(|part| {
            let mut members = part.members.iter().filter_map(|member| member.newest());
            members.any(|(_, ip)| ip.is_none())
        });
        let families = unknown.filter_map(|part| {
            let classes = networks.zip(*self.joints.at(part.joint));
            classes
                .map(|(network, class)| class.and_then(|class| network.classes.family(class)))
                .newest()
        });
        families.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Names the pod that a member is.
fn pod_name(networks: Sides<&Network<'_>>, member: &Sides<Option<Seen>>) -> Option<String> {
    let seen = networks.zip(*member).map(|(network, seen)| match seen {
        Some((Who::Pod(pod), _)) => Some(network.snapshot.pods.at(pod).name.to_string()),
        _ => None,
    });
    seen.newest()
}

/// Lists the units of both sides but the outside, those of one name together, in order.
fn pairs<'u>(units: Sides<&'u Units>) -> Vec<Sides<Option<UnitId>>> {
    let named = |units: &'u Units| {
        let inside = units.units.iter().filter(|(id, _)| *id != units.outside);
        inside.map(|(id, unit)| (key(&unit.endpoint), id))
    };
    let mut pairs: BTreeMap<EndKey<'u>, Sides<Option<UnitId>>> = BTreeMap::new();
    for (key, id) in named(units.before) {
        pairs.entry(key).or_default().before = Some(id);
    }
    for (key, id) in named(units.after) {
        pairs.entry(key).or_default().after = Some(id);
    }
    pairs.into_values().collect()
}

/// Orders ends: by namespace and name, nodes last.
type EndKey<'u> = (bool, Option<&'u str>, Option<&'u str>, &'u str);

fn key(endpoint: &Endpoint) -> EndKey<'_> {
    let namespace = endpoint.namespace.as_deref();
    (namespace.is_none(), namespace, endpoint.name.as_deref(), endpoint.kind.name())
}

struct JointBuilder<'a, 'b> {
    networks: Sides<&'a Network<'b>>,
    joints: Arena<Joint>,
    known: HashMap<Joint, JointId>,
}

impl<'a> JointBuilder<'a, '_> {
    fn joint(&mut self, joint: Joint) -> JointId {
        *self.known.entry(joint).or_insert_with(|| self.joints.push(joint))
    }

    /// Joins the two sides of an end; nothing where it is on neither.
    fn end(&mut self, units: Sides<&Units>, pair: Sides<Option<UnitId>>) -> Option<JointEnd> {
        let rows = units.zip(pair).map(|(units, unit)| unit.map(|unit| units.units.at(unit)));
        let endpoint = rows.newest()?.endpoint.clone();
        let members = self.networks.zip(rows).map(|(network, unit)| match unit {
            Some(unit) => members(network, unit),
            None => Vec::new(),
        });
        let mut parts: BTreeMap<JointId, JointPart> = BTreeMap::new();
        for (pair, told) in matched(&members) {
            let joint = self.joint(pair.map(|member| member.map(|member| member.class)));
            let part = parts.entry(joint).or_insert_with(|| JointPart {
                joint,
                members: BTreeSet::new(),
                many: false,
                ips: IpSet::default(),
            });
            part.many |= pair.list().into_iter().flatten().any(|member| member.many);
            part.members.insert(told.map(|member| member.map(|member| member.seen)));
        }
        let governed = rows.list().into_iter().flatten().any(|unit| unit.governed);
        Some(JointEnd { endpoint, units: pair, parts: parts.into_values().collect(), governed })
    }

    /// Cuts the addresses outside where either side cuts them; what a pod or node holds on either
    /// side is not outside.
    fn outside(&mut self, units: Sides<&Units>) -> JointEnd {
        let mut common: BTreeMap<Sides<AtomId>, Vec<(IpAddr, IpAddr)>> = BTreeMap::new();
        let stretches = self.networks.map(stretches);
        let (mut before, mut after) =
            (stretches.before.iter().peekable(), stretches.after.iter().peekable());
        while let (Some(one), Some(other)) = (before.peek(), after.peek()) {
            let (low, high) = (one.0.max(other.0), one.1.min(other.1));
            if low <= high {
                common.entry(Sides { before: one.2, after: other.2 }).or_default().push((low, high));
            }
            if one.1 < other.1 {
                before.next();
            } else {
                after.next();
            }
        }
        let held = units.before.held.0.union(&units.after.held.0);
        let mut parts = Vec::new();
        for (atoms, ranges) in common {
            let ips = IpSet::from_ranges(ranges);
            let classes =
                self.networks.zip(atoms).map(|(network, atom)| network.classes.outside_atom(atom));
            if !ips.is_subset(&held) {
                let joint = self.joint(classes);
                parts.push(JointPart { joint, members: BTreeSet::new(), many: false, ips });
            }
        }
        let endpoint = outside_endpoint(&IpSet::everything());
        let units = units.map(|units| Some(units.outside));
        JointEnd { endpoint, units, parts, governed: false }
    }
}

/// Lists the stretches of addresses with their atoms, ascending.
fn stretches(network: &Network<'_>) -> Vec<(IpAddr, IpAddr, AtomId)> {
    let atoms = network.classes.atoms.iter();
    let stretches = atoms.flat_map(|(id, atom)| {
        atom.ips.ranges().map(move |(low, high)| (low, high, id)).collect::<Vec<_>>()
    });
    let mut stretches: Vec<_> = stretches.collect();
    stretches.sort_unstable();
    stretches
}
