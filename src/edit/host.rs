//! Host names and addresses as they are remembered: checked once, lower case, in ASCII.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The longest name that DNS can carry (RFC 1035), without the dot at its end.
const LONGEST_NAME: usize = 253;
/// The longest label of one (RFC 1035).
const LONGEST_LABEL: usize = 63;

/// A host name: lower-case labels of letters, digits, `-` and `_`, without a dot at its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct HostName(Box<str>);

/// A host: what a URL names, and what is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Host {
    /// An address, which needs no name server.
    Ip(IpAddr),
    /// A name.
    Name(HostName),
}

/// A host that cannot be meant. No variant repeats what was written, since it may be part of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Nothing where the host belongs.
    #[error("it names no host")]
    Empty,
    /// A pattern.
    #[error(
        "a wildcard cannot be resolved to addresses: name each host, or use toFQDNs of a \
         CiliumNetworkPolicy, or domainNames of a ClusterNetworkPolicy, where the cluster enforces them"
    )]
    Wildcard,
    /// Neither a DNS name nor an address.
    #[error("its host is no DNS name and no IP address")]
    Invalid,
    /// An IPv6 address without brackets, or with a zone.
    #[error("an IPv6 address stands in brackets and has no zone: [2001:db8::1]:443")]
    Ipv6,
    /// The name of the pod itself.
    #[error("`localhost` is the pod itself, which no policy governs")]
    Localhost,
}

impl Host {
    /// Reads a host as browsers and resolvers do: any letter case, international names, numbers
    /// such as `2130706433` that are addresses, IPv6 in brackets.
    ///
    /// # Errors
    /// What is no host, or cannot be meant.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if text.is_empty() || text == "." {
            return Err(HostError::Empty);
        }
        if text.contains('*') {
            return Err(HostError::Wildcard);
        }
        if text.contains(['[', ']', ':']) && text.trim_matches(['[', ']']).contains(['%', ':']) {
            let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
            let address = inside.and_then(|text| text.parse::<std::net::Ipv6Addr>().ok());
            return address.map(|ip| IpAddr::from(ip).into()).ok_or(HostError::Ipv6);
        }
        // A dot at the end makes a name absolute, which all names here are; a second one is a fault.
        let name = text.strip_suffix('.').unwrap_or(text);
        match ::url::Host::parse(name) {
            _ if name.ends_with('.') => Err(HostError::Invalid),
            Ok(::url::Host::Ipv4(ip)) => Ok(IpAddr::from(ip).into()),
            Ok(::url::Host::Ipv6(ip)) => Ok(IpAddr::from(ip).into()),
            Ok(::url::Host::Domain(name)) => HostName::new(&name).map(Self::Name),
            Err(_) => Err(HostError::Invalid),
        }
    }
}

impl From<IpAddr> for Host {
    /// Takes an address; an IPv4 address in IPv6 clothes is the IPv4 address.
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip.to_canonical())
    }
}

impl HostName {
    /// Checks a name that is already in ASCII and lower case.
    fn new(name: &str) -> Result<Self, HostError> {
        if name == "localhost" || name.ends_with(".localhost") {
            return Err(HostError::Localhost);
        }
        let legal =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        let is_label =
            |label: &str| (1..=LONGEST_LABEL).contains(&label.len()) && label.bytes().all(legal);
        let fits = name.len() <= LONGEST_NAME && name.split('.').all(is_label);
        fits.then(|| Self(name.into())).ok_or(HostError::Invalid)
    }

    /// Returns the name without a dot at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Host {
    /// Writes an address without brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => write!(f, "{ip}"),
            Self::Name(name) => write!(f, "{name}"),
        }
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> Self {
        name.0.into()
    }
}

impl TryFrom<String> for HostName {
    type Error = HostError;

    /// Reads what was remembered, and nothing that would have been written otherwise.
    fn try_from(text: String) -> Result<Self, HostError> {
        match Host::try_from(text)? {
            Host::Name(name) => Ok(name),
            Host::Ip(_) => Err(HostError::Invalid),
        }
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.to_string()
    }
}

impl TryFrom<String> for Host {
    type Error = HostError;

    /// Reads what was remembered, and nothing that would have been written otherwise.
    fn try_from(text: String) -> Result<Self, HostError> {
        let host = text.parse::<IpAddr>().map_or_else(|_| Self::parse(&text), |ip| Ok(ip.into()))?;
        (host.to_string() == text).then_some(host).ok_or(HostError::Invalid)
    }
}
