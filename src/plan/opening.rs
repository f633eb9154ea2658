//! What URLs lead to, as hosts and rules of policies for pods.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use k8s_openapi::api::networking::v1::NetworkPolicyEgressRule;

use super::change::refused;
use super::learning::unresolved;
use crate::dns::resolve::Asking;
use crate::dns::session::resolve_srv;
use crate::edit::classify::{HostClass, classify};
use crate::edit::host::{Host, HostName};
use crate::edit::lead;
use crate::edit::name;
use crate::edit::object::Pods;
use crate::edit::plan::{Hosts, Whose};
use crate::edit::record::{Entry, Key};
use crate::edit::service::{Backends, backends};
use crate::edit::special::{self, AddressSource, Consent};
use crate::edit::url::{Destination, UrlPlace};
use crate::ends::target::Target;
use crate::error::Error;
use crate::model::ports::ProtocolPort;
use crate::model::selector::Selector;
use crate::model::service::ServiceId;
use crate::model::snapshot::Snapshot;
use crate::model::special::AddressClass;
use crate::world::addresses;
use crate::world::servers::named_dns;
use crate::world::services::{selector_of_pod, title};

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
    pub services: BTreeSet<(ServiceId, ProtocolPort)>,
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
                    found.port(&Host::Name(host), ProtocolPort::tcp(port), Some(name))?;
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
    ports: BTreeMap<(Host, Option<HostName>), BTreeSet<ProtocolPort>>,
    rules: Vec<NetworkPolicyEgressRule>,
    services: BTreeSet<(ServiceId, ProtocolPort)>,
    /// The Services that select no pods: they are remembered by their own name.
    followed: BTreeMap<Key, Entry>,
    notes: BTreeSet<String>,
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
            followed: BTreeMap::new(),
            notes: BTreeSet::new(),
        }
    }

    fn port(&mut self, host: &Host, port: ProtocolPort, srv: Option<&HostName>) -> Result<(), Error> {
        let found = classify(self.snapshot, &self.manner.pods.namespace, host);
        let found = found.map_err(Error::one_line)?;
        let by = match (srv, found.alias) {
            (Some(name), _) => Some(format!("the SRV records of {name} lead")),
            (None, Some(alias)) => Some(format!("the ExternalName {} leads", self.title(alias))),
            (None, None) => None,
        };
        let host = match found.class {
            HostClass::External(name) => Host::Name(name),
            HostClass::Literal(ip) => {
                by.map_or(Ok(()), |by| self.check_led(&by, ip))?;
                Host::Ip(ip)
            }
            HostClass::Service(id) | HostClass::ApiServer(id) => {
                if let Some(by) = by {
                    return Err(self.led_inside(&by, id));
                }
                if let Host::Ip(ip) = host {
                    let text =
                        format!("{ip} belongs to Service {}: its pods are opened", self.title(id));
                    self.notes.insert(text);
                }
                return self.service(id, port, found.pod.as_deref());
            }
        };
        if let (None, Some(alias)) = (srv, found.alias) {
            return self.follow(alias, port, [port.number], &Consent::new());
        }
        self.ports.entry((host, srv.cloned())).or_default().insert(port);
        Ok(())
    }

    /// Opens what is behind a Service, of one pod of it where that was named.
    fn service(&mut self, id: ServiceId, port: ProtocolPort, pod: Option<&str>) -> Result<(), Error> {
        let narrowed = pod.and_then(|pod| self.narrowed(id, pod));
        self.services.insert((id, port));
        match backends(self.snapshot, id, port, narrowed.as_ref()).map_err(Error::one_line)? {
            Backends::Pods(rule) => self.rules.push(rule),
            Backends::Addresses(by_port) => {
                // Who names a Service means its addresses, as who types an address.
                let private = Consent::from([AddressClass::Private]);
                self.follow(id, port, by_port.into_keys(), &private)?;
            }
        }
        Ok(())
    }

    /// Remembers a Service by its own name, at the ports that it sends to.
    fn follow(
        &mut self,
        id: ServiceId,
        port: ProtocolPort,
        targets: impl IntoIterator<Item = u16>,
        consent: &Consent,
    ) -> Result<(), Error> {
        let host = lead::own_name(self.snapshot, id).map_err(Error::one_line)?;
        let allow = self.manner.consent.union(consent).copied().collect();
        let (service, grace) = (Some(port), self.manner.grace);
        let entry = Entry { service, allow, grace, ..Entry::new(&host) };
        let key = |number| Key { host: host.clone(), ports: [ProtocolPort { number, ..port }].into() };
        self.followed.extend(targets.into_iter().map(|target| (key(target), entry.clone())));
        Ok(())
    }

    /// Names a Service with its namespace: `db/postgres`.
    fn title(&self, id: ServiceId) -> String {
        title(self.snapshot, self.snapshot.services.at(id))
    }

    /// Finds what selects the one pod of a Service that a host is; says so where nothing does.
    fn narrowed(&mut self, id: ServiceId, pod: &str) -> Option<Selector> {
        let selector = selector_of_pod(self.snapshot, self.snapshot.services.at(id), pod);
        if selector.is_none() {
            let text = "no label tells it from the other pods, so that all of them are opened";
            self.notes.insert(format!("{pod} is a pod of Service {}: {text}", self.title(id)));
        }
        selector
    }

    /// Refuses an address that the user did not type, unless he consented to its like.
    fn check_led(&self, by: &str, ip: IpAddr) -> Result<(), Error> {
        let own = addresses::of_cluster(self.snapshot);
        special::check(ip, AddressSource::FirstAnswer, self.manner.consent, &own)
            .map_err(|why| refused(format!("{by} to {ip}, which is not opened: {why}")))
    }

    /// Refuses a Service that the user did not name.
    fn led_inside(&self, by: &str, id: ServiceId) -> Error {
        let service = self.snapshot.services.at(id);
        let namespace = &self.snapshot.namespaces.at(service.namespace).name;
        refused(format!("{by} to Service {}, which nobody named", self.title(id)))
            .hint(format!("name it: {}.{namespace}.svc:PORT", service.name))
    }

    fn opening(self, destination: &Destination) -> Opening {
        let pods = self.manner.pods.clone();
        let workload = pods.workload.as_deref().unwrap_or_default();
        let own = || name::of_policy(workload, self.named.iter());
        let dns = named_dns(self.snapshot);
        let entry = |((host, srv), ports): ((Host, Option<HostName>), BTreeSet<ProtocolPort>)| {
            let entry = Entry {
                scheme: destination.scheme.clone(),
                srv,
                allow: self.manner.consent.clone(),
                grace: self.manner.grace,
                dns: dns.clone(),
                ..Entry::new(&host)
            };
            (Key { host, ports }, entry)
        };
        let hosts = Hosts {
            policy: self.manner.into.map_or_else(own, str::to_owned),
            whose: if self.manner.into.is_some() { Whose::Theirs } else { Whose::Ours },
            hosts: self.ports.into_iter().map(entry).chain(self.followed).collect(),
            rules: self.rules,
            pods,
        };
        let by_name = self.named.iter().any(|key| matches!(key.host, Host::Name(_)));
        let further = destination.further_hosts().map(str::to_owned);
        let notes = self.notes.into_iter().chain(further).collect();
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
        // The scheme says which protocols it is.
        UrlPlace::Port(host, port) if !scheme.is_empty() => {
            let port = ProtocolPort::tcp(port.number);
            format!("{scheme}{}", UrlPlace::Port(host.clone(), port))
        }
        UrlPlace::Port(..) => place.to_string(),
        UrlPlace::Service(name) => {
            let host = name.as_str().splitn(3, '.').last().unwrap_or_default();
            format!("{}+srv://{host}", destination.scheme.as_deref().unwrap_or_default())
        }
    });
    let flags: BTreeSet<String> = places.map(|place| format!("--url {place}")).collect();
    flags.into_iter().collect::<Vec<_>>().join(" ")
}

/// Returns a Service as an end, and its name.
pub fn service_target(snapshot: &Snapshot, id: ServiceId) -> (Target, String) {
    let service = snapshot.services.at(id);
    let namespace = snapshot.namespaces.at(service.namespace).name.to_string();
    let name = service.name.to_string();
    let shown = format!("{namespace}/svc/{name}");
    (Target::Service { namespace: Some(namespace), name }, shown)
}
