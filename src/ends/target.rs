//! The command line's words for one end of a connection, and for a port.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::class::ClassId;
use crate::engine::network::Network;
use crate::model::endpoint::NamedPort;
use crate::model::ports::{PortSet, Protocol, ProtocolPort};
use crate::policy::cidr::parse_cidr;
use crate::policy::kinds;

/// One end of a connection, as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An address.
    Address(IpAddr),
    /// A block of addresses.
    Block(IpNet),
    /// Every public address.
    Internet,
    /// A node.
    Node(String),
    /// All pods of a namespace.
    Namespace(String),
    /// A pod.
    Pod {
        /// The namespace, where it is given.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
    /// A Service.
    Service {
        /// The namespace, where it is given.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
    /// A workload.
    Workload {
        /// The namespace, where it is given.
        namespace: Option<String>,
        /// The kind: `Deployment`, or a custom kind as the user wrote it.
        kind: String,
        /// The name.
        name: String,
    },
}

impl Target {
    /// Returns the namespace that it names.
    pub fn namespace(&self) -> Option<String> {
        match self {
            Self::Namespace(name) => Some(name.clone()),
            Self::Pod { namespace, .. }
            | Self::Service { namespace, .. }
            | Self::Workload { namespace, .. } => namespace.clone(),
            _ => None,
        }
    }
}

/// The ports that a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortQuery {
    /// Ports by number.
    Numbers {
        /// The protocol; TCP where none is given.
        protocol: Protocol,
        /// The first port.
        low: u16,
        /// The last port.
        high: u16,
    },
    /// A port by the name that the destination's pods give it.
    Name {
        /// The name.
        name: String,
        /// The protocol; any where none is given.
        protocol: Option<Protocol>,
    },
}

impl From<ProtocolPort> for PortQuery {
    fn from(port: ProtocolPort) -> Self {
        Self::Numbers { protocol: port.protocol, low: port.number, high: port.number }
    }
}

/// A word that names no end and no port.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The word is empty or has an empty part.
    #[error("`{0}` names nothing; use TYPE/NAME, NAMESPACE/TYPE/NAME, an IP, a CIDR or `internet`")]
    Empty(String),
    /// A URL or a host name.
    #[error("`{0}` is a host name; give an IP, a CIDR or `internet`, or a URL to explain --to")]
    HostName(String),
    /// A type that is no pod, workload, Service, node or namespace.
    #[error("unknown type `{0}`; use pod, deploy, sts, ds, rs, job, cronjob, rc, svc, ns or node")]
    Kind(String),
    /// A node or namespace with a namespace in front.
    #[error("`{0}` has no namespace; write TYPE/NAME")]
    ClusterScoped(String),
    /// An address with a prefix that is none.
    #[error("`{0}` is not a CIDR block such as 10.9.8.0/24")]
    Block(String),
    /// Too many slashes.
    #[error("`{0}` has too many parts; use TYPE/NAME or NAMESPACE/TYPE/NAME")]
    Parts(String),
    /// A port that is no number from 1 to 65535, no range and no name.
    #[error(
        "`{0}` is not a port; use a number from 1 to 65535, a range 8000-8080 or a name, and /UDP or /SCTP unless it is TCP"
    )]
    Port(String),
}

/// kubectl's names of the kinds, short ones first.
pub const KINDS: [(&str, &[&str]); 11] = [
    ("Pod", &["po", "pod", "pods"]),
    ("Node", &["no", "node", "nodes"]),
    ("Namespace", &["ns", "namespace", "namespaces"]),
    ("Service", &["svc", "service", "services"]),
    ("Deployment", &["deploy", "deployment", "deployments"]),
    ("StatefulSet", &["sts", "statefulset", "statefulsets"]),
    ("DaemonSet", &["ds", "daemonset", "daemonsets"]),
    ("ReplicaSet", &["rs", "replicaset", "replicasets"]),
    ("Job", &["job", "jobs"]),
    ("CronJob", &["cj", "cronjob", "cronjobs"]),
    ("ReplicationController", &["rc", "replicationcontroller", "replicationcontrollers"]),
];

/// Types that kubectl knows and that no connection ends at, beside those of policies.
const NOT_ENDS: [&str; 8] =
    ["ing", "ingress", "ingresses", "ep", "endpoints", "cm", "configmap", "secret"];

/// Returns the kind of a type that the user wrote; a custom kind stays as it is.
pub fn kind_of(written: &str) -> Option<String> {
    let name = written.to_ascii_lowercase();
    let name = name.split('.').next().unwrap_or_default();
    let known = KINDS.iter().find(|(_, names)| names.contains(&name));
    match known {
        Some((kind, _)) => Some((*kind).to_owned()),
        None if name.is_empty() || NOT_ENDS.contains(&name) || kinds::of_word(name).is_some() => None,
        None => Some(name.to_owned()),
    }
}

/// Returns the short name that kubectl has for a kind, or the kind in small letters.
pub fn short_name(kind: &str) -> String {
    let known = KINDS.iter().find(|(name, _)| *name == kind);
    let short = known.and_then(|(_, names)| names.first()).copied();
    match (kind, short) {
        ("Pod", _) => "pod".to_owned(),
        ("Node", _) => "node".to_owned(),
        (_, Some(short)) => short.to_owned(),
        (kind, None) => kind.to_ascii_lowercase(),
    }
}

/// Returns the API's plural of a name that kubectl has for a kind.
pub fn plural(name: &str) -> String {
    let known = KINDS.iter().find(|(_, names)| names.contains(&name));
    known
        .and_then(|(_, names)| names.last())
        .map_or_else(|| format!("{name}s"), |plural| (*plural).to_owned())
}

/// An end as one word names it.
#[derive(Clone, Debug)]
pub struct EndWord {
    /// The end.
    pub target: Target,
    /// The port behind it.
    pub port: Option<PortQuery>,
}

/// Reads one end and the port that may follow it: `shop/deploy/web:8080/TCP`.
///
/// # Errors
/// What the word should have been.
pub fn parse(text: &str) -> Result<EndWord, TargetError> {
    if text.contains("://") {
        // A URL can hold a password: only its scheme is repeated.
        let scheme = text.split("://").next().unwrap_or_default();
        return Err(TargetError::HostName(format!("{scheme}://…")));
    }
    if let Some(target) = parse_address(text) {
        return Ok(EndWord { target, port: None });
    }
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address, rest.strip_prefix(':')),
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let port = port.map(parse_port).transpose()?;
    let target = parse_address(name).map_or_else(|| parse_object(name), Ok)?;
    Ok(EndWord { target, port })
}

fn parse_address(text: &str) -> Option<Target> {
    if text == "internet" {
        return Some(Target::Internet);
    }
    let block = text.parse::<IpNet>().ok().map(|block| block.trunc()).or_else(|| parse_cidr(text));
    let address = text.parse::<std::net::IpAddr>().ok().map(|ip| ip.to_canonical());
    address.map(Target::Address).or(block.map(Target::Block))
}

fn parse_object(text: &str) -> Result<Target, TargetError> {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(TargetError::Empty(text.to_owned()));
    }
    match *parts {
        [name] if name.contains('.') => Err(TargetError::HostName(name.to_owned())),
        [name] => Ok(Target::Pod { namespace: None, name: name.to_owned() }),
        [address, _] if address.parse::<IpAddr>().is_ok() => Err(TargetError::Block(text.to_owned())),
        [kind, name] => object(text, None, kind, name),
        [namespace, kind, name] => object(text, Some(namespace), kind, name),
        _ => Err(TargetError::Parts(text.to_owned())),
    }
}

fn object(text: &str, namespace: Option<&str>, kind: &str, name: &str) -> Result<Target, TargetError> {
    let Some(kind) = kind_of(kind) else { return Err(TargetError::Kind(kind.to_owned())) };
    let (namespace, name) = (namespace.map(str::to_owned), name.to_owned());
    match (&*kind, &namespace) {
        ("Node" | "Namespace", Some(_)) => Err(TargetError::ClusterScoped(text.to_owned())),
        ("Node", None) => Ok(Target::Node(name)),
        ("Namespace", None) => Ok(Target::Namespace(name)),
        ("Pod", _) => Ok(Target::Pod { namespace, name }),
        ("Service", _) => Ok(Target::Service { namespace, name }),
        _ => Ok(Target::Workload { namespace, kind, name }),
    }
}

/// Reads a port: `80`, `8000-8080`, `http`, each with `/TCP`, `/UDP` or `/SCTP` behind it.
///
/// # Errors
/// A number outside 1 to 65535, an inverted range, an unknown protocol.
pub fn parse_port(text: &str) -> Result<PortQuery, TargetError> {
    // Of an address that somebody wrote without its scheme, this is the password.
    let shown = if text.contains('@') { "…" } else { text };
    let wrong = || TargetError::Port(shown.to_owned());
    let (port, protocol) = match text.split_once('/') {
        Some((port, protocol)) => (port, Some(Protocol::parse(protocol).ok_or_else(wrong)?)),
        None => (text, None),
    };
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong);
    let digits = port.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if port.is_empty() {
        return Err(wrong());
    }
    if !digits {
        let legal = port.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let name = port.to_owned();
        return legal.then_some(PortQuery::Name { name, protocol }).ok_or_else(wrong);
    }
    let (low, high) = port.split_once('-').unwrap_or((port, port));
    let (low, high) = (number(low)?, number(high)?);
    let protocol = protocol.unwrap_or(Protocol::Tcp);
    if low > high { Err(wrong()) } else { Ok(PortQuery::Numbers { protocol, low, high }) }
}

/// Lists the named ports of the pods of a class; none for nodes and addresses.
pub fn named_ports<'a>(network: &'a Network<'_>, class: ClassId) -> &'a [NamedPort] {
    let subject = network.subject_of(class).map(|subject| network.classes.subjects.at(subject));
    subject.map_or(&[], |subject| network.snapshot.ports.get(subject.ports))
}

impl PortQuery {
    /// Returns the ports that are meant at a destination; none where it has no port of the name.
    pub fn resolve(&self, network: &Network<'_>, destination: ClassId) -> PortSet {
        match self {
            Self::Numbers { protocol, low, high } => PortSet::range(*protocol, *low, *high),
            Self::Name { name, protocol } => {
                let own = named_ports(network, destination).iter().filter(|port| {
                    network.snapshot.names.get(port.name) == name
                        && protocol.is_none_or(|protocol| protocol == port.protocol)
                });
                own.fold(PortSet::none(), |set, port| {
                    set.union(&PortSet::port(port.protocol, port.port))
                })
            }
        }
    }
}

impl fmt::Display for PortQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers { protocol, low, high } => {
                write!(f, "{}", PortSet::range(*protocol, *low, *high))
            }
            Self::Name { name, protocol: None } => f.write_str(name),
            Self::Name { name, protocol: Some(protocol) } => write!(f, "{protocol}/{name}"),
        }
    }
}
