//! A snapshot and its rules, prepared for questions.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::class_set::ClassSet;
use super::classes::Classes;
use super::region::Region;
use super::resolve;
pub use super::resolve::Match;
use super::resolve::{Doubt, PortNames, Resolver};
use crate::engine::class::{ClassId, Subject, SubjectId};
use crate::model::arena::Arena;
use crate::model::endpoint::PodId;
use crate::model::ports::PortSet;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::{
    self, Direction, Isolation, IsolationId, Peers, Profile, Rule, RuleId, Rules, Selection, Tier,
};

/// A snapshot under its rules.
///
/// Built once, in time linear in pods and rules; every question afterwards reads it only.
pub struct Network<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// The rules.
    pub rules: Rules,
    /// What the network plugin does that enforces them.
    pub profile: &'static Profile,
    /// The tiers, in the order of evaluation.
    pub tiers: Vec<Tier>,
    /// The classes that the rules leave to tell apart.
    pub classes: Classes,
    peers: Arena<Rule, Arc<Match>>,
    port_names: PortNames,
    applicable: Arena<Subject, Applicable>,
}

/// What governs one subject.
#[derive(Clone, Debug, Default)]
struct Applicable {
    rules: Vec<(RuleId, Option<Doubt>)>,
    isolations: Vec<(IsolationId, Option<Doubt>)>,
    unjudged: bool,
}

impl<'a> Network<'a> {
    /// Prepares a snapshot under the policies that it holds.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        Self::with_policies(snapshot, &[])
    }

    /// Prepares a snapshot as if some policies were applied: each replaces the one of its kind,
    /// namespace and name, or is new.
    pub fn with_policies(snapshot: &'a Snapshot, applied: &[PolicyObject]) -> Self {
        Self::with_changes(snapshot, applied, &[])
    }

    /// Prepares a snapshot as if some policies were applied, as above, and some deleted.
    pub fn with_changes(
        snapshot: &'a Snapshot,
        applied: &[PolicyObject],
        deleted: &[PolicyObject],
    ) -> Self {
        let profile = Profile::of(&snapshot.plugin);
        Self::build(snapshot, profile, policy::translate_with(snapshot, profile, applied, deleted))
    }

    /// Prepares a snapshot under some rules, as a network plugin enforces them.
    pub fn build(snapshot: &'a Snapshot, profile: &'static Profile, rules: Rules) -> Self {
        let mut blocks = mentioned_blocks(&rules);
        if !profile.blocks_match_nodes {
            // Their addresses are to be told apart from those around them.
            let ips = snapshot.nodes.values().flat_map(|node| &node.ips);
            blocks.extend(ips.map(|ip| IpNet::from(*ip)));
        }
        let classes = Classes::build(snapshot, &mentioned_keys(&rules), &blocks);
        let resolver = Resolver::new(snapshot, profile, &classes);
        let mut known: HashMap<&Peers, Arc<Match>> = HashMap::new();
        let peers = rules.rules.map(|rule| {
            let resolve = || Arc::new(resolver.peers(&rule.peers));
            Arc::clone(known.entry(&rule.peers).or_insert_with(resolve))
        });
        let applicable = applicable(snapshot, &rules, &classes, &resolver);
        let port_names = resolve::port_names(snapshot, &classes);
        let tiers = rules.tiers();
        Self { snapshot, rules, profile, tiers, classes, peers, port_names, applicable }
    }

    /// Returns a rule.
    pub fn rule(&self, id: RuleId) -> &Rule {
        self.rules.rules.at(id)
    }

    /// Returns an isolation.
    pub fn isolation(&self, id: IsolationId) -> &Isolation {
        self.rules.isolations.at(id)
    }

    /// Lists the rules that govern a subject in a direction, in order of evaluation.
    ///
    /// With each rule comes the reason where it is not known whether it governs the subject.
    pub fn governing(
        &self,
        subject: SubjectId,
        direction: Direction,
    ) -> impl Iterator<Item = (RuleId, Option<Doubt>)> + '_ {
        let rules = self.applicable.at(subject).rules.iter().copied();
        rules.filter(move |(id, _)| self.rule(*id).direction == direction)
    }

    /// Lists the isolations that hold for a subject in a direction, tier by tier.
    pub fn isolating(
        &self,
        subject: SubjectId,
        direction: Direction,
    ) -> impl Iterator<Item = (IsolationId, Option<Doubt>)> + '_ {
        let isolations = self.applicable.at(subject).isolations.iter().copied();
        isolations.filter(move |(id, _)| self.isolation(*id).direction == direction)
    }

    /// Lists those of [`Self::governing`] that are of a tier.
    pub fn rules_of(
        &self,
        subject: SubjectId,
        direction: Direction,
        tier: Tier,
    ) -> impl Iterator<Item = (RuleId, Option<Doubt>)> + '_ {
        let rules = self.governing(subject, direction);
        rules.filter(move |(id, _)| self.rule(*id).tier == tier)
    }

    /// Lists those of [`Self::isolating`] that are of a tier.
    pub fn isolations_of(
        &self,
        subject: SubjectId,
        direction: Direction,
        tier: Tier,
    ) -> impl Iterator<Item = (IsolationId, Option<Doubt>)> + '_ {
        let isolations = self.isolating(subject, direction);
        isolations.filter(move |(id, _)| self.isolation(*id).tier == tier)
    }

    /// Tells whether a policy that could not be read or judged may govern the subject.
    pub fn is_unjudged(&self, subject: SubjectId) -> bool {
        self.applicable.at(subject).unjudged
    }

    /// Returns what the peers of a rule match.
    pub fn peers_of(&self, rule: RuleId) -> &Match {
        self.peers.at(rule)
    }

    /// Returns the cells that a rule matches among `classes`, for one subject.
    ///
    /// A named port is looked up at the destination: on the subject for ingress, on each class for
    /// egress (networking/v1 `NetworkPolicyPort.port`).
    pub fn cells(&self, rule: RuleId, subject: SubjectId, classes: &ClassSet) -> Region {
        let mut cells = Region::block(classes.clone(), self.ports_everywhere(rule, subject));
        let rule = self.rule(rule);
        if rule.direction == Direction::Ingress {
            return cells;
        }
        for (name, protocol) in rule.ports.names() {
            let name = self.snapshot.names.find(name);
            let numbers = name.and_then(|name| self.port_names.get(&(name, protocol)));
            for (port, holders) in numbers.into_iter().flatten() {
                let port = PortSet::port(protocol, *port);
                cells.add(Region::block(classes.intersection(holders), port));
            }
        }
        cells
    }

    /// Returns the ports that a rule matches whoever the other end is: those by number, and those that
    /// the subject itself gives a name, for ingress.
    pub fn ports_everywhere(&self, rule: RuleId, subject: SubjectId) -> PortSet {
        let rule = self.rule(rule);
        match rule.direction {
            Direction::Ingress => rule.ports.numbers().union(&self.named_on_subject(rule, subject)),
            Direction::Egress => rule.ports.numbers(),
        }
    }

    fn named_on_subject(&self, rule: &Rule, subject: SubjectId) -> PortSet {
        let own = self.snapshot.ports.get(self.classes.subjects.at(subject).ports);
        rule.ports.names().fold(PortSet::none(), |ports, (name, protocol)| {
            let name = self.snapshot.names.find(name);
            let matching =
                own.iter().filter(|port| Some(port.name) == name && port.protocol == protocol);
            matching.fold(ports, |ports, port| ports.union(&PortSet::port(protocol, port.port)))
        })
    }

    /// Lists why some verdicts of this network are not certain.
    pub fn doubts(&self) -> BTreeSet<Doubt> {
        let peers = self.peers.values().flat_map(|peers| peers.maybe.iter().map(|own| own.doubt));
        let subjects = self.applicable.values().flat_map(|own| {
            let rules = own.rules.iter().filter_map(|(_, doubt)| *doubt);
            let isolations = own.isolations.iter().filter_map(|(_, doubt)| *doubt);
            rules.chain(isolations).chain(own.unjudged.then_some(Doubt::Unjudged))
        });
        let unread = self.rules.unread_pods.then_some(Doubt::UnreadPods);
        peers.chain(subjects).chain(unread).collect()
    }

    /// Lists the classes of a pod, each with the address that its packets carry; nothing where it has none
    /// yet.
    pub fn addresses_of(&self, pod: PodId) -> impl Iterator<Item = (ClassId, Option<IpAddr>)> + '_ {
        let ips = self.snapshot.addresses_of(pod).map(Some).chain(std::iter::repeat(None));
        self.classes.of_pod(pod).iter().copied().zip(ips)
    }

    /// Returns the subject of a class; nothing for nodes and addresses.
    pub fn subject_of(&self, class: ClassId) -> Option<SubjectId> {
        self.classes.classes.at(class).subject
    }
}

/// Collects the label keys that pod selectors mention.
fn mentioned_keys(rules: &Rules) -> BTreeSet<&str> {
    rules.selections().flat_map(|selection| selection.pods.keys()).collect()
}

/// Collects the blocks that peers mention.
fn mentioned_blocks(rules: &Rules) -> BTreeSet<IpNet> {
    let blocks = rules.rules.values().flat_map(|rule| rule.peers.blocks());
    blocks.flat_map(|block| block.except.iter().chain([&block.cidr])).copied().collect()
}

/// Sorts rules and isolations by the subjects that they govern.
fn applicable(
    snapshot: &Snapshot,
    rules: &Rules,
    classes: &Classes,
    resolver: &Resolver<'_>,
) -> Arena<Subject, Applicable> {
    let mut applicable = classes.subjects.map(|_| Applicable::default());
    let mut known: HashMap<&Selection, Vec<(SubjectId, Option<Doubt>)>> = HashMap::new();
    let mut order: Vec<(RuleId, &Rule)> = rules.rules.iter().collect();
    order.sort_by_key(|(_, rule)| (rule.tier, rule.order));
    for (id, rule) in order {
        let resolve = || subjects_of(classes, &resolver.selection(&rule.subject));
        for (subject, doubt) in known.entry(&rule.subject).or_insert_with(resolve) {
            applicable.at_mut(*subject).rules.push((id, *doubt));
        }
    }
    let mut order: Vec<(IsolationId, &Isolation)> = rules.isolations.iter().collect();
    order.sort_by_key(|(_, isolation)| isolation.tier);
    for (id, isolation) in order {
        let resolve = || subjects_of(classes, &resolver.selection(&isolation.subject));
        for (subject, doubt) in known.entry(&isolation.subject).or_insert_with(resolve) {
            applicable.at_mut(*subject).isolations.push((id, *doubt));
        }
    }
    for unjudged in &rules.unjudged {
        let namespace = unjudged.namespace.as_deref().map(|name| snapshot.namespace(name));
        for (id, subject) in classes.subjects.iter() {
            if namespace.is_none_or(|namespace| namespace == Some(subject.namespace)) {
                applicable.at_mut(id).unjudged = true;
            }
        }
    }
    applicable
}

/// Lists the subjects of the classes that a selection selects, each once.
fn subjects_of(classes: &Classes, selected: &Match) -> Vec<(SubjectId, Option<Doubt>)> {
    let doubted = selected.maybe.iter().map(|own| (&own.classes, Some(own.doubt)));
    let mut subjects: Vec<_> = [(&selected.must, None)]
        .into_iter()
        .chain(doubted)
        .flat_map(|(set, doubt)| set.iter().map(move |class| (class, doubt)))
        .filter_map(|(class, doubt)| Some((classes.classes.at(class).subject?, doubt)))
        .collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}
