//! Writes the policies of a default deny to a cluster.

use super::change::PolicyPlace;
use super::changes::Changes;
use super::console::Console;
use super::unfinished::Unfinished;
use super::writing::Writing;
use crate::cluster::apply::Writer;
use crate::cluster::read::ConnectOptions;
use crate::edit::object::managed;
use crate::edit::plan::{Learnt, WantedPolicy};
use crate::error::Error;
use crate::model::snapshot::Snapshot;
use crate::report::default_deny::DefaultDeny;

/// Writes what of the policies is not there yet, once the user consents; a dry run of the client is no
/// `writing`, and ends before. Tells whether nobody objects.
///
/// # Errors
/// A policy of that name of somebody else, nobody who can be asked, or something that cannot be written.
pub fn apply(
    base: &DefaultDeny,
    (snapshot, namespace): (&Snapshot, &str),
    (connection, writing): (&ConnectOptions, Option<Writing>),
    console: &dyn Console,
) -> Result<bool, Error> {
    let writer = Writer::open(connection)?;
    let mut changes = Changes::new(Learnt::default());
    // What lets names through comes first: nothing is cut for longer than it has to be.
    for policy in base.policies.iter().rev() {
        changes.push(
            PolicyPlace::Cluster(&writer),
            WantedPolicy::Fixed(Box::new(managed(policy.clone()))),
        )?;
    }
    let due = changes.count();
    if due == 0 {
        console.tell("nothing to write: it is so already");
        return Ok(true);
    }
    let Some(writing) = writing else { return Ok(true) };
    let consents = writing.consent(
        &format!("Write these {due} policies to ns/{namespace} of {}?", writer.place()),
        console,
    )?;
    if consents {
        let facts = changes.facts(snapshot);
        changes.write(&writer, &facts, writing, console).map_err(Unfinished::error)?;
    }
    Ok(consents)
}
