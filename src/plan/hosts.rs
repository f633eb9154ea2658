//! Hosts that cannot be opened, and what to do about them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;

use super::change::{Change, refused};
use super::learning::unresolved;
use super::opening::service_target;
use crate::edit::host::{Host, HostName};
use crate::edit::merge::{HostChange, Status};
use crate::edit::plan::Learnt;
use crate::edit::record::{Key, MANY_ADDRESSES};
use crate::edit::special::Refusal;
use crate::error::Error;
use crate::model::snapshot::Snapshot;
use crate::world::addresses::{Reach, claimed_by, service_at};

/// Refuses a plan with a host that is not resolved, or leads where nothing may be opened: all is opened, or
/// nothing is.
pub fn check(snapshot: &Snapshot, changes: &[Change]) -> Result<(), Error> {
    for (key, change) in each(changes) {
        if change.is_refused() {
            return Err(refusal(snapshot, key, change));
        }
        if change.status.is_unresolved() {
            return Err(not_resolved(&key.host, &change.status));
        }
    }
    Ok(())
}

/// Says which hosts have so many addresses that a list of them is doubtful.
pub fn many(changes: &[Change]) -> Vec<String> {
    let count = |change: &HostChange| change.added.len() + change.kept.len() + change.pending.len();
    let many = each(changes).filter(|(_, change)| count(change) > MANY_ADDRESSES);
    many.map(|(key, change)| {
        format!("{} has {} addresses: a list of so many may miss some", key.host, count(change))
    })
    .collect()
}

/// Says which addresses a Service claims that the cluster did not give it, and whose that is.
pub fn claimed(snapshot: &Snapshot, changes: &[Change]) -> BTreeSet<String> {
    let opened = each(changes).flat_map(|(_, change)| change.added.iter().chain(&change.kept));
    let claims = opened.filter_map(|ip| Some((ip, claimed_by(snapshot, *ip)?)));
    let text = "(externalIPs or loadBalancerIP): nodes may send packets for it to pods of that Service, \
                which this does not open";
    claims
        .map(|(ip, id)| format!("{ip} is claimed by {} {text}", service_target(snapshot, id).1))
        .collect()
}

/// Returns the addresses that name servers tell of a name, each as it is.
///
/// # Errors
/// No name server tells any.
pub fn addresses(learnt: &Learnt, name: &HostName) -> Result<BTreeSet<IpAddr>, Error> {
    let resolution = learnt.resolutions.get(name);
    let found: BTreeSet<IpAddr> = resolution.iter().flat_map(|own| own.addresses()).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let outcomes = resolution.iter().flat_map(|own| &own.outcomes);
    let failures: BTreeSet<Box<str>> = outcomes.filter_map(|outcome| outcome.failure()).collect();
    let status = match failures.is_empty() {
        true => Status::Gone { held: false },
        false => Status::Failed(failures),
    };
    Err(not_resolved(name, &status))
}

fn each(changes: &[Change]) -> impl Iterator<Item = (&Key, &HostChange)> {
    changes.iter().flat_map(|change| &change.planned.changes)
}

fn not_resolved(host: &dyn std::fmt::Display, status: &Status) -> Error {
    let why = match status {
        Status::Failed(failures) => failures.iter().cloned().collect::<Vec<_>>().join("; "),
        Status::Gone { .. } => "name servers say that it has no address".to_owned(),
        _ => "it was not asked about".to_owned(),
    };
    unresolved(format!("{host} was not resolved: {why}"))
}

fn refusal(snapshot: &Snapshot, key: &Key, change: &HostChange) -> Error {
    let mut text = format!("{} is not opened: ", key.host);
    if let Status::TooMany(count) = change.status {
        let _ = write!(text, "{count} addresses are more than a list can follow");
    }
    let each = change.refused.iter().map(|(ip, why)| match key.host {
        Host::Ip(_) => why.to_string(),
        Host::Name(_) => format!("{ip}: {why}"),
    });
    text.push_str(&each.collect::<Vec<_>>().join("; "));
    let own = change.refused.iter().filter(|(_, why)| **why == Refusal::Cluster);
    let services = own.filter_map(|(ip, _)| service_at(snapshot, *ip, Reach::Anywhere));
    let services = services.map(|id| service_target(snapshot, id).1);
    services.fold(refused(text), |error, name| {
        error.hint(format!("it is {name}: name the Service instead, as NAME.NAMESPACE.svc:PORT"))
    })
}
