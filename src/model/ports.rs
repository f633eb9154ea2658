//! Protocols and canonical sets of protocol/port pairs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::interval::IntervalSet;

/// A transport protocol that a policy can name (core/v1 `Protocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP, the default of every API field.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// Lists the protocols in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// Reads the API's spelling; letter case does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name().eq_ignore_ascii_case(text))
    }

    /// Reads a field of the API; TCP where it is empty.
    pub fn given(text: &str) -> Option<Self> {
        if text.is_empty() { Some(Self::Tcp) } else { Self::parse(text) }
    }

    /// Returns the API's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

/// Reads a port number; 0 is none.
pub fn port_number(number: impl TryInto<u16>) -> Option<u16> {
    number.try_into().ok().filter(|number| *number > 0)
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A port of a protocol: `443` is of TCP, `53/UDP` of UDP. Ascending by protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "PortText", try_from = "PortText")]
pub struct ProtocolPort {
    /// The protocol.
    pub protocol: Protocol,
    /// The number.
    pub number: u16,
}

/// A port as records and answers have it: a number is of TCP.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PortText {
    Tcp(u16),
    Other(String),
}

impl ProtocolPort {
    /// Returns a port of TCP.
    pub const fn tcp(number: u16) -> Self {
        Self { protocol: Protocol::Tcp, number }
    }
}

impl fmt::Display for ProtocolPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.protocol {
            Protocol::Tcp => write!(f, "{}", self.number),
            other => write!(f, "{}/{other}", self.number),
        }
    }
}

impl From<ProtocolPort> for PortText {
    fn from(port: ProtocolPort) -> Self {
        match port.protocol {
            Protocol::Tcp => Self::Tcp(port.number),
            _ => Self::Other(port.to_string()),
        }
    }
}

impl TryFrom<PortText> for ProtocolPort {
    type Error = &'static str;

    fn try_from(text: PortText) -> Result<Self, &'static str> {
        let text = match text {
            PortText::Tcp(number) => return Ok(Self::tcp(number)),
            PortText::Other(text) => text,
        };
        let (number, protocol) = text.split_once('/').ok_or("a port without protocol")?;
        let number = number.parse().map_err(|_| "no number of a port")?;
        Ok(Self { protocol: Protocol::parse(protocol).ok_or("no protocol")?, number })
    }
}

/// A set of protocol/port pairs, with everything that has no port (ICMP …) as one more element.
///
/// Ports are 1 to 65535. The elements lie on one line, protocol by protocol:
/// ```text
/// 0x0_0001..=0x0_ffff TCP    0x1_0001..=0x1_ffff UDP    0x2_0001..=0x2_ffff SCTP    0x3_0001 others
/// ```
/// A point between each two of them is never in a set, so that no range spans two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortSet(IntervalSet<u32>);

/// Ports of one protocol that follow each other, both bounds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The protocol.
    pub protocol: Protocol,
    /// The first.
    pub low: u16,
    /// The last.
    pub high: u16,
}

impl PortRange {
    /// Tells whether it holds every port of its protocol.
    pub const fn is_whole(self) -> bool {
        self.low == 1 && self.high == u16::MAX
    }
}

impl fmt::Display for PortRange {
    /// Writes `TCP`, `TCP/80` or `TCP/8000-8080`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, low, high } = self;
        match low {
            _ if self.is_whole() => write!(f, "{protocol}"),
            _ if low == high => write!(f, "{protocol}/{low}"),
            _ => write!(f, "{protocol}/{low}-{high}"),
        }
    }
}

const OTHERS: u32 = 0x3_0001;

const fn place(protocol: Protocol, port: u16) -> u32 {
    ((protocol as u32) << 16) | port as u32
}

impl PortSet {
    /// Returns the empty set.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns every protocol and port, ICMP and other protocols included.
    pub fn any() -> Self {
        let all = Protocol::ALL.map(|protocol| (place(protocol, 1), place(protocol, u16::MAX)));
        Self(IntervalSet::from_ranges(all.into_iter().chain([(OTHERS, OTHERS)])))
    }

    /// Returns every port of one protocol.
    pub fn protocol(protocol: Protocol) -> Self {
        Self::range(protocol, 1, u16::MAX)
    }

    /// Returns one port.
    pub fn port(protocol: Protocol, port: u16) -> Self {
        Self::range(protocol, port, port)
    }

    /// Returns the ports `low` to `high`, both included; port 0 is left out.
    pub fn range(protocol: Protocol, low: u16, high: u16) -> Self {
        Self(IntervalSet::range(place(protocol, low.max(1)), place(protocol, high)))
    }

    /// Tells whether the set has no element.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether the set has every element.
    pub fn is_any(&self) -> bool {
        *self == Self::any()
    }

    /// Tells whether the port is in the set.
    pub fn contains(&self, protocol: Protocol, port: u16) -> bool {
        self.0.contains(place(protocol, port))
    }

    /// Returns the elements of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0))
    }

    /// Returns the elements of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0))
    }

    /// Returns the elements of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0))
    }

    /// Tells whether every element of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Lists the port ranges in order.
    pub fn ranges(&self) -> impl Iterator<Item = PortRange> + '_ {
        self.0.ranges().filter_map(|(low, high)| {
            let protocol = Protocol::ALL.into_iter().find(|protocol| *protocol as u32 == low >> 16)?;
            Some(PortRange { protocol, low: (low & 0xffff) as u16, high: (high & 0xffff) as u16 })
        })
    }

    /// Lists the set as the schema's port items: `any`, `TCP`, `TCP/80`, `UDP/8000-8080`, `other`.
    ///
    /// `other` stands for what has no port (ICMP …) where not everything is in the set.
    pub fn items(&self) -> Vec<String> {
        if self.is_any() {
            return vec!["any".to_owned()];
        }
        let ranges = self.ranges().map(|range| range.to_string());
        ranges.chain(self.0.contains(OTHERS).then(|| "other".to_owned())).collect()
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.items().join(","))
    }
}
