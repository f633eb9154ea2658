//! Policies that are to be written: as they are shown, and as they are judged before they are.

use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde_json::{Map, Value, json};

use super::refresh::RefreshedHost;
use crate::model::snapshot::{LAST_APPLIED, PolicyObject};
use crate::policy::network_policy::write::of_object;

/// How the keys of our labels and annotations begin: one that is left out is taken away.
const OURS: &str = "kubectl-netpol/";

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Endpoints are opened.
    Allow,
    /// What was opened is taken back.
    Disallow,
}

impl Aim {
    /// Returns what is done to its policies, as a question begins.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Allow => "Write",
            Self::Disallow => "Change or delete",
        }
    }
}

/// A plan to open endpoints, or to take back what was opened.
#[derive(Clone, Debug)]
pub struct Allowance {
    /// What it is for.
    pub aim: Aim,
    /// Whose connections: `shop/deploy/web`.
    pub source: String,
    /// What to: `api.example.com:443`.
    pub destinations: Vec<String>,
    /// What became of each host.
    pub hosts: Vec<RefreshedHost>,
    /// The policies, in the order in which they are written.
    pub policies: Vec<PlannedPolicy>,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
}

/// A policy before and after.
#[derive(Clone, Debug)]
pub struct PlannedPolicy {
    /// `NetworkPolicy shop/web`.
    pub title: String,
    /// What becomes of it.
    pub becomes: Becomes,
    /// What it is, in the fields that would be written; nothing where it is not there.
    pub before: Option<Value>,
    /// What would be written; null where it is deleted.
    pub after: Value,
    /// The policy as it would be then, with what is not written, as it stands in Git.
    pub whole: Value,
}

/// What becomes of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// It is made.
    New,
    /// It is changed.
    Changed,
    /// It stays.
    Same,
    /// It is deleted.
    Gone,
}

impl PlannedPolicy {
    /// Shows a policy; `planned` is what would be applied, nothing where all stays.
    pub fn new(title: String, live: Option<&Value>, planned: Option<&Value>) -> Self {
        let after = planned.or(live).map(plain).unwrap_or_default();
        let becomes = match (live, planned) {
            (_, None) => Becomes::Same,
            (None, Some(_)) => Becomes::New,
            (Some(_), Some(_)) => Becomes::Changed,
        };
        let before = live.map(|live| like(live, &after));
        let whole = whole(live, &after);
        Self { title, becomes, before, after, whole }
    }

    /// Shows a policy that is deleted.
    pub fn gone(title: String, live: &Value) -> Self {
        let becomes = Becomes::Gone;
        let before = Some(as_written(live));
        Self { title, becomes, before, after: Value::Null, whole: Value::Null }
    }
}

/// Takes of an object what users write of it: no status, and nothing that the server keeps.
fn plain(object: &Value) -> Value {
    const WRITTEN: [&str; 4] = ["name", "namespace", "labels", "annotations"];
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|field, _| WRITTEN.contains(&&**field));
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.remove(LAST_APPLIED);
        }
        metadata.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
    }
    object
}

/// Takes of a live object what users write.
fn as_written(live: &Value) -> Value {
    let shape = json!({
        "apiVersion": null, "kind": null, "spec": null,
        "metadata": {"name": null, "namespace": null, "labels": null, "annotations": null},
    });
    let mut own = like(live, &shape);
    let annotations = own.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    annotations.map(|annotations| annotations.remove(LAST_APPLIED));
    own
}

/// Takes of a live object the fields that a shape has.
fn like(live: &Value, shape: &Value) -> Value {
    match (live, shape) {
        (Value::Object(live), Value::Object(shape)) => {
            let field =
                |(name, shape): (&String, &Value)| Some((name.clone(), like(live.get(name)?, shape)));
            shape.iter().filter_map(field).collect::<Map<_, _>>().into()
        }
        _ => live.clone(),
    }
}

/// Lays what would be written over a live policy: what users write of it stays.
fn whole(live: Option<&Value>, planned: &Value) -> Value {
    let mut whole = planned.clone();
    let Some(live) = live else { return whole };
    for place in ["/spec", "/metadata/labels", "/metadata/annotations"] {
        let own = live.pointer(place).and_then(Value::as_object).into_iter().flatten();
        let own = own.filter(|(name, _)| *name != LAST_APPLIED && !name.starts_with(OURS));
        let own: Vec<(String, Value)> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        let Some((parent, field)) = place.rsplit_once('/') else { continue };
        let Some(Value::Object(parent)) = whole.pointer_mut(parent) else { continue };
        if own.is_empty() && !parent.contains_key(field) {
            continue;
        }
        if let Value::Object(fields) = parent.entry(field).or_insert_with(|| Map::new().into()) {
            for (name, value) in own {
                fields.entry(name).or_insert(value);
            }
        }
    }
    whole
}

/// Returns the policy as the cluster would have it: fields that are not written stay.
pub fn applied(live: Option<&Value>, planned: &Value) -> Option<PolicyObject> {
    let policy = serde_json::from_value::<NetworkPolicy>(whole(live, planned));
    policy.ok().map(of_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_server_keeps_is_printed_changed_or_not() {
        let live = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "status": {},
            "metadata": {
                "name": "web", "namespace": "shop", "uid": "1", "resourceVersion": "2", "generation": 3,
                "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{"manager": "kubectl"}],
                "annotations": {"team": "a", LAST_APPLIED: "{}"},
            },
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": []},
        });
        let planned = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "web", "namespace": "shop", "uid": "1", "resourceVersion": "2"},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": []},
        });
        for planned in [None, Some(&planned)] {
            let shown = PlannedPolicy::new(String::new(), Some(&live), planned);
            let expected = json!({"name": "web", "namespace": "shop", "annotations": {"team": "a"}});
            assert_eq!(shown.whole.get("metadata"), Some(&expected));
            assert_eq!(shown.whole.get("status"), None);
        }
    }
}
