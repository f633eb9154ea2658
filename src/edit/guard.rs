//! The last look at an object before it goes to the wire, on its text and not on how it was built.
//!
//! What is refused here would be a bug: an egress rule that opens every destination, a policy that
//! isolates ingress too, an address that nobody planned, or that no name server could have opened.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::host::Host;
use super::merge::Options;
use super::record::{Entry, Key, Record};
use super::special::{self, AddressSource, Consent};
use super::standing::{self, Openings, plain_block, plain_ports};
use crate::model::ips::IpSet;

/// What may be in the object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan<'a> {
    /// The hosts whose addresses and ports may be opened.
    pub record: Option<&'a Record>,
    /// Rules for pods of the cluster and for names, which were shown as they are.
    pub rules: &'a [Value],
    /// The policy as it was read, whose rules stay; nothing for one of our own.
    pub live: Option<&'a Value>,
    /// The hosts that the user named in this run; nothing in a refresh.
    pub named: Option<&'a BTreeMap<Key, Entry>>,
    /// What the user consents to in this run, and the addresses of the cluster itself.
    pub options: Option<&'a Options>,
}

/// Why an object is not sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused to write the policy, which would be a fault of this program: {0}")]
pub struct Unplanned(String);

/// An object that was checked: only such are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked(Value);

impl Checked {
    /// Returns the object.
    pub fn object(&self) -> &Value {
        &self.0
    }

    /// Takes the object.
    pub fn into_object(self) -> Value {
        self.0
    }
}

/// Checks a policy with remembered hosts against the plan.
///
/// # Errors
/// The first thing in it that was not planned.
pub fn check(wire: &Value, plan: Plan<'_>) -> Result<Checked, Unplanned> {
    let fault = |what: &str| Unplanned(what.to_owned());
    check_kind(wire)?;
    let types = match plan.live {
        Some(live) => of(live, "policyTypes"),
        None => Some(json!(["Egress"])),
    };
    let egress_type =
        types.as_ref().and_then(Value::as_array).is_some_and(|types| types.contains(&json!("Egress")));
    if !egress_type || of(wire, "policyTypes") != types {
        return Err(fault("its policyTypes are not those that were planned"));
    }
    let selector = of(wire, "podSelector");
    if selector.as_ref().is_none_or(|selector| !selector.is_object()) {
        return Err(fault("it has no podSelector"));
    }
    if plan.live.is_some_and(|live| of(live, "podSelector") != selector) {
        return Err(fault("its podSelector is another than the one that was read"));
    }
    if of(wire, "ingress").is_some() {
        return Err(fault("it has ingress rules"));
    }
    let Some(Value::Array(egress)) = of(wire, "egress") else {
        return Err(fault("it has no egress rules"));
    };
    let allowed = AllowedAddresses::of(plan);
    for (index, rule) in egress.iter().enumerate() {
        // What was read stays as it is, whatever it opens.
        if !plan.read().contains(rule) {
            check_rule(rule, plan, &allowed)
                .map_err(|what| Unplanned(format!("spec.egress[{index}] {what}")))?;
        }
    }
    Ok(Checked(wire.clone()))
}

/// Checks a policy without addresses that change, whose specification was shown as it is.
///
/// # Errors
/// Another specification, none of the directions that it governs, or a rule for every end.
pub fn check_shown(wire: &Value, shown: &Value) -> Result<Checked, Unplanned> {
    let fault = |what: String| Unplanned(what);
    check_kind(wire)?;
    if wire.get("spec") != shown.get("spec") || !wire.get("spec").is_some_and(Value::is_object) {
        return Err(fault("its spec is not the one that was shown".to_owned()));
    }
    let list = |field: &str| of(wire, field)?.as_array().cloned();
    if list("policyTypes").is_none_or(|types| types.is_empty()) {
        return Err(fault("it has no policyTypes".to_owned()));
    }
    for (direction, peers) in [("egress", "to"), ("ingress", "from")] {
        for (index, rule) in list(direction).unwrap_or_default().iter().enumerate() {
            if rule.get(peers).and_then(Value::as_array).is_none_or(Vec::is_empty) {
                return Err(fault(format!(
                    "spec.{direction}[{index}] has no {peers}, which means every end"
                )));
            }
        }
    }
    Ok(Checked(wire.clone()))
}

fn of(object: &Value, field: &str) -> Option<Value> {
    object.pointer(&format!("/spec/{field}")).cloned()
}

fn check_kind(wire: &Value) -> Result<(), Unplanned> {
    let is = |field, text: &str| wire.get(field).and_then(Value::as_str) == Some(text);
    match is("apiVersion", "networking.k8s.io/v1") && is("kind", "NetworkPolicy") {
        true => Ok(()),
        false => Err(Unplanned("it is no NetworkPolicy".to_owned())),
    }
}

impl Plan<'_> {
    /// Returns the egress rules as they were read.
    fn read(&self) -> &[Value] {
        self.live.map(standing::egress).unwrap_or_default()
    }

    /// Tells whether a rule with these ports had a peer when it was read.
    fn had(&self, ports: Option<&Value>, peer: &Value) -> bool {
        let alike = self.read().iter().filter(|rule| rule.get("ports") == ports);
        let mut peers = alike.filter_map(|rule| rule.get("to")?.as_array()).flatten();
        peers.any(|own| own == peer)
    }

    /// Tells whether an address of a host may be opened now, whatever its record says.
    fn may_open(&self, key: &Key, entry: &Entry, ip: IpAddr) -> bool {
        let is_typed = self.named.is_some_and(|named| named.contains_key(key));
        let source = match key.host {
            Host::Ip(_) if is_typed => AddressSource::Literal,
            _ => AddressSource::LaterAnswer,
        };
        let mut options = self.options.cloned().unwrap_or_default();
        if entry.service.is_some() {
            options = options.of_service(key, is_typed);
        }
        let consents: Consent = options.consent.intersection(&entry.allow).copied().collect();
        special::check(ip, source, &consents, &options.own).is_ok()
    }
}

/// What is open, and what the plan has for each host: found once, however many rules there are.
struct AllowedAddresses<'a> {
    openings: Openings,
    hosts: Vec<(&'a Key, &'a Entry, IpSet)>,
}

impl<'a> AllowedAddresses<'a> {
    fn of(plan: Plan<'a>) -> Self {
        let entries = plan.record.iter().flat_map(|record| &record.entries);
        let hosts = entries.map(|(key, entry)| (key, entry, standing::ips(Some(entry)))).collect();
        Self { openings: Openings::of(plan.read()), hosts }
    }
}

fn check_rule(rule: &Value, plan: Plan<'_>, allowed: &AllowedAddresses<'_>) -> Result<(), &'static str> {
    let list = |field| rule.get(field).and_then(Value::as_array).filter(|list| !list.is_empty());
    let to = list("to").ok_or("has no destination, which means every destination")?;
    list("ports").ok_or("has no port, which means every port")?;
    if plan.rules.contains(rule) {
        return Ok(());
    }
    let ports = plain_ports(rule).ok_or("has a port that is no number of a protocol")?;
    let new = to.iter().filter(|peer| !plan.had(rule.get("ports"), peer));
    let blocks: Option<IpSet> =
        new.map(plain_block).collect::<Option<Vec<_>>>().map(|blocks| blocks.into_iter().collect());
    let blocks = blocks.ok_or("has a peer that is no block of addresses")?;
    if blocks.is_empty() {
        return Ok(());
    }
    let own = allowed.hosts.iter().filter(|(key, ..)| key.ports == ports);
    let mut planned = own.filter(|(_, _, ips)| blocks.is_subset(ips)).peekable();
    planned.peek().ok_or("has an address that no host of the plan has at its ports")?;
    let opened = allowed.openings.at(&ports);
    let may_open = |(key, entry, _): &(&Key, &Entry, IpSet)| {
        let mut new = entry.ips.keys().filter(|ip| blocks.contains(**ip) && !opened.contains(**ip));
        new.all(|ip| plan.may_open(key, entry, *ip))
    };
    if planned.any(may_open) { Ok(()) } else { Err("has an address that may not be opened") }
}
