//! Which name servers are asked: the cluster's own where it can be reached.

use std::collections::BTreeSet;

use clap::Args;

use crate::edit::host::HostName;
use crate::error::Error;
use crate::load::resolve::{self, Asking, NameServers, Patience, Resolved, is_in_pod};
use crate::model::snapshot::Snapshot;
use crate::report::servers::dns_endpoints;

/// Which name servers are asked.
#[derive(Debug, Args)]
pub(super) struct ResolverFlags {
    /// The name servers to ask: auto is the cluster's DNS inside the cluster, and outside that of this
    /// machine; system, or IP[:PORT].
    #[arg(long, value_name = "WHICH", default_value = "auto")]
    resolver: Vec<String>,
}

impl ResolverFlags {
    /// Writes the flags as they were given; none where they are as always.
    pub(super) fn words(&self) -> Vec<String> {
        let given = self.resolver.iter().filter(|word| *word != "auto");
        given.map(|word| format!("--resolver={word}")).collect()
    }

    /// Returns whom to ask, and what that leaves open.
    pub(super) fn asking(&self, snapshot: &Snapshot) -> Result<(Asking, Option<String>), Error> {
        let (servers, caveat) = match &*self.resolver {
            [word] if word == "system" => (NameServers::System, None),
            [word] if word == "auto" => auto(snapshot),
            words => {
                let named = NameServers::named(words.iter().map(String::as_str));
                (named.map_err(|error| Error::usage(format!("--resolver: {error}")))?, None)
            }
        };
        let asking = Asking { servers, families: snapshot.families(), patience: Patience::default() };
        Ok((asking, caveat))
    }
}

fn auto(snapshot: &Snapshot) -> (NameServers, Option<String>) {
    const OTHERWISE: &str = "pods may see other addresses; run it in the cluster, or name a name server with \
                             --resolver IP";
    if !is_in_pod() {
        return (NameServers::System, Some(format!("names were resolved by this machine: {OTHERWISE}")));
    }
    let endpoints = dns_endpoints(snapshot);
    if endpoints.is_empty() {
        let why = "no endpoint of the cluster's DNS is known, so names were resolved by this pod's own";
        return (NameServers::System, Some(format!("{why}: {OTHERWISE}")));
    }
    (NameServers::Cluster(endpoints.into_iter().collect()), None)
}

/// Resolves hosts; none without asking anybody.
pub(super) fn resolve(hosts: &BTreeSet<HostName>, asking: &Asking) -> Result<Vec<Resolved>, Error> {
    if hosts.is_empty() {
        return Ok(Vec::new());
    }
    resolve::resolve(hosts, asking, |_| {}).map_err(Error::usage)
}
