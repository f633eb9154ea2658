//! What name servers say of hosts, as plans take it.

use std::collections::BTreeSet;

use super::console::Console;
use crate::answer::caveat::Caveat;
use crate::dns::resolve::{self, Asking, ResolveError};
use crate::dns::session::Session;
use crate::dns::share::{Share, ShareBounds};
use crate::edit::host::HostName;
use crate::edit::lead::{self, Lead, Leads};
use crate::edit::merge::Options;
use crate::edit::plan::{self, Learnt};
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

/// What is to be learnt for some records.
pub struct Sought {
    /// The hosts that are resolved.
    hosts: BTreeSet<HostName>,
    /// The names whose SRV records tell of more hosts.
    services: BTreeSet<HostName>,
    leads: Leads,
}

impl Sought {
    /// Lists what some records need, of which Services are followed at once.
    pub fn of(snapshot: &Snapshot, records: &[Record]) -> Self {
        let leads = lead::leads(snapshot, records);
        let led = leads.values().filter_map(|lead| match lead {
            Lead::Name(name) => Some(name.clone()),
            Lead::Addresses(_) | Lead::Gone | Lead::Unknown(_) => None,
        });
        let hosts = records.iter().flat_map(plan::names).chain(led).collect();
        Self { hosts, services: records.iter().flat_map(plan::services).collect(), leads }
    }

    /// Asks for it; `count` begins to tell how many hosts are resolved, of so many.
    ///
    /// # Errors
    /// No name server to ask.
    pub async fn learn(
        self,
        session: &Session,
        share: &Share,
        options: Options,
        count: impl FnOnce(usize) -> Box<dyn FnMut()>,
    ) -> Result<Lesson, ResolveError> {
        let (mut hosts, mut failed) = (self.hosts, Vec::new());
        let mut learnt = Learnt { options, now: now(), leads: self.leads, ..Learnt::default() };
        for (name, found) in session.services(&self.services, share).await? {
            match found {
                Ok(targets) => {
                    hosts.extend(targets.iter().map(|(host, _)| host.clone()));
                    learnt.services.insert(name, targets);
                }
                Err(error) => failed.push(error.to_string()),
            }
        }
        let mut caveats = Vec::new();
        for resolution in session.addresses(&hosts, share, count(hosts.len())).await? {
            let host = resolution.host.clone();
            caveats.extend(resolution.rotates.then(|| Caveat::Rotates(host.to_string())));
            learnt.resolutions.insert(host, resolution);
        }
        Ok(Lesson { learnt, caveats, failed })
    }
}

/// Says which DNS other than this run's the user named for hosts before: what that told of them is not told now.
pub fn other_dns(records: &[Record], options: &Options) -> BTreeSet<Caveat> {
    let named = records.iter().flat_map(|record| record.entries.values());
    let others = named.filter_map(|entry| entry.dns.clone());
    others.filter(|dns| Some(dns) != options.dns.as_ref()).map(Caveat::OtherDns).collect()
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
    let (session, share) = (Session::new(asking.clone()), Share::new(ShareBounds::alone()));
    let count = |hosts| match hosts {
        0 => Box::new(|| {}) as Box<dyn FnMut()>,
        hosts => console.count("resolved", hosts, "hosts"),
    };
    let sought = Sought::of(snapshot, records);
    // What kept a port-forward from working is told in the words of others.
    let lesson =
        resolve::run(sought.learn(&session, &share, options, count)).map_err(Error::one_line)?;
    let caveats = session.caveats().into_iter().chain(lesson.caveats).collect();
    Ok(Lesson { caveats, ..lesson })
}

/// Returns the present time.
pub fn now() -> Minute {
    Minute(u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default() / 60)
}

/// Says that a host could not be resolved.
pub fn unresolved(source: impl Into<Source>) -> Error {
    let hint = "--resolver IP asks another name server";
    Error::new(ErrorKind::Unresolved, source).hint(hint)
}
