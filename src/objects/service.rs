//! The parts of Services and EndpointSlices that an analysis reads.

#![expect(missing_docs, reason = "the API says what its fields are")]

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::{Deserialize, Serialize};

use crate::objects::meta::Meta;

/// core/v1 Service.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceObject {
    #[prost(message, required, tag = "1")]
    pub metadata: Meta,
    #[prost(message, required, tag = "2")]
    pub spec: ServiceSpec,
    #[prost(message, required, tag = "3")]
    pub status: ServiceStatus,
}

/// core/v1 ServiceSpec.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    #[prost(message, repeated, tag = "1")]
    pub ports: Vec<ServicePortObject>,
    #[prost(btree_map = "string, string", tag = "2")]
    pub selector: BTreeMap<String, String>,
    #[serde(rename = "clusterIP")]
    #[prost(string, tag = "3")]
    pub cluster_ip: String,
    #[serde(rename = "clusterIPs")]
    #[prost(string, repeated, tag = "18")]
    pub cluster_ips: Vec<String>,
    #[serde(rename = "type")]
    #[prost(string, tag = "4")]
    pub kind: String,
    #[serde(rename = "externalIPs")]
    #[prost(string, repeated, tag = "5")]
    pub external_ips: Vec<String>,
    #[serde(rename = "loadBalancerIP")]
    #[prost(string, tag = "8")]
    pub load_balancer_ip: String,
    #[prost(string, repeated, tag = "9")]
    pub load_balancer_source_ranges: Vec<String>,
    #[prost(string, tag = "10")]
    pub external_name: String,
    #[prost(string, tag = "11")]
    pub external_traffic_policy: String,
    #[prost(bool, tag = "13")]
    pub publish_not_ready_addresses: bool,
    #[prost(string, repeated, tag = "19")]
    pub ip_families: Vec<String>,
    #[prost(string, tag = "17")]
    pub ip_family_policy: String,
    #[prost(bool, optional, tag = "20")]
    pub allocate_load_balancer_node_ports: Option<bool>,
}

/// core/v1 ServicePort.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePortObject {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub protocol: String,
    #[prost(int32, tag = "3")]
    pub port: i32,
    #[prost(message, optional, tag = "4")]
    pub target_port: Option<PortNumberOrName>,
    #[prost(int32, tag = "5")]
    pub node_port: i32,
}

/// The API's IntOrString, where it is a port; the name is empty for a number.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(from = "IntOrString", into = "IntOrString")]
pub struct PortNumberOrName {
    #[prost(int32, tag = "2")]
    pub int_val: i32,
    #[prost(string, tag = "3")]
    pub str_val: String,
}

impl From<IntOrString> for PortNumberOrName {
    fn from(read: IntOrString) -> Self {
        match read {
            IntOrString::Int(int_val) => Self { int_val, str_val: String::new() },
            IntOrString::String(str_val) => Self { int_val: 0, str_val },
        }
    }
}

impl From<PortNumberOrName> for IntOrString {
    fn from(read: PortNumberOrName) -> Self {
        if read.str_val.is_empty() { Self::Int(read.int_val) } else { Self::String(read.str_val) }
    }
}

/// core/v1 ServiceStatus.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    #[prost(message, required, tag = "1")]
    pub load_balancer: LoadBalancerStatus,
}

/// core/v1 LoadBalancerStatus and networking.k8s.io/v1 IngressLoadBalancerStatus.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerStatus {
    #[prost(message, repeated, tag = "1")]
    pub ingress: Vec<LoadBalancerIngress>,
}

/// core/v1 LoadBalancerIngress.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadBalancerIngress {
    #[prost(string, tag = "1")]
    pub ip: String,
    #[prost(string, tag = "2")]
    pub hostname: String,
}

/// discovery.k8s.io/v1 EndpointSlice.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSliceObject {
    #[prost(message, required, tag = "1")]
    pub metadata: Meta,
    #[prost(string, tag = "4")]
    pub address_type: String,
    #[prost(message, repeated, tag = "2")]
    pub endpoints: Vec<SliceEndpoint>,
    #[prost(message, repeated, tag = "3")]
    pub ports: Vec<SlicePortObject>,
}

/// discovery.k8s.io/v1 Endpoint.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SliceEndpoint {
    #[prost(string, repeated, tag = "1")]
    pub addresses: Vec<String>,
    #[prost(message, required, tag = "2")]
    pub conditions: SliceConditions,
}

/// discovery.k8s.io/v1 EndpointConditions.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SliceConditions {
    #[prost(bool, optional, tag = "1")]
    pub ready: Option<bool>,
}

/// discovery.k8s.io/v1 EndpointPort.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SlicePortObject {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub protocol: String,
    #[prost(int32, optional, tag = "3")]
    pub port: Option<i32>,
}

impl ServiceObject {
    /// Takes over the addresses that the cluster gave, and that an apply does not take away.
    pub(crate) fn keep_addresses_of(&mut self, old: Self) {
        if self.spec.cluster_ip.is_empty() && self.spec.kind != "ExternalName" {
            self.spec.cluster_ip = old.spec.cluster_ip;
            self.spec.cluster_ips = old.spec.cluster_ips;
            if self.spec.ip_families.is_empty() {
                self.spec.ip_families = old.spec.ip_families;
            }
        }
        if self.status.load_balancer.ingress.is_empty() && self.spec.kind == "LoadBalancer" {
            self.status = old.status;
        }
    }
}
