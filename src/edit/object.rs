//! The policies that are written, as they go to the wire.
//!
//! By default each workload and endpoint has a policy of its own: policies add up, so nobody else's
//! field is touched, and to take it back is to delete the object. `policyTypes` is always written, as
//! its default would isolate ingress too; `protocol` too, as its default would be another's field.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::name;
use super::name::MANAGED_BY;
use super::record::{ANNOTATION, Entry, Key, Record, RecordError};
use crate::model::ips::{Family, IpSet};
use crate::model::labels::NAMESPACE_NAME_LABEL;
use crate::model::selector::{Selector, Test};
use crate::model::service::TargetPort;

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

/// Where pods ask for names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsPlace {
    /// Pods, at the ports that the cluster's DNS Service leads to.
    Pods {
        /// Their namespace.
        namespace: Box<str>,
        /// Their labels.
        selector: Selector,
        /// Their ports.
        ports: Vec<TargetPort>,
    },
    /// Addresses that no selector can match: the node's own cache, a cloud's resolver.
    Addresses {
        /// The addresses.
        ips: IpSet,
        /// Their ports.
        ports: Vec<TargetPort>,
    },
    /// Nobody knows: port 53 of everything.
    Everywhere,
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
    others: &[Value],
) -> Result<Option<Value>, RecordError> {
    let rules = [&rules(record), others].concat();
    if rules.is_empty() {
        return Ok(None);
    }
    let mut policy = policy(pods, name, &rules);
    if !record.entries.is_empty() {
        let labels = json!({ (MANAGED_BY.0): MANAGED_BY.1, (name::ENDPOINT): name::hash(record) });
        put(&mut policy, &["metadata", "labels"], labels);
        put(&mut policy, &["metadata", "annotations"], json!({ (ANNOTATION): record.write()? }));
    }
    Ok(Some(policy))
}

/// Builds a policy of our own from egress rules that need no refresh.
pub fn policy(pods: &Pods, name: &str, egress: &[Value]) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": name,
            "namespace": pods.namespace,
            "labels": { (MANAGED_BY.0): MANAGED_BY.1 },
        },
        "spec": {
            "podSelector": label_selector(&pods.selector),
            "policyTypes": ["Egress"],
            "egress": egress,
        },
    })
}

/// Builds the policy that lets pods ask for names.
pub fn dns(pods: &Pods, places: &[DnsPlace]) -> Value {
    let name = name::of_purpose("dns", pods.workload.as_deref().unwrap_or_default());
    policy(pods, &name, &places.iter().map(dns_rule).collect::<Vec<_>>())
}

/// Builds the policy that keeps everything open that is not what a rule is about: its pods become
/// isolated, and lose nothing.
pub fn rest(pods: &Pods) -> Value {
    let name = name::of_purpose("rest", pods.workload.as_deref().unwrap_or_default());
    // Without ports, what is neither TCP nor UDP nor SCTP stays open too.
    policy(pods, &name, &[json!({ "to": everyone() })])
}

/// Names every destination, in the ways that all network plugins know: some match no pod by a block.
fn everyone() -> Vec<Value> {
    let mut to = blocks(&Family::ALL.map(Family::everything));
    to.push(json!({ "namespaceSelector": {} }));
    to
}

/// Builds the rule for one place where pods ask for names, by UDP and TCP.
pub fn dns_rule(place: &DnsPlace) -> Value {
    let (to, ports) = match place {
        DnsPlace::Pods { namespace, selector, ports } => {
            (vec![pods_peer(namespace, selector)], ports.iter().map(target_port).collect())
        }
        DnsPlace::Addresses { ips, ports } => {
            (blocks(&ips.cidrs()), ports.iter().map(target_port).collect())
        }
        DnsPlace::Everywhere => (everyone(), vec![json!(53)]),
    };
    let both =
        |port: &Value| ["UDP", "TCP"].map(|protocol| json!({ "protocol": protocol, "port": port }));
    json!({ "to": to, "ports": ports.iter().flat_map(both).collect::<Vec<_>>() })
}

/// Builds one rule for each host, ascending, its addresses IPv4 first.
pub fn rules(record: &Record) -> Vec<Value> {
    record.entries.iter().filter_map(rule).collect()
}

/// Builds the rule of one host; none without addresses, as it would open every destination.
fn rule((key, entry): (&Key, &Entry)) -> Option<Value> {
    let ips: IpSet = entry.ips.keys().copied().collect();
    let port = |port: &u16| json!({ "protocol": "TCP", "port": port });
    let ports: Vec<Value> = key.ports.iter().map(port).collect();
    (!ips.is_empty()).then(|| json!({ "to": blocks(&ips.cidrs()), "ports": ports }))
}

fn blocks(blocks: &[IpNet]) -> Vec<Value> {
    blocks.iter().map(|block| json!({ "ipBlock": { "cidr": block } })).collect()
}

/// Builds the peer of pods of one namespace.
pub fn pods_peer(namespace: &str, selector: &Selector) -> Value {
    json!({
        "namespaceSelector": { "matchLabels": { (NAMESPACE_NAME_LABEL): namespace } },
        "podSelector": label_selector(selector),
    })
}

/// Writes a port of pods; a name stays a name.
pub fn target_port(port: &TargetPort) -> Value {
    match port {
        TargetPort::Number(number) => json!(number),
        TargetPort::Name(name) => json!(name),
    }
}

/// Writes a selector as the API type, single values as labels.
pub fn label_selector(selector: &Selector) -> Value {
    let mut labels = serde_json::Map::new();
    let mut expressions = Vec::new();
    for requirement in &selector.requirements {
        let key = &requirement.key;
        let (operator, values) = match &requirement.test {
            Test::In(values) => ("In", Some(values)),
            Test::NotIn(values) => ("NotIn", Some(values)),
            Test::Exists => ("Exists", None),
            Test::DoesNotExist => ("DoesNotExist", None),
        };
        match (operator, values.and_then(|values| values.first())) {
            ("In", Some(value))
                if values.is_some_and(|values| values.len() == 1) && !labels.contains_key(key) =>
            {
                labels.insert(key.clone(), json!(value));
            }
            (_, None) => expressions.push(json!({ "key": key, "operator": operator })),
            _ => expressions.push(json!({ "key": key, "operator": operator, "values": values })),
        }
    }
    let mut written = json!({});
    if !labels.is_empty() {
        put(&mut written, &["matchLabels"], labels.into());
    }
    if !expressions.is_empty() {
        put(&mut written, &["matchExpressions"], expressions.into());
    }
    written
}

/// Puts the rules of a record into a policy that others may own, in the place of those that the
/// record before had there, and rules that need no refresh behind them; every other rule stays as it
/// was read.
///
/// What is returned has the fields that are ours to apply, and the identity and version of what was
/// read, so that it can replace nothing else.
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
    let mut egress: Vec<Value> =
        spec.get("egress").and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(index) = egress.iter().position(opens_everything) {
        return Err(IntoError::Open(format!("spec.egress[{index}]")));
    }
    let keys = old.entries.keys().chain(new.entries.keys()).collect::<std::collections::BTreeSet<_>>();
    for key in keys {
        let of = |record: &Record| record.entries.get(key).and_then(|entry| rule((key, entry)));
        // A rule of ours that somebody changed is theirs, and stays.
        let place = of(old).and_then(|rule| egress.iter().position(|own| *own == rule));
        let range = place.map_or(egress.len()..egress.len(), |place| place..place + 1);
        // Two hosts may have one rule. One that was there before the host was remembered is no rule of ours.
        let known = place.is_none()
            && old.entries.contains_key(key)
            && of(new).is_some_and(|rule| egress.contains(&rule));
        egress.splice(range, of(new).filter(|_| !known));
    }
    for rule in others {
        if !egress.contains(rule) {
            egress.push(rule.clone());
        }
    }
    let of = |field: &str| live.pointer(&format!("/metadata/{field}")).cloned();
    let mut labels = serde_json::Map::new();
    // A label of ours that is left out would be taken away.
    if is_ours(live) {
        labels.insert(MANAGED_BY.0.to_owned(), json!(MANAGED_BY.1));
    }
    let mut annotations = serde_json::Map::new();
    if !(old.entries.is_empty() && new.entries.is_empty()) {
        labels.insert(name::ENDPOINT.to_owned(), json!(name::hash(new)));
        annotations.insert(ANNOTATION.to_owned(), json!(new.write()?));
    }
    let mut metadata = json!({
        "name": of("name"), "namespace": of("namespace"), "labels": labels, "annotations": annotations,
    });
    for field in ["uid", "resourceVersion"] {
        if let Some(value) = of(field) {
            put(&mut metadata, &[field], value);
        }
    }
    Ok(json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": { "podSelector": spec.get("podSelector"), "policyTypes": types, "egress": egress },
    }))
}

/// Tells whether a policy lacks a rule of a record: somebody took it away, or changed it.
pub fn lacks(live: &Value, record: &Record) -> bool {
    let egress = live.pointer("/spec/egress").and_then(Value::as_array);
    let egress = egress.map(Vec::as_slice).unwrap_or_default();
    rules(record).iter().any(|rule| !egress.contains(rule))
}

/// Tells whether a policy is ours alone, as its label says.
pub fn is_ours(live: &Value) -> bool {
    let labels = live.pointer("/metadata/labels");
    labels.and_then(|labels| labels.get(MANAGED_BY.0)?.as_str()) == Some(MANAGED_BY.1)
}

/// Tells whether a rule has neither destinations nor ports.
fn opens_everything(rule: &Value) -> bool {
    let is_empty = |field| rule.get(field).and_then(Value::as_array).is_none_or(Vec::is_empty);
    is_empty("to") && is_empty("ports")
}

/// Sets a field below objects that are there.
fn put(object: &mut Value, path: &[&str], value: Value) {
    let Some((field, above)) = path.split_last() else { return };
    let parent = above.iter().try_fold(object, |object, field| object.get_mut(*field));
    if let Some(Value::Object(fields)) = parent {
        fields.insert((*field).to_owned(), value);
    }
}
