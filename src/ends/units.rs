//! The rows and columns of a list: workloads or pods, nodes, and the addresses outside.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::end::{End, Member, Who, part_families};
use super::naming::{node_endpoint, outside_endpoint, pod_endpoint, workload_endpoint};
use crate::answer::endpoint::Endpoint;
use crate::engine::class::{AtomId, ClassId};
use crate::engine::class_set::ClassSet;
use crate::engine::network::Network;
use crate::model::arena::{Arena, Id};
use crate::model::endpoint::{Namespace, NodeId, PodId, PodState, WorkloadId};
use crate::model::ips::IpSet;
use crate::model::snapshot::Snapshot;

/// Whether pods of one workload are one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A unit is a workload, or a pod that belongs to none.
    Workloads,
    /// A unit is a pod.
    Pods,
}

/// Names one unit.
pub type UnitId = Id<Unit>;

/// One end of listed connections.
#[derive(Clone, Debug)]
pub struct Unit {
    /// What it is.
    pub endpoint: Endpoint,
    /// Its members, by class.
    pub parts: Vec<Part>,
    /// Whether policies can govern any member.
    pub governed: bool,
}

/// Members of a unit that no policy can tell apart.
#[derive(Clone, Debug)]
pub struct Part {
    /// The class.
    pub class: ClassId,
    /// The members: pods with one of their addresses, or addresses of a node.
    pub members: Vec<(Who, Option<IpAddr>)>,
    /// Whether a member stands for two or more replicas, which can talk to each other.
    pub many: bool,
}

/// All units of a snapshot.
#[derive(Debug)]
pub struct Units {
    /// Workloads or pods ascending by namespace, then nodes, then, last, the addresses outside.
    pub units: Arena<Unit>,
    /// The unit of all addresses outside.
    pub outside: UnitId,
    /// Which units have members in a class, ascending.
    pub of_class: HashMap<ClassId, Vec<UnitId>>,
    /// The addresses that are nobody's outside.
    pub(crate) held: Held,
}

impl Units {
    /// Sorts all endpoints of a network into units.
    pub fn build(network: &Network<'_>, level: Level) -> Self {
        Self::among(network, level, network.classes.all())
    }

    /// Sorts endpoints into units, and leaves out those of which no member is in these classes.
    pub fn among(network: &Network<'_>, level: Level, classes: &ClassSet) -> Self {
        let snapshot = network.snapshot;
        let all = classes == network.classes.all();
        let is_asked =
            |id: &PodId| network.classes.of_pod(*id).iter().any(|class| classes.contains(*class));
        let mut asked: Vec<PodId> = snapshot.pods.ids().filter(is_asked).collect();
        let mut whole = snapshot.workloads.map(|_| false);
        let mut partial = false;
        for id in &asked {
            if let Owner::Workload(workload) = owner(snapshot, level, *id) {
                (*whole.at_mut(workload), partial) = (true, !all);
            }
        }
        if partial {
            // Pods of one workload may be in any class.
            let is_whole = |id| match owner(snapshot, level, id) {
                Owner::Workload(workload) => *whole.at(workload),
                Owner::Pod(_) => is_asked(&id),
            };
            asked = active(snapshot).filter(|id| is_whole(*id)).collect();
        }
        let mut groups: BTreeMap<_, Vec<PodId>> = BTreeMap::new();
        for id in asked {
            let owner = owner(snapshot, level, id);
            let pod = snapshot.pods.at(id);
            let (name, kind) = match owner {
                Owner::Workload(workload) => {
                    let workload = snapshot.workloads.at(workload);
                    (&workload.name, &*workload.kind)
                }
                Owner::Pod(_) => (&pod.name, "Pod"),
            };
            groups.entry((pod.namespace, name, kind, owner)).or_default().push(id);
        }
        let mut units: Arena<Unit> = groups
            .into_iter()
            .map(|((_, _, _, owner), pods)| {
                let endpoint = match owner {
                    Owner::Workload(workload) => workload_endpoint(snapshot, workload),
                    Owner::Pod(pod) => pod_endpoint(snapshot, pod),
                };
                pods_unit(network, endpoint, &pods)
            })
            .collect();
        for node in snapshot.nodes.ids() {
            if all || network.classes.of_node(node).iter().any(|class| classes.contains(*class)) {
                units.push(node_unit(network, node));
            }
        }
        let outside = || {
            let atoms = network.classes.atoms.ids();
            atoms.filter_map(|atom| Some((atom, network.classes.outside_atom(atom)?)))
        };
        // To know what is held takes a look at every pod.
        let needed = outside().any(|(_, class)| classes.contains(class));
        let held = if needed { Held::of(network) } else { Held::default() };
        let outside = units.push(outside_unit(network, outside().filter(|_| needed), &held));
        let mut of_class: HashMap<ClassId, Vec<UnitId>> = HashMap::new();
        for (id, unit) in units.iter() {
            for class in unit.parts.iter().map(|part| part.class).collect::<BTreeSet<_>>() {
                of_class.entry(class).or_default().push(id);
            }
        }
        Self { units, outside, of_class, held }
    }

    /// Returns the endpoint of some parts of a unit: all of it, or which pods and addresses.
    ///
    /// `within` cuts the addresses outside to those that were asked for.
    pub fn endpoint(
        &self,
        network: &Network<'_>,
        unit: UnitId,
        parts: &[&Part],
        within: Option<&IpSet>,
    ) -> Endpoint {
        let row = self.units.at(unit);
        if unit == self.outside {
            let atoms = parts.iter().filter_map(|part| network.classes.classes.at(part.class).atom);
            let ips = self.held.fill(&union_of(network, atoms));
            return outside_endpoint(&within.map_or(ips.clone(), |within| ips.intersection(within)));
        }
        if self.is_whole(unit, parts) {
            return row.endpoint.clone();
        }
        let all: BTreeSet<Who> = members(&row.parts).map(|(who, _)| who).collect();
        let here: BTreeSet<Who> =
            parts.iter().flat_map(|part| &part.members).map(|(who, _)| *who).collect();
        let mut endpoint = row.endpoint.clone();
        if here.len() < all.len() {
            let name = |who: &Who| match who {
                Who::Pod(pod) => Some(network.snapshot.pods.at(*pod).name.to_string()),
                _ => None,
            };
            endpoint.pods = here.iter().filter_map(name).collect();
        }
        let own = |(who, _): &(Who, Option<IpAddr>)| here.contains(who);
        let full = members(&row.parts).filter(own).count();
        let mut ips: Vec<IpAddr> =
            parts.iter().flat_map(|part| &part.members).filter_map(|(_, ip)| *ip).collect();
        if parts.iter().map(|part| part.members.len()).sum::<usize>() < full {
            ips.sort();
            endpoint.ips = ips;
            let unknown = parts.iter().filter(|part| part.members.iter().any(|(_, ip)| ip.is_none()));
            endpoint.families = part_families(network, unknown.map(|part| part.class));
        }
        endpoint
    }

    /// Returns the addresses outside of some parts that are not wanted; nothing if none is left.
    pub fn outside_without(
        &self,
        network: &Network<'_>,
        parts: &[&Part],
        wanted: &WantedMembers,
    ) -> Option<Endpoint> {
        let rest = parts.iter().fold(IpSet::default(), |all, part| {
            let atom = network.classes.classes.at(part.class).atom;
            let own = union_of(network, atom.into_iter());
            all.union(&own.difference(&wanted.outside(part.class)))
        });
        let rest = rest.difference(&self.held.0);
        (!rest.is_empty()).then(|| outside_endpoint(&self.held.fill(&rest)))
    }

    /// Tells whether parts are all of a unit.
    pub fn is_whole(&self, unit: UnitId, parts: &[&Part]) -> bool {
        let all: usize = self.units.at(unit).parts.iter().map(|part| part.members.len()).sum();
        all == parts.iter().map(|part| part.members.len()).sum::<usize>()
    }

    /// Tells whether a unit is one pod, so that it cannot be both ends of a connection.
    pub fn is_alone(&self, unit: UnitId) -> bool {
        let parts = &self.units.at(unit).parts;
        let who: BTreeSet<Who> = members(parts).map(|(who, _)| who).collect();
        who.len() == 1 && parts.iter().all(|part| !part.many)
    }

    /// Keeps the members that an end stands for.
    pub fn restricted(&self, end: &End) -> HashMap<UnitId, Vec<Part>> {
        let wanted = WantedMembers::of([end]);
        let cut = |part: &Part| wanted.cut(part, true);
        let parts = |unit: &Unit| -> Vec<Part> { unit.parts.iter().filter_map(cut).collect() };
        let kept = self.units.iter().map(|(id, unit)| (id, parts(unit)));
        kept.filter(|(_, parts)| !parts.is_empty()).collect()
    }
}

/// The members that some ends stand for.
#[derive(Debug)]
pub struct WantedMembers(HashMap<(Who, ClassId), IpSet>);

impl WantedMembers {
    /// Collects the members of ends.
    pub fn of<'e>(ends: impl IntoIterator<Item = &'e End>) -> Self {
        let mut wanted: HashMap<(Who, ClassId), IpSet> = HashMap::new();
        for member in ends.into_iter().flat_map(|end| &end.members) {
            let ips = wanted.entry((member.who, member.class)).or_default();
            *ips = ips.union(&member.ips);
        }
        Self(wanted)
    }

    /// Tells whether all of a member is wanted.
    pub(crate) fn holds(&self, member: &Member) -> bool {
        self.0.get(&(member.who, member.class)).is_some_and(|ips| member.ips.is_subset(ips))
    }

    /// Returns the part without the members that are wanted; nothing if none is left.
    pub fn rest_of(&self, part: &Part) -> Option<Part> {
        self.cut(part, false)
    }

    /// Keeps the members of which being wanted is `kept`.
    fn cut(&self, part: &Part, kept: bool) -> Option<Part> {
        let is_wanted = |(who, ip): &(Who, Option<IpAddr>)| {
            let ips = self.0.get(&(*who, part.class));
            ips.is_some_and(|ips| ip.is_none_or(|ip| ips.contains(ip)))
        };
        let own = part.members.iter().filter(|member| is_wanted(member) == kept);
        let members: Vec<_> = own.copied().collect();
        (!members.is_empty()).then(|| Part { members, ..part.clone() })
    }

    /// Returns the addresses outside that are wanted of a class.
    fn outside(&self, class: ClassId) -> IpSet {
        self.0.get(&(Who::Outside, class)).cloned().unwrap_or_default()
    }
}

/// Whose pods are one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Owner {
    Workload(WorkloadId),
    Pod(PodId),
}

/// Lists the pods that have not finished.
fn active(snapshot: &Snapshot) -> impl Iterator<Item = PodId> + '_ {
    let pods = snapshot.pods.iter().filter(|(_, pod)| pod.state != PodState::Finished);
    pods.map(|(id, _)| id)
}

fn owner(snapshot: &Snapshot, level: Level, id: PodId) -> Owner {
    let pod = snapshot.pods.at(id);
    let workload = pod.workload.filter(|_| level == Level::Workloads || pod.is_template());
    workload.map_or(Owner::Pod(id), Owner::Workload)
}

/// Counts the units of each namespace that policies can govern.
pub fn governed_units(snapshot: &Snapshot, level: Level) -> Arena<Namespace, usize> {
    let mut counts = snapshot.namespaces.map(|_| 0);
    let mut seen = snapshot.workloads.map(|_| false);
    for id in active(snapshot) {
        let pod = snapshot.pods.at(id);
        let again = match owner(snapshot, level, id) {
            Owner::Workload(workload) => {
                pod.is_managed() && std::mem::replace(seen.at_mut(workload), true)
            }
            Owner::Pod(_) => false,
        };
        if pod.is_managed() && !again {
            *counts.at_mut(pod.namespace) += 1;
        }
    }
    counts
}

fn members(parts: &[Part]) -> impl Iterator<Item = (Who, Option<IpAddr>)> + '_ {
    parts.iter().flat_map(|part| part.members.iter().copied())
}

fn pods_unit(network: &Network<'_>, endpoint: Endpoint, pods: &[PodId]) -> Unit {
    let snapshot = network.snapshot;
    let mut parts: BTreeMap<ClassId, Vec<(Who, Option<IpAddr>)>> = BTreeMap::new();
    for pod in pods {
        for (class, ip) in network.addresses_of(*pod) {
            parts.entry(class).or_default().push((Who::Pod(*pod), ip));
        }
    }
    let many = pods.iter().any(|pod| snapshot.pods.at(*pod).is_many());
    let governed = pods.iter().any(|pod| snapshot.pods.at(*pod).is_managed());
    let parts = parts.into_iter().map(|(class, members)| Part { class, members, many });
    Unit { endpoint, parts: parts.collect(), governed }
}

fn node_unit(network: &Network<'_>, node: NodeId) -> Unit {
    let ips = &network.snapshot.nodes.at(node).ips;
    let mut parts: BTreeMap<ClassId, Vec<(Who, Option<IpAddr>)>> = BTreeMap::new();
    for (ip, class) in ips.iter().zip(network.classes.of_node(node)) {
        parts.entry(*class).or_default().push((Who::Node(node), Some(*ip)));
    }
    let parts = parts.into_iter().map(|(class, members)| Part { class, members, many: false });
    let endpoint = node_endpoint(network.snapshot, node);
    Unit { endpoint, parts: parts.collect(), governed: false }
}

fn outside_unit(
    network: &Network<'_>,
    atoms: impl Iterator<Item = (AtomId, ClassId)>,
    held: &Held,
) -> Unit {
    let free = atoms.filter(|(atom, _)| !held.holds_all(&network.classes.atoms.at(*atom).ips));
    let members = vec![(Who::Outside, None)];
    let parts = free.map(|(_, class)| Part { class, members: members.clone(), many: false });
    let endpoint = outside_endpoint(&IpSet::everything());
    Unit { endpoint, parts: parts.collect(), governed: false }
}

fn union_of(network: &Network<'_>, atoms: impl Iterator<Item = AtomId>) -> IpSet {
    let ranges = atoms.flat_map(|atom| network.classes.atoms.at(atom).ips.ranges().collect::<Vec<_>>());
    IpSet::from_ranges(ranges)
}

/// The addresses that pods and nodes hold.
#[derive(Debug, Default)]
pub(crate) struct Held(pub(crate) IpSet);

impl Held {
    fn of(network: &Network<'_>) -> Self {
        let pods = network.snapshot.pods.values().filter(|pod| pod.state != PodState::Finished);
        let pods = pods.flat_map(|pod| pod.ips.iter());
        let nodes = network.snapshot.nodes.values().flat_map(|node| node.ips.iter());
        Self(pods.chain(nodes).copied().collect())
    }

    pub(crate) fn holds_all(&self, ips: &IpSet) -> bool {
        ips.is_subset(&self.0)
    }

    /// Adds the gaps between stretches of addresses that are held throughout: they say nothing
    /// about the outside, and would only tear blocks into pieces.
    pub(crate) fn fill(&self, ips: &IpSet) -> IpSet {
        let gaps = IpSet::everything().difference(ips);
        let held =
            gaps.ranges().map(|range| IpSet::from_ranges([range])).filter(|gap| self.holds_all(gap));
        held.fold(ips.clone(), |all, gap| all.union(&gap))
    }
}
