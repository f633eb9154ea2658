//! Selections and address blocks become sets of classes.
//!
//! What a selection matches can be unknown (labels of a namespace that was not read, labels that a
//! controller will set, addresses that a pod does not have yet). So each answer is the set that
//! matches for certain and, apart from it, what may match and why that is not known.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ipnet::IpNet;

use super::class_set::ClassSet;
use super::classes::Classes;
use crate::engine::class::{Class, ClassId};
use crate::model::arena::Arena;
use crate::model::controller::{Controller, LabelPresence};
use crate::model::endpoint::Namespace;
use crate::model::ips::{Family, IpSet};
use crate::model::labels::{self, NAMESPACE_NAME_LABEL};
use crate::model::names::Name;
use crate::model::ports::Protocol;
use crate::model::selector::{Requirement, Selector, Test};
use crate::model::snapshot::Snapshot;
use crate::policy::{BlockMatch, IpBlock, NamespaceSelection, Peer, Peers, Profile, Selection};

/// Why it is not known what a rule does to an endpoint; the gravest is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// The endpoint has no address yet and the rule matches by address.
    Address,
    /// The rule matches by a label that a controller sets, and only the template is known.
    ControllerLabels,
    /// The rule matches by labels of a namespace that was not read.
    NamespaceLabels,
    /// The address may be that of a pod that was not read, and that policies govern.
    UnreadPods,
    /// A policy that could not be read or judged may govern the endpoint.
    Unjudged,
}

/// What a rule's peers, or its subject, match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// Matched for certain.
    pub must: ClassSet,
    /// Perhaps matched, disjoint from `must`: of each peer by itself, as each hangs on something else.
    pub maybe: Vec<Perhaps>,
}

/// Classes that are perhaps matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Perhaps {
    /// Why that is not known.
    pub doubt: Doubt,
    /// The classes; never none.
    pub classes: ClassSet,
}

impl Match {
    pub(super) fn certain(must: ClassSet) -> Self {
        Self { must, maybe: Vec::new() }
    }

    fn doubted(must: ClassSet, doubt: Doubt, classes: ClassSet) -> Self {
        let maybe = [Perhaps { doubt, classes }].into_iter().filter(|own| !own.classes.is_empty());
        Self { must, maybe: maybe.collect() }
    }

    fn union(self, other: Self) -> Self {
        let must = self.must.union(&other.must);
        let maybe = self.maybe.into_iter().chain(other.maybe);
        let maybe = maybe.map(|own| Perhaps { classes: own.classes.difference(&must), ..own });
        Self { maybe: maybe.filter(|own| !own.classes.is_empty()).collect(), must }
    }

    /// Lists the sets of classes that are matched for certain or perhaps.
    pub fn all(&self) -> impl Iterator<Item = &ClassSet> {
        self.maybe.iter().map(|own| &own.classes).chain([&self.must])
    }
}

/// Indexes of the classes, by all that rules can ask for.
pub(crate) struct Resolver<'a> {
    snapshot: &'a Snapshot,
    all: ClassSet,
    pods: ClassSet,
    templates: HashMap<Controller, ClassSet>,
    /// Those that blocks match once they have an address, by the family of it.
    unaddressed: HashMap<Option<Family>, ClassSet>,
    by_namespace: Arena<Namespace, ClassSet>,
    by_label: HashMap<(Name, Name), ClassSet>,
    by_key: HashMap<Name, ClassSet>,
    by_block: HashMap<IpNet, ClassSet>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, profile: &Profile, classes: &Classes) -> Self {
        let of_node = |node| classes.of_node(node).iter().copied();
        let nodes: ClassSet = snapshot.nodes.ids().flat_map(of_node).collect();
        let by_address = |id, class: &Class| match (class.subject, class.atom) {
            (Some(_), _) => profile.blocks_match_pods != BlockMatch::Never,
            (None, Some(_)) => profile.blocks_match_nodes || !nodes.contains(id),
            // A pod in the network of its node.
            (None, None) => profile.blocks_match_nodes,
        };
        let mut index = Self {
            snapshot,
            all: classes.all().clone(),
            pods: ClassSet::default(),
            templates: HashMap::new(),
            unaddressed: HashMap::new(),
            by_namespace: snapshot.namespaces.map(|_| ClassSet::default()),
            by_label: HashMap::new(),
            by_key: HashMap::new(),
            by_block: HashMap::new(),
        };
        for (id, class) in classes.classes.iter() {
            match class.atom {
                _ if !by_address(id, class) => {}
                None => index.unaddressed.entry(class.family).or_default().extend([id]),
                Some(atom) => {
                    for block in &classes.atoms.at(atom).blocks {
                        index.by_block.entry(*block).or_default().extend([id]);
                    }
                }
            }
            let Some(subject) = class.subject.map(|subject| classes.subjects.at(subject)) else {
                continue;
            };
            index.pods.extend([id]);
            if let Some(controller) = subject.template {
                index.templates.entry(controller).or_default().extend([id]);
            }
            index.by_namespace.at_mut(subject.namespace).extend([id]);
            for (key, value) in &subject.labels {
                index.by_key.entry(*key).or_default().extend([id]);
                index.by_label.entry((*key, *value)).or_default().extend([id]);
            }
        }
        index
    }

    /// Returns what any of a rule's peers matches.
    pub(crate) fn peers(&self, peers: &Peers) -> Match {
        let Peers::OneOf(peers) = peers else { return Match::certain(self.all.clone()) };
        peers.iter().map(|peer| self.peer(peer)).fold(Match::default(), Match::union)
    }

    fn peer(&self, peer: &Peer) -> Match {
        match peer {
            Peer::Pods(selection) => self.selection(selection),
            Peer::Block(block) => self.block(block),
        }
    }

    /// Returns the classes of pods that a selection selects.
    pub(crate) fn selection(&self, selection: &Selection) -> Match {
        let namespaces = self.namespaces(&selection.namespaces);
        let doubted = namespaces.maybe.into_iter().next().map(|own| own.classes).unwrap_or_default();
        let mut must = namespaces.must.clone();
        let mut may = namespaces.must.union(&doubted);
        for requirement in &selection.pods.requirements {
            let holds = self.requirement(requirement);
            let unknown = self.unknown(&requirement.key);
            must = must.intersection(&holds.difference(&unknown));
            may = may.intersection(&holds.union(&unknown));
        }
        let maybe = may.difference(&must);
        let by_namespace = Match::doubted(must, Doubt::NamespaceLabels, maybe.intersection(&doubted));
        let by_labels = maybe.difference(&doubted);
        by_namespace.union(Match::doubted(ClassSet::default(), Doubt::ControllerLabels, by_labels))
    }

    /// Returns the classes of templates that do not tell a label, as their controller may add it.
    fn unknown(&self, key: &str) -> ClassSet {
        let adds = |own: &(&Controller, &ClassSet)| own.0.adds(key) != LabelPresence::AsInTemplate;
        let templates = self.templates.iter().filter(adds);
        templates.fold(ClassSet::default(), |all, (_, own)| all.union(own))
    }

    fn namespaces(&self, selection: &NamespaceSelection) -> Match {
        let selector = match selection {
            NamespaceSelection::Named(name) => {
                let namespace = self.snapshot.namespace(name);
                let classes = namespace.map(|id| self.by_namespace.at(id).clone());
                return Match::certain(classes.unwrap_or_default());
            }
            NamespaceSelection::Matching(selector) if selector.is_empty() => {
                return Match::certain(self.pods.clone());
            }
            NamespaceSelection::Matching(selector) => selector,
        };
        let (mut must, mut maybe) = (ClassSet::default(), ClassSet::default());
        for (id, namespace) in self.snapshot.namespaces.iter() {
            match matches_namespace(self.snapshot, namespace, selector) {
                Some(true) => must = must.union(self.by_namespace.at(id)),
                Some(false) => {}
                None => maybe = maybe.union(self.by_namespace.at(id)),
            }
        }
        Match::doubted(must, Doubt::NamespaceLabels, maybe)
    }

    /// Returns the classes whose known labels satisfy a requirement.
    fn requirement(&self, requirement: &Requirement) -> ClassSet {
        let key = self.snapshot.names.find(&requirement.key);
        let with_key = || key.and_then(|key| self.by_key.get(&key)).cloned().unwrap_or_default();
        let one_of = |values: &BTreeSet<String>| {
            values
                .iter()
                .filter_map(|value| self.by_label.get(&(key?, self.snapshot.names.find(value)?)))
                .fold(ClassSet::default(), |all, classes| all.union(classes))
        };
        match &requirement.test {
            Test::In(values) => one_of(values),
            Test::NotIn(values) => self.pods.difference(&one_of(values)),
            Test::Exists => with_key(),
            Test::DoesNotExist => self.pods.difference(&with_key()),
        }
    }

    /// Returns the classes whose address is in a block.
    ///
    /// An endpoint without an address may be in a block of its family, and is for certain if the block is
    /// all of it, or all of the range of pods. Where no address of the cluster is known it is taken to be of IPv4.
    fn block(&self, block: &IpBlock) -> Match {
        let inside = |net: &IpNet| self.by_block.get(net).cloned().unwrap_or_default();
        let cut = |set: ClassSet, except: &IpNet| set.difference(&inside(except));
        let must = block.except.iter().fold(inside(&block.cidr), cut);
        let without = |family| self.unaddressed.get(&family).cloned().unwrap_or_default();
        let family = Family::of(block.cidr.addr());
        let (own, unknown) = (without(Some(family)), without(None));
        // In the pod network a pod lies in its range, where that is known.
        let placed = match self.snapshot.ranges.of_pods(family) {
            Some(range) => Placed::of(&range, &block.addresses()),
            None => Placed::Unknown,
        };
        let in_range = own.intersection(&self.pods);
        let (must, own) = match placed {
            Placed::Inside => (must.union(&in_range), own.difference(&in_range)),
            Placed::Outside => (must, own.difference(&in_range)),
            Placed::Unknown => (must, own),
        };
        match (block.cidr == family.everything() && block.except.is_empty(), family) {
            (true, Family::V4) => Match::certain(must.union(&own).union(&unknown)),
            (true, Family::V6) => Match::doubted(must.union(&own), Doubt::Address, unknown),
            (false, _) => Match::doubted(must, Doubt::Address, own.union(&unknown)),
        }
    }
}

/// Where a range lies, as seen from a block.
enum Placed {
    Inside,
    Outside,
    Unknown,
}

impl Placed {
    fn of(range: &IpSet, block: &IpSet) -> Self {
        match (range.is_subset(block), range.intersection(block).is_empty()) {
            (true, _) => Self::Inside,
            (false, true) => Self::Outside,
            (false, false) => Self::Unknown,
        }
    }
}

/// Tells whether a namespace's labels satisfy a selector; nothing where that is not known.
pub(crate) fn matches_namespace(
    snapshot: &Snapshot,
    namespace: &Namespace,
    selector: &Selector,
) -> Option<bool> {
    let own = snapshot.labels.get(namespace.labels);
    let mut known = true;
    for requirement in &selector.requirements {
        if !namespace.labels_known && requirement.key != NAMESPACE_NAME_LABEL {
            known = false;
            continue;
        }
        let value = snapshot.names.find(&requirement.key).and_then(|key| labels::value_of(own, key));
        if !requirement.matches(value.map(|value| snapshot.names.get(value))) {
            return Some(false);
        }
    }
    known.then_some(true)
}

/// The classes of pods that give a port a name, by number.
pub(crate) type PortNames = HashMap<(Name, Protocol), BTreeMap<u16, ClassSet>>;

/// Indexes the named ports of all pods.
pub(crate) fn port_names(snapshot: &Snapshot, classes: &Classes) -> PortNames {
    let mut names = PortNames::new();
    for (id, class) in classes.classes.iter() {
        let Some(subject) = class.subject else { continue };
        for port in snapshot.ports.get(classes.subjects.at(subject).ports) {
            let numbers = names.entry((port.name, port.protocol)).or_default();
            numbers.entry(port.port).or_default().extend([id as ClassId]);
        }
    }
    names
}
