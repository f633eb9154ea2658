//! A policy that is there, or is not, and what name servers say now -> the policy that is to be.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::guard::{self, Checked, Plan, Unplanned};
use super::host::{Host, HostName};
use super::lead::{self, Leads};
use super::merge::{self, HostChange, Merged, Status};
use super::object::{self, IntoError, Pods, on_the_wire};
use super::outcome::Resolution;
use super::record::{ANNOTATION, Entry, Key, Minute, Record, RecordError};
use super::standing::{self, Openings, RecordStanding};
use crate::model::ips::IpSet;
use crate::model::ports::ProtocolPort;

/// What is to be opened, and in which policy.
#[derive(Clone, Debug)]
pub enum WantedPolicy {
    /// Hosts, in a policy that remembers them.
    Hosts(Hosts),
    /// A policy without addresses that change, as it was shown.
    Fixed(Box<NetworkPolicy>),
    /// A policy less hosts that it remembers.
    Without(Unwanted),
}

/// Hosts that a policy is to remember no more.
#[derive(Clone, Debug)]
pub struct Unwanted {
    /// The namespace of the policy.
    pub namespace: Box<str>,
    /// Its name.
    pub policy: String,
    /// The hosts.
    pub keys: BTreeSet<Key>,
}

/// Hosts that are to be opened for pods.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// The pods.
    pub pods: Pods,
    /// The name of the policy.
    pub policy: String,
    /// Whose policy it is.
    pub whose: Whose,
    /// The hosts, as nothing were known of them yet.
    pub hosts: BTreeMap<Key, Entry>,
    /// Rules for Services, which need no refresh.
    pub rules: Vec<NetworkPolicyEgressRule>,
}

/// Whose policy takes the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One of our own, which is made where it is not there.
    Ours,
    /// One that is there (`--into`).
    Theirs,
}

/// What has been learnt, and how it is merged.
#[derive(Clone, Debug, Default)]
pub struct Learnt {
    /// What name servers said of names.
    pub resolutions: BTreeMap<HostName, Resolution>,
    /// The hosts and ports that SRV records tell of, by their name.
    pub services: Services,
    /// Where Services lead that select no pods.
    pub leads: Leads,
    /// When.
    pub now: Minute,
    /// How to merge.
    pub options: merge::Options,
}

/// The hosts and ports that SRV records tell of, by their name.
pub type Services = BTreeMap<HostName, BTreeSet<(HostName, u16)>>;

/// What becomes of a policy.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What became of each host, ascending.
    pub changes: BTreeMap<Key, HostChange>,
    /// The object to apply; nothing where all stays as it is.
    pub object: Option<Checked>,
}

/// A policy that cannot be written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing is remembered on it.
    #[error("it has no annotation {ANNOTATION}: somebody took it away; allow its hosts anew")]
    NoRecord,
    /// It is not there.
    #[error("there is no such policy")]
    Missing,
    /// Somebody else made one of that name.
    #[error("there is one of that name that somebody else made: delete it first, or edit it by hand")]
    Theirs,
    /// It is for other pods than it was made for.
    #[error("it selects other pods by now: delete it, and allow its hosts anew")]
    OtherPods,
    /// What is remembered cannot be read, or not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The rules have no place in it.
    #[error(transparent)]
    Into(#[from] IntoError),
    /// What came out was not planned.
    #[error(transparent)]
    Unplanned(#[from] Unplanned),
}

/// Reads what is remembered on a policy; nothing where it remembers none.
///
/// # Errors
/// What cannot be read.
pub fn remembered(live: &Value) -> Result<Option<Record>, RecordError> {
    let text = live.pointer("/metadata/annotations").and_then(|all| all.get(ANNOTATION)?.as_str());
    text.map(Record::parse).transpose()
}

/// Returns the hosts that a policy remembers and opens; none where nothing can be read.
pub fn open_hosts(live: &Value) -> Record {
    let record = remembered(live).ok().flatten().unwrap_or_default();
    RecordStanding::new(&record, standing::egress(live)).open
}

/// Lists the names that are to be resolved for a record.
pub fn names(record: &Record) -> BTreeSet<HostName> {
    let name = |key: &Key| match &key.host {
        Host::Name(name) => Some(name.clone()),
        Host::Ip(_) => None,
    };
    let hosts = record.entries.iter().filter(|(_, entry)| entry.service.is_none());
    hosts.filter_map(|(key, _)| name(key)).collect()
}

/// Lists the names whose SRV records are to be asked for.
pub fn services(record: &Record) -> BTreeSet<HostName> {
    record.entries.values().filter_map(|entry| entry.srv.clone()).collect()
}

/// Adds to the hosts that are open those that SRV records tell of by now; what they told of before stays.
fn with_services(base: &RecordStanding, services: &Services) -> Record {
    let mut all = base.open.clone();
    for entry in base.open.entries.values() {
        for (host, port) in entry.srv.iter().filter_map(|srv| services.get(srv)).flatten() {
            let host = Host::Name(host.clone());
            let (srv, scheme) = (entry.srv.clone(), entry.scheme.clone());
            let (allow, grace, dns) = (entry.allow.clone(), entry.grace, entry.dns.clone());
            let new = Entry { srv, scheme, allow, grace, dns, ..Entry::new(&host) };
            let key = Key { host, ports: [ProtocolPort::tcp(*port)].into() };
            let new = base.newcomer(&key, new);
            all.entries.extend(new.map(|new| (key, new)));
        }
    }
    all
}

/// Merges what was learnt into the hosts that are open. A new host about which nothing is known yet has no
/// rule, and is not remembered before it has one; of a closed one nothing changes.
fn learn(base: &RecordStanding, learnt: &Learnt, named: &BTreeMap<Key, Entry>) -> Merged {
    let all = with_services(base, &learnt.services).entries;
    let (services, hosts) = all.into_iter().partition(|(_, entry)| entry.service.is_some());
    let open = Record { entries: hosts };
    let own = names(&open).into_iter().filter_map(|name| learnt.resolutions.get(&name).cloned());
    let own: Vec<Resolution> = own.collect();
    let mut merged = merge::merge(&open, &own, learnt.now, &learnt.options);
    for (key, entry) in lead::with_ports(&Record { entries: services }, &learnt.leads).entries {
        let known = base.open.entries.contains_key(&key);
        let entry = if known { Some(entry) } else { base.newcomer(&key, entry) };
        let Some(entry) = entry else { continue };
        let said = lead::of(&learnt.leads, &key, &entry);
        let said = said.and_then(|lead| lead.said(&key, &learnt.resolutions));
        let options = learnt.options.of_service(&key, named.contains_key(&key));
        let one = Record { entries: [(key, entry)].into() };
        let one = merge::merge(&one, said.as_slice(), learnt.now, &options);
        merged.record.entries.extend(one.record.entries);
        merged.changes.extend(one.changes);
    }
    merged.record.entries.retain(|_, entry| !entry.ips.is_empty());
    for (key, entry) in &base.closed.entries {
        merged.changes.insert(key.clone(), merge::unchanged(entry, Status::Closed));
        merged.record.entries.insert(key.clone(), entry.clone());
    }
    merged
}

/// Plans a refresh; the same answers at the same time change nothing the second time.
///
/// # Errors
/// Why the policy stays as it is.
pub fn refresh(live: &Value, learnt: &Learnt) -> Result<Planned, PlanError> {
    let old = remembered(live)?.ok_or(PlanError::NoRecord)?;
    let standing = RecordStanding::new(&old, standing::egress(live));
    let mut merged = learn(&standing, learnt, &BTreeMap::new());
    fit(&mut merged, &standing.all());
    let Merged { record, changes } = merged;
    if record == old {
        return Ok(Planned { changes, object: None });
    }
    let object = object::into(live, (&standing.open, &record), &[])?;
    let plan = Plan {
        record: Some(&record),
        live: Some(live),
        options: Some(&learnt.options),
        ..Plan::default()
    };
    Ok(Planned { changes: compared(changes, &object), object: Some(guard::check(&object, plan)?) })
}

/// Compares what was to leave with what the rules that are written still open.
fn compared(mut changes: BTreeMap<Key, HostChange>, object: &Value) -> BTreeMap<Key, HostChange> {
    let openings = Openings::of(standing::egress(object));
    for (key, change) in &mut changes {
        let ports = key.ports.iter().map(|port| openings.at(&BTreeSet::from([*port])));
        let open = ports.fold(IpSet::default(), |all, own| all.union(&own));
        change.open = change.removed.iter().copied().filter(|ip| open.contains(*ip)).collect();
        change.removed.retain(|ip| !open.contains(*ip));
    }
    changes
}

/// Leaves hosts as they were, those first that grew most, until the policy can hold the record: one host
/// keeps no other from being refreshed.
fn fit(merged: &mut Merged, old: &Record) {
    if merged.record.write().is_ok() {
        return;
    }
    let size = |entry: &Entry| serde_json::to_string(entry).map_or(0, |text| text.len());
    let growth = |(key, entry): (&Key, &Entry)| {
        let before = old.entries.get(key).map_or(0, size);
        Some((size(entry).checked_sub(before).filter(|more| *more > 0)?, key.clone()))
    };
    let mut grown: Vec<(usize, Key)> = merged.record.entries.iter().filter_map(growth).collect();
    grown.sort_unstable_by(|one, other| other.cmp(one));
    // As few as possible: each one less makes the record smaller, so that the first that fits is found by halves.
    let (mut fewest, mut most) = (1, grown.len());
    while fewest < most {
        let middle = fewest.midpoint(most);
        match less(&merged.record, old, grown.iter().take(middle)).write() {
            Ok(_) => most = middle,
            Err(_) => fewest = middle + 1,
        }
    }
    let left = || grown.iter().take(most);
    merged.record = less(&merged.record, old, left());
    for (_, key) in left() {
        let unchanged = |entry| merge::unchanged(entry, Status::NoRoom);
        let none = || HostChange { status: Status::NoRoom, ..HostChange::default() };
        merged.changes.insert(key.clone(), old.entries.get(key).map_or_else(none, unchanged));
    }
}

/// Returns a record in which some hosts are as they were before.
fn less<'a>(record: &Record, old: &Record, keys: impl Iterator<Item = &'a (usize, Key)>) -> Record {
    let mut record = record.clone();
    for (_, key) in keys {
        match old.entries.get(key) {
            Some(entry) => drop(record.entries.insert(key.clone(), entry.clone())),
            None => drop(record.entries.remove(key)),
        }
    }
    record
}

impl Planned {
    fn fixed(object: Option<Checked>) -> Self {
        Self { changes: BTreeMap::new(), object }
    }
}

impl WantedPolicy {
    /// Returns the namespace of the policy.
    pub fn namespace(&self) -> &str {
        match self {
            Self::Hosts(hosts) => &hosts.pods.namespace,
            Self::Without(unwanted) => &unwanted.namespace,
            Self::Fixed(policy) => policy.metadata.namespace.as_deref().unwrap_or_default(),
        }
    }

    /// Returns the name of the policy.
    pub fn name(&self) -> &str {
        match self {
            Self::Hosts(hosts) => &hosts.policy,
            Self::Without(unwanted) => &unwanted.policy,
            Self::Fixed(policy) => policy.metadata.name.as_deref().unwrap_or_default(),
        }
    }

    /// Plans the policy; the same answers at the same time change nothing the second time.
    ///
    /// # Errors
    /// Why nothing is written.
    pub fn plan(&self, live: Option<&Value>, learnt: &Learnt) -> Result<Planned, PlanError> {
        match self {
            Self::Hosts(hosts) => hosts.plan(live, learnt),
            Self::Without(unwanted) => unwanted.plan(live),
            Self::Fixed(policy) => fixed(&on_the_wire(policy), live),
        }
    }
}

impl Unwanted {
    /// Takes the rules and the records of the hosts away; what others put into such a rule stays.
    fn plan(&self, live: Option<&Value>) -> Result<Planned, PlanError> {
        let live = live.ok_or(PlanError::Missing)?;
        let old = remembered(live)?.ok_or(PlanError::NoRecord)?;
        let standing = RecordStanding::new(&old, standing::egress(live));
        let all = standing.all().entries.into_iter();
        let (gone, entries): (BTreeMap<Key, Entry>, BTreeMap<Key, Entry>) =
            all.partition(|(key, _)| self.keys.contains(key));
        let record = Record { entries };
        let change = |entry: Entry| HostChange {
            status: Status::Forgotten,
            removed: entry.ips.into_keys().collect(),
            ..HostChange::default()
        };
        let changes: BTreeMap<Key, HostChange> =
            gone.into_iter().map(|(key, entry)| (key, change(entry))).collect();
        if changes.is_empty() {
            return Ok(Planned { changes, object: None });
        }
        let mut object = object::into(live, (&standing.open, &record), &[])?;
        if record.entries.is_empty() {
            object::forget(&mut object);
        }
        let plan = Plan { record: Some(&record), live: Some(live), ..Plan::default() };
        Ok(Planned { changes: compared(changes, &object), object: Some(guard::check(&object, plan)?) })
    }
}

impl Hosts {
    /// Tells whether there is a name among them, whose addresses may change.
    pub fn has_names(&self) -> bool {
        self.hosts.keys().any(|key| matches!(key.host, Host::Name(_)))
    }

    /// Returns the hosts as a record that remembers nothing of them yet.
    pub fn record(&self) -> Record {
        Record { entries: self.hosts.clone() }
    }

    fn plan(&self, live: Option<&Value>, learnt: &Learnt) -> Result<Planned, PlanError> {
        let old = live.map(remembered).transpose()?.flatten().unwrap_or_default();
        let standing = RecordStanding::new(&old, live.map(standing::egress).unwrap_or_default());
        let Merged { mut record, mut changes } = learn(&self.laid_over(&standing), learnt, &self.hosts);
        changes.retain(|key, _| self.hosts.contains_key(key));
        let is_refused = |key: &Key| changes.get(key).is_some_and(HostChange::is_refused);
        record.entries.retain(|key, _| standing.open.entries.contains_key(key) || !is_refused(key));
        for (_, change) in changes.iter_mut().filter(|(key, _)| !old.entries.contains_key(*key)) {
            // An address that stands for itself was there before it was merged.
            change.added.append(&mut change.kept);
        }
        let rules: Vec<Value> = self.rules.iter().map(on_the_wire).collect();
        let object = match live {
            None if self.whose == Whose::Theirs => return Err(PlanError::Missing),
            None => object::dedicated(&self.pods, &self.policy, &record, &self.rules)?
                .map(|policy| on_the_wire(&policy)),
            Some(live) => {
                self.check_pods(live)?;
                let object = object::into(live, (&standing.open, &record), &rules)?;
                let same =
                    record == old && live.pointer("/spec/egress") == object.pointer("/spec/egress");
                (!same).then_some(object)
            }
        };
        let plan = Plan {
            record: Some(&record),
            rules: &rules,
            live,
            named: Some(&self.hosts),
            options: Some(&learnt.options),
        };
        let object = object.map(|object| guard::check(&object, plan)).transpose()?;
        Ok(Planned { changes, object })
    }

    /// Adds the hosts to those that are remembered: of one that is open, what was consented to and what is
    /// known stay; one that was closed is as a new one.
    fn laid_over(&self, old: &RecordStanding) -> RecordStanding {
        let mut all = old.clone();
        for (key, wanted) in &self.hosts {
            all.closed.entries.remove(key);
            let entry = all.open.entries.entry(key.clone()).or_insert_with(|| wanted.clone());
            entry.allow.extend(&wanted.allow);
            entry.closed.clear();
            entry.grace = wanted.grace;
            entry.dns.clone_from(&wanted.dns);
        }
        all
    }

    fn check_pods(&self, live: &Value) -> Result<(), PlanError> {
        if self.whose == Whose::Theirs {
            return Ok(());
        }
        check_ours(live)?;
        let wanted = on_the_wire(&LabelSelector::from(&self.pods.selector));
        (live.pointer("/spec/podSelector") == Some(&wanted)).then_some(()).ok_or(PlanError::OtherPods)
    }
}

fn fixed(shown: &Value, live: Option<&Value>) -> Result<Planned, PlanError> {
    if let Some(live) = live {
        check_ours(live)?;
        if live.get("spec") == shown.get("spec") {
            return Ok(Planned::fixed(None));
        }
    }
    Ok(Planned::fixed(Some(guard::check_shown(shown, shown)?)))
}

fn check_ours(live: &Value) -> Result<(), PlanError> {
    object::is_ours(live).then_some(()).ok_or(PlanError::Theirs)
}
