//! What policies remember of hosts.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

use super::refresh::RefusedAddress;
use crate::answer::endpoint::Endpoint;
use crate::answer::verdict::API_VERSION;
use crate::model::gap::Gap;
use crate::model::ips::Family;
use crate::model::ports::ProtocolPort;
use crate::model::special::AddressClass;

/// Every host that policies remember.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointList {
    /// `netpol/v1`.
    pub api_version: &'static str,
    /// `EndpointList`.
    pub kind: &'static str,
    /// The policies, ascending by namespace and name.
    pub policies: Vec<RememberingPolicy>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// The namespace that was asked for; nothing where any will do.
    #[serde(skip)]
    pub namespace: Option<String>,
}

/// A policy that remembers hosts, or should.
#[derive(Clone, Debug, Serialize)]
pub struct RememberingPolicy {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The workloads that it is for, or their whole namespace; those that were read.
    pub pods: Vec<Endpoint>,
    /// What keeps its hosts from being known, or from being refreshed.
    pub problems: Vec<String>,
    /// The blocks that it opens and that its record has not, where the policy is of this program alone: a
    /// hand put them there, and a refresh leaves them.
    pub unrecorded: Vec<IpNet>,
    /// Its hosts, ascending.
    pub hosts: Vec<RememberedHost>,
}

/// What is remembered of one host at its ports.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RememberedHost {
    /// The host.
    pub host: String,
    /// Its ports; a number is of TCP.
    pub ports: Vec<ProtocolPort>,
    /// How it went when it was resolved last.
    pub status: RecordStatus,
    /// When it was resolved last, to the day, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
    /// Since when it fails, or is gone, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The address families of which name servers say that it has none any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<Family>,
    /// The addresses that the policy opens; name servers told them when they were asked last.
    pub open: Vec<IpAddr>,
    /// Those that it opens and that answers lack.
    pub pending: Vec<MissingAddress>,
    /// Those that the record has and the policy does not open; only allow-endpoint opens them again.
    pub closed: Vec<IpAddr>,
    /// Those that are open and that no refresh would open, as nobody consented to them.
    pub refused: Vec<RefusedAddress>,
    /// The classes of addresses that its record consents to; whoever may write the record can have planted them.
    pub consents: Vec<AddressClass>,
    /// Whether its name servers show a few of its addresses at a time.
    pub rotates: bool,
}

/// How it went when a host was resolved last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordStatus {
    /// It is an address.
    Static,
    /// Name servers told its addresses.
    Resolved,
    /// It was never resolved.
    New,
    /// Name servers fail.
    Failed,
    /// Name servers say that it has no address of a family any more.
    Gone,
    /// The policy opens nothing of it.
    Closed,
}

/// An address that answers lack.
#[derive(Clone, Debug, Serialize)]
pub struct MissingAddress {
    /// The address.
    pub address: IpAddr,
    /// Since when, in UTC.
    pub since: String,
    /// In how many runs; counted as far as it decides.
    pub runs: u8,
    /// When it leaves at the earliest, in UTC.
    pub until: String,
}

impl EndpointList {
    /// Begins an answer.
    pub fn new(policies: Vec<RememberingPolicy>, gaps: Vec<Gap>, namespace: Option<String>) -> Self {
        Self { api_version: API_VERSION, kind: "EndpointList", policies, gaps, namespace }
    }

    /// Lists the hosts of all policies.
    pub fn hosts(&self) -> impl Iterator<Item = &RememberedHost> {
        self.policies.iter().flat_map(|policy| &policy.hosts)
    }
}
