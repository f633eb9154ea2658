//! What the policies of a snapshot remember of hosts, held against what they open.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

use super::refreshed::date;
use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::edit::host::Host;
use crate::edit::name;
use crate::edit::object::on_the_wire;
use crate::edit::record::{ANNOTATION, Entry, Key, Minute, Record, Streak};
use crate::edit::special::{self, AddressSource};
use crate::edit::standing::{self, RecordStanding};
use crate::ends::naming::{pod_endpoint, workload_endpoint};
use crate::model::endpoint::PodId;
use crate::model::ips::{Family, IpSet};
use crate::model::origin::ObjectOrigin;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::{Direction, network_policy};
use crate::report::endpoints::{
    EndpointList, MissingAddress, RecordStatus, RememberedHost, RememberingPolicy,
};
use crate::report::refresh::RefusedAddress;
use crate::world::addresses;
use crate::world::pods::selected;

/// Lists what the policies of a namespace remember; those of every namespace where none is named.
pub fn list(snapshot: &Snapshot, namespace: Option<String>) -> EndpointList {
    let own = addresses::of_cluster(snapshot);
    let is_asked = |policy: &&PolicyObject| {
        let is_here = namespace.is_none() || policy.namespace.as_deref() == namespace.as_deref();
        let meta = &policy.metadata;
        is_here
            && (meta.labels.contains_key(name::ENDPOINT) || meta.annotations.contains_key(ANNOTATION))
    };
    let asked = snapshot.policies.iter().filter(is_asked);
    let mut policies: Vec<RememberingPolicy> =
        asked.map(|policy| remembering(snapshot, policy, &own)).collect();
    policies.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    EndpointList::new(policies, snapshot.gaps.clone(), namespace)
}

fn remembering(snapshot: &Snapshot, policy: &PolicyObject, own: &IpSet) -> RememberingPolicy {
    let mut problems = Vec::new();
    let record = match policy.metadata.annotations.get(ANNOTATION).map(|text| Record::parse(text)) {
        Some(Ok(record)) => Some(record),
        Some(Err(error)) => {
            problems.push(error.to_string());
            None
        }
        None => {
            problems.push(no_record(&policy.origin));
            None
        }
    };
    if record.is_some() && !policy.metadata.labels.contains_key(name::ENDPOINT) {
        problems.push(format!("it lacks the label {}, by which refresh-ips finds it", name::ENDPOINT));
    }
    if network_policy::governed(policy, Direction::Egress).is_none() {
        problems.push(
            "Egress is not in its policyTypes, so that what it remembers opens nothing".to_owned(),
        );
    }
    let object = on_the_wire(&policy.spec);
    let egress = standing::egress(&object);
    let hosts = record.iter().flat_map(|record| hosts(record, egress, own)).collect();
    let is_ours = policy.metadata.is_managed();
    let unrecorded = record.iter().filter(|_| is_ours).flat_map(|record| unrecorded(record, egress));
    RememberingPolicy {
        namespace: policy.namespace.as_deref().unwrap_or_default().to_owned(),
        name: policy.name.to_string(),
        pods: pods(snapshot, policy),
        problems,
        unrecorded: unrecorded.collect(),
        hosts,
    }
}

/// Says that a policy has the label of those with a record, and no record.
fn no_record(origin: &ObjectOrigin) -> String {
    match origin {
        ObjectOrigin::Live { .. } => {
            format!("it has no annotation {ANNOTATION}: somebody took it away; allow its hosts anew")
        }
        ObjectOrigin::File { .. } | ObjectOrigin::Generated => {
            "its record is not in what was read; a snapshot file has none".to_owned()
        }
    }
}

/// Lists the workloads that a policy is for, or their namespace where it is for all of it.
fn pods(snapshot: &Snapshot, policy: &PolicyObject) -> Vec<Endpoint> {
    let namespace = policy.namespace.as_deref().unwrap_or_default();
    let subject = Direction::ALL.into_iter().find_map(|half| network_policy::governed(policy, half));
    let Some(selector) = subject else { return Vec::new() };
    if selector.requirements.is_empty() {
        return vec![Endpoint::named(EndpointKind::Namespace, None, namespace)];
    }
    let endpoint = |id: &PodId| match snapshot.pods.at(*id).workload {
        Some(workload) => workload_endpoint(snapshot, workload),
        None => pod_endpoint(snapshot, *id),
    };
    let each: BTreeSet<Endpoint> =
        selected(snapshot, namespace, &selector).iter().map(endpoint).collect();
    each.into_iter().collect()
}

fn hosts(record: &Record, egress: &[Value], own: &IpSet) -> Vec<RememberedHost> {
    let all = RecordStanding::new(record, egress).all();
    all.entries.iter().map(|(key, entry)| host(key, entry, own)).collect()
}

fn host(key: &Key, entry: &Entry, own: &IpSet) -> RememberedHost {
    let (status, since) = status(key, entry);
    let missing = |(ip, streak): (&IpAddr, &Option<Streak>)| streak.map(|streak| (*ip, streak));
    let pending = entry.ips.iter().filter_map(missing).map(|(address, streak)| MissingAddress {
        address,
        since: date(streak.since),
        runs: streak.runs,
        until: date(streak.since.after(entry.stays())),
    });
    let open = entry.ips.iter().filter(|(_, missing)| missing.is_none());
    let refused = entry.ips.keys().filter_map(|ip| refused(key, entry, own, *ip));
    RememberedHost {
        host: key.host.to_string(),
        ports: key.ports.iter().copied().collect(),
        status,
        resolved: entry.ok.map(date),
        since: since.map(date),
        gone: Family::ALL.into_iter().filter(|family| entry.gone(*family).is_some()).collect(),
        open: open.map(|(ip, _)| *ip).collect(),
        pending: pending.collect(),
        closed: entry.closed.iter().copied().collect(),
        refused: refused.collect(),
        consents: entry.allow.iter().copied().collect(),
        rotates: entry.rotates,
    }
}

/// Says how it went with a host, and since when it goes badly.
fn status(key: &Key, entry: &Entry) -> (RecordStatus, Option<Minute>) {
    let gone =
        Family::ALL.into_iter().filter_map(|family| entry.gone(family)).map(|own| own.since).min();
    match (entry.ips.is_empty(), entry.fails, gone) {
        (true, ..) if !entry.closed.is_empty() => (RecordStatus::Closed, None),
        (_, Some(fails), _) => (RecordStatus::Failed, Some(fails.since)),
        (_, None, Some(since)) => (RecordStatus::Gone, Some(since)),
        _ if matches!(key.host, Host::Ip(_)) => (RecordStatus::Static, None),
        _ if entry.ok.is_none() => (RecordStatus::New, None),
        _ => (RecordStatus::Resolved, None),
    }
}

/// Says why an address would not be opened now, as its record stands.
fn refused(key: &Key, entry: &Entry, own: &IpSet, address: IpAddr) -> Option<RefusedAddress> {
    // Who types an address, or names a Service, means a private one.
    let is_named = matches!(key.host, Host::Ip(_)) || entry.service.is_some();
    let source = if is_named { AddressSource::Literal } else { AddressSource::FirstAnswer };
    let nobodys = IpSet::default();
    let own = if key.is_api_server() { &nobodys } else { own };
    let why = special::check(address, source, &entry.allow, own).err()?;
    Some(RefusedAddress { address, reason: why.to_string() })
}

/// Lists the blocks that rules open and that are of no address of the record.
fn unrecorded(record: &Record, egress: &[Value]) -> Vec<ipnet::IpNet> {
    let ips = record.entries.values().flat_map(|entry| entry.ips.keys().chain(&entry.closed));
    let known: IpSet = ips.copied().collect();
    let blocks = standing::blocks(egress).into_iter();
    blocks.filter(|block| !IpSet::from_iter([*block]).is_subset(&known)).collect()
}
