//! A policy as a user wrote it into a file, and what a refresh changes of it.

use serde_json::{Map, Value, json};

use super::name;
use super::record::ANNOTATION;
use super::standing::egress;
use crate::model::ports::Protocol;

/// Fields of the metadata that a server keeps, and no user writes.
const KEPT_BY_SERVER: [&str; 7] = [
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Fills in what the API server would, so that a policy of a file is planned as one of a cluster.
pub fn defaulted(written: &Value) -> Value {
    let mut object = written.clone();
    let Some(fields) = object.as_object_mut() else { return object };
    fields.insert("apiVersion".to_owned(), json!("networking.k8s.io/v1"));
    fields.insert("kind".to_owned(), json!("NetworkPolicy"));
    let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) else { return object };
    spec.retain(|_, value| !value.is_null());
    spec.entry("podSelector").or_insert_with(|| json!({}));
    let has_rules = spec.get("egress").and_then(Value::as_array).is_some_and(|rules| !rules.is_empty());
    let types = if has_rules { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
    spec.entry("policyTypes").or_insert(types);
    let rules = spec.get_mut("egress").and_then(Value::as_array_mut).into_iter().flatten();
    let ports = rules.filter_map(|rule| rule.get_mut("ports")?.as_array_mut()).flatten();
    for port in ports.filter_map(Value::as_object_mut) {
        port.entry("protocol").or_insert_with(|| json!(Protocol::Tcp.name()));
    }
    object
}

/// Lays over a policy what was planned on it: its record and its rules. Whatever was not changed stays as it was
/// written.
pub fn refreshed(written: &Value, planned: &Value) -> Value {
    let (mut object, defaults) = (written.clone(), defaulted(written));
    let mut open: Vec<(&Value, &Value)> = egress(&defaults).iter().zip(egress(written)).collect();
    let rules = egress(planned).iter().map(|rule| {
        let same = open.iter().position(|(own, _)| *own == rule);
        if let Some(index) = same {
            return open.remove(index).1.clone();
        }
        let ports = open.iter().find(|(own, _)| own.get("ports") == rule.get("ports"));
        let ports = ports.and_then(|(_, written)| written.get("ports"));
        let mut rule = rule.clone();
        if let (Some(fields), Some(ports)) = (rule.as_object_mut(), ports) {
            fields.insert("ports".to_owned(), ports.clone());
        }
        rule
    });
    let rules: Vec<Value> = rules.collect();
    set(&mut object, &["spec"], "egress", rules.into());
    for (place, key) in [("labels", name::ENDPOINT), ("annotations", ANNOTATION)] {
        let text = |object: &Value| {
            let all = object.pointer(&format!("/metadata/{place}"))?;
            all.get(key)?.as_str().map(str::to_owned)
        };
        // A block of text (`|`) ends in a line break, which is the user's.
        let is_block = text(written).is_some_and(|own| own.ends_with('\n'));
        let own = text(planned).map(|own| if is_block { own + "\n" } else { own });
        own.into_iter().for_each(|own| set(&mut object, &["metadata", place], key, own.into()));
    }
    object
}

/// Sets a field of the object at a path, which is made where it is missing.
fn set(object: &mut Value, path: &[&str], field: &str, value: Value) {
    let Some((first, rest)) = path.split_first() else {
        if !object.is_object() {
            *object = Map::new().into();
        }
        object.as_object_mut().map(|fields| fields.insert(field.to_owned(), value));
        return;
    };
    if let Some(below) = object.as_object_mut() {
        set(below.entry(*first).or_insert_with(|| Map::new().into()), rest, field, value);
    }
}

/// Takes of a policy what a server keeps in it: what is left is applied, or goes to Git.
#[must_use]
pub fn without_server_fields(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|field, value| !KEPT_BY_SERVER.contains(&&**field) && !value.is_null());
    }
    object
}
