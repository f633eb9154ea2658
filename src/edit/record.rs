//! What is remembered of hosts, on the object that holds their rules.
//!
//! Compact JSON in an annotation, made so that a run that learns nothing writes nothing: an address
//! that answers has no time at all, one that does not has the time since when, and counts stop where
//! more of the same would decide nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::host::{Host, HostName};
use super::outcome::VantageClass;
use super::special::Consent;
use crate::model::ips::Family;
use crate::model::ports::ProtocolPort;

/// The annotation that holds the record.
pub const ANNOTATION: &str = "kubectl-netpol/endpoints";

/// The version that is written; those before have fewer fields.
const VERSION: u32 = 2;
/// The most addresses of one host.
pub const MOST_ADDRESSES: usize = 256;
/// From how many addresses of one host on a list of addresses is doubtful.
pub const MANY_ADDRESSES: usize = 64;
/// The most addresses of one policy.
pub const MOST_PEERS: usize = 1000;
/// The most bytes of the annotation; the API allows 256 KiB for all annotations of an object.
pub const MOST_BYTES: usize = 64 << 10;
/// How many runs must agree, before what is missing is believed to be gone.
pub const ENOUGH_RUNS: u8 = 3;
/// How often a host that shows a few addresses at a time must have shown as many as are remembered of it,
/// before what is missing is believed to be gone: by chance, one that is there is missed as long once in e^20.
pub const ENOUGH_SETS: u64 = 20;
/// The largest count of shown addresses that still decides anything.
const MOST_SHOWN: u64 = ENOUGH_SETS * MOST_ADDRESSES as u64;
/// How many grace periods an address of such a host stays at least.
const ROTATING_GRACES: u64 = 3;
/// The Service of the API server, by its host name.
const API_SERVER: &str = "kubernetes.default.svc";
/// How far apart runs are that count as two.
const RUN_SPACING: u64 = 10;

/// A time in minutes since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minute(pub u64);

/// For how long, and in how many runs, the same was seen; counted to [`ENOUGH_RUNS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<u64>", try_from = "Vec<u64>")]
pub struct Streak {
    /// When it was seen first.
    pub since: Minute,
    /// When the last run was that counted.
    pub last: Minute,
    /// In how many runs.
    pub runs: u8,
    /// How many addresses these runs showed together, of a host that shows a few at a time; counted to
    /// [`MOST_SHOWN`].
    pub shown: u64,
}

/// What is remembered of the hosts of one policy, ascending by host and ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The hosts. Two entries of one host have different ports.
    pub entries: BTreeMap<Key, Entry>,
}

/// What one rule is for: a host and its ports.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The host.
    pub host: Host,
    /// The ports.
    pub ports: BTreeSet<ProtocolPort>,
}

/// What is remembered of one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The scheme of its URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Box<str>>,
    /// The name whose SRV records told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srv: Option<HostName>,
    /// The port of the Service that it names, whose EndpointSlices or other name tell its addresses; nothing
    /// for a host that is no Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ProtocolPort>,
    /// On whose behalf it was resolved; nothing before its first answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vantage: Option<VantageClass>,
    /// The Service that the user named as the cluster's DNS for it (`--dns`): `dns/resolver`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<Box<str>>,
    /// The classes of addresses that were consented to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow: Consent,
    /// For how many minutes an address stays after it was seen last.
    pub grace: u64,
    /// When it was resolved last, to the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<Minute>,
    /// Since when name servers fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Streak>,
    /// Since when name servers say that it has no IPv4 address, where it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone4: Option<Streak>,
    /// The same of IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone6: Option<Streak>,
    /// Whether its name servers show a few of its addresses at a time.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rotates: bool,
    /// Its addresses that somebody took out of the policy.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub closed: BTreeSet<IpAddr>,
    /// Its addresses, IPv4 first; and since when answers lack them.
    pub ips: BTreeMap<IpAddr, Option<Streak>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A record that cannot be read or written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is no record.
    #[error(
        "the annotation {ANNOTATION} is damaged: {0}; restore it, or delete the object and allow its hosts anew"
    )]
    Damaged(String),
    /// A later version of the plugin wrote it.
    #[error(
        "the annotation {ANNOTATION} was written by a newer kubectl-netpol (version {0}): use that one"
    )]
    Newer(u64),
    /// It would be too large.
    #[error("{0}; split them over several policies")]
    TooLarge(String),
}

/// How long addresses stay after they were seen last: a day; one hour to thirty days can be asked for.
pub const GRACE: u64 = 24 * 60;
/// How long grace periods may be, in minutes.
pub const GRACES: std::ops::RangeInclusive<u64> = 60..=30 * 24 * 60;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordText {
    v: u32,
    hosts: Vec<HostRow>,
}

#[derive(Serialize, Deserialize)]
struct HostRow {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    entry: Entry,
}

impl Record {
    /// Reads the annotation.
    ///
    /// # Errors
    /// What is damaged, or from a newer version: nothing of it would survive being written again.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let damaged = |what: &str| RecordError::Damaged(what.to_owned());
        if text.len() > MOST_BYTES {
            return Err(damaged("it is too long"));
        }
        // What is wrong is told by its place, since its text could be anything.
        let at = |error: &serde_json::Error| format!("character {}", error.column());
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| RecordError::Damaged(at(&error)))?;
        match value.get("v").and_then(serde_json::Value::as_u64) {
            None => return Err(damaged("it has no version")),
            Some(0) => return Err(damaged("it has a version that there never was")),
            Some(version) if version > u64::from(VERSION) => return Err(RecordError::Newer(version)),
            Some(_) => {}
        }
        let document: RecordText =
            serde_json::from_str(text).map_err(|error| RecordError::Damaged(at(&error)))?;
        let version = document.v;
        let rows = document.hosts.len();
        let entries: BTreeMap<Key, Entry> =
            document.hosts.into_iter().map(|row| (row.key, row.entry)).collect();
        let record = Self { entries };
        let is_sound = record.entries.len() == rows && record.entries.iter().all(is_sound);
        // What is unknown here would be lost when it is written again.
        let written = record.write_as(version).ok().and_then(|text| serde_json::from_str(&text).ok());
        if is_sound && written == Some(value) { Ok(record) } else { Err(damaged("it was changed")) }
    }

    /// Writes the annotation.
    ///
    /// # Errors
    /// More addresses or text than one policy may have.
    pub fn write(&self) -> Result<String, RecordError> {
        self.write_as(VERSION)
    }

    fn write_as(&self, version: u32) -> Result<String, RecordError> {
        let peers: usize = self.entries.values().map(|entry| entry.ips.len()).sum();
        if peers > MOST_PEERS {
            let problem = format!("{peers} addresses are more than the {MOST_PEERS} of one policy");
            return Err(RecordError::TooLarge(problem));
        }
        let row = |(key, entry): (&Key, &Entry)| HostRow { key: key.clone(), entry: entry.clone() };
        let document = RecordText { v: version, hosts: self.entries.iter().map(row).collect() };
        let text = serde_json::to_string(&document);
        let text = text.map_err(|error| RecordError::Damaged(error.to_string()))?;
        if text.len() > MOST_BYTES {
            let problem = format!("{} bytes are more than the {MOST_BYTES} of a record", text.len());
            return Err(RecordError::TooLarge(problem));
        }
        Ok(text)
    }
}

/// Checks what the types do not: the ranges of numbers.
fn is_sound((key, entry): (&Key, &Entry)) -> bool {
    let ports = !key.ports.is_empty() && key.ports.iter().all(|port| port.number > 0);
    let mut all = entry.ips.keys().chain(&entry.closed);
    let count = entry.ips.len() + entry.closed.len();
    let addresses = match key.host {
        Host::Ip(ip) => all.eq([&ip]),
        Host::Name(_) => all.all(|ip| ip.to_canonical() == *ip),
    };
    let apart = entry.closed.iter().all(|ip| !entry.ips.contains_key(ip));
    ports && addresses && apart && GRACES.contains(&entry.grace) && count <= MOST_ADDRESSES
}

impl Key {
    /// Tells whether the host is the Service of the API server.
    pub fn is_api_server(&self) -> bool {
        matches!(&self.host, Host::Name(name) if name.as_str() == API_SERVER)
    }
}

impl Entry {
    /// Builds the entry of a host about which nothing is known yet.
    pub fn new(host: &Host) -> Self {
        let literal = if let Host::Ip(ip) = host { Some((*ip, None)) } else { None };
        Self {
            scheme: None,
            srv: None,
            service: None,
            vantage: None,
            dns: None,
            allow: Consent::new(),
            grace: GRACE,
            ok: None,
            fails: None,
            gone4: None,
            gone6: None,
            rotates: false,
            closed: BTreeSet::new(),
            ips: literal.into_iter().collect(),
        }
    }

    /// Returns since when a family is gone.
    pub fn gone(&self, family: Family) -> Option<Streak> {
        match family {
            Family::V4 => self.gone4,
            Family::V6 => self.gone6,
        }
    }

    /// Returns since when a family is gone, for change.
    pub fn gone_mut(&mut self, family: Family) -> &mut Option<Streak> {
        match family {
            Family::V4 => &mut self.gone4,
            Family::V6 => &mut self.gone6,
        }
    }

    /// Returns for how many minutes a missing address stays at least.
    pub const fn stays(&self) -> u64 {
        if self.rotates { self.grace.saturating_mul(ROTATING_GRACES) } else { self.grace }
    }

    /// Tells whether an address of the family is remembered.
    pub fn has(&self, family: Family) -> bool {
        self.ips.keys().any(|ip| Family::of(*ip) == family)
    }
}

impl Streak {
    /// Counts one more run of the same; runs that are close together count as one.
    pub fn count(streak: Option<Self>, now: Minute) -> Self {
        let Some(old) = streak else { return Self { since: now, last: now, runs: 1, shown: 0 } };
        let counts = old.runs < ENOUGH_RUNS && old.is_apart(now);
        if counts { Self { last: now, runs: old.runs + 1, ..old } } else { old }
    }

    /// Counts one more run that showed so many other addresses of a host that shows a few at a time.
    pub fn count_shown(streak: Option<Self>, shown: u64, now: Minute) -> Self {
        let new = Self::count(streak, now);
        let counts = streak.is_none_or(|old| old.is_apart(now) && old.shown < MOST_SHOWN);
        if shown == 0 || !counts {
            return new;
        }
        Self { last: now, shown: new.shown.saturating_add(shown).min(MOST_SHOWN), ..new }
    }

    /// Tells whether it held for so many minutes and in enough runs.
    pub fn held(self, minutes: u64, now: Minute) -> bool {
        self.is_enough() && now.since(self.since) >= minutes
    }

    /// Tells whether enough runs saw the same.
    pub const fn is_enough(self) -> bool {
        self.runs >= ENOUGH_RUNS
    }

    fn is_apart(self, now: Minute) -> bool {
        now.since(self.last) >= RUN_SPACING
    }
}

impl Minute {
    /// Returns the minutes since an earlier time; none if it is later.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the time so many minutes later.
    #[must_use]
    pub fn after(self, minutes: u64) -> Self {
        Self(self.0.saturating_add(minutes))
    }
}

impl From<Streak> for Vec<u64> {
    fn from(streak: Streak) -> Self {
        let shown = (streak.shown > 0).then_some(streak.shown);
        let own = [streak.since.0, streak.last.0, streak.runs.into()];
        own.into_iter().chain(shown).collect()
    }
}

impl TryFrom<Vec<u64>> for Streak {
    type Error = &'static str;

    /// Reads three or four numbers; counts that are too large become the largest.
    fn try_from(numbers: Vec<u64>) -> Result<Self, Self::Error> {
        let (since, last, runs, shown) = match *numbers {
            [since, last, runs] => (since, last, runs, 0),
            [since, last, runs, shown] => (since, last, runs, shown),
            _ => return Err("three or four numbers are expected"),
        };
        let runs = u8::try_from(runs).unwrap_or(u8::MAX).clamp(1, ENOUGH_RUNS);
        Ok(Self { since: Minute(since), last: Minute(last), runs, shown: shown.min(MOST_SHOWN) })
    }
}
