//! Where a Service leads that selects no pods: what its EndpointSlices say, or another name.
//!
//! Such a Service is remembered by its own name, and is asked again at each refresh: its answer is merged
//! as that of a name server, so that an address that it does not name any more leaves as others do.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::classify::{ClassError, HostClass, classify};
use super::host::{Host, HostError, HostName};
use super::outcome::{DnsAnswer, Outcome, Resolution, Vantage, VantageClass};
use super::record::{Entry, Key, Record};
use super::service::{Backends, backends};
use crate::model::ips::Family;
use crate::model::ports::ProtocolPort;
use crate::model::service::ServiceId;
use crate::model::snapshot::Snapshot;
use crate::world::services::title;

/// Where a Service leads at one of its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    /// To these addresses, by their port.
    Addresses(BTreeMap<u16, BTreeSet<IpAddr>>),
    /// To a name outside (type ExternalName).
    Name(HostName),
    /// Nowhere: there is no such Service any more, or it has no address.
    Gone,
    /// Nobody can tell, in these words.
    Unknown(Box<str>),
}

/// Where Services lead, by their host name and port.
pub type Leads = BTreeMap<(HostName, ProtocolPort), Lead>;

/// Returns the name by which a Service is remembered.
///
/// # Errors
/// A Service whose name no host can have.
pub fn own_name(snapshot: &Snapshot, id: ServiceId) -> Result<Host, HostError> {
    let service = snapshot.services.at(id);
    let namespace = &snapshot.namespaces.at(service.namespace).name;
    HostName::try_from(format!("{}.{namespace}.svc", service.name)).map(Host::Name)
}

/// Finds out where the Services of some records lead.
pub fn leads<'a>(snapshot: &Snapshot, records: impl IntoIterator<Item = &'a Record>) -> Leads {
    let entries = records.into_iter().flat_map(|record| &record.entries);
    let ends = entries.filter_map(|(key, entry)| end(key, entry));
    ends.map(|(host, port)| ((host.clone(), port), lead(snapshot, host, port))).collect()
}

/// Returns the Service that an entry is for, and its port; nothing for a host that is none.
fn end<'a>(key: &'a Key, entry: &Entry) -> Option<(&'a HostName, ProtocolPort)> {
    match &key.host {
        Host::Name(name) => Some((name, entry.service?)),
        Host::Ip(_) => None,
    }
}

/// Returns where the Service of an entry leads.
pub fn of<'a>(leads: &'a Leads, key: &Key, entry: &Entry) -> Option<&'a Lead> {
    let (host, port) = end(key, entry)?;
    leads.get(&(host.clone(), port))
}

/// Returns the name outside that an entry is resolved by; nothing where it is known by addresses.
pub fn outside_name(snapshot: &Snapshot, key: &Key, entry: &Entry) -> Option<HostName> {
    let Host::Name(name) = &key.host else { return None };
    match entry.service.map(|port| lead(snapshot, name, port)) {
        None => Some(name.clone()),
        Some(Lead::Name(name)) => Some(name),
        Some(Lead::Addresses(_) | Lead::Gone | Lead::Unknown(_)) => None,
    }
}

fn lead(snapshot: &Snapshot, host: &HostName, port: ProtocolPort) -> Lead {
    let unread = ["services", "endpointslices"];
    let gap = snapshot.gaps.iter().find(|gap| unread.iter().any(|list| gap.hides(list)));
    // What was not read is not known to be gone.
    let or_unread = |lead| gap.map_or(lead, |gap| Lead::Unknown(gap.to_string().into()));
    let found = match classify(snapshot, "", &Host::Name(host.clone())) {
        Ok(found) => found,
        Err(ClassError::NoService(_)) => return or_unread(Lead::Gone),
        Err(error) => return Lead::Unknown(error.to_string().into()),
    };
    let id = match found.class {
        HostClass::External(name) => return Lead::Name(name),
        HostClass::Literal(ip) => return Lead::Addresses([(port.number, [ip].into())].into()),
        HostClass::Service(id) | HostClass::ApiServer(id) => id,
    };
    let service = title(snapshot, snapshot.services.at(id));
    if found.alias.is_some() {
        return Lead::Unknown(format!("it leads to the Service {service}, which nobody named").into());
    }
    match backends(snapshot, id, port, None) {
        Ok(Backends::Addresses(ips)) => Lead::Addresses(ips),
        Ok(Backends::Pods(_)) => {
            Lead::Unknown(format!("the Service {service} selects pods: allow it anew").into())
        }
        Err(ClassError::Nowhere(_)) => or_unread(Lead::Gone),
        Err(error) => Lead::Unknown(error.to_string().into()),
    }
}

impl Lead {
    /// Returns what it says of the address of an entry, as a name server would; nothing where the name that
    /// it leads to was not asked for.
    pub fn said(&self, key: &Key, names: &BTreeMap<HostName, Resolution>) -> Option<Resolution> {
        let Host::Name(host) = &key.host else { return None };
        let resolution = match self {
            Self::Name(name) => names.get(name)?.clone(),
            Self::Addresses(by_port) => {
                let own = key.ports.iter().filter_map(|port| by_port.get(&port.number)).flatten();
                let ips: Vec<IpAddr> = own.copied().collect();
                let of = |family| ips.iter().copied().filter(|ip| Family::of(*ip) == family).collect();
                answer(host, |family| DnsAnswer::Records(of(family)))
            }
            Self::Gone => answer(host, |_| DnsAnswer::NxDomain),
            Self::Unknown(why) => answer(host, |_| DnsAnswer::Failure(why.clone())),
        };
        Some(Resolution { host: host.clone(), ..resolution })
    }
}

fn answer(host: &HostName, of: impl Fn(Family) -> DnsAnswer) -> Resolution {
    let vantage = Vantage { class: VantageClass::Cluster, server: "EndpointSlices".into() };
    let outcome = |family| Outcome { vantage: vantage.clone(), family, answer: of(family) };
    Resolution { host: host.clone(), outcomes: Family::ALL.map(outcome).into(), rotates: false }
}

/// Adds the ports that Services send to by now.
#[must_use]
pub fn with_ports(record: &Record, leads: &Leads) -> Record {
    let mut all = record.clone();
    for (key, entry) in &record.entries {
        let Some(Lead::Addresses(by_port)) = of(leads, key, entry) else { continue };
        for number in by_port.keys().copied() {
            let Entry { scheme, service, allow, grace, .. } = entry.clone();
            let new = Entry { scheme, service, allow, grace, ..Entry::new(&key.host) };
            let ports = service.map(|port| ProtocolPort { number, ..port });
            let key = Key { host: key.host.clone(), ports: ports.into_iter().collect() };
            all.entries.entry(key).or_insert(new);
        }
    }
    all
}
