//! How many sources a target has.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::connection::{Count, Totals};
use super::reach::{FoundSource, Sources, WhichSources};
use crate::answer::endpoint::EndpointKind;
use crate::answer::verdict::Verdict;
use crate::ends::units::UnitId;
use crate::exposure::ways;
use crate::model::ips::IpSet;

impl Sources<'_, '_> {
    /// Counts the sources.
    pub fn totals(&self, which: WhichSources) -> Totals {
        let mut counters = [Counter::default(), Counter::default()];
        let _ = self.each(which, &mut |found| {
            let unsure = found.connection.verdict == Verdict::Depends;
            if let Some(counter) = counters.get_mut(usize::from(unsure)) {
                counter.add(&found);
            }
            ControlFlow::Continue(())
        });
        let [certain, unsure] = counters;
        let [open, maybe] = ways::counts(self.ways(which));
        let depends = Count { exposures: maybe, ..unsure.without(&certain).count() };
        Totals { depends, allow: Count { exposures: open, ..certain.count() } }
    }
}

/// Counts sources once each.
#[derive(Default)]
struct Counter {
    workloads: BTreeMap<UnitId, String>,
    nodes: BTreeSet<UnitId>,
    outside: IpSet,
}

impl Counter {
    fn add(&mut self, found: &FoundSource<'_>) {
        let source = found.connection.source;
        match (&source.namespace, &source.kind) {
            (Some(namespace), _) => {
                self.workloads.insert(found.source.unit, namespace.clone());
            }
            (None, EndpointKind::Node) => drop(self.nodes.insert(found.source.unit)),
            (None, _) => self.outside = self.outside.union(&source.cidrs.iter().copied().collect()),
        }
    }

    fn without(mut self, other: &Self) -> Self {
        self.workloads.retain(|unit, _| !other.workloads.contains_key(unit));
        self.nodes.retain(|unit| !other.nodes.contains(unit));
        Self { outside: self.outside.difference(&other.outside), ..self }
    }

    fn count(&self) -> Count {
        Count {
            workloads: self.workloads.len(),
            namespaces: self.workloads.values().collect::<BTreeSet<_>>().len(),
            nodes: self.nodes.len(),
            blocks: self.outside.cidrs().len(),
            ..Count::default()
        }
    }
}
