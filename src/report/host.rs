//! Whether a host outside can be reached: each of its addresses is judged.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;

use crate::answer::caveat::Caveat;
use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::answer::verdict::{API_VERSION, Verdict};
use crate::ends::end as ends;
use crate::ends::end::End;
use crate::engine::network::Network;
use crate::explain::connection::explain;
use crate::explain::explanation::Explanation;
use crate::explain::question::ExplainError;
use crate::model::ports::ProtocolPort;

/// Whether what a URL names can be reached.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostExplanation {
    /// `netpol/v1`.
    pub api_version: &'static str,
    /// `HostExplanation`.
    pub kind: &'static str,
    /// Who opens the connections.
    pub source: Endpoint,
    /// The verdict over all hosts.
    pub verdict: Verdict,
    /// The hosts, ascending.
    pub hosts: Vec<ExplainedHost>,
    /// The command that opens what is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Limits of what name servers said.
    pub caveats: Vec<Caveat>,
}

/// Whether one host can be reached at one port.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedHost {
    /// The name, or the address.
    pub host: String,
    /// The port; a number is of TCP.
    pub port: ProtocolPort,
    /// Its addresses, ascending; those that only a policy remembers are among them. None of a Service.
    pub addresses: Vec<ExplainedAddress>,
    /// When a policy was last told its addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refreshed: Option<String>,
    /// The verdict over the addresses that name servers tell, and why.
    pub explanation: Explanation,
}

/// One address of a host.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedAddress {
    /// The address.
    pub address: IpAddr,
    /// Whether it can be reached.
    pub verdict: Verdict,
    /// Whether name servers tell it now.
    pub resolved: bool,
    /// The policies that remember it for the host: `shop/netpol-ep-api`.
    pub remembered: BTreeSet<String>,
}

/// Builds the end that a host is.
pub fn end(network: &Network<'_>, name: &str, ips: &BTreeSet<IpAddr>) -> End {
    let endpoint = Endpoint::named(EndpointKind::Host, None, name);
    ends::addresses(network, &ips.iter().copied().collect(), endpoint)
}

/// Judges one address at one port.
///
/// # Errors
/// A source that opens no connections.
pub fn verdict(
    network: &Network<'_>,
    source: &End,
    ip: IpAddr,
    port: ProtocolPort,
) -> Result<Verdict, ExplainError> {
    let end = end(network, "", &BTreeSet::from([ip]));
    explain(network, source, &end, Some(&port.into())).map(|answer| answer.verdict)
}

impl HostExplanation {
    /// Sums the hosts up.
    pub fn new(source: Endpoint, hosts: Vec<ExplainedHost>, caveats: Vec<Caveat>) -> Self {
        let each: Vec<Verdict> = hosts.iter().map(|host| host.explanation.verdict).collect();
        let has = |wanted: &[Verdict]| wanted.iter().any(|own| each.contains(own));
        let verdict = Verdict::of(
            has(&[Verdict::Allow, Verdict::Partial]),
            has(&[Verdict::Deny, Verdict::Partial]),
            has(&[Verdict::Depends]),
        );
        let (api_version, kind) = (API_VERSION, "HostExplanation");
        Self { api_version, kind, source, verdict, hosts, command: None, caveats }
    }
}
