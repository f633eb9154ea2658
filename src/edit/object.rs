//! The policies that are written, and how ours stand beside the rules of others.
//!
//! By default each workload and endpoint has a policy of its own: policies add up, so nobody else's
//! field is touched, and to take it back is to delete the object.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPort};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::name;
use super::record::{ANNOTATION, Key, Record, RecordError};
use super::standing::{self, Openings, plain_block, plain_ports};
use crate::model::ips::IpSet;
use crate::model::ports::{Protocol, ProtocolPort};
use crate::model::selector::Selector;
use crate::model::service::TargetPort;
use crate::model::snapshot::MANAGED_BY;
use crate::policy::network_policy::write;
use crate::world::servers::{At, DNS_PORT, Servers};

/// The pods that a policy is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pods {
    /// Their namespace.
    pub namespace: Box<str>,
    /// Their workload, `Deployment/web`; nothing for the whole namespace.
    pub workload: Option<Box<str>>,
    /// The workload's own selector; an empty one for the whole namespace.
    pub selector: Selector,
}

/// A policy that our rules cannot be put into.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntoError {
    /// It is no NetworkPolicy with a spec.
    #[error("it is no NetworkPolicy")]
    Kind,
    /// It says nothing about egress, so that a rule would either do nothing or isolate.
    #[error("it does not govern egress (policyTypes), so that a rule in it would isolate its pods")]
    NotEgress,
    /// It opens everything already.
    #[error("its {0} opens every destination already")]
    Open(String),
    /// The record cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Builds the policy of our own for remembered hosts and for what needs no refresh; none while it would
/// open nothing.
///
/// # Errors
/// A record that is too large.
pub fn dedicated(
    pods: &Pods,
    name: &str,
    record: &Record,
    others: &[NetworkPolicyEgressRule],
) -> Result<Option<NetworkPolicy>, RecordError> {
    let rules = [&rules(record), others].concat();
    if rules.is_empty() {
        return Ok(None);
    }
    let mut policy = policy(pods, name, rules);
    if !record.entries.is_empty() {
        let labels = policy.metadata.labels.get_or_insert_default();
        labels.insert(name::ENDPOINT.to_owned(), name::hash(record));
        policy.metadata.annotations = Some([(ANNOTATION.to_owned(), record.write()?)].into());
    }
    Ok(Some(policy))
}

/// Builds a policy of our own from egress rules that need no refresh.
pub fn policy(pods: &Pods, name: &str, rules: Vec<NetworkPolicyEgressRule>) -> NetworkPolicy {
    let spec = write::egress_only(&pods.selector, rules);
    managed(write::policy(&pods.namespace, name, spec))
}

/// Marks a policy as ours alone.
#[must_use]
pub fn managed(mut policy: NetworkPolicy) -> NetworkPolicy {
    let (label, value) = MANAGED_BY;
    policy.metadata.labels = Some([(label.to_owned(), value.to_owned())].into());
    policy
}

/// Builds the policy that lets pods ask for names.
pub fn dns(pods: &Pods, rules: Vec<NetworkPolicyEgressRule>) -> NetworkPolicy {
    policy(pods, &name::of_purpose("dns", pods.workload.as_deref().unwrap_or_default()), rules)
}

/// Builds the policy that keeps everything open that is not what a rule is about: its pods become
/// isolated, and lose nothing.
pub fn rest(pods: &Pods) -> NetworkPolicy {
    let name = name::of_purpose("rest", pods.workload.as_deref().unwrap_or_default());
    // Without ports, what is neither TCP nor UDP nor SCTP stays open too.
    policy(pods, &name, vec![write::egress_anywhere()])
}

/// Builds the rule for some DNS servers, by UDP and TCP at each of their ports.
pub fn dns_rule(servers: &Servers) -> NetworkPolicyEgressRule {
    let to = match &servers.at {
        At::Pods { namespace, selector } => vec![write::pods_of(namespace, selector)],
        At::Addresses(ips) => write::blocks(&ips.iter().copied().collect()),
    };
    let ports: BTreeSet<&TargetPort> = servers.ports.iter().map(|(_, port)| port).collect();
    write::egress(to, ports.into_iter().flat_map(by_udp_and_tcp).collect())
}

/// Builds the rule for DNS servers of which nobody knows where they are.
pub fn dns_everywhere() -> NetworkPolicyEgressRule {
    write::egress(write::everyone(), by_udp_and_tcp(&TargetPort::Number(DNS_PORT)).into())
}

fn by_udp_and_tcp(port: &TargetPort) -> [NetworkPolicyPort; 2] {
    [Protocol::Udp, Protocol::Tcp].map(|protocol| write::port(protocol, port))
}

/// Builds one rule for each host, ascending, its addresses IPv4 first.
pub fn rules(record: &Record) -> Vec<NetworkPolicyEgressRule> {
    let own = record.entries.iter();
    own.filter_map(|(key, entry)| rule(key, &standing::ips(Some(entry)))).collect()
}

/// Builds the rule of one host; none without addresses, as it would open every destination.
fn rule(key: &Key, ips: &IpSet) -> Option<NetworkPolicyEgressRule> {
    let port = |port: &ProtocolPort| write::port(port.protocol, &TargetPort::Number(port.number));
    (!ips.is_empty()).then(|| write::egress(write::blocks(ips), key.ports.iter().map(port).collect()))
}

/// Returns an object, or a part of one, as it goes to the wire.
pub fn on_the_wire(object: &impl Serialize) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// Puts the rules of a record into a policy that others may own, in the place of those that the
/// record before has there, and rules that need no refresh behind them; every other rule stays as it
/// was read, and so does what others put into a rule of ours.
///
/// It stays text, as no type knows every field that others may have written. What is returned has the
/// fields that are ours to apply, and the identity and version of what was read, so that it can replace
/// nothing else.
///
/// # Errors
/// Why our rules have no place in it.
pub fn into(live: &Value, (old, new): (&Record, &Record), others: &[Value]) -> Result<Value, IntoError> {
    let is_policy = live.get("kind").and_then(Value::as_str) == Some("NetworkPolicy");
    let spec = live.get("spec").filter(|_| is_policy).ok_or(IntoError::Kind)?;
    let types = spec.get("policyTypes").and_then(Value::as_array).ok_or(IntoError::NotEgress)?;
    if !types.contains(&json!("Egress")) {
        return Err(IntoError::NotEgress);
    }
    let mut egress: Vec<Value> = standing::egress(live).to_vec();
    if let Some(index) = egress.iter().position(opens_everything) {
        return Err(IntoError::Open(format!("spec.egress[{index}]")));
    }
    lay(&mut egress, old, new);
    for rule in others {
        if !egress.contains(rule) {
            egress.push(rule.clone());
        }
    }
    let mut labels = Map::new();
    // A label of ours that is left out would be taken away.
    if is_ours(live) {
        labels.insert(MANAGED_BY.0.to_owned(), json!(MANAGED_BY.1));
    }
    let mut annotations = Map::new();
    if !(old.entries.is_empty() && new.entries.is_empty()) {
        labels.insert(name::ENDPOINT.to_owned(), json!(name::hash(new)));
        annotations.insert(ANNOTATION.to_owned(), json!(new.write()?));
    }
    let mut metadata = Map::new();
    for field in ["name", "namespace", "uid", "resourceVersion"] {
        let read = live.pointer(&format!("/metadata/{field}"));
        metadata.extend(read.map(|value| (field.to_owned(), value.clone())));
    }
    metadata.insert("labels".to_owned(), labels.into());
    metadata.insert("annotations".to_owned(), annotations.into());
    Ok(json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": { "podSelector": spec.get("podSelector"), "policyTypes": types, "egress": egress },
    }))
}

/// Changes egress rules from what one record opens to what another does.
fn lay(egress: &mut Vec<Value>, old: &Record, new: &Record) {
    for key in standing::keys(old, new) {
        let (was, is) = (old.entries.get(key), new.entries.get(key));
        let (was, is) = (standing::ips(was), standing::ips(is));
        if was == is {
            continue;
        }
        // One that was there before the host was remembered is no rule of ours, and outlives it.
        let place = (!was.is_empty()).then(|| place(egress, key, &was)).flatten();
        let replaced: Vec<Value> = match place.and_then(|place| egress.get(place)) {
            Some(own) => replaced(own, &was, &is).into_iter().collect(),
            None => rule(key, &is).iter().map(on_the_wire).collect(),
        };
        let range = place.map_or(egress.len()..egress.len(), |place| place..place + 1);
        egress.splice(range, replaced);
    }
    // Of two hosts with an address in common, one must not take it from the other.
    let openings = Openings::of(egress);
    for (key, entry) in &new.entries {
        let missing = standing::ips(Some(entry)).difference(&openings.at(&key.ports));
        egress.extend(rule(key, &missing).map(|rule| on_the_wire(&rule)));
    }
}

/// Finds the rule of a host: the one that was written, or else the one with its ports and most of its addresses.
fn place(egress: &[Value], key: &Key, was: &IpSet) -> Option<usize> {
    let written = rule(key, was).map(|rule| on_the_wire(&rule));
    let exact = egress.iter().position(|own| Some(own) == written.as_ref());
    let own = |rule: &Value| peers(rule).iter().filter(|peer| is_within(peer, was)).count();
    let like =
        egress.iter().enumerate().filter(|(_, rule)| plain_ports(rule).as_ref() == Some(&key.ports));
    let like = like.map(|(index, rule)| (own(rule), index)).filter(|(own, _)| *own > 0);
    exact.or_else(|| like.max().map(|(_, index)| index))
}

/// Puts addresses into a rule in place of others; what somebody else put there stays. Returns nothing where
/// nothing is left in it.
fn replaced(rule: &Value, was: &IpSet, is: &IpSet) -> Option<Value> {
    let kept = peers(rule).iter().filter(|peer| !is_within(peer, was)).cloned();
    let to: Vec<Value> = write::blocks(is).iter().map(on_the_wire).chain(kept).collect();
    let mut rule = rule.as_object().filter(|_| !to.is_empty())?.clone();
    rule.insert("to".to_owned(), to.into());
    Some(rule.into())
}

/// Tells whether a rule opens addresses of one remembered host at its ports, and nothing else.
pub fn is_of_hosts(rule: &Value, record: &Record) -> bool {
    let Some(ports) = plain_ports(rule) else { return false };
    let mut own = record.entries.iter().filter(|(key, _)| key.ports == ports);
    let holds = |ips: &IpSet| peers(rule).iter().all(|peer| is_within(peer, ips));
    !peers(rule).is_empty() && own.any(|(_, entry)| holds(&standing::ips(Some(entry))))
}

fn peers(rule: &Value) -> &[Value] {
    rule.get("to").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn is_within(peer: &Value, ips: &IpSet) -> bool {
    plain_block(peer).is_some_and(|block| IpSet::from_iter([block]).is_subset(ips))
}

/// Takes from an object that is to be applied what says that hosts are remembered on it.
pub fn forget(object: &mut Value) {
    for (field, key) in [("labels", name::ENDPOINT), ("annotations", ANNOTATION)] {
        let fields = object.pointer_mut(&format!("/metadata/{field}")).and_then(Value::as_object_mut);
        fields.map(|fields| fields.remove(key));
    }
}

/// Tells whether a policy is ours alone, as its label says.
pub fn is_ours(live: &Value) -> bool {
    let labels = live.pointer("/metadata/labels");
    labels.and_then(|labels| labels.get(MANAGED_BY.0)?.as_str()) == Some(MANAGED_BY.1)
}

/// Tells whether a policy has hosts, as its label says, and no record of them.
pub fn lacks_record(live: &Value) -> bool {
    let has = |field: &str, key: &str| {
        live.pointer(&format!("/metadata/{field}")).is_some_and(|all| all.get(key).is_some())
    };
    has("labels", name::ENDPOINT) && !has("annotations", ANNOTATION)
}

/// Tells whether a rule has neither destinations nor ports.
fn opens_everything(rule: &Value) -> bool {
    let is_empty = |field| rule.get(field).and_then(Value::as_array).is_none_or(Vec::is_empty);
    is_empty("to") && is_empty("ports")
}
