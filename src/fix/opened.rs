//! Which connections a change of policies opens beside those that were asked for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::proposal::EndPair;
use crate::ends::end::{End, Who};
use crate::ends::units::{Level, Part, UnitId, Units};
use crate::engine::class::{ClassId, SubjectId};
use crate::engine::class_set::ClassSet;
use crate::engine::connection::compatible;
use crate::engine::network::Network;
use crate::engine::rows::Rows;
use crate::policy::{Direction, RuleId};

/// A network before and after rules were added to it.
pub(crate) struct NewlyOpened<'a, 'b> {
    units: Units,
    before: Rows<'a, 'b>,
    after: Rows<'a, 'b>,
}

impl<'a, 'b> NewlyOpened<'a, 'b> {
    /// Prepares the comparison; `after` has all rules of `before`.
    pub(crate) fn new(before: &'a Network<'b>, after: &'a Network<'b>) -> Self {
        let units = Units::build(after, Level::Workloads);
        Self { units, before: Rows::of(before), after: Rows::of(after) }
    }

    /// Counts the pairs of units that gain any port through some rules of the network after,
    /// without those between units that have members of both ends.
    pub(crate) fn count(&self, rules: &[RuleId], asked: &EndPair) -> usize {
        let network = self.after.network;
        let mut gaining: BTreeSet<(UnitId, UnitId)> = BTreeSet::new();
        for (source, destination) in rules.iter().flat_map(|rule| cells(network, *rule)) {
            let candidates = self.pairs(source, destination);
            if candidates.iter().any(|pair| !gaining.contains(pair)) && self.gains(source, destination) {
                gaining.extend(candidates);
            }
        }
        let (sources, destinations) = (self.asked(&asked.source), self.asked(&asked.destination));
        let is_other = |(source, destination): &&(UnitId, UnitId)| {
            !(sources.contains(source) && destinations.contains(destination))
        };
        gaining.iter().filter(is_other).count()
    }

    /// Lists the units that have members in two classes and can connect through them.
    fn pairs(&self, source: ClassId, destination: ClassId) -> Vec<(UnitId, UnitId)> {
        let units = |class| self.units.of_class.get(&class).into_iter().flatten().copied();
        let pairs = units(source).flat_map(|from| units(destination).map(move |to| (from, to)));
        pairs.filter(|(from, to)| from != to || self.has_two(*from, source, destination)).collect()
    }

    /// Tells whether two different pods of a unit are in two classes.
    fn has_two(&self, unit: UnitId, source: ClassId, destination: ClassId) -> bool {
        let parts =
            |class| self.units.units.at(unit).parts.iter().filter(move |part| part.class == class);
        let who = |part: &Part| part.members.iter().map(|(who, _)| *who).collect::<BTreeSet<Who>>();
        let all: BTreeSet<Who> = parts(source).chain(parts(destination)).flat_map(who).collect();
        all.len() > 1 || parts(source).any(|part| part.many)
    }

    /// Tells whether anything between two classes is open after and was not before.
    fn gains(&self, source: ClassId, destination: ClassId) -> bool {
        let (Some(from), Some(to)) = (self.before_of(source), self.before_of(destination)) else {
            return false;
        };
        let after = self.after.connection(source, destination).unwrap_or_default();
        let before = self.before.connection(from, to).unwrap_or_default();
        !after.allowed.is_subset(&before.allowed) || !after.possible().is_subset(&before.possible())
    }

    /// Returns the class that the members of a class were in.
    ///
    /// More rules only ever tell more apart, so it is one.
    fn before_of(&self, class: ClassId) -> Option<ClassId> {
        let before = self.before.network;
        let after = self.after.network;
        let unit = self.units.units.at(*self.units.of_class.get(&class)?.first()?);
        let part = unit.parts.iter().find(|part| part.class == class)?;
        let outside = |ip: IpAddr| before.classes.outside(ip);
        match part.members.first()? {
            (Who::Pod(pod), ip) => {
                let is_same = |(own, at): &(ClassId, Option<IpAddr>)| {
                    at == ip && before.classes.family(*own) == after.classes.family(class)
                };
                before.addresses_of(*pod).find(is_same).map(|(own, _)| own)
            }
            (Who::Node(_), ip) => outside((*ip)?),
            (Who::Outside, _) => {
                let atom = after.classes.atoms.at(after.classes.classes.at(class).atom?);
                outside(atom.ips.ranges().next()?.0)
            }
        }
    }

    /// Lists the units of an end; of addresses that were asked for, all that have one of them.
    fn asked(&self, end: &End) -> BTreeSet<UnitId> {
        let by_address = end.endpoint.kind.is_addresses();
        let is_asked = |part: &Part| {
            let governed = self.after.network.subject_of(part.class).is_some();
            part.members.iter().any(|(who, ip)| {
                end.members.iter().any(|member| {
                    let shares = by_address && ip.is_some_and(|ip| member.ips.contains(ip));
                    member.who == *who || (!governed && shares)
                })
            })
        };
        let units = self.units.units.iter();
        units.filter(|(_, unit)| unit.parts.iter().any(is_asked)).map(|(id, _)| id).collect()
    }
}

/// Lists the pairs of classes, source first, of which a rule may match connections.
fn cells(network: &Network<'_>, rule: RuleId) -> Vec<(ClassId, ClassId)> {
    let direction = network.rule(rule).direction;
    let governs = |subject: SubjectId| {
        network.governing(subject, direction).any(|(governing, _)| governing == rule)
    };
    let subjects: BTreeSet<SubjectId> =
        network.classes.subjects.ids().filter(|subject| governs(*subject)).collect();
    let own = network.classes.classes.iter().filter_map(|(id, class)| {
        class.subject.filter(|subject| subjects.contains(subject)).map(|_| id)
    });
    let matched = network.peers_of(rule);
    let peers = matched.all().fold(ClassSet::default(), |all, set| all.union(set));
    let pairs =
        own.flat_map(|subject| peers.iter().map(move |peer| (subject, peer)).collect::<Vec<_>>());
    let ordered = pairs.map(|(subject, peer)| match direction {
        Direction::Egress => (subject, peer),
        Direction::Ingress => (peer, subject),
    });
    ordered.filter(|(source, destination)| compatible(network, *source, *destination)).collect()
}
