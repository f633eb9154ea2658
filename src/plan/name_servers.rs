//! Which name servers are asked: the cluster's own where it can be reached.

use crate::cluster::forward::PodPort;
use crate::cluster::read::ConnectOptions;
use crate::dns::patience::Patience;
use crate::dns::resolve::{Asking, DnsPods, NameServers, ResolveError, is_in_pod};
use crate::model::ports::Protocol;
use crate::model::service::TargetPort;
use crate::model::snapshot::Snapshot;
use crate::world::servers::{At, Servers, dns, dns_endpoints, dns_pods};

/// The word for the cluster's own name servers.
pub const AUTO: &str = "auto";
/// The word for the name servers of the machine, which on the cluster are the cluster's too.
pub const SYSTEM: &str = "system";

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
        [] | [SYSTEM] => NameServers::System,
        words => NameServers::named(words.iter().copied())?,
    };
    let servers = if auto.is_empty() { others } else { of_cluster(snapshot, connection, others) };
    Ok(Asking { servers, families: snapshot.families(), patience: Patience::default() })
}

/// Lists the name servers that words stand for, as a policy of the cluster names them.
///
/// # Errors
/// A word that is no name server.
pub fn servers(words: &[String], snapshot: &Snapshot) -> Result<Vec<Servers>, ResolveError> {
    let (cluster, named): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| [AUTO, SYSTEM].contains(word));
    let mut all = if cluster.is_empty() { Vec::new() } else { dns(snapshot) };
    if let NameServers::Named(addresses) = NameServers::named(named)? {
        all.extend(addresses.into_iter().map(|address| {
            let port = |protocol| (protocol, TargetPort::Number(address.port()));
            let ports = [Protocol::Udp, Protocol::Tcp].map(port).into();
            Servers { at: At::Addresses([address.ip()].into()), ports }
        }));
    }
    Ok(all)
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
