//! The name servers that are asked, each by a resolver of its own: one that asks several keeps the
//! first failure, or the first of two answers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{TokioResolver, system_conf};

use crate::edit::outcome::{Vantage, VantageClass};

const PORT: u16 = 53;
/// Questions that may be under way on one TCP connection; it would refuse more.
const MOST_AT_ONCE: usize = 1024;

/// Which name servers to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameServers {
    /// The addresses behind the cluster's DNS Service.
    Cluster(Vec<SocketAddr>),
    /// Those of the machine that the command runs on.
    System,
    /// Those that the user names.
    Named(Vec<SocketAddr>),
}

/// Name servers that cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// There is none.
    #[error("no name server is known: name one with --resolver IP")]
    None,
    /// The system's configuration cannot be read.
    #[error("cannot read which name servers this machine asks: {0}; name one with --resolver IP")]
    System(String),
    /// What was given is no address.
    #[error("`{0}` is no address of a name server: use IP or IP:PORT")]
    Address(String),
    /// A resolver could not be made.
    #[error("cannot resolve host names: {0}")]
    Failed(String),
    /// The name that should tell of further hosts tells of none.
    #[error("the SRV records of {0} cannot be had: {1}")]
    Srv(String, String),
}

/// A name server, and the resolver that asks it.
pub(super) struct NameServer {
    pub(super) vantage: Vantage,
    pub(super) resolver: TokioResolver,
}

impl NameServers {
    /// Reads addresses of name servers: `10.0.0.10`, `10.0.0.10:5353`, `[fd00::a]:53`.
    ///
    /// # Errors
    /// The first that is none.
    pub fn named<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, ResolveError> {
        let read = |text: &str| {
            let bare = text.trim_matches(['[', ']']).parse().map(|ip: IpAddr| (ip, PORT).into());
            text.parse().or(bare).ok().filter(|address: &SocketAddr| address.port() != 0)
        };
        let each = texts.into_iter();
        let each = each.map(|text| read(text).ok_or_else(|| ResolveError::Address(text.to_owned())));
        Ok(Self::Named(each.collect::<Result<_, _>>()?))
    }

    /// Returns on whose behalf they answer.
    pub const fn class(&self) -> VantageClass {
        match self {
            Self::Cluster(_) => VantageClass::Cluster,
            Self::System => VantageClass::System,
            Self::Named(_) => VantageClass::Named,
        }
    }

    /// Makes a resolver for each; nothing is asked yet.
    pub(super) fn open(&self, answer: Duration) -> Result<Vec<NameServer>, ResolveError> {
        let mut addresses = match self {
            Self::Cluster(addresses) | Self::Named(addresses) => addresses.clone(),
            Self::System => of_system()?,
        };
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.is_empty() {
            return Err(ResolveError::None);
        }
        addresses.into_iter().map(|address| open(address, self.class(), answer)).collect()
    }
}

/// Tells whether the command runs in a pod.
pub fn is_in_pod() -> bool {
    std::env::var_os("KUBERNETES_SERVICE_HOST").is_some_and(|host| !host.is_empty())
}

fn of_system() -> Result<Vec<SocketAddr>, ResolveError> {
    let read = system_conf::read_system_conf();
    let (config, _) = read.map_err(|error| ResolveError::System(error.to_string()))?;
    let address = |server: &NameServerConfig| {
        let port = server.connections.first().map_or(PORT, |connection| connection.port);
        SocketAddr::new(server.ip, port)
    };
    Ok(config.name_servers().iter().map(address).collect())
}

fn open(address: SocketAddr, class: VantageClass, answer: Duration) -> Result<NameServer, ResolveError> {
    // By UDP; by TCP what does not fit.
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    connections.iter_mut().for_each(|connection| connection.port = address.port());
    let server = NameServerConfig::new(address.ip(), true, connections);
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut resolver = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *resolver.options_mut() = options(answer);
    let resolver = resolver.build().map_err(|error| ResolveError::Failed(error.to_string()))?;
    Ok(NameServer { vantage: Vantage { class, server: address.to_string().into() }, resolver })
}

fn options(answer: Duration) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = answer;
    // What fails is asked again in the next round.
    options.attempts = 0;
    options.cache_size = 0;
    options.edns0 = true;
    options.num_concurrent_reqs = 1;
    options.max_active_requests = MOST_AT_ONCE;
    // The hosts file of this machine says nothing about what pods see.
    options.use_hosts_file = ResolveHosts::Never;
    options
}
