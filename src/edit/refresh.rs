//! A policy that is there, and what name servers say now -> the policy that is to be.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::guard::{self, Plan, Unplanned};
use super::host::{Host, HostName};
use super::merge::{self, Change, Merged};
use super::name::MANAGED_BY;
use super::object::{self, IntoError};
use super::outcome::Resolution;
use super::record::{ANNOTATION, Key, Minute, Record, RecordError};

/// What a refresh makes of a policy.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// What became of each host, ascending.
    pub changes: BTreeMap<Key, Change>,
    /// The object to apply; nothing where all stays as it is.
    pub object: Option<Value>,
}

/// A policy that cannot be refreshed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// Nothing is remembered on it.
    #[error("it has no annotation {ANNOTATION}: somebody took it away; allow its hosts anew")]
    NoRecord,
    /// What is remembered cannot be read, or not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its rules have no place in it any more.
    #[error(transparent)]
    Into(#[from] IntoError),
    /// What came out was not planned.
    #[error(transparent)]
    Unplanned(#[from] Unplanned),
}

/// Reads what is remembered on a policy.
///
/// # Errors
/// Nothing, or what cannot be read.
pub fn record_of(live: &Value) -> Result<Record, RefreshError> {
    let text = live.pointer("/metadata/annotations").and_then(|all| all.get(ANNOTATION)?.as_str());
    Ok(Record::parse(text.ok_or(RefreshError::NoRecord)?)?)
}

/// Lists the names that are to be resolved for a record.
pub fn names(record: &Record) -> BTreeSet<HostName> {
    let name = |key: &Key| match &key.host {
        Host::Name(name) => Some(name.clone()),
        Host::Ip(_) => None,
    };
    record.entries.keys().filter_map(name).collect()
}

/// Plans a refresh; the same answers at the same time change nothing the second time.
///
/// # Errors
/// Why the policy stays as it is.
pub fn refresh(
    live: &Value,
    resolutions: &[Resolution],
    now: Minute,
    options: &merge::Options,
) -> Result<Refreshed, RefreshError> {
    let old = record_of(live)?;
    let Merged { record, changes } = merge::merge(&old, resolutions, now, options);
    if record == old {
        return Ok(Refreshed { changes, object: None });
    }
    let mut object = object::into(live, &old, &record)?;
    // A label of ours that is left out would be taken away.
    let label = |object: &Value| Some(object.pointer("/metadata/labels")?.get(MANAGED_BY.0)?.clone());
    if label(live) == Some(json!(MANAGED_BY.1))
        && let Some(Value::Object(labels)) = object.pointer_mut("/metadata/labels")
    {
        labels.insert(MANAGED_BY.0.to_owned(), json!(MANAGED_BY.1));
    }
    guard::check(&object, Plan { record: Some(&record), rules: &[], live: Some(live) })?;
    Ok(Refreshed { changes, object: Some(object) })
}
