//! What may turn out: every way in which the unknown can be, for one subject and some classes.
//!
//! Labels of a namespace that was not read, labels that a controller will set, the address that a pod
//! will have: each is taken to be every value that a rule tells apart from others.

use std::collections::{BTreeMap, BTreeSet};

use super::class_set::ClassSet;
use super::network::Network;
use super::resolve::Doubt;
use crate::engine::class::{ClassId, Subject, SubjectId};
use crate::model::controller::LabelPresence;
use crate::model::endpoint::NamespaceId;
use crate::model::ips::Family;
use crate::model::labels::{self, Labels, NAMESPACE_NAME_LABEL};
use crate::model::selector::{Requirement, Test};
use crate::policy::{Direction, IsolationId, NamespaceSelection, RuleId, Selection};

/// With more ways than these, or more rules to try in them, the doubt stays.
const MOST: usize = 4096;
/// How often a rule is tried at most, over all ways.
const MOST_TRIALS: usize = 16_384;
/// The value of a label that is none of those that a selector names; no label can have it.
const OTHER: &str = "*";

/// One way in which the unknown may turn out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outcome {
    /// The rules that govern the subject and match the classes.
    pub(super) rules: BTreeSet<RuleId>,
    /// The isolations that hold for the subject.
    pub(super) isolations: BTreeSet<IsolationId>,
}

/// All ways, as far as they differ.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    pub(super) all: BTreeSet<Outcome>,
    /// Those in which an address that is not known lies in no block; none where all are known.
    pub(super) in_no_block: BTreeSet<Outcome>,
}

/// A label that is not known, by whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum UnknownLabel<'a> {
    Namespace(NamespaceId, &'a str),
    Subject(&'a str),
    Peer(&'a str),
}

/// Whose labels a selection asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Subject,
    Peer,
}

/// What every unknown label is taken to be; nothing for an absent one.
type Values<'a> = BTreeMap<UnknownLabel<'a>, Option<&'a str>>;

/// Divides classes into such that the same turns out for, whatever it is.
pub(super) fn groups(
    network: &Network<'_>,
    subject: SubjectId,
    direction: Direction,
    classes: &ClassSet,
) -> Vec<ClassSet> {
    let mut kinds: BTreeMap<_, ClassSet> = BTreeMap::new();
    for id in classes.iter() {
        let class = network.classes.classes.at(id);
        let controller = class.subject.and_then(|subject| network.classes.subjects.at(subject).template);
        kinds.entry((class.family, class.atom.is_none(), controller)).or_default().extend([id]);
    }
    let mut groups: Vec<ClassSet> = kinds.into_values().collect();
    for (rule, _) in network.governing(subject, direction) {
        for told_apart in network.peers_of(rule).all() {
            let split = |group: &ClassSet| {
                let parts = [group.intersection(told_apart), group.difference(told_apart)];
                parts.into_iter().filter(|part| !part.is_empty())
            };
            groups = groups.iter().flat_map(split).collect();
        }
    }
    groups
}

/// Lists the ways for a group of classes; nothing where they are too many to try.
pub(super) fn of(
    network: &Network<'_>,
    subject: SubjectId,
    direction: Direction,
    group: &ClassSet,
) -> Option<Outcomes> {
    let trial = Trial::new(network, subject, direction, group.first()?);
    let places = trial.places();
    let labels = trial.labels();
    let ways = labels.values().map(Vec::len).chain([places.len().max(1)]);
    let ways = ways.fold(1, usize::saturating_mul);
    if ways > MOST || ways.saturating_mul(trial.touching.len().max(1)) > MOST_TRIALS {
        return None;
    }
    let mut outcomes = Outcomes::default();
    for values in combinations(&labels) {
        if places.is_empty() {
            outcomes.all.insert(trial.outcome(&values, None));
            continue;
        }
        outcomes.all.extend(places.iter().map(|place| trial.outcome(&values, Some(*place))));
        outcomes.in_no_block.insert(trial.outcome(&values, None));
    }
    Some(outcomes)
}

/// Lists every choice of one value for each label.
fn combinations<'a>(labels: &BTreeMap<UnknownLabel<'a>, Vec<Option<&'a str>>>) -> Vec<Values<'a>> {
    labels.iter().fold(vec![Values::new()], |chosen, (label, values)| {
        let longer = |before: &Values<'a>| {
            let with = |value: &Option<&'a str>| {
                let mut chosen = before.clone();
                chosen.insert(*label, *value);
                chosen
            };
            values.iter().map(with).collect::<Vec<_>>()
        };
        chosen.iter().flat_map(longer).collect()
    })
}

/// A subject, and a class that stands for its group.
struct Trial<'a, 'b> {
    network: &'a Network<'b>,
    subject: SubjectId,
    direction: Direction,
    class: ClassId,
    /// The rules that match the class or may match it, and why that is not known of the subject.
    touching: Vec<(RuleId, Option<Doubt>)>,
}

impl<'a, 'b> Trial<'a, 'b> {
    fn new(network: &'a Network<'b>, subject: SubjectId, direction: Direction, class: ClassId) -> Self {
        let touches = |rule: RuleId| network.peers_of(rule).all().any(|own| own.contains(class));
        let rules = network.governing(subject, direction);
        let touching = rules.filter(|(rule, _)| touches(*rule)).collect();
        Self { network, subject, direction, class, touching }
    }

    /// Lists addresses where the class may turn out to be, as classes outside, one for each that rules tell
    /// apart; none where its address is known or does not matter.
    fn places(&self) -> Vec<ClassId> {
        let rules = || self.touching.iter().copied();
        if !rules().any(|(rule, _)| self.may_be_in_block(rule)) {
            return Vec::new();
        }
        let mut parts = vec![self.within_range(self.network.classes.outside_of(self.family()))];
        for (rule, _) in rules() {
            let inside = &self.network.peers_of(rule).must;
            let split = |part: &ClassSet| [part.intersection(inside), part.difference(inside)];
            parts = parts.iter().flat_map(split).filter(|part| !part.is_empty()).collect();
        }
        parts.iter().filter_map(ClassSet::first).collect()
    }

    /// Keeps the classes of addresses that a pod may have, where the range of pods is known.
    fn within_range(&self, outside: ClassSet) -> ClassSet {
        let family = self.network.classes.family(self.class);
        let range = family.and_then(|family| self.network.snapshot.ranges.of_pods(family));
        let Some(range) = range.filter(|_| self.network.subject_of(self.class).is_some()) else {
            return outside;
        };
        let classes = &self.network.classes;
        let meets = |class: &ClassId| {
            let atom = classes.classes.at(*class).atom.map(|atom| &classes.atoms.at(atom).ips);
            atom.is_some_and(|ips| !ips.intersection(&range).is_empty())
        };
        outside.iter().filter(meets).collect()
    }

    /// Returns the family of the address that it will have: where none of the cluster is known, it is taken to
    /// be of IPv4, unless a rule that may match it names blocks of IPv6.
    fn family(&self) -> Option<Family> {
        let known = self.network.classes.family(self.class);
        let is_v6 = |rule: RuleId| {
            let mut blocks = self.network.rule(rule).peers.blocks();
            blocks.any(|block| Family::of(block.cidr.addr()) == Family::V6)
        };
        let mut rules = self.touching.iter();
        match rules.any(|(rule, _)| self.may_be_in_block(*rule) && is_v6(*rule)) {
            true => known,
            false => known.or(Some(Family::V4)),
        }
    }

    fn may_be_in_block(&self, rule: RuleId) -> bool {
        let mut maybe = self.network.peers_of(rule).maybe.iter();
        maybe.any(|own| own.doubt == Doubt::Address && own.classes.contains(self.class))
    }

    /// Collects the labels that are not known, each with the values that it may have.
    fn labels(&self) -> BTreeMap<UnknownLabel<'a>, Vec<Option<&'a str>>> {
        let network = self.network;
        let mut asked: BTreeMap<UnknownLabel<'a>, BTreeSet<&'a str>> = BTreeMap::new();
        for (rule, doubt) in self.touching.iter().copied() {
            let row = network.rule(rule);
            if doubt.is_some() {
                self.ask(&row.subject, Whose::Subject, &mut asked);
            }
            let matched = network.peers_of(rule);
            if matched.maybe.iter().any(|own| own.classes.contains(self.class)) {
                row.peers.selections().for_each(|own| self.ask(own, Whose::Peer, &mut asked));
            }
        }
        for (isolation, doubt) in network.isolating(self.subject, self.direction) {
            if doubt.is_some() {
                self.ask(&network.isolation(isolation).subject, Whose::Subject, &mut asked);
            }
        }
        let values = |(label, values): (UnknownLabel<'a>, BTreeSet<&'a str>)| {
            let absent = self.may_be_absent(label).then_some(None);
            (label, values.into_iter().chain([OTHER]).map(Some).chain(absent).collect())
        };
        asked.into_iter().map(values).collect()
    }

    /// Adds the unknown labels that a selection asks for.
    fn ask(
        &self,
        selection: &'a Selection,
        whose: Whose,
        asked: &mut BTreeMap<UnknownLabel<'a>, BTreeSet<&'a str>>,
    ) {
        let mut add = |label: Option<UnknownLabel<'a>>, requirement: &'a Requirement| {
            let Some(label) = label else { return };
            let values = asked.entry(label).or_default();
            if let Test::In(own) | Test::NotIn(own) = &requirement.test {
                values.extend(own.iter().map(String::as_str));
            }
        };
        if let NamespaceSelection::Matching(selector) = &selection.namespaces {
            let labels = selector.requirements.iter();
            labels.for_each(|own| add(self.of_namespace(whose, &own.key), own));
        }
        selection.pods.requirements.iter().for_each(|own| add(self.of_pod(whose, &own.key), own));
    }

    fn who(&self, whose: Whose) -> Option<&'a Subject> {
        let subject = match whose {
            Whose::Subject => Some(self.subject),
            Whose::Peer => self.network.subject_of(self.class),
        };
        subject.map(|subject| self.network.classes.subjects.at(subject))
    }

    /// Returns a label of a namespace if it is not known.
    fn of_namespace(&self, whose: Whose, key: &'a str) -> Option<UnknownLabel<'a>> {
        let namespace = self.who(whose)?.namespace;
        let known = self.network.snapshot.namespaces.at(namespace).labels_known;
        let is_unknown = !known && key != NAMESPACE_NAME_LABEL;
        is_unknown.then_some(UnknownLabel::Namespace(namespace, key))
    }

    /// Returns a label of a pod if it is not known.
    fn of_pod(&self, whose: Whose, key: &'a str) -> Option<UnknownLabel<'a>> {
        let controller = self.who(whose)?.template?;
        let is_unknown = controller.adds(key) != LabelPresence::AsInTemplate;
        is_unknown.then_some(match whose {
            Whose::Subject => UnknownLabel::Subject(key),
            Whose::Peer => UnknownLabel::Peer(key),
        })
    }

    fn may_be_absent(&self, label: UnknownLabel<'_>) -> bool {
        let (whose, key) = match label {
            UnknownLabel::Namespace(..) => return true,
            UnknownLabel::Subject(key) => (Whose::Subject, key),
            UnknownLabel::Peer(key) => (Whose::Peer, key),
        };
        let controller = self.who(whose).and_then(|subject| subject.template);
        controller.is_none_or(|own| own.adds(key) != LabelPresence::Added)
    }

    /// Tells what turns out with these labels, at the address of a class outside.
    fn outcome(&self, values: &Values<'_>, place: Option<ClassId>) -> Outcome {
        let network = self.network;
        let selects = |selection: &Selection| self.selects(selection, Whose::Subject, values);
        let holds = |rule: RuleId, doubt: Option<Doubt>| {
            let row = network.rule(rule);
            (doubt.is_none() || selects(&row.subject)) && self.matches(rule, values, place)
        };
        let rules = self.touching.iter().copied();
        let isolations = network.isolating(self.subject, self.direction);
        let isolates = |isolation: IsolationId, doubt: Option<Doubt>| {
            doubt.is_none() || selects(&network.isolation(isolation).subject)
        };
        Outcome {
            rules: rules.filter(|(id, doubt)| holds(*id, *doubt)).map(|(id, _)| id).collect(),
            isolations: isolations
                .filter(|(id, doubt)| isolates(*id, *doubt))
                .map(|(id, _)| id)
                .collect(),
        }
    }

    /// Tells whether one of a rule's peers is the class.
    fn matches(&self, rule: RuleId, values: &Values<'_>, place: Option<ClassId>) -> bool {
        let peers = &self.network.rule(rule).peers;
        let matched = self.network.peers_of(rule);
        let in_block =
            || self.may_be_in_block(rule) && place.is_some_and(|place| matched.must.contains(place));
        matched.must.contains(self.class)
            || in_block()
            || peers.selections().any(|own| self.selects(own, Whose::Peer, values))
    }

    /// Tells whether a selection selects an end, with these labels.
    fn selects(&self, selection: &Selection, whose: Whose, values: &Values<'_>) -> bool {
        let Some(subject) = self.who(whose) else { return false };
        let snapshot = self.network.snapshot;
        let namespace = snapshot.namespaces.at(subject.namespace);
        let value = |unknown: Option<UnknownLabel<'_>>, own: &Labels, requirement: &Requirement| {
            let known = || {
                let key = snapshot.names.find(&requirement.key)?;
                labels::value_of(own, key).map(|value| snapshot.names.get(value).to_owned())
            };
            let chosen = unknown.and_then(|label| values.get(&label).copied());
            let value = chosen.map_or_else(known, |value| value.map(str::to_owned));
            requirement.matches(value.as_deref())
        };
        let own = snapshot.labels.get(namespace.labels);
        let in_namespace = match &selection.namespaces {
            NamespaceSelection::Named(name) => *name == namespace.name,
            NamespaceSelection::Matching(selector) => {
                let mut requirements = selector.requirements.iter();
                requirements.all(|one| value(self.of_namespace(whose, &one.key), own, one))
            }
        };
        let mut requirements = selection.pods.requirements.iter();
        in_namespace && requirements.all(|one| value(self.of_pod(whose, &one.key), &subject.labels, one))
    }
}
