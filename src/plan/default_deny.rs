//! The zero-trust base of a namespace: what it is made of, and how it is written to a cluster.

use super::change::PolicyPlace;
use super::changes::{Changes, Consented};
use super::console::Console;
use super::unfinished::Unfinished;
use super::writing::Writing;
use crate::cluster::apply::Writer;
use crate::cluster::read::ConnectOptions;
use crate::edit::object::managed;
use crate::edit::plan::{Learnt, WantedPolicy};
use crate::error::Error;
use crate::model::snapshot::Snapshot;
use crate::report::default_deny::{BaseAllows, DefaultDeny, Inside, default_deny};
use crate::world::servers;

/// What the base of a namespace allows besides DNS.
#[derive(Clone, Copy, Debug)]
pub struct BaseRequest<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// Whether its pods may talk to each other.
    pub inside: Inside,
    /// Whether its pods may talk to the API server.
    pub api_server: bool,
}

/// Composes the base of a namespace.
///
/// # Errors
/// An API server of which no address is known.
pub fn base(snapshot: &Snapshot, asked: BaseRequest<'_>) -> Result<DefaultDeny, Error> {
    let api_server = match asked.api_server {
        true => Some(servers::api_server(snapshot).ok_or_else(unknown_api_server)?),
        false => None,
    };
    let dns = servers::dns(snapshot);
    let allowed = BaseAllows { inside: asked.inside, dns: &dns, api_server: api_server.as_deref() };
    Ok(default_deny(snapshot, asked.namespace, allowed))
}

fn unknown_api_server() -> Error {
    let unread = "the address of the API server is not known: no EndpointSlice of Service \
                  default/kubernetes was read";
    Error::usage(format!("--allow-apiserver: {unread}"))
        .hint("leave it out, and add a rule with the ipBlock of the API server by hand")
}

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
    let forced = changes.check_owners(writing, console)?;
    let consents = writing.consent(
        &format!("Write these {due} policies to ns/{namespace} of {}?", writer.place()),
        console,
    )?;
    if consents {
        let facts = changes.facts(snapshot);
        let consented = Consented { facts: &facts, dry_run: writing.dry_run, forced };
        changes.write(&writer, &consented, console).map_err(Unfinished::error)?;
    }
    Ok(consents)
}
