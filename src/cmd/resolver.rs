//! Which name servers are asked: the cluster's own where it can be reached.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use super::progress::Progress;
use crate::cluster::forward::PodPort;
use crate::cluster::read::ConnectOptions;
use crate::dns::patience::Patience;
use crate::dns::resolve;
use crate::dns::resolve::{Answers, Asking, DnsPods, NameServers, ResolveError, Targets, is_in_pod};
use crate::edit::host::HostName;
use crate::error::Error;
use crate::model::snapshot::Snapshot;
use crate::render::sanitize::sanitize;
use crate::world::servers::{dns_endpoints, dns_pods};

/// Which name servers are asked.
#[derive(Debug, Args)]
pub(crate) struct ResolverFlags {
    /// The name servers to ask: auto (those of the cluster), system (those of this machine), IP[:PORT].
    ///
    /// From outside, those of the cluster are asked by port-forward to each of their pods, which takes the
    /// rights to get and create pods/portforward in their namespace. Without, those of this machine are
    /// asked, or those named beside auto.
    #[arg(long, value_name = "WHICH", default_value = "auto")]
    resolver: Vec<String>,
}

impl ResolverFlags {
    /// Writes the flags as they were given; none where they are as always.
    pub(crate) fn words(&self) -> Vec<String> {
        let is_default = *self.resolver == ["auto"];
        let given = self.resolver.iter().filter(|_| !is_default);
        given.map(|word| format!("--resolver={word}")).collect()
    }

    /// Tells whether the cluster's own name servers are to be asked.
    pub(crate) fn is_auto(&self) -> bool {
        self.resolver.iter().any(|word| word == "auto")
    }

    /// Returns whom to ask; nobody is asked yet. Without a connection, as for manifests, no cluster is.
    pub(crate) fn asking(
        &self,
        snapshot: &Snapshot,
        connection: Option<&ConnectOptions>,
    ) -> Result<Asking, Error> {
        let words = self.resolver.iter().map(String::as_str);
        let (auto, others): (Vec<&str>, Vec<&str>) = words.partition(|word| *word == "auto");
        let others = match &*others {
            [] | ["system"] => NameServers::System,
            words => {
                let named = NameServers::named(words.iter().copied());
                named.map_err(|error| Error::usage(format!("--resolver: {error}")))?
            }
        };
        let servers = if auto.is_empty() { others } else { of_cluster(snapshot, connection, others) };
        Ok(Asking { servers, families: snapshot.families(), patience: Patience::default() })
    }
}

/// Returns the cluster's own; outside it, those of this machine or named instead where it cannot be asked.
fn of_cluster(
    snapshot: &Snapshot,
    connection: Option<&ConnectOptions>,
    otherwise: NameServers,
) -> NameServers {
    let endpoints = dns_endpoints(snapshot);
    if connection.is_some() && is_in_pod() && !endpoints.is_empty() {
        return NameServers::Cluster(endpoints.into_iter().collect());
    }
    let at = |(pod, port)| PodPort {
        namespace: snapshot.namespace_of(pod).to_owned(),
        name: snapshot.pods.at(pod).name.to_string(),
        port,
    };
    NameServers::Forwarded(Box::new(DnsPods {
        pods: connection.iter().flat_map(|_| dns_pods(snapshot)).map(at).collect(),
        connection: connection.cloned().unwrap_or_default(),
        otherwise,
    }))
}

/// Resolves hosts; none without asking anybody.
pub(crate) fn resolve(hosts: &BTreeSet<HostName>, asking: &Asking) -> Result<Answers, Error> {
    if hosts.is_empty() {
        return Ok(Answers::default());
    }
    let mut progress = Progress::begin("resolved", hosts.len(), "hosts");
    let answers = resolve::resolve(hosts, asking, |_| progress.step());
    drop(progress);
    // What kept a port-forward from working is told in the words of others.
    answers.map_err(|error| Error::usage(sanitize(&error.to_string())))
}

/// Asks for what SRV records tell of; without names nobody is asked.
pub(crate) fn resolve_services(
    names: &BTreeSet<HostName>,
    asking: &Asking,
) -> Result<BTreeMap<HostName, Result<Targets, ResolveError>>, Error> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    resolve::resolve_each_srv(names, asking).map_err(|error| Error::usage(sanitize(&error.to_string())))
}
