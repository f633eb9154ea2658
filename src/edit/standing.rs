//! What of a record stands in the specification of its policy.
//!
//! A record is what was remembered, and the specification is what is open. What the record has and the
//! specification has not was taken away by somebody, or was never there: it is closed, and only who allows
//! the host again opens it.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyEgressRule, NetworkPolicyPeer, NetworkPolicyPort,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;
use serde_json::Value;

use super::record::{Entry, Key, Record};
use crate::model::ips::{Family, IpSet};
use crate::model::ports::{Protocol, ProtocolPort, port_number};
use crate::policy::cidr::parse_cidr;

/// A record, as its policy has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordStanding {
    /// The hosts that are open: their addresses are, and the closed ones are apart.
    pub open: Record,
    /// The hosts of which nothing is open.
    pub closed: Record,
}

impl RecordStanding {
    /// Compares a record with the egress rules of its policy.
    pub fn new(record: &Record, egress: &[Value]) -> Self {
        let (mut standing, openings) = (Self::default(), Openings::of(egress));
        for (key, entry) in &record.entries {
            let entry = stand(entry, &openings.at(&key.ports));
            let side = if entry.ips.is_empty() { &mut standing.closed } else { &mut standing.open };
            side.entries.insert(key.clone(), entry);
        }
        standing
    }

    /// Returns a host as it comes at a port that is new for it, by SRV records or as a Service leads there:
    /// without the addresses that somebody closed. Nothing where it is open at the port, or was closed.
    pub fn newcomer(&self, key: &Key, new: Entry) -> Option<Entry> {
        let of_host = |own: &&Key| own.host == key.host;
        let is_same =
            |(own, entry): (&Key, &Entry)| own.host == key.host && entry.service == new.service;
        let mut open = self.open.entries.keys().filter(of_host);
        if open.any(|own| !own.ports.is_disjoint(&key.ports)) || self.closed.entries.iter().any(is_same)
        {
            return None;
        }
        let others = self.open.entries.iter().filter(|(own, _)| own.host == key.host);
        let closed = others.flat_map(|(_, entry)| entry.closed.iter().copied()).collect();
        Some(Entry { closed, ..new })
    }

    /// Returns all hosts, open and closed.
    pub fn all(&self) -> Record {
        let entries = self.open.entries.iter().chain(&self.closed.entries);
        Record { entries: entries.map(|(key, entry)| (key.clone(), entry.clone())).collect() }
    }
}

/// Sorts the addresses of a host by what is open.
fn stand(entry: &Entry, opened: &IpSet) -> Entry {
    let (open, shut): (BTreeMap<_, _>, BTreeMap<_, _>) =
        entry.ips.iter().map(|(ip, missing)| (*ip, *missing)).partition(|(ip, _)| opened.contains(*ip));
    let (back, closed): (BTreeSet<_>, BTreeSet<_>) =
        entry.closed.iter().copied().partition(|ip| opened.contains(*ip));
    let ips = open.into_iter().chain(back.into_iter().map(|ip| (ip, None))).collect();
    let closed = closed.into_iter().chain(shut.into_keys()).collect();
    Entry { ips, closed, ..entry.clone() }
}

/// What egress rules open to addresses, by blocks.
pub struct Openings(Vec<Opening>);

/// What one rule opens.
struct Opening {
    /// At these ports; at all of them where it names none.
    ports: Vec<NetworkPolicyPort>,
    ips: IpSet,
}

impl Openings {
    /// Reads egress rules; what is no rule opens nothing.
    pub fn of(egress: &[Value]) -> Self {
        let rules = egress.iter().filter_map(|rule| NetworkPolicyEgressRule::deserialize(rule).ok());
        let opening = |rule: NetworkPolicyEgressRule| Opening {
            ips: destinations(&rule),
            ports: rule.ports.unwrap_or_default(),
        };
        Self(rules.map(opening).collect())
    }

    /// Returns the addresses that one rule opens at all of some ports.
    pub fn at(&self, ports: &BTreeSet<ProtocolPort>) -> IpSet {
        let own = self.0.iter().filter(|own| ports.iter().all(|port| own.opens(*port)));
        IpSet::from_ranges(own.flat_map(|own| own.ips.ranges()))
    }
}

impl Opening {
    fn opens(&self, port: ProtocolPort) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|own| holds(own, port))
    }
}

fn holds(own: &NetworkPolicyPort, port: ProtocolPort) -> bool {
    let (protocol, number) = (port.protocol, i32::from(port.number));
    own.protocol.as_deref().unwrap_or(Protocol::Tcp.name()) == protocol.name()
        && match own.port {
            None => true,
            Some(IntOrString::Int(first)) => (first..=own.end_port.unwrap_or(first)).contains(&number),
            Some(IntOrString::String(_)) => false,
        }
}

fn destinations(rule: &NetworkPolicyEgressRule) -> IpSet {
    let to = rule.to.as_deref().unwrap_or_default();
    if to.is_empty() {
        return Family::ALL.map(Family::everything).into_iter().collect();
    }
    let blocks = to.iter().filter_map(|peer: &NetworkPolicyPeer| peer.ip_block.as_ref());
    blocks.map(addresses).fold(IpSet::default(), |all, own| all.union(&own))
}

fn addresses(block: &IPBlock) -> IpSet {
    let net = |text: &str| -> Option<IpNet> { parse_cidr(text) };
    let own: IpSet = net(&block.cidr).into_iter().collect();
    let except = block.except.iter().flatten().filter_map(|text| net(text));
    own.difference(&except.collect())
}

/// Lists the blocks that egress rules open, each as it is written; everything where a rule names nobody.
pub fn blocks(egress: &[Value]) -> BTreeSet<IpNet> {
    let rules = egress.iter().filter_map(|rule| NetworkPolicyEgressRule::deserialize(rule).ok());
    let blocks = |rule: NetworkPolicyEgressRule| match rule.to.unwrap_or_default() {
        to if to.is_empty() => Family::ALL.map(Family::everything).to_vec(),
        to => to.iter().filter_map(|peer| parse_cidr(&peer.ip_block.as_ref()?.cidr)).collect(),
    };
    rules.flat_map(blocks).collect()
}

/// Reads a peer that is a block and nothing else.
pub fn plain_block(peer: &Value) -> Option<IpNet> {
    let fields = peer.as_object().filter(|fields| fields.len() == 1)?;
    let block = fields.get("ipBlock")?.as_object().filter(|fields| fields.len() == 1)?;
    parse_cidr(block.get("cidr")?.as_str()?)
}

/// Reads the ports of a rule, where each is one number of a protocol and nothing else.
pub fn plain_ports(rule: &Value) -> Option<BTreeSet<ProtocolPort>> {
    let ports = rule.get("ports").and_then(Value::as_array).filter(|ports| !ports.is_empty())?;
    ports.iter().map(plain_port).collect()
}

fn plain_port(port: &Value) -> Option<ProtocolPort> {
    let fields = port.as_object().filter(|fields| fields.len() == 2)?;
    let protocol = Protocol::parse(fields.get("protocol")?.as_str()?)?;
    Some(ProtocolPort { protocol, number: port_number(fields.get("port")?.as_u64()?)? })
}

/// Returns the egress rules of an object.
pub fn egress(object: &Value) -> &[Value] {
    object.pointer("/spec/egress").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Returns the addresses of an entry.
pub fn ips(entry: Option<&Entry>) -> IpSet {
    entry.into_iter().flat_map(|entry| entry.ips.keys().copied()).collect()
}

/// Lists the hosts of two records, each once.
pub fn keys<'a>(one: &'a Record, other: &'a Record) -> BTreeSet<&'a Key> {
    one.entries.keys().chain(other.entries.keys()).collect()
}
