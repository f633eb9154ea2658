//! What name servers said about a host: filled in by whoever asks them.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::host::HostName;
use crate::model::ips::Family;

/// All that was learnt about one host in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The host.
    pub host: HostName,
    /// What each name server said of each family; a family that was not asked about has none.
    pub outcomes: Vec<Outcome>,
    /// Whether a name server brought new addresses in every round, so that there may be any number more.
    pub rotates: bool,
}

/// What one name server said of one family of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The name server.
    pub vantage: Vantage,
    /// The family that was asked about.
    pub family: Family,
    /// What it said.
    pub answer: DnsAnswer,
}

/// A name server, and on whose behalf it answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vantage {
    /// On whose behalf.
    pub class: VantageClass,
    /// Its address or its pod, as shown: `10.0.0.7:53`, `kube-system/coredns-abc:53`.
    pub server: Box<str>,
}

/// On whose behalf name servers answer: other classes may see other addresses of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VantageClass {
    /// The cluster's own DNS, as its pods see it.
    Cluster,
    /// The resolver of the machine that the command runs on.
    System,
    /// A name server that the user names.
    Named,
}

/// What a name server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsAnswer {
    /// Addresses; none is as good as no data.
    Records(Vec<IpAddr>),
    /// The name exists and has no address of the family.
    NoData,
    /// The name does not exist.
    NxDomain,
    /// Nothing that says anything about the name: `SERVFAIL`, `timeout`, `truncated`.
    Failure(Box<str>),
}

impl Resolution {
    /// Lists the addresses that any name server gave.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.outcomes
            .iter()
            .flat_map(|outcome| match &outcome.answer {
                DnsAnswer::Records(ips) => ips.as_slice(),
                DnsAnswer::NoData | DnsAnswer::NxDomain | DnsAnswer::Failure(_) => &[],
            })
            .copied()
    }
}

impl Outcome {
    /// Tells of a failure, and whose it is: `10.0.0.7:53: SERVFAIL`.
    pub fn failure(&self) -> Option<Box<str>> {
        match &self.answer {
            DnsAnswer::Failure(why) => Some(format!("{}: {why}", self.vantage.server).into()),
            DnsAnswer::Records(_) | DnsAnswer::NoData | DnsAnswer::NxDomain => None,
        }
    }
}

impl fmt::Display for VantageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "cluster",
            Self::System => "system",
            Self::Named => "named",
        })
    }
}
