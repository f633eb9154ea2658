//! The parts of Ingresses and their classes that an analysis reads.

#![expect(missing_docs, reason = "the API says what its fields are")]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::service::LoadBalancerStatus;
use crate::objects::meta::{Meta, OwnerReference};

/// meta/v1 ObjectMeta with annotations, which for most kinds are long and never read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "AnnotatedFields")]
pub struct AnnotatedMeta {
    #[serde(flatten)]
    pub meta: Meta,
    pub annotations: BTreeMap<String, String>,
}

/// The same by its fields: a flattened field would not take null for its absence.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AnnotatedFields {
    name: String,
    generate_name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    resource_version: String,
    owner_references: Vec<OwnerReference>,
    annotations: BTreeMap<String, String>,
}

impl From<AnnotatedFields> for AnnotatedMeta {
    fn from(fields: AnnotatedFields) -> Self {
        let AnnotatedFields { name, generate_name, namespace, labels, resource_version, .. } = fields;
        let owner_references = fields.owner_references;
        let meta = Meta { name, generate_name, namespace, labels, resource_version, owner_references };
        Self { meta, annotations: fields.annotations }
    }
}

/// The annotations that say something about ways in.
const READ: [&str; 2] = ["kubernetes.io/ingress.class", "ingressclass.kubernetes.io/is-default-class"];

impl AnnotatedMeta {
    /// Drops all other annotations, which may hold anything.
    pub(crate) fn slim(&mut self) {
        self.annotations.retain(|key, _| READ.contains(&&**key));
    }
}

/// networking.k8s.io/v1 Ingress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressObject {
    pub metadata: AnnotatedMeta,
    pub spec: IngressSpec,
    pub status: IngressStatus,
}

/// networking.k8s.io/v1 IngressSpec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec {
    pub ingress_class_name: String,
    pub default_backend: Option<IngressBackend>,
    pub tls: Vec<IngressTls>,
    pub rules: Vec<IngressRule>,
}

/// networking.k8s.io/v1 IngressTLS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressTls {
    pub hosts: Vec<String>,
}

/// networking.k8s.io/v1 IngressRule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressRule {
    pub host: String,
    pub http: HttpIngress,
}

/// networking.k8s.io/v1 HTTPIngressRuleValue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpIngress {
    pub paths: Vec<HttpPath>,
}

/// networking.k8s.io/v1 HTTPIngressPath.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpPath {
    pub backend: IngressBackend,
}

/// networking.k8s.io/v1 IngressBackend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressBackend {
    pub service: Option<IngressService>,
}

/// networking.k8s.io/v1 IngressServiceBackend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressService {
    pub name: String,
    pub port: IngressPort,
}

/// networking.k8s.io/v1 ServiceBackendPort.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressPort {
    pub name: String,
    pub number: i32,
}

/// networking.k8s.io/v1 IngressStatus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressStatus {
    pub load_balancer: LoadBalancerStatus,
}

/// networking.k8s.io/v1 IngressClass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressClassObject {
    pub metadata: AnnotatedMeta,
    pub spec: IngressClassSpec,
}

/// networking.k8s.io/v1 IngressClassSpec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressClassSpec {
    pub controller: String,
}
