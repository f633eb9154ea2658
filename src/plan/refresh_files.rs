//! Brings the addresses of hosts up to date that policies in files remember: for Git, without a cluster.

use serde_json::Value;

use super::console::Console;
use super::learning::{Lesson, learn, other_dns};
use super::refresh_ips::{missing, unseen};
use super::refreshed;
use super::refreshing::plan_again;
use crate::answer::caveat::Caveat;
use crate::cluster::apply::PolicyName;
use crate::dns::resolve::Asking;
use crate::edit::as_written::{defaulted, refreshed as laid_over};
use crate::edit::guard::Checked;
use crate::edit::merge::Options;
use crate::edit::object::lacks_record;
use crate::edit::plan::{Learnt, open_hosts, remembered};
use crate::edit::record::Record;
use crate::error::Error;
use crate::model::gap::{Gap, GapReason, GapScope, Unread};
use crate::model::snapshot::Snapshot;
use crate::report::dns::{dns_claims, named_dns};
use crate::report::refresh::{Refresh, RefreshedPolicy};

/// A policy of a file.
#[derive(Clone, Debug)]
pub struct FilePolicy {
    /// Its number among all that were read.
    pub number: usize,
    /// Which one.
    pub name: PolicyName,
    /// Where it stands: `policies/web.yaml:12`.
    pub file: String,
    /// The object, as it was written.
    pub object: Value,
}

/// What becomes of policies of files.
pub struct FilesRefresh {
    /// As it is told; its policies are in the order of the objects.
    pub answer: Refresh,
    /// Each policy as it is to be.
    pub objects: Vec<Value>,
    /// Whether something may remember hosts that was not read.
    pub is_partial: bool,
}

/// Keeps the policies that remember hosts, and of these the named ones where any is named.
///
/// # Errors
/// A name that none of them has.
pub fn remembering(all: Vec<FilePolicy>, names: &[String]) -> Result<Vec<FilePolicy>, Error> {
    // What cannot be read of a record is told with its policy.
    let remembers = |policy: &FilePolicy| {
        !matches!(remembered(&policy.object), Ok(None)) || lacks_record(&policy.object)
    };
    let mut all: Vec<FilePolicy> = all.into_iter().filter(remembers).collect();
    missing(names, all.iter().map(|policy| policy.name.name.clone()).collect(), "the files")?;
    all.retain(|policy| names.is_empty() || names.contains(&policy.name.name));
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

/// Asks for the hosts of policies, and plans what becomes of each.
///
/// # Errors
/// No name server to ask. What fails of one policy is part of the answer.
pub fn refresh(
    policies: &[FilePolicy],
    snapshot: &mut Snapshot,
    (asking, options): (&Asking, Options),
    console: &dyn Console,
) -> Result<FilesRefresh, Error> {
    let unread: Vec<Gap> =
        snapshot.gaps.iter().filter(|gap| gap.scope.is_of_policies()).cloned().collect();
    snapshot.gaps.extend(unknown(snapshot));
    let objects: Vec<Value> = policies.iter().map(|policy| defaulted(&policy.object)).collect();
    let lesson = lesson(snapshot, &objects, (asking, options), console)?;
    let (mut told, mut all): (Vec<RefreshedPolicy>, Vec<Value>) = (Vec::new(), Vec::new());
    for (policy, object) in policies.iter().zip(&objects) {
        let (answer, checked) = planned(&policy.name, object, &lesson.learnt);
        told.push(RefreshedPolicy { file: Some(policy.file.clone()), ..answer });
        all.push(checked.map_or_else(
            || policy.object.clone(),
            |checked| laid_over(&policy.object, checked.object()),
        ));
    }
    let is_partial = !unread.is_empty();
    let unread = unread.into_iter().map(Caveat::UnknownHosts);
    let caveats = lesson.caveats.into_iter().chain(unread).collect();
    Ok(FilesRefresh { answer: Refresh::new(told, lesson.failed, caveats), objects: all, is_partial })
}

/// Asks for the hosts of policies; what it tells has all that limits it.
fn lesson(
    snapshot: &Snapshot,
    policies: &[Value],
    (asking, options): (&Asking, Options),
    console: &dyn Console,
) -> Result<Lesson, Error> {
    let records: Vec<Record> = policies.iter().map(open_hosts).collect();
    let others = other_dns(&records, &options);
    let mut lesson = learn(snapshot, &records, asking, options, console)?;
    lesson.caveats.extend(others.into_iter().chain(unseen(snapshot)));
    lesson.caveats.extend(named_dns(snapshot).into_iter().chain(dns_claims(snapshot)));
    Ok(lesson)
}

/// Plans a policy as it was read; tells what would become of it, and returns what would be applied.
fn planned(
    PolicyName { namespace, name }: &PolicyName,
    read: &Value,
    learnt: &Learnt,
) -> (RefreshedPolicy, Option<Checked>) {
    let mut policy = RefreshedPolicy::new(namespace, name);
    let object = plan_again(read, learnt, &mut policy);
    if let Err(error) = &object {
        refreshed::failed(&mut policy, error);
    }
    (policy, object.ok().flatten())
}

/// Lists what only a cluster tells, where the files have nothing of it.
fn unknown(snapshot: &Snapshot) -> Vec<Gap> {
    let has_address = snapshot.pods.values().any(|pod| !pod.ips.is_empty());
    let has_slices = has_address && !snapshot.services.is_empty();
    let lists = [
        ("pods", has_address),
        ("nodes", !snapshot.nodes.is_empty()),
        ("services", snapshot.services.values().any(|own| own.addresses().next().is_some())),
        ("endpointslices", has_slices),
    ];
    let lists = lists.into_iter().filter(|(_, is_known)| !is_known);
    let gap = |(list, _)| Gap {
        unread: Unread::all(list),
        reason: GapReason::NotInFiles,
        scope: GapScope::Incomplete,
    };
    lists.map(gap).collect()
}
