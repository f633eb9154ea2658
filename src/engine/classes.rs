//! Classes: sets of endpoints that no policy can tell apart.
//!
//! ```text
//! subject = namespace + labels that selectors mention + named ports    whom policies govern
//! class   = subject (none for nodes and addresses) + address family + atom
//! atom    = addresses that lie in the same blocks                      what blocks can tell apart
//! ```
//! A dual-stack pod is in two classes, one per family, since a packet has one of its addresses. So is a
//! pod of a dual-stack cluster that has no address yet: it will get one of each.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::class_set::ClassSet;
use crate::engine::class::{Atom, AtomId, Class, ClassId, Subject, SubjectId};
use crate::model::arena::Arena;
use crate::model::endpoint::{Node, NodeId, Pod, PodId, PodState};
use crate::model::ips::{Family, IpSet};
use crate::model::names::Name;
use crate::model::snapshot::Snapshot;

/// All classes of a snapshot under a set of rules.
#[derive(Debug)]
pub struct Classes {
    /// The subjects, ascending by namespace.
    pub subjects: Arena<Subject>,
    /// The classes, those of pods first, ascending by subject.
    pub classes: Arena<Class>,
    /// The atoms.
    pub atoms: Arena<Atom>,
    spans: AtomSpans,
    by_key: HashMap<Class, ClassId>,
    pods: Arena<Pod, Vec<ClassId>>,
    nodes: Arena<Node, Vec<ClassId>>,
    all: ClassSet,
    outside: HashMap<Family, ClassSet>,
}

impl Classes {
    /// Sorts all endpoints into classes; `keys` are the label keys that pod selectors mention and
    /// `blocks` the address blocks that rules mention.
    pub fn build(snapshot: &Snapshot, keys: &BTreeSet<&str>, blocks: &BTreeSet<IpNet>) -> Self {
        let keys: BTreeSet<Name> = keys.iter().filter_map(|key| snapshot.names.find(key)).collect();
        let (atoms, spans) = build_atoms(blocks);
        let (subjects, subject_of) = build_subjects(snapshot, &keys);
        let mut classes = Self {
            subjects,
            classes: Arena::default(),
            atoms,
            spans,
            by_key: HashMap::new(),
            pods: Arena::default(),
            nodes: Arena::default(),
            all: ClassSet::default(),
            outside: HashMap::new(),
        };
        let families = snapshot.known_families();
        let members: Arena<Pod, Vec<Class>> = snapshot
            .pods
            .ids()
            .map(|id| classes.classes_of_pod(snapshot, id, *subject_of.at(id), &families))
            .collect();
        let mut keys: Vec<Class> = members.values().flatten().copied().collect();
        keys.extend(classes.atoms.ids().map(|atom| classes.outside_key(atom)));
        keys.sort_unstable_by_key(|class| {
            (class.subject.is_none(), class.subject, class.atom, class.family)
        });
        keys.dedup();
        for key in keys {
            let id = classes.classes.push(key);
            classes.by_key.insert(key, id);
        }
        let id = |key| classes.by_key.get(key).copied();
        classes.pods = members.map(|keys| keys.iter().filter_map(id).collect());
        let node = |node: &Node| node.ips.iter().filter_map(|ip| classes.outside(*ip)).collect();
        classes.nodes = snapshot.nodes.map(node);
        classes.all = classes.classes.ids().collect();
        for family in Family::ALL {
            let own = classes.atoms.iter().filter(|(_, atom)| atom.family == family);
            let own = own.filter_map(|(id, _)| classes.outside_atom(id)).collect();
            classes.outside.insert(family, own);
        }
        classes
    }

    /// Returns the classes that a pod is in: by address, or by the families of the cluster.
    fn classes_of_pod(
        &self,
        snapshot: &Snapshot,
        pod: PodId,
        subject: Option<SubjectId>,
        families: &[Family],
    ) -> Vec<Class> {
        if snapshot.pods.at(pod).state == PodState::Finished {
            return Vec::new();
        }
        let at = |ip| Class { subject, family: Some(Family::of(ip)), atom: self.spans.find(ip) };
        let known: Vec<Class> = snapshot.addresses_of(pod).map(at).collect();
        let without = |family| Class { subject, family, atom: None };
        match (known.is_empty(), families) {
            (false, _) => known,
            (true, []) => vec![without(None)],
            (true, families) => families.iter().map(|family| without(Some(*family))).collect(),
        }
    }

    /// Lists the classes of a pod, one per address in their order; one per family of the cluster if it
    /// has none, and no class if it has finished.
    pub fn of_pod(&self, pod: PodId) -> &[ClassId] {
        self.pods.at(pod)
    }

    /// Lists the classes of a node, one per address.
    pub fn of_node(&self, node: NodeId) -> &[ClassId] {
        self.nodes.at(node)
    }

    /// Returns the class of an address that no pod holds.
    pub fn outside(&self, ip: IpAddr) -> Option<ClassId> {
        self.outside_atom(self.spans.find(ip)?)
    }

    /// Returns the class of the addresses of an atom that no pod holds.
    pub fn outside_atom(&self, atom: AtomId) -> Option<ClassId> {
        self.by_key.get(&self.outside_key(atom)).copied()
    }

    fn outside_key(&self, atom: AtomId) -> Class {
        Class { subject: None, family: Some(self.atoms.at(atom).family), atom: Some(atom) }
    }

    /// Returns the classes of all addresses of a family; of both where it is not known.
    pub fn outside_of(&self, family: Option<Family>) -> ClassSet {
        let of = |family: &Family| self.outside.get(family).cloned().unwrap_or_default();
        match family {
            Some(family) => of(&family),
            None => Family::ALL.iter().fold(ClassSet::default(), |all, family| all.union(&of(family))),
        }
    }

    /// Returns the family of a class; nothing where no address of the cluster is known.
    pub fn family(&self, class: ClassId) -> Option<Family> {
        self.classes.at(class).family
    }

    /// Returns the set of all classes.
    pub fn all(&self) -> &ClassSet {
        &self.all
    }
}

/// Which atom an address lies in: the first address of every stretch, ascending.
#[derive(Debug)]
struct AtomSpans {
    v4: Vec<(u32, AtomId)>,
    v6: Vec<(u128, AtomId)>,
}

impl AtomSpans {
    fn find(&self, ip: IpAddr) -> Option<AtomId> {
        fn last<T: Ord + Copy>(spans: &[(T, AtomId)], point: T) -> Option<AtomId> {
            let after = spans.partition_point(|(start, _)| *start <= point);
            after.checked_sub(1).and_then(|index| spans.get(index)).map(|(_, atom)| *atom)
        }
        match ip {
            IpAddr::V4(ip) => last(&self.v4, ip.to_bits()),
            IpAddr::V6(ip) => last(&self.v6, ip.to_bits()),
        }
    }
}

/// An atom whose stretches are still being found: family, blocks, stretches.
type OpenAtom = (Family, Vec<IpNet>, Vec<(IpAddr, IpAddr)>);

/// Cuts the address space at the bounds of all blocks; stretches in the same blocks are one atom.
fn build_atoms(blocks: &BTreeSet<IpNet>) -> (Arena<Atom>, AtomSpans) {
    let mut atoms: Arena<Atom, OpenAtom> = Arena::default();
    let mut ids: HashMap<(Family, Vec<IpNet>), AtomId> = HashMap::new();
    let mut spans = AtomSpans { v4: Vec::new(), v6: Vec::new() };
    for Stretch { low, high, blocks } in stretches(blocks) {
        let family = Family::of(low);
        let key = (family, blocks);
        let id = match ids.get(&key) {
            Some(id) => *id,
            None => {
                let id = atoms.push((family, key.1.clone(), Vec::new()));
                ids.insert(key, id);
                id
            }
        };
        atoms.at_mut(id).2.push((low, high));
        match low {
            IpAddr::V4(ip) => spans.v4.push((ip.to_bits(), id)),
            IpAddr::V6(ip) => spans.v6.push((ip.to_bits(), id)),
        }
    }
    let atoms = atoms.values().map(|(family, blocks, ranges)| Atom {
        family: *family,
        blocks: blocks.clone(),
        ips: IpSet::from_ranges(ranges.iter().copied()),
    });
    (atoms.collect(), spans)
}

/// Addresses between two bounds of blocks, both included.
struct Stretch {
    low: IpAddr,
    high: IpAddr,
    /// The blocks around it, outermost first.
    blocks: Vec<IpNet>,
}

/// Lists the stretches of addresses between bounds of blocks.
///
/// Blocks nest or are apart, so those around an address form a stack.
fn stretches(blocks: &BTreeSet<IpNet>) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    for family in Family::ALL {
        let everything = family.everything();
        let mut stack: Vec<IpNet> = Vec::new();
        let mut next = Some(everything.network());
        // `IpNet` orders by address and then by prefix length, so an outer block comes first.
        let mut own = blocks.iter().filter(|block| Family::of(block.network()) == family).peekable();
        while let Some(low) = next {
            while let Some(block) = own.next_if(|block| block.network() == low) {
                stack.push(*block);
            }
            let end = stack.last().map_or(everything.broadcast(), IpNet::broadcast);
            let start = own.peek().map(|block| block.network()).filter(|start| *start <= end);
            let high = start.and_then(previous).unwrap_or(end);
            stretches.push(Stretch { low, high, blocks: stack.clone() });
            stack.retain(|block| block.broadcast() > high);
            next = following(high);
        }
    }
    stretches
}

fn following(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(ip) => ip.to_bits().checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    }
}

fn previous(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().checked_sub(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(ip) => ip.to_bits().checked_sub(1).map(|bits| IpAddr::V6(bits.into())),
    }
}

type SubjectOfPod = Arena<Pod, Option<SubjectId>>;

/// Sorts the pods that policies govern into subjects.
fn build_subjects(snapshot: &Snapshot, keys: &BTreeSet<Name>) -> (Arena<Subject>, SubjectOfPod) {
    // Pods of one workload share their label set: project each set once.
    let projected: Arena<_, Vec<(Name, Name)>> = snapshot
        .labels
        .iter()
        .map(|(_, labels)| labels.iter().filter(|(key, _)| keys.contains(key)).copied().collect())
        .collect();
    let raw = |pod: &Pod| {
        let key = (pod.namespace, pod.labels, pod.ports, snapshot.controller_of_template(pod));
        pod.is_managed().then_some(key)
    };
    let mut order: Vec<_> = snapshot.pods.values().filter_map(raw).collect();
    order.sort_unstable();
    order.dedup();
    let mut subjects: Vec<(Subject, _)> = order
        .into_iter()
        .map(|key| {
            let (namespace, labels, ports, template) = key;
            let labels = projected.at(labels).clone();
            (Subject { namespace, labels, ports, template }, key)
        })
        .collect();
    subjects.sort_unstable();
    let mut arena: Arena<Subject> = Arena::default();
    let mut ids = HashMap::with_capacity(subjects.len());
    for (subject, key) in subjects {
        let last = arena.len().checked_sub(1).map(SubjectId::new);
        let id = match last.filter(|last| *arena.at(*last) == subject) {
            Some(last) => last,
            None => arena.push(subject),
        };
        ids.insert(key, id);
    }
    let of_pod = snapshot.pods.map(|pod| raw(pod).and_then(|key| ids.get(&key).copied()));
    (arena, of_pod)
}
