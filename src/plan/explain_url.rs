//! Whether the hosts of a URL can be reached: each address that they have now is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::console::Console;
use super::hosts;
use super::learning::{learn, unresolved};
use super::opening::{self, service_target};
use super::refreshed::date;
use crate::answer::verdict::Verdict;
use crate::dns::resolve::Asking;
use crate::dns::session::resolve_srv;
use crate::edit::classify::{HostClass, classify};
use crate::edit::host::{Host, HostName};
use crate::edit::merge::Options;
use crate::edit::plan::Learnt;
use crate::edit::record::{ANNOTATION, Entry, Key, Record};
use crate::edit::url::{Destination, UrlPlace};
use crate::ends::end::End;
use crate::ends::find::find_end;
use crate::ends::naming::name_of;
use crate::engine::network::Network;
use crate::error::Error;
use crate::explain::connection::explain;
use crate::model::ports::ProtocolPort;
use crate::model::snapshot::Snapshot;
use crate::report::host::{self, ExplainedAddress, ExplainedHost, HostExplanation};

/// Explains whether the hosts of a URL can be reached; names of Services that give no namespace are in
/// this one.
///
/// # Errors
/// A host that is not resolved, or is no destination, or a source that opens no connections.
pub fn explain_url(
    network: &Network<'_>,
    (source, namespace): (&End, &str),
    destination: &Destination,
    asking: &Asking,
    console: &dyn Console,
) -> Result<HostExplanation, Error> {
    let mut places: BTreeSet<(Host, ProtocolPort)> = BTreeSet::new();
    for place in &destination.places {
        match place {
            UrlPlace::Port(host, port) => drop(places.insert((host.clone(), *port))),
            UrlPlace::Service(name) => {
                let targets = resolve_srv(name, asking).map_err(unresolved)?;
                places.extend(
                    targets.into_iter().map(|(host, port)| (Host::Name(host), ProtocolPort::tcp(port))),
                );
            }
        }
    }
    let classes = places.into_iter().map(|(host, port)| {
        let found = classify(network.snapshot, namespace, &host).map_err(Error::one_line)?;
        Ok((host, port, found.class))
    });
    let classes = classes.collect::<Result<Vec<_>, Error>>()?;
    let names = classes.iter().filter_map(|(_, port, class)| match class {
        HostClass::External(name) => Some((name.clone(), *port)),
        _ => None,
    });
    let lesson = learn(network.snapshot, &[record(names)], asking, Options::default(), console)?;
    let judge = Judge { network, source, learnt: &lesson.learnt };
    let explained = classes.iter().map(|(host, port, class)| judge.host(host, *port, class));
    let explained = explained.collect::<Result<Vec<ExplainedHost>, Error>>()?;
    let mut answer = HostExplanation::new(source.endpoint.clone(), explained, lesson.caveats);
    if answer.verdict != Verdict::Allow {
        answer.command = Some(command(source, destination));
    }
    Ok(answer)
}

/// Returns names as a record that remembers nothing of them.
fn record(names: impl Iterator<Item = (HostName, ProtocolPort)>) -> Record {
    let entry = |(name, port)| {
        let host = Host::Name(name);
        let entry = Entry::new(&host);
        (Key { host, ports: BTreeSet::from([port]) }, entry)
    };
    Record { entries: names.map(entry).collect() }
}

/// Writes the command that opens a URL, without anything of it that could be secret.
fn command(source: &End, destination: &Destination) -> String {
    format!(
        "kubectl netpol allow-endpoint {} {}",
        name_of(&source.endpoint),
        opening::flags(destination)
    )
}

/// Judges hosts for a source.
struct Judge<'a, 'b> {
    network: &'a Network<'b>,
    source: &'a End,
    learnt: &'a Learnt,
}

impl Judge<'_, '_> {
    fn host(&self, host: &Host, port: ProtocolPort, class: &HostClass) -> Result<ExplainedHost, Error> {
        let snapshot = self.network.snapshot;
        let ips: BTreeSet<IpAddr> = match class {
            HostClass::Service(id) | HostClass::ApiServer(id) => {
                let (target, _) = service_target(snapshot, *id);
                let end = find_end(self.network, &target, "").map_err(Error::one_line)?;
                return self.explained(host, port, &end, Vec::new(), None);
            }
            HostClass::Literal(ip) => [*ip].into(),
            HostClass::External(name) => hosts::addresses(self.learnt, name)?,
        };
        let remembered = remembered(snapshot, self.source, host, port);
        let refreshed = remembered.values().filter_map(|entry| entry.ok).max().map(date);
        let known = remembered.values().flat_map(|entry| entry.ips.keys().copied());
        let all: BTreeSet<IpAddr> = ips.iter().copied().chain(known).collect();
        let address = |ip: IpAddr| {
            let verdict = host::verdict(self.network, self.source, ip, port);
            let by = remembered.iter().filter(|(_, entry)| entry.ips.contains_key(&ip));
            Ok(ExplainedAddress {
                address: ip,
                verdict: verdict.map_err(Error::one_line)?,
                resolved: ips.contains(&ip),
                remembered: by.map(|(policy, _)| policy.clone()).collect(),
            })
        };
        let addresses = all.into_iter().map(address).collect::<Result<Vec<_>, Error>>()?;
        let end = host::end(self.network, &host.to_string(), &ips);
        self.explained(host, port, &end, addresses, refreshed)
    }

    fn explained(
        &self,
        host: &Host,
        port: ProtocolPort,
        end: &End,
        addresses: Vec<ExplainedAddress>,
        refreshed: Option<String>,
    ) -> Result<ExplainedHost, Error> {
        let explanation = explain(self.network, self.source, end, Some(&port.into()));
        let explanation = explanation.map_err(Error::one_line)?;
        Ok(ExplainedHost { host: host.to_string(), port, addresses, refreshed, explanation })
    }
}

/// Lists what policies in the namespace of the source remember of a host, by policy.
fn remembered(
    snapshot: &Snapshot,
    source: &End,
    host: &Host,
    port: ProtocolPort,
) -> BTreeMap<String, Entry> {
    let namespaces: BTreeSet<&str> = source
        .members
        .iter()
        .filter_map(|member| member.who.pod())
        .map(|pod| snapshot.namespace_of(pod))
        .collect();
    let own = snapshot.policies.iter().filter_map(|policy| {
        let namespace = policy.namespace.as_deref().filter(|own| namespaces.contains(own))?;
        let record = Record::parse(policy.metadata.annotations.get(ANNOTATION)?).ok()?;
        let is_it = |(key, _): &(Key, Entry)| key.host == *host && key.ports.contains(&port);
        let (_, entry) = record.entries.into_iter().find(is_it)?;
        Some((format!("{namespace}/{}", policy.name), entry))
    });
    own.collect()
}
