//! What URLs lead to, as hosts and rules of policies for pods.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::NetworkPolicyEgressRule;

use super::learning::unresolved;
use crate::dns::resolve::{Asking, resolve_srv};
use crate::edit::classify::{HostClass, classify};
use crate::edit::host::{Host, HostName};
use crate::edit::name;
use crate::edit::object::Pods;
use crate::edit::plan::{Hosts, Whose};
use crate::edit::record::{Entry, Key};
use crate::edit::service::service_rules;
use crate::edit::url::{Destination, UrlPlace};
use crate::ends::target::Target;
use crate::error::Error;
use crate::model::service::ServiceId;
use crate::model::snapshot::Snapshot;
use crate::model::special::AddressClass;

/// How hosts are to be opened.
pub struct OpeningManner<'a> {
    /// The pods.
    pub pods: &'a Pods,
    /// The policy that takes the rules; one of their own where it is absent.
    pub into: Option<&'a str>,
    /// The classes of addresses that the user consents to.
    pub consent: &'a BTreeSet<AddressClass>,
    /// For how many minutes an address stays after it was last seen.
    pub grace: u64,
}

/// What one URL leads to.
pub struct Opening {
    /// The hosts outside and the rules for Services, with the policy that takes them.
    pub hosts: Hosts,
    /// The Services, each with its port.
    pub services: BTreeSet<(ServiceId, u16)>,
    /// Whether pods have to ask for a name.
    pub by_name: bool,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
}

/// Brings together what goes into the same policy: it is planned, shown and written once.
pub fn joined(openings: Vec<Opening>) -> Vec<Opening> {
    let mut all: Vec<Opening> = Vec::new();
    for opening in openings {
        match all.iter_mut().find(|own| own.hosts.policy == opening.hosts.policy) {
            Some(own) => own.join(opening),
            None => all.push(opening),
        }
    }
    all
}

/// Returns what the policy of a URL is named after.
pub fn named(destination: &Destination) -> BTreeSet<Key> {
    let key = |place: &UrlPlace| match place {
        UrlPlace::Port(host, port) => Key { host: host.clone(), ports: BTreeSet::from([*port]) },
        UrlPlace::Service(name) => Key { host: Host::Name(name.clone()), ports: BTreeSet::new() },
    };
    destination.places.iter().map(key).collect()
}

impl Opening {
    fn join(&mut self, other: Self) {
        for (key, entry) in other.hosts.hosts {
            self.hosts.hosts.entry(key).or_insert(entry);
        }
        let new = other.hosts.rules.into_iter().filter(|rule| !self.hosts.rules.contains(rule));
        let new: Vec<NetworkPolicyEgressRule> = new.collect();
        self.hosts.rules.extend(new);
        self.services.extend(other.services);
        self.by_name |= other.by_name;
        self.notes.extend(other.notes);
    }
}

/// Finds out what a URL leads to; SRV records are asked for.
pub fn open(
    snapshot: &Snapshot,
    destination: &Destination,
    manner: &OpeningManner<'_>,
    asking: &Asking,
) -> Result<Opening, Error> {
    let mut found = Openings::new(snapshot, manner, named(destination));
    for place in &destination.places {
        match place {
            UrlPlace::Port(host, port) => found.port(host, *port, None)?,
            UrlPlace::Service(name) => {
                let targets = resolve_srv(name, asking).map_err(unresolved)?;
                for (host, port) in targets {
                    found.port(&Host::Name(host), port, Some(name))?;
                }
            }
        }
    }
    Ok(found.opening(destination))
}

/// What was found so far.
struct Openings<'a> {
    snapshot: &'a Snapshot,
    manner: &'a OpeningManner<'a>,
    /// What the policy is named after.
    named: BTreeSet<Key>,
    /// The ports of hosts outside, with the name whose SRV records told of them.
    ports: BTreeMap<(Host, Option<HostName>), BTreeSet<u16>>,
    rules: Vec<NetworkPolicyEgressRule>,
    services: BTreeSet<(ServiceId, u16)>,
}

impl<'a> Openings<'a> {
    fn new(snapshot: &'a Snapshot, manner: &'a OpeningManner<'a>, named: BTreeSet<Key>) -> Self {
        Self {
            snapshot,
            manner,
            named,
            ports: BTreeMap::new(),
            rules: Vec::new(),
            services: BTreeSet::new(),
        }
    }

    fn port(&mut self, host: &Host, port: u16, srv: Option<&HostName>) -> Result<(), Error> {
        let host =
            match classify(self.snapshot, &self.manner.pods.namespace, host).map_err(Error::one_line)? {
                HostClass::External(name) => Host::Name(name),
                HostClass::Literal(ip) => Host::Ip(ip),
                HostClass::Service(id) | HostClass::ApiServer(id) => {
                    self.rules.extend(service_rules(self.snapshot, id, port).map_err(Error::one_line)?);
                    self.services.insert((id, port));
                    return Ok(());
                }
            };
        self.ports.entry((host, srv.cloned())).or_default().insert(port);
        Ok(())
    }

    fn opening(self, destination: &Destination) -> Opening {
        let pods = self.manner.pods.clone();
        let workload = pods.workload.as_deref().unwrap_or_default();
        let own = || name::of_policy(workload, self.named.iter());
        let entry = |((host, srv), ports): ((Host, Option<HostName>), BTreeSet<u16>)| {
            let entry = Entry {
                scheme: destination.scheme.clone(),
                srv,
                allow: self.manner.consent.clone(),
                grace: self.manner.grace,
                ..Entry::new(&host)
            };
            (Key { host, ports }, entry)
        };
        let hosts = Hosts {
            policy: self.manner.into.map_or_else(own, str::to_owned),
            whose: if self.manner.into.is_some() { Whose::Theirs } else { Whose::Ours },
            hosts: self.ports.into_iter().map(entry).collect(),
            rules: self.rules,
            pods,
        };
        let by_name = self.named.iter().any(|key| matches!(key.host, Host::Name(_)));
        let notes = destination.further_hosts().map(str::to_owned).into_iter().collect();
        Opening { hosts, services: self.services, by_name, notes }
    }
}

/// Shows where a URL leads, without anything of it that could be secret.
pub fn shown(destination: &Destination) -> String {
    destination.places.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Writes a URL as flags, without anything of it that could be secret.
pub fn flags(destination: &Destination) -> String {
    let scheme = destination.scheme.as_deref().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let places = destination.places.iter().map(|place| match place {
        UrlPlace::Port(..) => format!("{scheme}{place}"),
        UrlPlace::Service(name) => {
            let host = name.as_str().splitn(3, '.').last().unwrap_or_default();
            format!("{}+srv://{host}", destination.scheme.as_deref().unwrap_or_default())
        }
    });
    places.map(|place| format!("--url {place}")).collect::<Vec<_>>().join(" ")
}

/// Returns a Service as an end, and its name.
pub fn service_target(snapshot: &Snapshot, id: ServiceId) -> (Target, String) {
    let service = snapshot.services.at(id);
    let namespace = snapshot.namespaces.at(service.namespace).name.to_string();
    let name = service.name.to_string();
    let shown = format!("{namespace}/svc/{name}");
    (Target::Service { namespace: Some(namespace), name }, shown)
}
