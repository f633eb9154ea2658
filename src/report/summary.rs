//! A list for people: sources and destinations that go together in one line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::list::{List, Listed};
use super::naming::name_of;
use super::schema::{Endpoint, Verdict};
use super::units::UnitId;

/// One line of a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The sources.
    pub source: String,
    /// The destinations.
    pub destination: String,
    /// The ports.
    pub ports: Vec<String>,
    /// `allow`, or `depends` for ports that may be open.
    pub verdict: Verdict,
}

/// A namespace with fewer ends is clearer when they are named.
const SMALLEST_GROUP: usize = 3;

/// Where a line leads: the destination, the ports, whether that is not certain.
type Leads = BTreeSet<(Place, Vec<String>, bool)>;

/// One end of a line, in the order of lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Whole units, merged and named.
    Named(String),
    /// Some pods or addresses of a unit, or addresses outside.
    Part(Endpoint),
}

impl Place {
    fn title(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Part(endpoint) => title(endpoint),
        }
    }
}

/// Summarises all connections of a list: whole namespaces stand for their ends.
pub fn lines(list: &List<'_, '_>) -> Vec<Line> {
    let namespaces = Namespaces::of(list);
    let mut summary = Summary { namespaces: &namespaces, list, rows: Vec::new(), open: None };
    let _ = list.each(&mut |listed| {
        summary.take(listed);
        ControlFlow::Continue(())
    });
    summary.finish()
}

/// The units that policies can govern, by namespace.
struct Namespaces {
    units: BTreeMap<String, BTreeSet<UnitId>>,
}

impl Namespaces {
    fn of(list: &List<'_, '_>) -> Self {
        let mut units: BTreeMap<String, BTreeSet<UnitId>> = BTreeMap::new();
        for (id, unit) in list.units.units.iter().filter(|(_, unit)| unit.governed) {
            if let Some(namespace) = &unit.endpoint.namespace {
                units.entry(namespace.clone()).or_default().insert(id);
            }
        }
        Self { units }
    }

    /// Names units: whole namespaces by their name, the rest one by one. `also` counts as there.
    fn merge(&self, list: &List<'_, '_>, units: &BTreeSet<UnitId>, also: Option<UnitId>) -> Vec<String> {
        let here = |unit: &UnitId| units.contains(unit) || also == Some(*unit);
        let whole = |own: &BTreeSet<UnitId>| own.len() >= SMALLEST_GROUP && own.iter().all(here);
        let complete = |own: &BTreeSet<UnitId>| own.iter().all(here);
        let count: usize = self.units.values().map(BTreeSet::len).sum();
        let governed = |unit: &UnitId| self.units.values().any(|own| own.contains(unit));
        let (pods, others): (Vec<UnitId>, Vec<UnitId>) = units.iter().partition(|unit| governed(unit));
        let mut names = Vec::new();
        if self.units.len() > 1 && count >= SMALLEST_GROUP && self.units.values().all(complete) {
            names.push("all pods".to_owned());
        } else {
            let merged: BTreeSet<&String> =
                self.units.iter().filter(|(_, own)| whole(own)).map(|(name, _)| name).collect();
            names.extend(merged.iter().map(|name| format!("all pods of ns/{name}")));
            let endpoint = |unit: &UnitId| &list.units.units.at(*unit).endpoint;
            let single = |unit: &&UnitId| {
                endpoint(unit).namespace.as_ref().is_none_or(|name| !merged.contains(name))
            };
            names.extend(pods.iter().filter(single).map(|unit| name_of(endpoint(unit))));
        }
        names.extend(others.iter().map(|unit| name_of(&list.units.units.at(*unit).endpoint)));
        names
    }
}

struct Summary<'a, 'b, 'c> {
    namespaces: &'a Namespaces,
    list: &'a List<'b, 'c>,
    rows: Vec<(Result<UnitId, Endpoint>, Leads)>,
    open: Option<Source>,
}

/// A source whose destinations are still being told.
struct Source {
    name: Result<UnitId, Endpoint>,
    units: BTreeMap<(Vec<String>, bool), BTreeSet<UnitId>>,
    leads: Leads,
}

impl Summary<'_, '_, '_> {
    fn take(&mut self, listed: Listed<'_>) {
        let name = listed.units.0.ok_or_else(|| listed.source.clone());
        if self.open.as_ref().is_none_or(|open| open.name != name) {
            self.close();
            self.open = Some(Source { name, units: BTreeMap::new(), leads: Leads::new() });
        }
        let Some(open) = &mut self.open else { return };
        let unsure = listed.verdict == Verdict::Depends;
        match listed.units.1 {
            Some(unit) => {
                open.units.entry((listed.ports.to_vec(), unsure)).or_default().insert(unit);
            }
            None => {
                let part = Place::Part(listed.destination.clone());
                open.leads.insert((part, listed.ports.to_vec(), unsure));
            }
        }
    }

    fn close(&mut self) {
        let Some(mut source) = self.open.take() else { return };
        for ((ports, unsure), units) in source.units {
            // Only one pod alone has no connection to itself that could be missing.
            let own = source.name.as_ref().ok().copied().filter(|unit| self.list.units.is_alone(*unit));
            let names = self.namespaces.merge(self.list, &units, own);
            source
                .leads
                .extend(names.into_iter().map(|name| (Place::Named(name), ports.clone(), unsure)));
        }
        self.rows.push((source.name, source.leads));
    }

    /// Joins the sources that lead to the same places.
    fn finish(mut self) -> Vec<Line> {
        self.close();
        let mut order: Vec<Leads> = Vec::new();
        let mut sources: BTreeMap<Leads, (BTreeSet<UnitId>, Vec<String>)> = BTreeMap::new();
        for (name, leads) in std::mem::take(&mut self.rows) {
            if !sources.contains_key(&leads) {
                order.push(leads.clone());
            }
            let row = sources.entry(leads).or_default();
            match name {
                Ok(unit) => drop(row.0.insert(unit)),
                Err(part) => row.1.push(title(&part)),
            }
        }
        let mut lines = Vec::new();
        for leads in order {
            let Some((units, named)) = sources.remove(&leads) else { continue };
            let merged = self.namespaces.merge(self.list, &units, None);
            for source in merged.into_iter().chain(named) {
                lines.extend(leads.iter().map(|(destination, ports, unsure)| Line {
                    source: source.clone(),
                    destination: destination.title(),
                    ports: ports.clone(),
                    verdict: if *unsure { Verdict::Depends } else { Verdict::Allow },
                }));
            }
        }
        lines
    }
}

/// Names an endpoint, with the pods or addresses that are meant where not all are.
pub fn title(endpoint: &Endpoint) -> String {
    const SHOWN: usize = 3;
    let name = name_of(endpoint);
    let ips = endpoint.ips.iter().map(ToString::to_string);
    let all: Vec<String> = endpoint.pods.iter().cloned().chain(ips).collect();
    if all.is_empty() {
        return name;
    }
    let shown = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match all.len().checked_sub(SHOWN).filter(|rest| *rest > 0) {
        None => format!("{name} ({shown})"),
        Some(rest) => format!("{name} ({shown} and {rest} more)"),
    }
}
