//! The sources of a target for people: those that go together in one line.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::connection::{Connection, Opened};
use super::reach::{FoundSource, Sources, WhichSources};
use crate::answer::verdict::Verdict;
use crate::ends::namer::Namer;
use crate::ends::place::LinePlace;
use crate::ends::units::UnitId;
use crate::explain::explanation::PortMapping;

/// Sources that may open the same for the same reason.
#[derive(Clone, Debug)]
pub struct SourceLine {
    /// The sources.
    pub sources: Vec<Rc<LinePlace>>,
    /// The part of the target; nothing where it is all of it.
    pub destination: Option<Rc<LinePlace>>,
    /// The ports.
    pub ports: Vec<String>,
    /// Where the ports of the Service lead, where the target is one.
    pub service_ports: Vec<PortMapping>,
    /// `allow`, or `depends` for ports that may be open.
    pub verdict: Verdict,
    /// What lets them in, where that was asked for.
    pub opened: Option<[Opened; 2]>,
    /// The namespace of which only the target itself is not among them.
    pub besides: Option<String>,
}

impl Sources<'_, '_> {
    /// Groups the sources: whole namespaces stand for their workloads.
    pub fn lines(&self, which: WhichSources) -> Vec<SourceLine> {
        let mut keys: HashMap<LineKey, usize> = HashMap::new();
        let mut groups: Vec<LineGroup> = Vec::new();
        let _ = self.each(which, &mut |found| {
            let key = LineKey::of(&found);
            let number = *keys.entry(key).or_insert(groups.len());
            if number == groups.len() {
                groups.push(LineGroup::default());
            }
            let alone = found.destination.whole().filter(|unit| self.list.units.is_alone(*unit));
            if let Some(group) = groups.get_mut(number) {
                group.take(&found, alone);
            }
            ControlFlow::Continue(())
        });
        let namer = self.list.namer();
        let mut keys: Vec<(usize, LineKey)> =
            keys.into_iter().map(|(key, number)| (number, key)).collect();
        keys.sort_unstable_by_key(|(number, key)| (key.verdict == Verdict::Depends, *number));
        let lines = keys.into_iter().filter_map(|(number, key)| Some((key, groups.get(number)?)));
        let namespace = |unit| self.list.units.units.at(unit).endpoint.namespace.clone();
        lines
            .map(|(key, group)| SourceLine {
                sources: group.sources(&namer),
                besides: group.alone.and_then(namespace),
                destination: key.destination.map(Rc::new),
                ports: key.ports,
                service_ports: key.service_ports,
                verdict: key.verdict,
                opened: key.opened,
            })
            .collect()
    }
}

/// What sources have in common that stand in one line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LineKey {
    destination: Option<LinePlace>,
    ports: Vec<String>,
    service_ports: Vec<PortMapping>,
    verdict: Verdict,
    opened: Option<[Opened; 2]>,
}

impl LineKey {
    fn of(found: &FoundSource<'_>) -> Self {
        let Connection { destination, ports, verdict, .. } = found.connection;
        let place = || match found.destination.whole() {
            Some(_) => LinePlace::unit(destination),
            None => LinePlace::Part(destination.clone()),
        };
        Self {
            destination: (!found.is_whole_target).then(place),
            ports: ports.to_vec(),
            service_ports: found.service_ports.clone(),
            verdict,
            opened: found.opened.clone(),
        }
    }
}

/// The sources of one line.
#[derive(Default)]
struct LineGroup {
    units: BTreeSet<UnitId>,
    parts: Vec<Rc<LinePlace>>,
    /// A destination that is one pod, and so cannot be missing among the sources.
    alone: Option<UnitId>,
}

impl LineGroup {
    fn take(&mut self, found: &FoundSource<'_>, alone: Option<UnitId>) {
        self.alone = alone;
        match found.source.whole() {
            Some(unit) => drop(self.units.insert(unit)),
            None => self.parts.push(Rc::new(LinePlace::Part(found.connection.source.clone()))),
        }
    }

    fn sources(&self, namer: &Namer) -> Vec<Rc<LinePlace>> {
        let mut sources = namer.name(&self.units, self.alone);
        sources.extend(self.parts.iter().map(Rc::clone));
        sources
    }
}
