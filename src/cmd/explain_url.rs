//! `kubectl netpol explain --to URL`: each address that the host has now is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::explain::{ExplainArgs, find};
use super::{input, output};
use crate::answer::verdict::Verdict;
use crate::cmd::global::Global;
use crate::dns::resolve::resolve_srv;
use crate::edit::classify::{HostClass, classify};
use crate::edit::host::{Host, HostName};
use crate::edit::merge::Options;
use crate::edit::plan::Learnt;
use crate::edit::record::{ANNOTATION, Entry, Key, Record};
use crate::edit::url;
use crate::edit::url::{Destination, Place};
use crate::ends::end::End;
use crate::ends::naming::name_of;
use crate::ends::target::Target;
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::explain::explain::explain;
use crate::model::snapshot::Snapshot;
use crate::plan::hosts;
use crate::plan::learning::learn;
use crate::plan::opening::service_target;
use crate::plan::refreshed::date;
use crate::render::sanitize::sanitize;
use crate::render::{Format, host as render, machine};
use crate::report::host;
use crate::report::host::{ExplainedAddress, ExplainedHost, HostExplanation};

/// Tells whether the word is a URL, and no end of a cluster.
pub(crate) fn is_url(word: &str) -> bool {
    word.contains("://")
}

/// Explains whether the hosts of a URL can be reached.
pub(crate) fn run(
    args: &ExplainArgs,
    global: &Global,
    source: &Target,
    url: &str,
) -> Result<ExitCode, Error> {
    let destination = url::parse(url).map_err(|error| Error::usage(format!("--to: {error}")))?;
    let input = input::read(global, true, &[source])?;
    let network = Network::of(&input.snapshot);
    let end = find(&network, source, &input.namespace)?;
    let live = global.filename.is_empty();
    let connection = live.then(|| global.connection.options(global.namespace.as_ref()));
    let asking = args.resolver.asking(&input.snapshot, connection.as_ref())?;
    let mut places: BTreeSet<(Host, u16)> = BTreeSet::new();
    for place in &destination.places {
        match place {
            Place::Port(host, port) => drop(places.insert((host.clone(), *port))),
            Place::Service(name) => {
                let targets = resolve_srv(name, &asking).map_err(crate::plan::learning::unresolved)?;
                places.extend(targets.into_iter().map(|(host, port)| (Host::Name(host), port)));
            }
        }
    }
    let classes = places.into_iter().map(|(host, port)| {
        let class = classify(&input.snapshot, &input.namespace, &host);
        class
            .map(|class| (host, port, class))
            .map_err(|error| Error::usage(sanitize(&error.to_string())))
    });
    let classes = classes.collect::<Result<Vec<_>, Error>>()?;
    let names = classes.iter().filter_map(|(_, port, class)| match class {
        HostClass::External(name) => Some((name.clone(), *port)),
        _ => None,
    });
    let lesson = learn(&[record(names)], &asking, Options::default())?;
    let question = Question { network: &network, source: &end, learnt: &lesson.learnt };
    let explained = classes.iter().map(|(host, port, class)| question.host(host, *port, class));
    let explained = explained.collect::<Result<Vec<ExplainedHost>, Error>>()?;
    let mut answer = HostExplanation::new(end.endpoint.clone(), explained, lesson.caveats);
    if answer.verdict != Verdict::Allow {
        answer.command = Some(command(&end, &destination));
    }
    output::write(global, true, |out, format, look| match format {
        Format::Json => machine::write_json(out, &answer),
        Format::Yaml => machine::write_yaml(out, &answer),
        _ => render::write(out, &answer, look),
    })?;
    Ok(output::outcome(args.is_expected(answer.verdict)))
}

/// Returns names as a record that remembers nothing of them.
fn record(names: impl Iterator<Item = (HostName, u16)>) -> Record {
    let entry = |(name, port)| {
        let host = Host::Name(name);
        let entry = Entry::new(&host);
        (Key { host, ports: BTreeSet::from([port]) }, entry)
    };
    Record { entries: names.map(entry).collect() }
}

/// Writes the command that opens a URL, without anything of it that could be secret.
fn command(source: &End, destination: &Destination) -> String {
    let scheme = destination.scheme.as_deref().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let places = destination.places.iter().map(|place| match place {
        Place::Port(..) => format!("{scheme}{place}"),
        Place::Service(name) => {
            let host = name.as_str().splitn(3, '.').last().unwrap_or_default();
            format!("{}+srv://{host}", destination.scheme.as_deref().unwrap_or_default())
        }
    });
    let urls: Vec<String> = places.map(|place| format!("--url {place}")).collect();
    format!("kubectl netpol allow-endpoint {} {}", name_of(&source.endpoint), urls.join(" "))
}

struct Question<'a, 'b> {
    network: &'a Network<'b>,
    source: &'a End,
    learnt: &'a Learnt,
}

impl Question<'_, '_> {
    fn host(&self, host: &Host, port: u16, class: &HostClass) -> Result<ExplainedHost, Error> {
        let snapshot = self.network.snapshot;
        let ips: BTreeSet<IpAddr> = match class {
            HostClass::Service(id) | HostClass::ApiServer(id) => {
                let end = find(self.network, &service_target(snapshot, *id).0, "")?;
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
                verdict: verdict.map_err(|error| Error::usage(sanitize(&error.to_string())))?,
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
        port: u16,
        end: &End,
        addresses: Vec<ExplainedAddress>,
        refreshed: Option<String>,
    ) -> Result<ExplainedHost, Error> {
        let explanation = explain(self.network, self.source, end, Some(&host::tcp(port)));
        let explanation = explanation.map_err(|error| Error::usage(sanitize(&error.to_string())))?;
        Ok(ExplainedHost { host: host.to_string(), port, addresses, refreshed, explanation })
    }
}

/// Lists what policies in the namespace of the source remember of a host, by policy.
fn remembered(snapshot: &Snapshot, source: &End, host: &Host, port: u16) -> BTreeMap<String, Entry> {
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
