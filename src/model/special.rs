//! Address space that is not the public internet, by what it is for: the registries of RFC 6890, and
//! what clouds put into ordinary space.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::ips::IpSet;

/// What a block of addresses is for, where it is not for public hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressClass {
    /// Metadata services of clouds, which hand out credentials.
    Metadata,
    /// "This network", and no address at all.
    Unspecified,
    /// The host itself.
    Loopback,
    /// One link, metadata services among it.
    LinkLocal,
    /// Assigned to protocols by the IETF.
    Protocol,
    /// Examples in documents.
    Documentation,
    /// Benchmarks of networks.
    Benchmarking,
    /// The relays from IPv4 to IPv6 that were.
    Relay,
    /// Groups of hosts.
    Multicast,
    /// Set aside, broadcast among it.
    Reserved,
    /// Translation between the families inside one network.
    Translation,
    /// Dropped, and dummies.
    Discard,
    /// Segments of routing.
    SegmentRouting,
    /// Sites, before unique local addresses.
    SiteLocal,
    /// Private networks.
    Private,
}

impl AddressClass {
    /// Lists all.
    pub const ALL: [Self; 15] = [
        Self::Metadata,
        Self::Unspecified,
        Self::Loopback,
        Self::LinkLocal,
        Self::Protocol,
        Self::Documentation,
        Self::Benchmarking,
        Self::Relay,
        Self::Multicast,
        Self::Reserved,
        Self::Translation,
        Self::Discard,
        Self::SegmentRouting,
        Self::SiteLocal,
        Self::Private,
    ];

    /// Returns its name on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Unspecified => "unspecified",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Protocol => "protocol",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::Relay => "relay",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
            Self::Translation => "translation",
            Self::Discard => "discard",
            Self::SegmentRouting => "segment-routing",
            Self::SiteLocal => "site-local",
            Self::Private => "private",
        }
    }

    /// Finds the one of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

impl FromStr for AddressClass {
    type Err = String;

    /// Reads the name of a class.
    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|class| class.name() == name)
            .ok_or_else(|| format!("no class of addresses: known are {}", known()))
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The blocks that are not for public hosts; where blocks overlap, the first tells.
pub const SPECIAL: [(AddressClass, IpNet); 47] = [
    // Most clouds; Azure's host agent, Alibaba, Oracle (Classic).
    (AddressClass::Metadata, v4([169, 254, 169, 254], 32)),
    (AddressClass::Metadata, v4([168, 63, 129, 16], 32)),
    (AddressClass::Metadata, v4([100, 100, 100, 200], 32)),
    (AddressClass::Metadata, v4([192, 0, 0, 192], 32)),
    // Amazon: tasks of ECS, EKS Pod Identity; Tencent, Scaleway.
    (AddressClass::Metadata, v4([169, 254, 170, 2], 32)),
    (AddressClass::Metadata, v4([169, 254, 170, 23], 32)),
    (AddressClass::Metadata, v4([169, 254, 0, 23], 32)),
    (AddressClass::Metadata, v4([169, 254, 42, 42], 32)),
    // Amazon: instances, EKS Pod Identity; Google, Oracle, Scaleway, Linode, Alibaba, OpenStack.
    (AddressClass::Metadata, v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128)),
    (AddressClass::Metadata, v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128)),
    (AddressClass::Metadata, v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128)),
    (AddressClass::Metadata, v6([0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128)),
    (AddressClass::Metadata, v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128)),
    (AddressClass::Metadata, v6([0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1], 128)),
    (AddressClass::Metadata, v6([0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200], 128)),
    (AddressClass::Metadata, v6([0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128)),
    (AddressClass::Unspecified, v4([0, 0, 0, 0], 8)),
    (AddressClass::Unspecified, v6([0, 0, 0, 0, 0, 0, 0, 0], 128)),
    (AddressClass::Loopback, v4([127, 0, 0, 0], 8)),
    (AddressClass::Loopback, v6([0, 0, 0, 0, 0, 0, 0, 1], 128)),
    (AddressClass::LinkLocal, v4([169, 254, 0, 0], 16)),
    (AddressClass::LinkLocal, v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10)),
    (AddressClass::Protocol, v4([192, 0, 0, 0], 24)),
    (AddressClass::Protocol, v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23)),
    (AddressClass::Documentation, v4([192, 0, 2, 0], 24)),
    (AddressClass::Documentation, v4([198, 51, 100, 0], 24)),
    (AddressClass::Documentation, v4([203, 0, 113, 0], 24)),
    (AddressClass::Documentation, v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32)),
    (AddressClass::Documentation, v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20)),
    (AddressClass::Benchmarking, v4([198, 18, 0, 0], 15)),
    (AddressClass::Relay, v4([192, 88, 99, 0], 24)),
    (AddressClass::Multicast, v4([224, 0, 0, 0], 4)),
    (AddressClass::Multicast, v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8)),
    (AddressClass::Reserved, v4([240, 0, 0, 0], 4)),
    (AddressClass::Translation, v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48)),
    (AddressClass::Discard, v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64)),
    (AddressClass::Discard, v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64)),
    (AddressClass::SegmentRouting, v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16)),
    (AddressClass::SiteLocal, v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10)),
    (AddressClass::Private, v4([10, 0, 0, 0], 8)),
    (AddressClass::Private, v4([172, 16, 0, 0], 12)),
    (AddressClass::Private, v4([192, 168, 0, 0], 16)),
    (AddressClass::Private, v4([100, 64, 0, 0], 10)),
    (AddressClass::Private, v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7)),
    // All but 2000::/3: the registry gives addresses of public hosts from nowhere else.
    (AddressClass::Reserved, v6([0, 0, 0, 0, 0, 0, 0, 0], 3)),
    (AddressClass::Reserved, v6([0x4000, 0, 0, 0, 0, 0, 0, 0], 2)),
    (AddressClass::Reserved, v6([0x8000, 0, 0, 0, 0, 0, 0, 0], 1)),
];

/// Addresses that are public inside the blocks of [`SPECIAL`]: anycast of PCP and TURN, and what stands
/// for a public IPv4 address, mapped and by NAT64.
const PUBLIC: [IpNet; 4] = [v4([192, 0, 0, 9], 32), v4([192, 0, 0, 10], 32), MAPPED, NAT64];

/// IPv4 addresses as IPv6 sockets show them (RFC 4291).
const MAPPED: IpNet = v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96);
/// IPv4 addresses behind a translator, as DNS64 answers them (RFC 6052).
const NAT64: IpNet = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

/// IPv6 blocks whose addresses hold an IPv4 address, and how many bits stand behind it: mapped
/// addresses, NAT64, 6to4 (RFC 3056), and the deprecated forms, translated (RFC 2765) and compatible
/// (RFC 4291). They are what that address is, where it is special.
const EMBEDDING: [(IpNet, u32); 5] = [
    (MAPPED, 0),
    (NAT64, 0),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), 80),
    (v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), 0),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), 0),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix))
}

/// Returns what an address is for; nothing for one of the public internet.
pub fn class_of(ip: IpAddr) -> Option<AddressClass> {
    let held = embedded(ip).and_then(|ip| class_of_block(ip.into()));
    held.or_else(|| class_of_block(ip))
}

/// Returns what the block of an address is for, whatever it holds.
fn class_of_block(ip: IpAddr) -> Option<AddressClass> {
    let is_public = PUBLIC.iter().any(|block| block.contains(&ip));
    let special = SPECIAL.iter().find(|(_, block)| block.contains(&ip));
    special.filter(|_| !is_public).map(|(class, _)| *class)
}

/// Returns the IPv4 address that an IPv6 address holds.
pub fn embedded(ip: IpAddr) -> Option<Ipv4Addr> {
    let (_, behind) = EMBEDDING.iter().find(|(block, _)| block.contains(&ip))?;
    let IpAddr::V6(ip) = ip else { return None };
    if ip.is_unspecified() || ip.is_loopback() {
        return None;
    }
    u32::try_from((ip.to_bits() >> behind) & u128::from(u32::MAX)).ok().map(Ipv4Addr::from_bits)
}

/// Returns what the word `internet` means: all of both families less special and private space.
///
/// Addresses that hold another are left out too: no host has one of its own.
pub fn internet() -> IpSet {
    let special: IpSet = SPECIAL.iter().map(|(_, block)| *block).collect();
    let special = special.difference(&PUBLIC.into_iter().collect());
    let holding: IpSet = EMBEDDING.iter().map(|(block, _)| *block).collect();
    IpSet::everything().difference(&special.union(&holding))
}
