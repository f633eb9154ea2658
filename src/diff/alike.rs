//! Which ends certainly may do the same on both sides of a diff: those of equal rules.
//!
//! Nearly everything is alike where one policy changes, and rules are far fewer than connections.

use std::cell::RefCell;
use std::collections::HashMap;

use super::joint::{JointEnds, JointId};
use super::sides::Sides;
use crate::engine::class::SubjectId;
use crate::engine::class_set::ClassSet;
use crate::engine::decide::Doubt;
use crate::engine::network::{Match, Network};
use crate::model::endpoint::NamedPortsId;
use crate::model::selector::Selector;
use crate::policy::{Direction, PolicySource, Rule, RuleId, Tier};

/// Compares what governs the ends of both sides.
pub(crate) struct Alike<'a, 'b> {
    networks: Sides<&'a Network<'b>>,
    ends: &'a JointEnds,
    /// Whether no pod's named ports changed.
    ports: bool,
    rows: RefCell<HashMap<(Sides<SubjectId>, Direction), bool>>,
    peers: RefCell<HashMap<Sides<*const Match>, bool>>,
}

impl<'a, 'b> Alike<'a, 'b> {
    pub(crate) fn new(networks: Sides<&'a Network<'b>>, ends: &'a JointEnds) -> Self {
        let (rows, peers) = (RefCell::default(), RefCell::default());
        let mut alike = Self { networks, ends, ports: true, rows, peers };
        alike.ports = ends.joints.ids().all(|joint| match alike.subjects(joint) {
            Some(Sides { before: Some(before), after: Some(after) }) => {
                alike.same_ports(Sides { before, after })
            }
            _ => true,
        });
        alike
    }

    /// Tells whether an end is on both sides and its row in a direction certainly is the same; if
    /// not, it may still be.
    pub(crate) fn row(&self, joint: JointId, direction: Direction) -> bool {
        match self.subjects(joint) {
            Some(Sides { before: None, after: None }) => {
                self.networks.map(|network| network.rules.unread_pods).agree()
            }
            Some(Sides { before: Some(before), after: Some(after) }) => {
                self.rows_of(Sides { before, after }, direction)
            }
            _ => false,
        }
    }

    /// Returns the subjects of an end that is on both sides.
    fn subjects(&self, joint: JointId) -> Option<Sides<Option<SubjectId>>> {
        let classes = self.ends.joints.at(joint).complete()?;
        Some(self.networks.zip(classes).map(|(network, class)| network.subject_of(class)))
    }

    fn rows_of(&self, subjects: Sides<SubjectId>, direction: Direction) -> bool {
        let known = self.rows.borrow().get(&(subjects, direction)).copied();
        known.unwrap_or_else(|| {
            let same = self.compare(subjects, direction);
            self.rows.borrow_mut().insert((subjects, direction), same);
            same
        })
    }

    fn compare(&self, subjects: Sides<SubjectId>, direction: Direction) -> bool {
        let governs = self.networks.zip(subjects);
        governs.map(|(network, subject)| network.is_unjudged(subject)).agree()
            && governs.map(|(network, subject)| isolated(network, subject, direction)).agree()
            && self.same_rules(subjects, direction)
    }

    fn same_rules(&self, subjects: Sides<SubjectId>, direction: Direction) -> bool {
        let rules = self.networks.zip(subjects).map(|(network, subject)| {
            let (ids, doubts): (Vec<RuleId>, Vec<Option<Doubt>>) =
                network.governing(subject, direction).unzip();
            (ids, doubts)
        });
        let ids = || rules.before.0.iter().zip(&rules.after.0);
        let subjects_of = |ids: Sides<RuleId>| {
            self.networks.zip(ids).map(|(network, id)| &network.rule(id).subject.pods).agree()
        };
        let mut doubted = ids().zip(&rules.before.1).filter(|(_, doubt)| doubt.is_some());
        rules.each().map(|(_, doubts)| doubts).agree()
            && doubted.all(|((before, after), _)| subjects_of(Sides { before: *before, after: *after }))
            && ids().all(|(before, after)| {
                self.same_rule(Sides { before: *before, after: *after }, subjects)
            })
    }

    fn same_rule(&self, ids: Sides<RuleId>, subjects: Sides<SubjectId>) -> bool {
        let rules = self.networks.zip(ids).map(|(network, id)| network.rule(id));
        let asked = |rule: &'a Rule| (rule.tier, rule.action, &rule.ports, &rule.source.policy);
        let has_names = rules.before.ports.names().next().is_some();
        let same_ports = || match rules.before.direction {
            Direction::Ingress => self.same_ports(subjects),
            Direction::Egress => self.ports,
        };
        // What turns out hangs on what they say, not only on whom they match.
        let is_sure = self.networks.zip(ids).map(|(network, id)| network.peers_of(id).maybe.is_empty());
        let says_same = || rules.before.peers.says_same(&rules.after.peers);
        rules.map(asked).agree()
            && (!has_names || same_ports())
            && self.same_peers(ids)
            && (is_sure == Sides { before: true, after: true } || says_same())
    }

    /// Tells whether rules match the same of all ends that both sides have.
    fn same_peers(&self, ids: Sides<RuleId>) -> bool {
        let peers = self.networks.zip(ids).map(|(network, id)| network.peers_of(id));
        // Rules with the same peers share what they match.
        let key = peers.map(std::ptr::from_ref);
        let known = self.peers.borrow().get(&key).copied();
        known.unwrap_or_else(|| {
            let same = peers.zip(self.ends.of_class.each()).map(|(peers, joints)| {
                let joints = |set: &ClassSet| -> Vec<JointId> {
                    let all = set.iter().flat_map(|class| joints.at(class)).copied();
                    let mut both: Vec<_> =
                        all.filter(|id| self.ends.joints.at(*id).complete().is_some()).collect();
                    both.sort_unstable();
                    both
                };
                let maybe = peers.maybe.iter().map(|own| (own.doubt, joints(&own.classes)));
                (joints(&peers.must), maybe.collect::<Vec<_>>())
            });
            let same = same.agree();
            self.peers.borrow_mut().insert(key, same);
            same
        })
    }

    /// Tells whether subjects have the same named ports.
    fn same_ports(&self, subjects: Sides<SubjectId>) -> bool {
        let ports = self.networks.zip(subjects);
        ports.map(|(network, id)| named(network, network.classes.subjects.at(id).ports)).agree()
    }
}

/// Lists named ports with their names, which are numbered differently on both sides.
fn named<'a>(
    network: &'a Network<'_>,
    ports: NamedPortsId,
) -> Vec<(&'a str, crate::model::ports::Protocol, u16)> {
    let snapshot = network.snapshot;
    let named = snapshot.ports.get(ports).iter();
    let mut named: Vec<_> =
        named.map(|port| (snapshot.names.get(port.name), port.protocol, port.port)).collect();
    named.sort_unstable();
    named
}

/// What isolates a subject: which tiers do for certain, and which policies may.
type Isolated<'a> = (Vec<Tier>, Vec<(Tier, Doubt, &'a PolicySource, &'a Selector)>);

fn isolated<'a>(network: &'a Network<'_>, subject: SubjectId, direction: Direction) -> Isolated<'a> {
    let mut isolated = Isolated::default();
    for (id, doubt) in network.isolating(subject, direction) {
        let isolation = network.isolation(id);
        match doubt {
            Some(doubt) => {
                let (policy, selector) = (&*isolation.source.policy, &isolation.subject.pods);
                isolated.1.push((isolation.tier, doubt, policy, selector));
            }
            None if isolated.0.contains(&isolation.tier) => {}
            None => isolated.0.push(isolation.tier),
        }
    }
    isolated
}
