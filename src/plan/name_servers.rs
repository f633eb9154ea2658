//! Which name servers are asked: the cluster's own where it can be reached.

use crate::cluster::forward::PodPort;
use crate::cluster::read::ConnectOptions;
use crate::dns::patience::Patience;
use crate::dns::resolve::{Asking, DnsPods, NameServers, ResolveError, is_in_pod};
use crate::model::snapshot::Snapshot;
use crate::world::servers::{dns_endpoints, dns_pods};

/// The word for the cluster's own name servers.
pub const AUTO: &str = "auto";

/// Returns whom to ask, by words: `auto`, `system`, or addresses; nobody is asked yet. Without a connection,
/// as for manifests, no cluster is.
///
/// # Errors
/// A word that is no name server.
pub fn asking(
    words: &[String],
    snapshot: &Snapshot,
    connection: Option<&ConnectOptions>,
) -> Result<Asking, ResolveError> {
    let (auto, others): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| *word == AUTO);
    let others = match &*others {
        [] | ["system"] => NameServers::System,
        words => NameServers::named(words.iter().copied())?,
    };
    let servers = if auto.is_empty() { others } else { of_cluster(snapshot, connection, others) };
    Ok(Asking { servers, families: snapshot.families(), patience: Patience::default() })
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
