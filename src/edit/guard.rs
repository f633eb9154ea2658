//! The last look at an object before it goes to the wire, on its text and not on how it was built.
//!
//! What is refused here would be a bug: an egress rule that opens every destination, a policy that
//! isolates ingress too, an address that nobody planned.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::record::Record;
use crate::model::ips::IpSet;
use crate::model::ports::port_number;
use crate::policy::cidr::parse_cidr;

/// What may be in the object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan<'a> {
    /// The hosts whose addresses and ports may be opened.
    pub record: Option<&'a Record>,
    /// Rules for pods of the cluster and for names, which were shown as they are.
    pub rules: &'a [Value],
    /// The policy as it was read, whose rules stay; nothing for one of our own.
    pub live: Option<&'a Value>,
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
    let read = plan.live.and_then(|live| of(live, "egress")).unwrap_or_default();
    let read = read.as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, rule) in egress.iter().enumerate() {
        // What was read stays as it is, whatever it opens.
        if !read.contains(rule) {
            check_rule(rule, plan).map_err(|what| Unplanned(format!("spec.egress[{index}] {what}")))?;
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

fn check_rule(rule: &Value, plan: Plan<'_>) -> Result<(), &'static str> {
    let list = |field| rule.get(field).and_then(Value::as_array).filter(|list| !list.is_empty());
    let to = list("to").ok_or("has no destination, which means every destination")?;
    let ports = list("ports").ok_or("has no port, which means every port")?;
    if plan.rules.contains(rule) {
        return Ok(());
    }
    let blocks: Option<IpSet> =
        to.iter().map(block).collect::<Option<Vec<_>>>().map(|blocks| blocks.into_iter().collect());
    let blocks = blocks.ok_or("has a peer that is no block of addresses")?;
    let ports: Option<BTreeSet<u16>> = ports.iter().map(port).collect();
    let ports = ports.ok_or("has a port that is no TCP port")?;
    let entries = plan.record.iter().flat_map(|record| &record.entries);
    let mut own = entries.filter(|(key, _)| key.ports == ports);
    let is_planned = own.any(|(_, entry)| blocks.is_subset(&entry.ips.keys().copied().collect()));
    if is_planned { Ok(()) } else { Err("has an address that no host of the plan has at its ports") }
}

/// Reads a peer that is a block and nothing else.
fn block(peer: &Value) -> Option<ipnet::IpNet> {
    let fields = peer.as_object().filter(|fields| fields.len() == 1)?;
    let block = fields.get("ipBlock")?.as_object().filter(|fields| fields.len() == 1)?;
    parse_cidr(block.get("cidr")?.as_str()?)
}

/// Reads a port that is one TCP port and nothing else.
fn port(port: &Value) -> Option<u16> {
    let fields = port.as_object().filter(|fields| fields.len() == 2)?;
    let is_tcp = fields.get("protocol") == Some(&json!("TCP"));
    let number = fields.get("port")?.as_u64()?;
    port_number(number).filter(|_| is_tcp)
}
