//! A list for people: sources and destinations that go together in one line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use crate::answer::endpoint::Endpoint;
use crate::answer::verdict::Verdict;
use crate::ends::namer::Namer;
use crate::ends::place::LinePlace;
use crate::ends::units::UnitId;
use crate::report::list::{List, Listed};

/// One line of a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryLine {
    /// The sources.
    pub source: Rc<LinePlace>,
    /// The destinations.
    pub destination: Rc<LinePlace>,
    /// The ports.
    pub ports: Vec<String>,
    /// `allow`, or `depends` for ports that may be open.
    pub verdict: Verdict,
}

/// Where a line leads: the destination, the ports, whether that is not certain.
type LineLeads = BTreeSet<(Rc<LinePlace>, Vec<String>, bool)>;

/// Summarises all connections of a list: whole namespaces stand for their ends.
pub fn lines(list: &List<'_, '_>) -> Vec<SummaryLine> {
    let mut summary = Summary { namer: &list.namer(), list, rows: Vec::new(), open: None };
    let _ = list.each(&mut |listed| {
        summary.take(listed);
        ControlFlow::Continue(())
    });
    summary.finish()
}

struct Summary<'a, 'b, 'c> {
    namer: &'a Namer,
    list: &'a List<'b, 'c>,
    rows: Vec<(Result<UnitId, Endpoint>, LineLeads)>,
    open: Option<PendingSource>,
}

/// A source whose destinations are still being told.
struct PendingSource {
    name: Result<UnitId, Endpoint>,
    units: BTreeMap<(Vec<String>, bool), BTreeSet<UnitId>>,
    leads: LineLeads,
}

impl Summary<'_, '_, '_> {
    fn take(&mut self, listed: Listed<'_>) {
        let name = listed.from.whole().ok_or_else(|| listed.source.clone());
        if self.open.as_ref().is_none_or(|open| open.name != name) {
            self.close();
            self.open = Some(PendingSource { name, units: BTreeMap::new(), leads: LineLeads::new() });
        }
        let Some(open) = &mut self.open else { return };
        let unsure = listed.verdict == Verdict::Depends;
        match listed.to.whole() {
            Some(unit) => {
                open.units.entry((listed.ports.to_vec(), unsure)).or_default().insert(unit);
            }
            None => {
                let part = Rc::new(LinePlace::Part(listed.destination.clone()));
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
    fn finish(mut self) -> Vec<SummaryLine> {
        self.close();
        let mut order: Vec<LineLeads> = Vec::new();
        let mut sources: BTreeMap<LineLeads, (BTreeSet<UnitId>, Vec<Rc<LinePlace>>)> = BTreeMap::new();
        for (name, leads) in std::mem::take(&mut self.rows) {
            if !sources.contains_key(&leads) {
                order.push(leads.clone());
            }
            let row = sources.entry(leads).or_default();
            match name {
                Ok(unit) => drop(row.0.insert(unit)),
                Err(part) => row.1.push(Rc::new(LinePlace::Part(part))),
            }
        }
        let mut lines = Vec::new();
        for leads in order {
            let Some((units, named)) = sources.remove(&leads) else { continue };
            let merged = self.namer.name(&units, None);
            for source in merged.into_iter().chain(named) {
                lines.extend(leads.iter().map(|(destination, ports, unsure)| SummaryLine {
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
