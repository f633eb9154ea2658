//! The parts of the Gateway API's objects that an analysis reads.

#![expect(missing_docs, reason = "the API says what its fields are")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::{Deserialize, Serialize};

use crate::objects::meta::Meta;

/// The kinds of routes of the Gateway API.
pub const ROUTES: [&str; 5] = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

/// gateway.networking.k8s.io Gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayObject {
    pub metadata: Meta,
    pub spec: GatewaySpec,
    pub status: GatewayStatus,
}

/// gateway.networking.k8s.io GatewaySpec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewaySpec {
    pub gateway_class_name: String,
    pub listeners: Vec<ListenerObject>,
    pub addresses: Vec<GatewayAddress>,
}

/// gateway.networking.k8s.io GatewayAddress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayAddress {
    pub value: String,
}

/// gateway.networking.k8s.io GatewayStatus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayStatus {
    pub addresses: Vec<GatewayAddress>,
}

/// gateway.networking.k8s.io Listener.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerObject {
    pub name: String,
    pub hostname: String,
    pub port: i32,
    pub protocol: String,
    pub allowed_routes: AllowedRoutes,
}

/// gateway.networking.k8s.io AllowedRoutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllowedRoutes {
    pub namespaces: RouteNamespacesObject,
    pub kinds: Vec<RouteKind>,
}

/// gateway.networking.k8s.io RouteNamespaces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteNamespacesObject {
    pub from: String,
    pub selector: Option<LabelSelector>,
}

/// gateway.networking.k8s.io RouteGroupKind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteKind {
    pub kind: String,
}

/// gateway.networking.k8s.io HTTPRoute and its like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteObject {
    pub metadata: Meta,
    pub spec: RouteSpec,
}

/// gateway.networking.k8s.io HTTPRouteSpec and its like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteSpec {
    pub parent_refs: Vec<ParentRefObject>,
    pub hostnames: Vec<String>,
    pub rules: Vec<RouteRule>,
}

/// gateway.networking.k8s.io ParentReference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentRefObject {
    pub group: Option<String>,
    pub kind: Option<String>,
    pub namespace: Option<String>,
    pub name: String,
    pub section_name: String,
    pub port: Option<i32>,
}

/// gateway.networking.k8s.io HTTPRouteRule and its like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteRule {
    pub backend_refs: Vec<BackendRefObject>,
    pub filters: Vec<RouteFilter>,
}

/// gateway.networking.k8s.io HTTPRouteFilter and its like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteFilter {
    pub request_mirror: Option<MirrorFilter>,
}

/// gateway.networking.k8s.io HTTPRequestMirrorFilter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MirrorFilter {
    pub backend_ref: BackendRefObject,
}

/// gateway.networking.k8s.io BackendRef.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackendRefObject {
    pub group: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub port: Option<i32>,
    pub weight: Option<i32>,
}

/// gateway.networking.k8s.io ReferenceGrant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrantObject {
    pub metadata: Meta,
    pub spec: GrantSpec,
}

/// gateway.networking.k8s.io ReferenceGrantSpec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrantSpec {
    pub from: Vec<GrantFrom>,
    pub to: Vec<GrantTo>,
}

/// gateway.networking.k8s.io ReferenceGrantFrom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrantFrom {
    pub kind: String,
    pub namespace: String,
}

/// gateway.networking.k8s.io ReferenceGrantTo.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrantTo {
    pub kind: String,
    pub name: String,
}
