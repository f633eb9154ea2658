//! The ports to which a Service leads, where members that no policy can tell apart differ in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::end::{End, Who};
use super::service;
use super::target::PortQuery;
use super::units::{Part, UnitId};
use crate::engine::class::ClassId;
use crate::engine::network::Network;
use crate::model::ports::PortSet;

/// The ports of the backends of a Service: distinct sets, by number.
pub(crate) struct ServicePorts {
    sets: Vec<PortSet>,
    of_member: HashMap<(Who, ClassId), usize>,
    of_class: HashMap<ClassId, BTreeSet<usize>>,
}

impl ServicePorts {
    /// Collects the asked ports of an end; nothing where it is no Service.
    pub(crate) fn of(network: &Network<'_>, end: &End, port: Option<&PortQuery>) -> Option<Self> {
        end.service?;
        let mut ports: HashMap<(Who, ClassId), PortSet> = HashMap::new();
        for member in &end.members {
            let own = service::asked(network, end, member, port);
            let all = ports.entry((member.who, member.class)).or_default();
            *all = all.union(&own);
        }
        let sets: BTreeSet<PortSet> = ports.values().cloned().collect();
        let mut found = Self {
            sets: sets.into_iter().collect(),
            of_member: HashMap::new(),
            of_class: HashMap::new(),
        };
        for (member, own) in ports {
            if let Ok(number) = found.sets.binary_search(&own) {
                found.of_class.entry(member.1).or_default().insert(number);
                found.of_member.insert(member, number);
            }
        }
        Some(found)
    }

    /// Lists the sets of the members of a class.
    pub(crate) fn of_class(&self, class: ClassId) -> impl Iterator<Item = (usize, &PortSet)> {
        let own = self.of_class.get(&class).into_iter().flatten();
        own.filter_map(|number| Some((*number, self.sets.get(*number)?)))
    }

    /// Returns the number of the set of a part whose members have the same; one that no set has
    /// where it is not behind the Service.
    pub(crate) fn number(&self, part: &Part) -> usize {
        let first = part.members.first();
        let number = first.and_then(|(who, _)| self.of_member.get(&(*who, part.class)));
        number.copied().unwrap_or(self.sets.len())
    }

    /// Divides parts into such whose members have the same ports.
    pub(crate) fn divide(&self, parts: HashMap<UnitId, Vec<Part>>) -> HashMap<UnitId, Vec<Part>> {
        let divided = |part: Part| {
            let mut by_number: BTreeMap<Option<usize>, Vec<_>> = BTreeMap::new();
            for member in &part.members {
                let number = self.of_member.get(&(member.0, part.class)).copied();
                by_number.entry(number).or_default().push(*member);
            }
            by_number.into_values().map(move |members| Part { members, ..part.clone() })
        };
        let all = parts.into_iter();
        all.map(|(unit, parts)| (unit, parts.into_iter().flat_map(divided).collect())).collect()
    }
}
