//! One end of a connection, or a part of it.

use ipnet::IpNet;
use serde::Serialize;
use std::net::IpAddr;

/// One end of a connection, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Endpoint {
    /// `Pod`, a workload's kind, `Namespace` (all its pods), `Node`, `IPBlock` or `Entity`.
    pub kind: String,
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The addresses that are meant, where not all are or there is only this pod or node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ips: Vec<IpAddr>,
    /// The blocks of an `IPBlock`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cidrs: Vec<IpNet>,
    /// The pods that are meant; all where it is absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<String>,
}
