//! URLs as users have them in their configuration -> the hosts and ports that they lead to.
//!
//! Only schemes of browsers are fully parsed by the `url` crate; here it reads the host, which it does
//! well, and the rest is found by hand, alike for every scheme. What can hold a secret (user,
//! password, path, query) has no place in the types, and no error repeats any of it.

use std::collections::BTreeSet;
use std::fmt;

use super::host::{Host, HostError, HostName};
use super::scheme::{self, SchemePorts};
use crate::model::ports::{Protocol, ProtocolPort};

/// What a URL leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The scheme, without a driver; nothing for `HOST:PORT`.
    pub scheme: Option<Box<str>>,
    /// The hosts, ascending, each with its port.
    pub places: BTreeSet<UrlPlace>,
}

/// A host and where on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UrlPlace {
    /// A port of a host.
    Port(Host, ProtocolPort),
    /// The hosts and ports that SRV records of this name tell: `_mongodb._tcp.db.example.com`.
    Service(HostName),
}

/// A URL that cannot be meant. No variant repeats more than a scheme of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// A character that no URL has.
    #[error("it has a control character or a blank")]
    Control,
    /// What stands before `://` is no scheme.
    #[error("what stands before :// is no scheme")]
    Scheme,
    /// The host cannot be meant.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The port is no number from 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// Neither a port nor a scheme that has one.
    #[error("it has no port, and {} has none of its own: write HOST:PORT", .0.as_deref().map_or_else(
        || "without a scheme it".to_owned(), |scheme| format!("{scheme}://")))]
    NoPort(Option<Box<str>>),
    /// A socket or a file of the pod.
    #[error("it is a socket or a file of the pod itself, which no policy governs")]
    Local,
    /// An `@` that would be part of a path, so that the password has an unescaped `/`, `?` or `#`.
    #[error("it has an @ behind the host: write /, ? and # of a password as %2F, %3F and %23")]
    Password,
    /// SRV records of a scheme that has none, or beside a port.
    #[error("only mongodb+srv:// is looked up by SRV records, with one host name and no port")]
    Service,
    /// A block of addresses.
    #[error("it is a block of addresses, not a host: write a rule with an ipBlock by hand")]
    Block,
    /// URLs in a list.
    #[error("it is a list of URLs: give each with a --url of its own")]
    Several,
}

/// Reads a URL, `jdbc:` and `+driver` included, a list of hosts in one, `HOST:PORT` or `HOST:PORT/UDP`.
///
/// # Errors
/// What cannot be meant, and what would have to be guessed.
pub fn parse(text: &str) -> Result<Destination, UrlError> {
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlError::Control);
    }
    let text = strip_word(text, "jdbc:").unwrap_or(text);
    if let Some(rest) = strip_word(text, "oracle:thin:") {
        return oracle(rest);
    }
    if text.starts_with(['/', '@']) || strip_word(text, "unix:").is_some() {
        return Err(UrlError::Local);
    }
    let Some((word, rest)) = text.split_once("://") else {
        return without_scheme(&text.replace('\\', "/"));
    };
    let word = word.to_ascii_lowercase();
    // `jdbc:mysql:replication://` has words of the driver behind the scheme.
    let (word, _) = word.split_once(':').unwrap_or((&word, ""));
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if !word.starts_with(|c: char| c.is_ascii_alphabetic()) || !word.bytes().all(legal) {
        return Err(UrlError::Scheme);
    }
    if scheme::is_local(word) {
        return Err(UrlError::Local);
    }
    let (base, driver) = word.split_once('+').unwrap_or((word, ""));
    if driver == "srv" {
        return by_service(base, rest);
    }
    // `git+ssh` is the other way round: the protocol stands behind.
    let base = if scheme::ports(base).port.is_none() && scheme::ports(driver).port.is_some() {
        driver
    } else {
        base
    };
    places(Some(base), rest, scheme::ports_by_driver(base, driver))
}

/// Reads `HOST:PORT`, behind which the protocol may stand.
fn without_scheme(text: &str) -> Result<Destination, UrlError> {
    let protocols: &[Protocol] = match text.split_once('/').map(|(_, word)| Protocol::parse(word)) {
        Some(Some(Protocol::Udp)) => &[Protocol::Udp],
        Some(Some(Protocol::Sctp)) => &[Protocol::Sctp],
        // Of several hosts each may have a protocol of its own.
        Some(None) if text.contains(',') => return Err(UrlError::Several),
        _ => &[Protocol::Tcp],
    };
    places(None, text, SchemePorts { protocols, port: None })
}

/// Tells whether a URL is an address and the length of a prefix.
fn is_block(rest: &str) -> bool {
    let Some((host, length)) = rest.split_once('/') else { return false };
    let most = match host.trim_matches(['[', ']']).parse() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}

/// Takes a word off the start, in any letter case.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

/// Returns the hosts and ports of what stands behind `://`: without user, path and query.
fn authority<'a>(scheme: Option<&str>, rest: &'a str) -> Result<&'a str, UrlError> {
    let web = scheme.is_some_and(scheme::is_web);
    // Browsers take `\` for `/`; drivers of databases have `;` before their options.
    let end = |c: char| matches!(c, '/' | '?' | '#') || if web { c == '\\' } else { c == ';' };
    let (authority, behind) = rest.split_at(rest.find(end).unwrap_or(rest.len()));
    if authority.ends_with(':') && behind.starts_with("//") {
        return Err(UrlError::Several);
    }
    match authority.rsplit_once('@') {
        Some((_, hosts)) => Ok(hosts),
        None if behind.contains('@') && !web => Err(UrlError::Password),
        None => Ok(authority),
    }
}

fn places(scheme: Option<&str>, rest: &str, ports: SchemePorts) -> Result<Destination, UrlError> {
    let hosts = authority(scheme, rest)?;
    if is_block(rest) {
        return Err(UrlError::Block);
    }
    let scheme: Option<Box<str>> = scheme.map(Into::into);
    let mut places = BTreeSet::new();
    for word in hosts.split(',') {
        let (host, port) = host_and_port(word)?;
        let number = port.or(ports.port).ok_or_else(|| UrlError::NoPort(scheme.clone()))?;
        let each = ports.protocols.iter().map(|protocol| ProtocolPort { protocol: *protocol, number });
        places.extend(each.map(|port| UrlPlace::Port(host.clone(), port)));
    }
    Ok(Destination { scheme, places })
}

/// Reads `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; an empty port is as good as none.
fn host_and_port(word: &str) -> Result<(Host, Option<u16>), UrlError> {
    // Sockets stand where the host does, escaped: `%2Fvar%2Frun%2Fpostgresql`.
    if word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2f")) {
        return Err(UrlError::Local);
    }
    let (host, port) = match word.find(']') {
        Some(end) => word.split_at(end + 1),
        None => word.split_at(word.find(':').unwrap_or(word.len())),
    };
    if !host.contains(']') && port.matches(':').count() > 1 {
        return Err(UrlError::Host(HostError::Ipv6));
    }
    let host = Host::parse(host)?;
    let port = match port.strip_prefix(':') {
        None if !port.is_empty() => return Err(UrlError::Host(HostError::Ipv6)),
        None | Some("") => None,
        Some(digits) => Some(number(digits).ok_or(UrlError::Port)?),
    };
    Ok((host, port))
}

fn number(digits: &str) -> Option<u16> {
    let digits = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?;
    digits.parse().ok().filter(|port| *port > 0)
}

/// Reads `+srv`: the name that SRV records are asked for.
fn by_service(base: &str, rest: &str) -> Result<Destination, UrlError> {
    let service = scheme::service(base).ok_or(UrlError::Service)?;
    let (host, port) = host_and_port(authority(Some(base), rest)?)?;
    let (Host::Name(host), None) = (host, port) else { return Err(UrlError::Service) };
    // The service in front may make a long name too long.
    let name = HostName::try_from(format!("{service}.{host}"))?;
    Ok(Destination { scheme: Some(base.into()), places: BTreeSet::from([UrlPlace::Service(name)]) })
}

/// Reads what stands behind `jdbc:oracle:thin:`: `@//HOST:PORT/SERVICE`, `@HOST:PORT:SID`.
fn oracle(rest: &str) -> Result<Destination, UrlError> {
    let (_, rest) = rest.rsplit_once('@').ok_or(HostError::Empty)?;
    let (word, rest) = rest.split_once("//").unwrap_or(("", rest));
    let port = if word.eq_ignore_ascii_case("tcps:") { "tcps" } else { "oracle" };
    let rest = match rest.split(['/', '?']).next().unwrap_or_default() {
        sid if !sid.contains('[') => sid.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"),
        bracketed => bracketed.to_owned(),
    };
    places(Some("oracle"), &rest, scheme::ports(port))
}

impl Destination {
    /// Returns what there is to know where the server sends its clients on to other hosts.
    pub fn further_hosts(&self) -> Option<&'static str> {
        self.scheme.as_deref().and_then(scheme::further_hosts)
    }
}

impl fmt::Display for UrlPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(Host::Ip(std::net::IpAddr::V6(ip)), port) => write!(f, "[{ip}]:{port}"),
            Self::Port(host, port) => write!(f, "{host}:{port}"),
            Self::Service(name) => write!(f, "{name} (SRV)"),
        }
    }
}
