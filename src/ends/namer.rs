//! Names of places, each kept once.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::answer::endpoint::Endpoint;
use crate::ends::place::LinePlace;
use crate::ends::units::Unit;
use crate::model::arena::{Arena, Id};

/// Names sets of units: what policies can govern of a namespace goes together.
pub(crate) struct Namer<K = Unit> {
    /// The names of the units.
    places: Arena<K, Rc<LinePlace>>,
    governed: Arena<K, bool>,
    /// How many units of each namespace policies can govern; none is left out.
    counts: BTreeMap<String, usize>,
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
            places: units.map(|unit| Rc::new(LinePlace::unit(told(unit).0))),
            governed: units.map(|unit| is_pods(told(unit))),
            counts,
        }
    }

    /// Names units: whole namespaces by their name, the rest one by one. `also` counts as there.
    pub(crate) fn name(&self, units: &BTreeSet<Id<K>>, also: Option<Id<K>>) -> Vec<Rc<LinePlace>> {
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
            named.push(Rc::new(LinePlace::everything(all)));
        } else {
            let is_whole = |name: &str, count: usize| {
                count >= SMALLEST_GROUP && self.counts.get(name) == Some(&count)
            };
            here.retain(|name, count| is_whole(name, *count));
            named.extend(here.iter().map(|(name, count)| Rc::new(LinePlace::all_of(name, *count))));
            let single =
                |place: &&Rc<LinePlace>| place.namespace().is_none_or(|name| !here.contains_key(name));
            named.extend(pods.iter().map(|unit| self.places.at(*unit)).filter(single).map(Rc::clone));
        }
        named.extend(others.iter().map(|unit| Rc::clone(self.places.at(*unit))));
        named
    }
}

/// A namespace with fewer ends is clearer when they are named.
pub(crate) const SMALLEST_GROUP: usize = 3;
