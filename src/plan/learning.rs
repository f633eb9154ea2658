//! What name servers say of hosts, as plans take it.

use std::collections::{BTreeMap, BTreeSet};

use super::console::Console;
use crate::answer::caveat::Caveat;
use crate::dns::resolve::{self, Answers, Asking, ResolveError, Targets};
use crate::edit::host::HostName;
use crate::edit::lead::{self, Lead};
use crate::edit::merge::Options;
use crate::edit::plan::{self, Learnt, Services};
use crate::edit::record::{Minute, Record};
use crate::error::{Error, ErrorKind, Source};
use crate::model::snapshot::Snapshot;

/// What was learnt, and what that leaves open.
pub struct Lesson {
    /// What was learnt.
    pub learnt: Learnt,
    /// What limits what was learnt.
    pub caveats: Vec<Caveat>,
    /// SRV records that could not be had, each in one line.
    pub failed: Vec<String>,
}

/// Asks for every name of some records; none without asking anybody.
///
/// # Errors
/// No name server to ask.
pub fn learn(
    snapshot: &Snapshot,
    records: &[Record],
    asking: &Asking,
    options: Options,
    console: &dyn Console,
) -> Result<Lesson, Error> {
    let mut lesson = Lesson {
        learnt: Learnt { options, now: now(), ..Learnt::default() },
        caveats: Vec::new(),
        failed: Vec::new(),
    };
    let names: BTreeSet<HostName> = records.iter().flat_map(plan::services).collect();
    for (name, found) in srv_records(&names, asking)? {
        match found {
            Ok(targets) => drop(lesson.learnt.services.insert(name, targets)),
            Err(error) => lesson.failed.push(error.to_string()),
        }
    }
    let services: &Services = &lesson.learnt.services;
    let all = records.iter().map(|record| plan::with_services(record, services));
    let mut hosts: BTreeSet<HostName> = all.flat_map(|record| plan::names(&record)).collect();
    lesson.learnt.leads = lead::leads(snapshot, records);
    hosts.extend(lesson.learnt.leads.values().filter_map(|lead| match lead {
        Lead::Name(name) => Some(name.clone()),
        Lead::Addresses(_) | Lead::Gone | Lead::Unknown(_) => None,
    }));
    let Answers { hosts, caveats } = addresses(&hosts, asking, console)?;
    lesson.caveats = caveats;
    for resolution in hosts {
        let host = resolution.host.clone();
        if resolution.rotates {
            lesson.caveats.push(Caveat::Rotates(host.to_string()));
        }
        lesson.learnt.resolutions.insert(host, resolution);
    }
    Ok(lesson)
}

/// Resolves hosts; none without asking anybody.
fn addresses(
    hosts: &BTreeSet<HostName>,
    asking: &Asking,
    console: &dyn Console,
) -> Result<Answers, Error> {
    if hosts.is_empty() {
        return Ok(Answers::default());
    }
    let mut step = console.count("resolved", hosts.len(), "hosts");
    // What kept a port-forward from working is told in the words of others.
    resolve::resolve(hosts, asking, |_| step()).map_err(Error::one_line)
}

/// Asks for what SRV records tell of; without names nobody is asked.
fn srv_records(
    names: &BTreeSet<HostName>,
    asking: &Asking,
) -> Result<BTreeMap<HostName, Result<Targets, ResolveError>>, Error> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    resolve::resolve_each_srv(names, asking).map_err(Error::one_line)
}

fn now() -> Minute {
    Minute(u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default() / 60)
}

/// Says that a host could not be resolved.
pub fn unresolved(source: impl Into<Source>) -> Error {
    let hint = "--resolver IP asks another name server";
    Error::new(ErrorKind::Unresolved, source).hint(hint)
}
