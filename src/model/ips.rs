//! Canonical sets of IP addresses of both families.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};
use serde::Serialize;

use super::interval::IntervalSet;

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Family {
    /// IPv4.
    #[serde(rename = "IPv4")]
    V4,
    /// IPv6.
    #[serde(rename = "IPv6")]
    V6,
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

impl Family {
    /// Lists both families in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// Returns the family of an address.
    pub fn of(ip: IpAddr) -> Self {
        if ip.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// Returns the block that holds every address of the family.
    pub fn everything(self) -> IpNet {
        match self {
            Self::V4 => IpNet::V4(Ipv4Net::default()),
            Self::V6 => IpNet::V6(Ipv6Net::default()),
        }
    }
}

/// A set of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpSet {
    v4: IntervalSet<u32>,
    v6: IntervalSet<u128>,
}

impl IpSet {
    /// Returns every address of both families.
    pub fn everything() -> Self {
        Family::ALL.into_iter().map(Family::everything).collect()
    }

    /// Builds the union of inclusive address ranges; the ends of a range are of one family.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (IpAddr, IpAddr)>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for range in ranges {
            match range {
                (IpAddr::V4(low), IpAddr::V4(high)) => v4.push((low.to_bits(), high.to_bits())),
                (IpAddr::V6(low), IpAddr::V6(high)) => v6.push((low.to_bits(), high.to_bits())),
                _ => {}
            }
        }
        Self { v4: IntervalSet::from_ranges(v4), v6: IntervalSet::from_ranges(v6) }
    }

    /// Tells whether the set has no address.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Tells whether the address is in the set.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.v4.contains(ip.to_bits()),
            IpAddr::V6(ip) => self.v6.contains(ip.to_bits()),
        }
    }

    /// Returns the addresses of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// Returns the addresses of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersection(&other.v4), v6: self.v6.intersection(&other.v6) }
    }

    /// Returns the addresses of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self { v4: self.v4.difference(&other.v4), v6: self.v6.difference(&other.v6) }
    }

    /// Tells whether every address of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.v4.is_subset(&other.v4) && self.v6.is_subset(&other.v6)
    }

    /// Lists the inclusive ranges, IPv4 first, each ascending.
    pub fn ranges(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
        let v4 = self.v4.ranges().map(|(low, high)| {
            (IpAddr::V4(Ipv4Addr::from_bits(low)), IpAddr::V4(Ipv4Addr::from_bits(high)))
        });
        let v6 = self.v6.ranges().map(|(low, high)| {
            (IpAddr::V6(Ipv6Addr::from_bits(low)), IpAddr::V6(Ipv6Addr::from_bits(high)))
        });
        v4.chain(v6)
    }

    /// Lists the fewest CIDR blocks that hold exactly this set, IPv4 first.
    pub fn cidrs(&self) -> Vec<IpNet> {
        self.ranges()
            .flat_map(|range| match range {
                (IpAddr::V4(low), IpAddr::V4(high)) => {
                    Ipv4Subnets::new(low, high, 0).map(IpNet::V4).collect::<Vec<_>>()
                }
                (IpAddr::V6(low), IpAddr::V6(high)) => {
                    Ipv6Subnets::new(low, high, 0).map(IpNet::V6).collect()
                }
                _ => Vec::new(),
            })
            .collect()
    }
}

impl FromIterator<IpNet> for IpSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(blocks: I) -> Self {
        Self::from_ranges(blocks.into_iter().map(|block| (block.network(), block.broadcast())))
    }
}

impl FromIterator<IpAddr> for IpSet {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(ips: I) -> Self {
        Self::from_ranges(ips.into_iter().map(|ip| (ip, ip)))
    }
}
