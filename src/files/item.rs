//! One object of a snapshot file: its key, and what was read of it under the name of its form.
//!
//! A policy stands under the name of its kind, as keys have it, so that no program takes it for a policy
//! of another kind; in it are the fields of the API, the origin and what is kept of the metadata.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::model::origin::ObjectOrigin;
use crate::model::snapshot::PolicyMeta;
use crate::objects::object::{Object, ObjectKey, PolicyRead};
use crate::policy::PolicyKind;
use crate::policy::kinds;

/// An object under its key.
pub(crate) struct Item(pub(crate) ObjectKey, pub(crate) Object);

/// Writes an object, without its empty fields unless one of them says more than its absence.
pub(crate) fn written(object: &Object) -> serde_json::Result<Value> {
    let Object::Policy(read) = object else {
        let whole = serde_json::to_value(object)?;
        let mut slim = whole.clone();
        prune(&mut slim);
        let is_same = Object::deserialize(&slim).is_ok_and(|read| read == *object);
        return Ok(if is_same { slim } else { whole });
    };
    // In a policy an empty list is not an absent one.
    Ok(Map::from_iter([(read.spec.kind().key.to_owned(), serde_json::to_value(read)?)]).into())
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tuple of size 2")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Item, A::Error> {
        let missing = |index| A::Error::invalid_length(index, &self);
        let key: ObjectKey = items.next_element()?.ok_or_else(|| missing(0))?;
        let object = match kinds::of_key(&key.kind) {
            Some(kind) => {
                let value: Value = items.next_element()?.ok_or_else(|| missing(1))?;
                of_policy(kind, value).map_err(A::Error::custom)?
            }
            None => items.next_element()?.ok_or_else(|| missing(1))?,
        };
        Ok(Item(key, object))
    }
}

/// Reads a policy, or that there is one which the program that wrote the file could not judge.
fn of_policy(kind: &PolicyKind, value: Value) -> serde_json::Result<Object> {
    let Value::Object(mut forms) = value else { return Object::deserialize(value) };
    let Some(Value::Object(mut fields)) = forms.remove(kind.key) else {
        return Object::deserialize(Value::Object(forms));
    };
    let metadata = fields.remove("metadata").map(PolicyMeta::deserialize).transpose()?;
    let origin = fields.remove("origin").unwrap_or_default();
    Ok(Object::Policy(Box::new(PolicyRead {
        metadata: metadata.unwrap_or_default(),
        origin: ObjectOrigin::deserialize(origin)?,
        spec: (kind.empty)().deserialize(Value::Object(fields))?,
    })))
}

/// Takes out the fields that are empty; the value of a label may be.
fn prune(value: &mut Value) {
    let is_empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    };
    match value {
        Value::Object(fields) => {
            let of_labels = |key: &str| matches!(key, "labels" | "matchLabels" | "selector");
            let others = fields.iter_mut().filter(|(key, _)| !of_labels(key));
            others.for_each(|(_, value)| prune(value));
            fields.retain(|_, value| !is_empty(value));
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

#[expect(clippy::unwrap_used, reason = "a test ends there")]
#[cfg(test)]
mod tests {
    use super::*;

    fn read(item: &str) -> Result<Object, String> {
        serde_json::from_str::<Item>(item).map(|item| item.1).map_err(|error| error.to_string())
    }

    #[test]
    fn a_policy_stands_under_the_name_of_its_kind_and_under_no_other() {
        let key = r#"{"kind":"NetworkPolicy","namespace":"shop","name":"web"}"#;
        let form = r#"{"NetworkPolicy":{"metadata":{},"origin":"Generated","spec":{"egress":[],"podSelector":{}}}}"#;
        let object = read(&format!("[{key},{form}]")).unwrap();
        assert!(matches!(object, Object::Policy(_)));
        assert_eq!(written(&object).unwrap().to_string(), form);
        // What the program that wrote the file could not judge is still there.
        assert_eq!(read(&format!(r#"[{key},"Unjudged"]"#)).unwrap(), Object::Unjudged);
        let elsewhere = key.replace("NetworkPolicy", "NetworkPolicy.crd.projectcalico.org");
        for item in [format!("[{elsewhere},{form}]"), format!("[{key},{{}}]"), format!("[{key}]")] {
            assert!(read(&item).is_err(), "{item}");
        }
    }
}
