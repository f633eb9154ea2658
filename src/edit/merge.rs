//! What is remembered, and what name servers say now -> what is to be remembered.
//!
//! Connections that are in use must survive whatever DNS does, so addresses come at once and leave
//! late: only where every name server that was asked answered in full, the address was missing from
//! the answers for the whole grace period and in several runs, and another address stays. Of a host
//! whose name servers show a few addresses at a time, no answer is all there is: its addresses stay
//! until as many were shown as there are, many times over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::host::{Host, HostName};
use super::outcome::{DnsAnswer, Outcome, Resolution, VantageClass};
use super::record::{ENOUGH_SETS, Entry, Key, MOST_ADDRESSES, Minute, Record, Streak};
use super::special::{self, AddressSource, Consent, Refusal};
use crate::model::ips::{Family, IpSet};
use crate::model::snapshot::Snapshot;
use crate::model::special::{AddressClass, class_of};
use crate::world::{addresses, servers};

/// For how many minutes a host must have been gone, before it is said to be.
const GONE: u64 = 24 * 60;
/// After how many minutes the time of the last success is written anew where nothing else changes.
const HEARTBEAT: u64 = 24 * 60;

/// How to merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// When missing addresses leave.
    pub prune: Prune,
    /// What becomes of hosts that are gone.
    pub dead: Dead,
    /// The addresses of the cluster itself.
    pub own: IpSet,
    /// Those of them that are of nodes, and of pods in their network.
    pub nodes: IpSet,
    /// The classes of addresses that the user consents to in this run: what a record consents to counts
    /// for new addresses only where the user says so again.
    pub consent: Consent,
    /// The Service that the user names as the cluster's DNS, with its namespace.
    pub dns: Option<Box<str>>,
}

/// When missing addresses leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prune {
    /// After their grace period.
    #[default]
    AfterGrace,
    /// Without it (`--prune-now`): after several runs, from answers as complete as otherwise.
    Now,
}

/// What becomes of hosts that are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dead {
    /// They are told, and their addresses stay.
    #[default]
    Tell,
    /// They are forgotten (`--remove-dead`).
    Remove,
}

/// A new record, and what became of each host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The record; without entries where every host is gone.
    pub record: Record,
    /// What became of each host, ascending.
    pub changes: BTreeMap<Key, HostChange>,
}

/// What became of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostChange {
    /// How its resolving went.
    pub status: Status,
    /// Addresses that are new.
    pub added: BTreeSet<IpAddr>,
    /// Addresses that stay and are not pending.
    pub kept: BTreeSet<IpAddr>,
    /// Addresses that stay although answers lack them, and when they leave at the earliest.
    pub pending: BTreeMap<IpAddr, Minute>,
    /// Addresses that leave.
    pub removed: BTreeSet<IpAddr>,
    /// Addresses that leave the record, and stay open by a rule that is not the host's, or that a hand changed.
    pub open: BTreeSet<IpAddr>,
    /// Addresses that were not taken, or would not be taken any more, and why.
    pub refused: BTreeMap<IpAddr, Refusal>,
    /// Addresses that somebody took out of the policy, which are not added again.
    pub closed: BTreeSet<IpAddr>,
    /// The classes of addresses that its record consents to, and whether the user does so too in this run.
    pub consents: BTreeMap<AddressClass, bool>,
}

/// How the resolving of a host went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It is an address.
    Static,
    /// It was not asked about.
    #[default]
    NotAsked,
    /// It is to be forgotten.
    Forgotten,
    /// Every name server answered.
    Resolved,
    /// Some name servers answered; the others failed, each in these words.
    Partly(BTreeSet<Box<str>>),
    /// None answered.
    Failed(BTreeSet<Box<str>>),
    /// Every name server says that it does not exist, or has no address.
    Gone {
        /// For long enough to believe it.
        held: bool,
    },
    /// It has more addresses than a list can follow; none was added, and none left.
    TooMany(usize),
    /// The policy cannot hold what is new of it; nothing of it was changed.
    NoRoom,
    /// It is remembered with an address that may not be opened; nothing of it was changed.
    Refused,
    /// The policy has no rule for it any more: somebody took it away, and nothing of it is opened.
    Closed,
}

/// What all name servers together say of a host.
struct Said<'a> {
    outcomes: Vec<&'a Outcome>,
    /// Whether one of them shows a few addresses at a time.
    rotates: bool,
}

/// What all name servers together say of one family.
enum HostOutcome {
    /// Not all of them answered, or they contradict each other: what they gave is true, and not all.
    Some(BTreeSet<IpAddr>),
    /// These addresses, and no others.
    All(BTreeSet<IpAddr>),
    /// No address.
    None,
}

/// Merges what name servers say into a record.
///
/// The same answers at the same time change nothing the second time.
pub fn merge(record: &Record, resolutions: &[Resolution], now: Minute, options: &Options) -> Merged {
    let said = |name: &HostName| {
        let own: Vec<_> = resolutions.iter().filter(|resolution| resolution.host == *name).collect();
        Said {
            outcomes: own.iter().flat_map(|resolution| &resolution.outcomes).collect(),
            rotates: own.iter().any(|resolution| resolution.rotates),
        }
    };
    let mut merged = Merged { record: Record::default(), changes: BTreeMap::new() };
    for (key, old) in &record.entries {
        let (entry, mut change) = match &key.host {
            Host::Ip(ip) => (Some(old.clone()), literal(*ip, old, options)),
            Host::Name(name) => host(old, &said(name), now, options),
        };
        let confirmed = |class: &AddressClass| (*class, options.consent.contains(class));
        change.consents = old.allow.iter().map(confirmed).collect();
        merged.changes.insert(key.clone(), change);
        merged.record.entries.extend(entry.map(|entry| (key.clone(), entry)));
    }
    merged
}

/// Judges an address that stands for itself.
fn literal(ip: IpAddr, entry: &Entry, options: &Options) -> HostChange {
    match special::check(ip, AddressSource::Literal, &entry.allow, &options.own) {
        Ok(()) => unchanged(entry, Status::Static),
        Err(why) => HostChange { refused: [(ip, why)].into(), ..unchanged(entry, Status::Refused) },
    }
}

/// Says that everything stays.
pub(crate) fn unchanged(entry: &Entry, status: Status) -> HostChange {
    let mut change = HostChange { status, closed: entry.closed.clone(), ..HostChange::default() };
    for (ip, missing) in &entry.ips {
        match missing {
            None => {
                change.kept.insert(*ip);
            }
            Some(streak) => {
                change.pending.insert(*ip, streak.since.after(entry.stays()));
            }
        }
    }
    change
}

/// Merges one host; returns no entry for one that is forgotten.
fn host(old: &Entry, said: &Said<'_>, now: Minute, options: &Options) -> (Option<Entry>, HostChange) {
    let remembered = refused(old.ips.keys().copied(), old, options);
    if !remembered.is_empty() {
        let change = unchanged(old, Status::Refused);
        return (Some(old.clone()), HostChange { refused: remembered, ..change });
    }
    let outcomes = &*said.outcomes;
    let answered = outcomes.iter().flat_map(|outcome| records(outcome));
    let answered: BTreeSet<IpAddr> = answered.filter(|ip| !old.closed.contains(ip)).collect();
    let refused = refused(answered.iter().copied(), old, options);
    let taken: BTreeSet<IpAddr> = answered.into_iter().filter(|ip| !refused.contains_key(ip)).collect();
    let mut entry = old.clone();
    if !taken.is_empty() {
        entry.vantage = entry.vantage.or(outcomes.iter().map(|outcome| outcome.vantage.class).min());
    }
    // What another DNS that the user named tells of a host is not all there is.
    let as_before = old.dns == options.dns;
    if !taken.is_empty() && refused.is_empty() && as_before && are_the_clusters(outcomes) {
        take_over(&mut entry);
    }
    // Other name servers may see other addresses, and an answer with an address that is refused is
    // not believed to be all there is.
    let same = outcomes.iter().all(|outcome| Some(outcome.vantage.class) == entry.vantage);
    let same = same && as_before;
    entry.rotates |= said.rotates || same && shows_a_few(old, &taken);
    let mut removed = BTreeSet::new();
    for family in Family::ALL {
        let verdict = verdict(outcomes, family, &taken, same && refused.is_empty());
        removed.extend(apply(&mut entry, family, &verdict, (now, options)));
    }
    let count = entry.ips.len() + entry.closed.len();
    if count > MOST_ADDRESSES {
        let counted = counted(old, &entry);
        let change = unchanged(&counted, Status::TooMany(count));
        return (Some(counted), HostChange { refused, ..change });
    }
    let status = status(outcomes, &mut entry, now);
    if status == (Status::Gone { held: true }) && options.dead == Dead::Remove {
        let removed = old.ips.keys().copied().collect();
        return (None, HostChange { status, removed, ..HostChange::default() });
    }
    removed.extend(forget_family(&mut entry, now, options));
    beat(&mut entry, old, !taken.is_empty(), now);
    let mut change = unchanged(&entry, status);
    change.added = entry.ips.keys().copied().filter(|ip| !old.ips.contains_key(ip)).collect();
    change.kept.retain(|ip| old.ips.contains_key(ip));
    (Some(entry), HostChange { removed, refused, ..change })
}

/// Tells whether the cluster's own name servers answered, all of them.
fn are_the_clusters(outcomes: &[&Outcome]) -> bool {
    let is_heard = |outcome: &&Outcome| {
        outcome.vantage.class == VantageClass::Cluster && outcome.failure().is_none()
    };
    outcomes.iter().all(is_heard)
}

/// Lets the cluster's own name servers, which see what pods see, be those that count from now on: a host
/// that was allowed from a laptop is refreshed in the cluster. What is missing is counted anew.
fn take_over(entry: &mut Entry) {
    if entry.vantage != Some(VantageClass::Cluster) {
        entry.vantage = Some(VantageClass::Cluster);
        entry.ips.values_mut().for_each(|missing| *missing = None);
        (entry.gone4, entry.gone6) = (None, None);
    }
}

/// Takes what is new into no entry, and goes on to count what is missing: it leaves in time, and makes room.
fn counted(old: &Entry, new: &Entry) -> Entry {
    let mut entry = Entry { rotates: new.rotates, ..old.clone() };
    for (ip, missing) in &mut entry.ips {
        *missing = new.ips.get(ip).copied().unwrap_or(*missing);
    }
    entry
}

/// Lists the addresses of one outcome.
fn records(outcome: &Outcome) -> impl Iterator<Item = IpAddr> + '_ {
    let ips = if let DnsAnswer::Records(ips) = &outcome.answer { &**ips } else { &[] };
    ips.iter().map(|ip| ip.to_canonical())
}

/// Tells whether answers change all the time: what was missing is back, or something else is missing
/// already while something new comes. One change is a move; and what there is no room for is new each time.
fn shows_a_few(old: &Entry, taken: &BTreeSet<IpAddr>) -> bool {
    let missing = |ip: &IpAddr| old.ips.get(ip).is_some_and(Option::is_some);
    let awaits =
        |ip: &IpAddr| old.ips.keys().any(|own| Family::of(*own) == Family::of(*ip) && missing(own));
    let new: Vec<&IpAddr> = taken.iter().filter(|ip| !old.ips.contains_key(*ip)).collect();
    let fits = old.ips.len() + old.closed.len() + new.len() <= MOST_ADDRESSES;
    taken.iter().any(missing) || fits && new.into_iter().any(awaits)
}

/// Finds the addresses that may not be opened: what is open already as the record consents to it, what is
/// new as the user consents to it in this run besides.
fn refused(
    ips: impl Iterator<Item = IpAddr>,
    entry: &Entry,
    options: &Options,
) -> BTreeMap<IpAddr, Refusal> {
    let source =
        if entry.ips.is_empty() { AddressSource::FirstAnswer } else { AddressSource::LaterAnswer };
    let judge = |ip| {
        let why = special::check(ip, source, &entry.allow, &options.own).err();
        let why = why.or_else(|| unconfirmed(ip, entry, options));
        Some((ip, why?))
    };
    ips.filter_map(judge).collect()
}

/// Refuses a new address of a class that the record alone consents to: whoever may write a record could
/// have planted that.
fn unconfirmed(ip: IpAddr, entry: &Entry, options: &Options) -> Option<Refusal> {
    let class = class_of(ip).filter(|_| !entry.ips.contains_key(&ip))?;
    (!options.consent.contains(&class)).then_some(Refusal::Unconfirmed(class))
}

/// Says how resolving went, and counts for how long it fails.
fn status(outcomes: &[&Outcome], entry: &mut Entry, now: Minute) -> Status {
    let failures: BTreeSet<Box<str>> = outcomes.iter().filter_map(|outcome| outcome.failure()).collect();
    let found = outcomes.iter().any(|outcome| records(outcome).next().is_some());
    let status = match (outcomes, found, failures.is_empty()) {
        ([], ..) => return Status::NotAsked,
        (_, true, true) => Status::Resolved,
        (_, true, false) => Status::Partly(failures),
        (_, false, false) => Status::Failed(failures),
        (_, false, true) => Status::Gone { held: is_gone(entry, now) },
    };
    entry.fails = status.is_unresolved().then(|| Streak::count(entry.fails, now));
    status
}

/// Tells whether every family that is remembered was gone for long enough to believe it.
fn is_gone(entry: &Entry, now: Minute) -> bool {
    let mut known = Family::ALL.into_iter().filter(|family| entry.has(*family)).peekable();
    known.peek().is_some() && known.all(|family| has_gone(entry, family, now))
}

fn has_gone(entry: &Entry, family: Family, now: Minute) -> bool {
    entry.gone(family).is_some_and(|streak| streak.held(GONE, now))
}

/// Forgets a family that is gone while the other is there, where that is asked for.
fn forget_family(entry: &mut Entry, now: Minute, options: &Options) -> BTreeSet<IpAddr> {
    let gone: Vec<Family> =
        Family::ALL.into_iter().filter(|family| has_gone(entry, *family, now)).collect();
    let other = Family::ALL.into_iter().any(|family| entry.has(family) && !gone.contains(&family));
    if options.dead == Dead::Tell || !other {
        return BTreeSet::new();
    }
    for family in &gone {
        *entry.gone_mut(*family) = None;
    }
    let removed: BTreeSet<IpAddr> =
        entry.ips.keys().copied().filter(|ip| gone.contains(&Family::of(*ip))).collect();
    entry.ips.retain(|ip, _| !removed.contains(ip));
    removed
}

/// Sums up what was said of a family.
fn verdict(
    outcomes: &[&Outcome],
    family: Family,
    taken: &BTreeSet<IpAddr>,
    believed: bool,
) -> HostOutcome {
    let own: Vec<_> = outcomes.iter().filter(|outcome| outcome.family == family).collect();
    let is_found = |outcome: &&&&Outcome| records(outcome).next().is_some();
    let found = own.iter().filter(is_found).count();
    let failed = own.iter().any(|outcome| outcome.failure().is_some());
    let ips = taken.iter().copied().filter(|ip| Family::of(*ip) == family).collect();
    match (own.len(), found) {
        (0, _) => HostOutcome::Some(ips),
        (_, 0) if !failed && believed => HostOutcome::None,
        (all, found) if all == found && believed => HostOutcome::All(ips),
        _ => HostOutcome::Some(ips),
    }
}

/// Takes what was said of a family into the entry, and returns the addresses that leave.
fn apply(
    entry: &mut Entry,
    family: Family,
    verdict: &HostOutcome,
    (now, options): (Minute, &Options),
) -> BTreeSet<IpAddr> {
    match verdict {
        HostOutcome::Some(ips) => {
            if !ips.is_empty() {
                *entry.gone_mut(family) = None;
            }
            entry.ips.extend(ips.iter().map(|ip| (*ip, None)));
            BTreeSet::new()
        }
        HostOutcome::All(ips) => {
            *entry.gone_mut(family) = None;
            let shown = if entry.rotates { ips.len() } else { 0 };
            for (ip, missing) in &mut entry.ips {
                if Family::of(*ip) == family && !ips.contains(ip) {
                    *missing = Some(Streak::count_shown(*missing, shown as u64, now));
                }
            }
            entry.ips.extend(ips.iter().map(|ip| (*ip, None)));
            leave(entry, family, now, options.prune)
        }
        HostOutcome::None => {
            // Of a family that never was, nothing is missing.
            let gone = entry.has(family).then(|| Streak::count(entry.gone(family), now));
            *entry.gone_mut(family) = gone;
            BTreeSet::new()
        }
    }
}

/// Lets addresses leave that were missing for long enough.
///
/// Asked only where all addresses of the family are known, which stay: so never do all leave.
fn leave(entry: &mut Entry, family: Family, now: Minute, prune: Prune) -> BTreeSet<IpAddr> {
    let mut left = BTreeSet::new();
    loop {
        let own = entry.ips.iter().filter(|(ip, _)| Family::of(**ip) == family);
        let known = own.clone().count() as u64;
        let is_over = |streak: &Streak| match prune {
            Prune::Now => streak.is_enough(),
            Prune::AfterGrace => {
                let shown = if entry.rotates { known.saturating_mul(ENOUGH_SETS) } else { 0 };
                streak.held(entry.stays(), now) && streak.shown >= shown
            }
        };
        let over = own.filter(|(_, missing)| missing.as_ref().is_some_and(is_over));
        let over: BTreeSet<IpAddr> = over.map(|(ip, _)| *ip).collect();
        if over.is_empty() {
            return left;
        }
        entry.ips.retain(|ip, _| !over.contains(ip));
        left.extend(over);
    }
}

/// Writes the time of a success where something else is written anyway, or the last is a day old.
fn beat(entry: &mut Entry, old: &Entry, success: bool, now: Minute) {
    let is_old = entry.ok.is_none_or(|ok| now.since(ok) >= HEARTBEAT);
    if success && (is_old || *entry != *old) {
        entry.ok = Some(now);
    }
}

impl Options {
    /// Adds what a cluster says: its own addresses, and whom the user named as its DNS.
    #[must_use]
    pub fn of_cluster(self, snapshot: &Snapshot) -> Self {
        Self {
            own: addresses::of_cluster(snapshot),
            nodes: addresses::of_nodes(snapshot),
            dns: servers::named_dns(snapshot),
            ..self
        }
    }

    /// Returns how the addresses of a Service without pods are judged: those of the API server are the
    /// cluster's own choice, and may be those of nodes; who names a Service consents to private ones as who
    /// types an address.
    #[must_use]
    pub fn of_service(&self, key: &Key, is_named: bool) -> Self {
        let mut options = self.clone();
        if key.is_api_server() {
            options.own = options.own.difference(&options.nodes);
        }
        if is_named || key.is_api_server() {
            options.consent.insert(AddressClass::Private);
        }
        options
    }
}

impl Status {
    /// Tells whether the host's addresses are not known to be current: exit code 4.
    pub fn is_unresolved(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Gone { .. } | Self::NotAsked)
    }
}

impl HostChange {
    /// Tells whether anything was refused: exit code 5.
    pub fn is_refused(&self) -> bool {
        !self.refused.is_empty()
            || matches!(self.status, Status::Refused | Status::TooMany(_) | Status::NoRoom)
    }
}
