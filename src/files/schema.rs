//! What the API server would say of an object's fields: unknown ones, and values of a wrong type.

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1 as discovery;
use k8s_openapi::api::networking::v1 as networking;

use super::decode::{DecodeError, decode};
use crate::yaml::tree::{Value, YamlNode};

type Check = fn(&YamlNode) -> Result<Vec<String>, DecodeError>;

/// The kinds whose whole schema is known, but for policies, which are read whole.
const KINDS: [(&str, &str, Check); 14] = [
    ("v1", "Namespace", |node| decode::<core::Namespace>(node).map(|read| read.1)),
    ("v1", "Node", |node| decode::<core::Node>(node).map(|read| read.1)),
    ("v1", "Pod", |node| decode::<core::Pod>(node).map(|read| read.1)),
    ("v1", "Service", |node| decode::<core::Service>(node).map(|read| read.1)),
    ("discovery.k8s.io/v1", "EndpointSlice", |node| {
        decode::<discovery::EndpointSlice>(node).map(|read| read.1)
    }),
    ("v1", "ReplicationController", |node| {
        decode::<core::ReplicationController>(node).map(|read| read.1)
    }),
    ("apps/v1", "Deployment", |node| decode::<apps::Deployment>(node).map(|read| read.1)),
    ("apps/v1", "StatefulSet", |node| decode::<apps::StatefulSet>(node).map(|read| read.1)),
    ("apps/v1", "DaemonSet", |node| decode::<apps::DaemonSet>(node).map(|read| read.1)),
    ("apps/v1", "ReplicaSet", |node| decode::<apps::ReplicaSet>(node).map(|read| read.1)),
    ("batch/v1", "Job", |node| decode::<batch::Job>(node).map(|read| read.1)),
    ("batch/v1", "CronJob", |node| decode::<batch::CronJob>(node).map(|read| read.1)),
    ("networking.k8s.io/v1", "Ingress", |node| decode::<networking::Ingress>(node).map(|read| read.1)),
    ("networking.k8s.io/v1", "IngressClass", |node| {
        decode::<networking::IngressClass>(node).map(|read| read.1)
    }),
];

/// Lists the kinds whose whole schema is known: their apiVersion and name.
pub(crate) fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS.iter().map(|row| (row.0, row.1))
}

/// What an object's full type says of it.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// The paths of fields that the type does not have.
    pub(crate) unknown: Vec<String>,
    /// The values of a wrong type.
    pub(crate) mistyped: Vec<DecodeError>,
}

/// Most values of a wrong type that are looked for in one object.
const MOST_MISTYPED: usize = 16;

/// Checks an object against its full type; of an unknown type nothing is said.
pub(crate) fn check(api_version: &str, kind: &str, node: &YamlNode) -> Checked {
    let row = KINDS.iter().find(|row| row.0 == api_version && row.1 == kind);
    let mut checked = Checked::default();
    let Some((_, _, check)) = row else { return checked };
    let mut rest = None;
    while checked.mistyped.len() < MOST_MISTYPED {
        match check(rest.as_ref().unwrap_or(node)) {
            Ok(unknown) => {
                checked.unknown = unknown;
                break;
            }
            Err(error) => {
                // Without that value the others are checked too.
                let rest = rest.get_or_insert_with(|| node.clone());
                let is_gone = remove(rest, &error.path);
                checked.mistyped.push(error);
                if !is_gone {
                    break;
                }
            }
        }
    }
    checked
}

/// Makes the value at a path such as `spec.ports[0].port` null; tells whether there was another.
fn remove(node: &mut YamlNode, path: &str) -> bool {
    if path.is_empty() {
        return std::mem::replace(&mut node.value, Value::Null) != Value::Null;
    }
    match &mut node.value {
        Value::List(items) => {
            let Some((index, rest)) = path.strip_prefix('[').and_then(|path| path.split_once(']'))
            else {
                return false;
            };
            let item = index.parse::<usize>().ok().and_then(|index| items.get_mut(index));
            item.is_some_and(|item| remove(item, rest.strip_prefix('.').unwrap_or(rest)))
        }
        // A key may itself hold dots.
        Value::Map(fields) => fields.iter_mut().any(|(key, node)| match path.strip_prefix(&**key) {
            Some("") => remove(node, ""),
            Some(rest) if rest.starts_with('[') => remove(node, rest),
            Some(rest) => rest.strip_prefix('.').is_some_and(|rest| remove(node, rest)),
            None => false,
        }),
        _ => false,
    }
}
