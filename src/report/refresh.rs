//! What a refresh of remembered hosts did, or would do.

use std::net::IpAddr;

use serde::Serialize;

use crate::answer::caveat::Caveat;
use crate::answer::verdict::API_VERSION;
use crate::model::ports::ProtocolPort;
use crate::model::special::AddressClass;

/// What became of every policy with remembered hosts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    /// `netpol/v1`.
    pub api_version: &'static str,
    /// `Refresh`.
    pub kind: &'static str,
    /// The policies, ascending by namespace and name.
    pub policies: Vec<RefreshedPolicy>,
    /// The SRV records that could not be had, each in one line; what they told of before stays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unresolved: Vec<String>,
    /// What limits the answer.
    pub caveats: Vec<Caveat>,
}

/// What became of one policy.
#[derive(Clone, Debug, Serialize)]
pub struct RefreshedPolicy {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where it stands, `policies/web.yaml:12`; nothing for one of a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What became of it.
    pub outcome: PolicyOutcome,
    /// Why it was not written, or what was amiss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Its hosts, ascending.
    pub hosts: Vec<RefreshedHost>,
}

/// What became of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyOutcome {
    /// All stays as it is.
    Current,
    /// It was written.
    Written,
    /// It would be written.
    Due,
    /// It could not be written.
    Failed,
}

/// What became of one host of a policy.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RefreshedHost {
    /// The host.
    pub host: String,
    /// Its ports; a number is of TCP.
    pub ports: Vec<ProtocolPort>,
    /// Whether it could be resolved.
    pub status: HostStatus,
    /// What name servers said instead of addresses.
    pub failures: Vec<String>,
    /// Addresses that are new.
    pub added: Vec<IpAddr>,
    /// Addresses that stay.
    pub kept: Vec<IpAddr>,
    /// Addresses that stay although answers lack them.
    pub pending: Vec<PendingAddress>,
    /// Addresses that leave.
    pub removed: Vec<IpAddr>,
    /// Addresses that leave the record, and that another rule of the policy keeps open.
    pub open: Vec<IpAddr>,
    /// Addresses that are not opened.
    pub refused: Vec<RefusedAddress>,
    /// Addresses that somebody took out of the policy, which allow-endpoint opens again.
    pub closed: Vec<IpAddr>,
    /// What its record consents to beyond public addresses.
    pub consents: Vec<RecordedConsent>,
}

/// Whether a host could be resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostStatus {
    /// It is an address.
    Static,
    /// It was, by every name server.
    #[default]
    Resolved,
    /// It was, by some.
    Partly,
    /// No name server answered; nothing leaves.
    Failed,
    /// Every name server says that there is nothing; nothing leaves.
    Gone,
    /// What is remembered or answered may not be opened; nothing of it was changed.
    Refused,
    /// The policy has no rule for it any more; nothing of it is opened.
    Closed,
}

/// An address that leaves if answers go on to lack it.
#[derive(Clone, Debug, Serialize)]
pub struct PendingAddress {
    /// The address.
    pub address: IpAddr,
    /// When it leaves at the earliest.
    pub until: String,
}

/// An address that is not opened.
#[derive(Clone, Debug, Serialize)]
pub struct RefusedAddress {
    /// The address.
    pub address: IpAddr,
    /// Why.
    pub reason: String,
}

/// A class of addresses that a record consents to, which whoever may write the record can have planted.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedConsent {
    /// The class.
    pub class: AddressClass,
    /// Whether the user consents to it in this run too; else no new address of the class is opened.
    pub confirmed: bool,
    /// The flag that does.
    pub flag: String,
}

/// How a refresh went as a whole, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A policy could not be written.
    NotWritten,
    /// An address was refused.
    Refused,
    /// A host could not be resolved.
    Unresolved,
    /// A policy would be written, and nothing was.
    Drift,
    /// All is as it should be.
    Current,
}

impl Refresh {
    /// Begins an answer.
    pub fn new(policies: Vec<RefreshedPolicy>, unresolved: Vec<String>, caveats: Vec<Caveat>) -> Self {
        Self { api_version: API_VERSION, kind: "Refresh", policies, unresolved, caveats }
    }

    /// Returns how it went.
    pub fn standing(&self) -> Standing {
        let services = if self.unresolved.is_empty() { Standing::Current } else { Standing::Unresolved };
        self.policies.iter().map(RefreshedPolicy::standing).min().unwrap_or(services).min(services)
    }

    /// Lists the hosts of all policies.
    pub fn hosts(&self) -> impl Iterator<Item = &RefreshedHost> {
        self.policies.iter().flat_map(|policy| &policy.hosts)
    }
}

impl RefreshedPolicy {
    /// Begins to tell of a policy, with which nothing was done yet.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            file: None,
            outcome: PolicyOutcome::Current,
            problem: None,
            hosts: Vec::new(),
        }
    }

    fn standing(&self) -> Standing {
        let is = |wanted: &[HostStatus]| self.hosts.iter().any(|host| wanted.contains(&host.status));
        let refuses = self.hosts.iter().any(|host| !host.refused.is_empty());
        let changes = self.hosts.iter().any(RefreshedHost::changes);
        if self.outcome == PolicyOutcome::Failed {
            Standing::NotWritten
        } else if refuses || is(&[HostStatus::Refused]) {
            Standing::Refused
        } else if self.hosts.iter().any(RefreshedHost::is_unresolved) {
            Standing::Unresolved
        } else if self.outcome == PolicyOutcome::Due && changes {
            Standing::Drift
        } else {
            Standing::Current
        }
    }
}

impl RefreshedHost {
    /// Tells whether its addresses are not known to be current; what was forgotten has none.
    pub fn is_unresolved(&self) -> bool {
        match self.status {
            HostStatus::Failed => true,
            HostStatus::Gone => self.removed.is_empty() && self.open.is_empty(),
            HostStatus::Static
            | HostStatus::Resolved
            | HostStatus::Partly
            | HostStatus::Refused
            | HostStatus::Closed => false,
        }
    }

    /// Tells whether other addresses are allowed than before.
    pub fn changes(&self) -> bool {
        !self.added.is_empty() || !self.removed.is_empty() || !self.open.is_empty()
    }
}
