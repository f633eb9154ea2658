//! A list for people: sources and destinations that go together in one line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::schema::{Endpoint, Verdict};
use crate::ends::naming::name_of;
use crate::ends::units::{Unit, UnitId};
use crate::model::arena::{Arena, Id};
use crate::report::list::{List, Listed};

/// One line of a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The sources.
    pub source: Rc<Place>,
    /// The destinations.
    pub destination: Rc<Place>,
    /// The ports.
    pub ports: Vec<String>,
    /// `allow`, or `depends` for ports that may be open.
    pub verdict: Verdict,
}

/// A namespace with fewer ends is clearer when they are named.
const SMALLEST_GROUP: usize = 3;

/// Where a line leads: the destination, the ports, whether that is not certain.
type Leads = BTreeSet<(Rc<Place>, Vec<String>, bool)>;

/// One end of a line, in the order of lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A whole unit, or all that policies can govern of one namespace or of all.
    Whole {
        /// What a user would write, or `all pods of ns/shop`, or `all pods`.
        title: String,
        /// What it stands for.
        extent: Extent,
    },
    /// Some pods or addresses of a unit, or addresses outside.
    Part(Endpoint),
}

/// What a place stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Extent {
    /// A unit, in its namespace if it has one.
    Unit(Option<String>),
    /// All of one namespace.
    Namespace {
        /// The namespace.
        name: String,
        /// How many units that is.
        units: usize,
    },
    /// All of every namespace.
    Everything {
        /// How many units that is.
        units: usize,
    },
}

impl Place {
    /// Names a whole unit.
    pub fn unit(endpoint: &Endpoint) -> Self {
        let extent = Extent::Unit(endpoint.namespace.clone());
        Self::Whole { title: name_of(endpoint), extent }
    }

    fn all_of(namespace: &str, units: usize) -> Self {
        let title = format!("all pods of ns/{namespace}");
        Self::Whole { title, extent: Extent::Namespace { name: namespace.to_owned(), units } }
    }

    fn everything(units: usize) -> Self {
        Self::Whole { title: "all pods".to_owned(), extent: Extent::Everything { units } }
    }

    /// Names the place as text does.
    pub fn title(&self) -> String {
        match self {
            Self::Whole { title, .. } => title.clone(),
            Self::Part(endpoint) => title(endpoint),
        }
    }

    /// Returns the namespace that the place lies in.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Whole { extent: Extent::Unit(namespace), .. } => namespace.as_deref(),
            Self::Whole { extent: Extent::Namespace { name, .. }, .. } => Some(name),
            Self::Whole { extent: Extent::Everything { .. }, .. } => None,
            Self::Part(endpoint) => endpoint.namespace.as_deref(),
        }
    }
}

/// Summarises all connections of a list: whole namespaces stand for their ends.
pub fn lines(list: &List<'_, '_>) -> Vec<Line> {
    let mut summary = Summary { namer: &Namer::of(list), list, rows: Vec::new(), open: None };
    let _ = list.each(&mut |listed| {
        summary.take(listed);
        ControlFlow::Continue(())
    });
    summary.finish()
}

/// Names sets of units: what policies can govern of a namespace goes together.
pub(crate) struct Namer<K = Unit> {
    /// The names of the units.
    places: Arena<K, Rc<Place>>,
    governed: Arena<K, bool>,
    /// How many units of each namespace policies can govern; none is left out.
    counts: BTreeMap<String, usize>,
}

impl Namer {
    pub(crate) fn of(list: &List<'_, '_>) -> Self {
        Self::new(&list.units.units, |unit| (&unit.endpoint, unit.governed), list.governed_units())
    }
}

impl<K> Namer<K> {
    /// Takes the units, each with what it is and whether policies can govern it.
    pub(crate) fn new(
        units: &Arena<K>,
        told: impl Fn(&K) -> (&Endpoint, bool),
        counts: BTreeMap<String, usize>,
    ) -> Self {
        let is_pods = |(endpoint, governed): (&Endpoint, bool)| governed && endpoint.namespace.is_some();
        Self {
            places: units.map(|unit| Rc::new(Place::unit(told(unit).0))),
            governed: units.map(|unit| is_pods(told(unit))),
            counts,
        }
    }

    /// Names units: whole namespaces by their name, the rest one by one. `also` counts as there.
    pub(crate) fn name(&self, units: &BTreeSet<Id<K>>, also: Option<Id<K>>) -> Vec<Rc<Place>> {
        let also = also.filter(|unit| !units.contains(unit));
        let (pods, others): (Vec<Id<K>>, Vec<Id<K>>) =
            units.iter().partition(|unit| *self.governed.at(**unit));
        let mut here: BTreeMap<&str, usize> = BTreeMap::new();
        for unit in pods.iter().chain(&also).filter(|unit| *self.governed.at(**unit)) {
            *here.entry(self.places.at(*unit).namespace().unwrap_or_default()).or_default() += 1;
        }
        let all: usize = self.counts.values().sum();
        let mut named = Vec::new();
        if self.counts.len() > 1 && all >= SMALLEST_GROUP && here.values().sum::<usize>() == all {
            named.push(Rc::new(Place::everything(all)));
        } else {
            let is_whole = |name: &str, count: usize| {
                count >= SMALLEST_GROUP && self.counts.get(name) == Some(&count)
            };
            here.retain(|name, count| is_whole(name, *count));
            named.extend(here.iter().map(|(name, count)| Rc::new(Place::all_of(name, *count))));
            let single =
                |place: &&Rc<Place>| place.namespace().is_none_or(|name| !here.contains_key(name));
            named.extend(pods.iter().map(|unit| self.places.at(*unit)).filter(single).map(Rc::clone));
        }
        named.extend(others.iter().map(|unit| Rc::clone(self.places.at(*unit))));
        named
    }
}

struct Summary<'a, 'b, 'c> {
    namer: &'a Namer,
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
                let part = Rc::new(Place::Part(listed.destination.clone()));
                open.leads.insert((part, listed.ports.to_vec(), unsure));
            }
        }
    }

    fn close(&mut self) {
        let Some(mut source) = self.open.take() else { return };
        for ((ports, unsure), units) in source.units {
            // Only one pod alone has no connection to itself that could be missing.
            let own = source.name.as_ref().ok().copied().filter(|unit| self.list.units.is_alone(*unit));
            let places = self.namer.name(&units, own);
            source.leads.extend(places.into_iter().map(|place| (place, ports.clone(), unsure)));
        }
        self.rows.push((source.name, source.leads));
    }

    /// Joins the sources that lead to the same places.
    fn finish(mut self) -> Vec<Line> {
        self.close();
        let mut order: Vec<Leads> = Vec::new();
        let mut sources: BTreeMap<Leads, (BTreeSet<UnitId>, Vec<Rc<Place>>)> = BTreeMap::new();
        for (name, leads) in std::mem::take(&mut self.rows) {
            if !sources.contains_key(&leads) {
                order.push(leads.clone());
            }
            let row = sources.entry(leads).or_default();
            match name {
                Ok(unit) => drop(row.0.insert(unit)),
                Err(part) => row.1.push(Rc::new(Place::Part(part))),
            }
        }
        let mut lines = Vec::new();
        for leads in order {
            let Some((units, named)) = sources.remove(&leads) else { continue };
            let merged = self.namer.name(&units, None);
            for source in merged.into_iter().chain(named) {
                lines.extend(leads.iter().map(|(destination, ports, unsure)| Line {
                    source: Rc::clone(&source),
                    destination: Rc::clone(destination),
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
