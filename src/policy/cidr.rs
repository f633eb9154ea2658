//! Blocks of addresses as text.

use std::net::IpAddr;

use ipnet::IpNet;

/// Reads a CIDR block; host bits are masked, leading zeros of IPv4 are decimal.
///
/// Both were accepted by older API servers and live on in stored objects.
pub fn parse_cidr(text: &str) -> Option<IpNet> {
    let (address, prefix) = text.split_once('/')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let prefix: u8 = digits(prefix).then(|| prefix.parse().ok()).flatten()?;
    let ip: IpAddr = address.parse().ok().or_else(|| {
        let parts: Option<Vec<u8>> =
            address.split('.').map(|part| digits(part).then(|| part.parse().ok()).flatten()).collect();
        <[u8; 4]>::try_from(parts?).ok().map(IpAddr::from)
    })?;
    // The API server reads an IPv4-mapped IPv6 address as the IPv4 address it holds.
    let mapped = match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().zip(prefix.checked_sub(96)),
        IpAddr::V4(_) => None,
    };
    let (ip, prefix) = mapped.map_or((ip, prefix), |(v4, prefix)| (IpAddr::V4(v4), prefix));
    IpNet::new(ip, prefix).ok().map(|net| net.trunc())
}
