//! What became of a policy, as it is told.

use std::collections::BTreeMap;

use crate::cluster::apply::{Applied, DryRun};
use crate::cluster::conflict;
use crate::cluster::read::ClusterError;
use crate::edit::merge::{HostChange, Status};
use crate::edit::record::{Key, Minute};
use crate::edit::special;
use crate::model::special::AddressClass;
use crate::report::refresh::{
    HostStatus, PendingAddress, PolicyOutcome, RecordedConsent, RefreshedHost, RefreshedPolicy,
    RefusedAddress,
};

/// Addresses that are refused of one host and told: whoever holds a name could have it tell of any number.
const MOST_REFUSED: usize = 16;

/// Tells what became of the hosts of a policy.
pub fn hosts(changes: &BTreeMap<Key, HostChange>) -> Vec<RefreshedHost> {
    changes.iter().map(host).collect()
}

fn host((key, change): (&Key, &HostChange)) -> RefreshedHost {
    let (status, failures) = status(&change.status);
    let pending = change
        .pending
        .iter()
        .map(|(address, until)| PendingAddress { address: *address, until: date(*until) });
    let others = change.refused.len().saturating_sub(MOST_REFUSED);
    let refused = change.refused.iter().take(MOST_REFUSED).enumerate().map(|(index, (address, why))| {
        let is_last = index + 1 == MOST_REFUSED && others > 0;
        let more = if is_last { format!("; {others} more are refused") } else { String::new() };
        RefusedAddress { address: *address, reason: format!("{why}{more}") }
    });
    RefreshedHost {
        host: key.host.to_string(),
        ports: key.ports.iter().copied().collect(),
        status,
        failures,
        added: change.added.iter().copied().collect(),
        kept: change.kept.iter().copied().collect(),
        pending: pending.collect(),
        removed: change.removed.iter().copied().collect(),
        open: change.open.iter().copied().collect(),
        refused: refused.collect(),
        closed: change.closed.iter().copied().collect(),
        consents: change.consents.iter().map(consent).collect(),
    }
}

fn consent((class, confirmed): (&AddressClass, &bool)) -> RecordedConsent {
    RecordedConsent { class: *class, confirmed: *confirmed, flag: special::flag(*class) }
}

fn status(status: &Status) -> (HostStatus, Vec<String>) {
    let words = |failures: &std::collections::BTreeSet<Box<str>>| {
        failures.iter().map(ToString::to_string).collect()
    };
    match status {
        Status::Static | Status::Forgotten => (HostStatus::Static, Vec::new()),
        Status::Resolved => (HostStatus::Resolved, Vec::new()),
        Status::Partly(failures) => (HostStatus::Partly, words(failures)),
        Status::Failed(failures) => (HostStatus::Failed, words(failures)),
        Status::NotAsked => (HostStatus::Failed, vec!["it was not asked about in this run".to_owned()]),
        Status::Gone { .. } => (HostStatus::Gone, Vec::new()),
        Status::TooMany(count) => {
            let text = format!("{count} addresses are more than a list can follow");
            (HostStatus::Refused, vec![text])
        }
        Status::NoRoom => {
            let text = "the policy cannot hold its new addresses: split its hosts over several";
            (HostStatus::Refused, vec![text.to_owned()])
        }
        Status::Refused => (HostStatus::Refused, Vec::new()),
        Status::Closed => (HostStatus::Closed, Vec::new()),
    }
}

/// Writes a time as RFC 3339 has it.
pub fn date(minute: Minute) -> String {
    let seconds = i64::try_from(minute.0.saturating_mul(60)).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}

/// Tells what became of the object, or would have.
pub fn applied(policy: &mut RefreshedPolicy, applied: &Applied, dry_run: DryRun) {
    let (outcome, problem) = match applied {
        Applied::Done { changed: true } if dry_run == DryRun::Server => {
            (PolicyOutcome::Due, policy.problem.take())
        }
        Applied::Done { changed: true } => (PolicyOutcome::Written, policy.problem.take()),
        Applied::Done { changed: false } => (PolicyOutcome::Current, None),
        Applied::Conflict(conflicts) => {
            let RefreshedPolicy { namespace, name, .. } = &*policy;
            let command = format!("kubectl netpol refresh-ips {name} -n {namespace} --force-conflicts");
            let text = format!("{}; `{command}` takes it over", conflict::told(conflicts));
            (PolicyOutcome::Failed, Some(text))
        }
        Applied::Stale => {
            let text = "others changed it each time it was read; the next run tries again";
            (PolicyOutcome::Failed, Some(text.to_owned()))
        }
        Applied::Gone => {
            // Nothing was added to it, and nothing taken away.
            policy.hosts.clear();
            (PolicyOutcome::Current, Some("it was deleted meanwhile".to_owned()))
        }
    };
    policy.outcome = outcome;
    policy.problem = problem;
}

/// Tells that a check does not know whether this user may write the object.
pub fn forbidden(policy: &mut RefreshedPolicy, why: &ClusterError) {
    policy.problem = Some(format!("whether it can be written is not known: {why}"));
}

/// Tells why the object stays as it is.
pub fn failed(policy: &mut RefreshedPolicy, why: &dyn std::error::Error) {
    policy.outcome = PolicyOutcome::Failed;
    policy.problem = Some(why.to_string());
}
