//! What the API server would say of an object's fields: unknown ones, and values of a wrong type.

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1 as discovery;
use k8s_openapi::api::networking::v1 as networking;

use super::decode::{DecodeError, decode};
use super::document::YamlNode;

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

/// Lists the paths of fields that the object's type does not have; none for an unknown type.
pub(crate) fn unknown_fields(
    api_version: &str,
    kind: &str,
    node: &YamlNode,
) -> Result<Vec<String>, DecodeError> {
    let row = KINDS.iter().find(|row| row.0 == api_version && row.1 == kind);
    row.map_or(Ok(Vec::new()), |(_, _, check)| check(node))
}
