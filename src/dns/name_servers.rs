//! The name servers that are asked, each by a resolver of its own: one that asks several keeps the
//! first failure, or the first of two answers.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RecordType;
use hickory_resolver::{Resolver, system_conf};
use tokio::sync::Semaphore;

use super::transport::{NameResolver, Transport};
use crate::answer::caveat::Caveat;
use crate::answer::unheard::{Instead, Unasked, UnheardPods};
use crate::cluster::forward::{Forward, PodPort, forwards};
use crate::cluster::kubeconfig::ConnectOptions;
use crate::dns::patience::Patience;
use crate::edit::outcome::{Vantage, VantageClass};

const PORT: u16 = 53;
/// Questions that may be under way on one TCP connection; it would refuse more.
const MOST_AT_ONCE: usize = 1024;
/// The same through a port-forward: most servers answer what comes by one connection one by one, and the
/// last of many questions would be given up before its turn.
const MOST_AT_ONCE_FORWARDED: usize = 16;
/// Port-forwards that are opened at the same time.
const FORWARDS_AT_ONCE: usize = 8;
/// What the DNS of nearly every cluster knows by itself. Whatever it says of it, it was heard.
const PROBE: &str = "kubernetes.default.svc.cluster.local.";

/// Which name servers to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameServers {
    /// The addresses behind the cluster's DNS Service.
    Cluster(Vec<SocketAddr>),
    /// The pods behind it, where these addresses cannot be reached.
    Forwarded(Box<DnsPods>),
    /// Those of the machine that the command runs on.
    System,
    /// Those that the user names.
    Named(Vec<SocketAddr>),
}

/// The pods behind the cluster's DNS Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsPods {
    /// Where they answer by TCP.
    pub pods: Vec<PodPort>,
    /// How the cluster is reached.
    pub connection: ConnectOptions,
    /// Whom to ask where none of them can be.
    pub otherwise: NameServers,
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
    /// None that pods ask can be asked, for a reason, nor any other.
    #[error("{0}; {1}")]
    Neither(Unasked, Box<ResolveError>),
    /// A resolver could not be made.
    #[error("cannot resolve host names: {0}")]
    Failed(String),
    /// The name that should tell of further hosts tells of none.
    #[error("the SRV records of {0} cannot be had: {1}")]
    Srv(String, String),
}

/// A name server, and the resolver that asks it.
pub(crate) struct NameServer {
    pub(crate) vantage: Vantage,
    pub(crate) resolver: NameResolver,
    /// How many more questions it may be asked at the same time.
    pub(crate) turns: Semaphore,
    /// The way to it, where it is not reached over the network.
    forward: Option<Forward>,
}

/// The name servers of one run.
#[derive(Default)]
pub(crate) struct ReachableServers {
    /// Those that are asked.
    pub(crate) servers: Vec<NameServer>,
    /// Those that should be and cannot, and why.
    pub(crate) unheard: Vec<(Vantage, Box<str>)>,
    /// Those that are asked only to compare.
    pub(crate) beside: Vec<NameServer>,
    /// Whether comparing took too long once, and is left.
    pub(crate) gave_up: Cell<bool>,
    /// What the user should know.
    pub(crate) caveats: Vec<Caveat>,
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

    /// Makes a resolver for each; only what has to be forwarded is tried out.
    pub(crate) async fn open(&self, patience: &Patience) -> Result<ReachableServers, ResolveError> {
        match self {
            Self::Forwarded(dns) => dns.open(patience).await,
            direct => direct.open_direct(patience),
        }
    }

    fn open_direct(&self, patience: &Patience) -> Result<ReachableServers, ResolveError> {
        let (class, mut addresses) = match self {
            Self::Cluster(addresses) => (VantageClass::Cluster, addresses.clone()),
            Self::Named(addresses) => (VantageClass::Named, addresses.clone()),
            Self::System => (VantageClass::System, of_system()?),
            Self::Forwarded(dns) => return dns.otherwise.open_direct(patience),
        };
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.is_empty() {
            return Err(ResolveError::None);
        }
        let each = addresses.into_iter().map(|address| direct(address, class, patience.answer));
        let servers = each.collect::<Result<_, _>>()?;
        Ok(ReachableServers { servers, ..ReachableServers::default() })
    }

    /// Opens these where those that pods ask cannot be asked.
    fn open_instead(
        &self,
        why: Unasked,
        whose: Instead,
        patience: &Patience,
    ) -> Result<ReachableServers, ResolveError> {
        match self.open_direct(patience) {
            Ok(mut opened) => {
                let asked = opened.servers.iter().map(|server| server.vantage.server.clone());
                let asked = asked.collect();
                opened.caveats.push(Caveat::ResolvedElsewhere { why, whose, asked });
                Ok(opened)
            }
            Err(error) => Err(ResolveError::Neither(why, Box::new(error))),
        }
    }
}

impl NameServer {
    /// Says why it cannot be asked.
    pub(crate) fn refused(&self) -> Option<String> {
        Some(format!("port-forward: {}", self.forward.as_ref()?.refused()?))
    }
}

impl DnsPods {
    /// Opens a port-forward to each pod and keeps those through which it answers.
    ///
    /// A pod that is not heard counts as a name server that fails: what only it knows must not leave on
    /// the word of the others. Addresses still come, and the run succeeds, so that a right that is missing
    /// for good fails nobody's refresh; it only keeps addresses for longer.
    async fn open(&self, patience: &Patience) -> Result<ReachableServers, ResolveError> {
        let ways = forwards(&self.connection, &self.pods, patience.host);
        let ways = match ways {
            Ok(ways) if !ways.is_empty() => ways,
            Ok(_) => return self.open_instead(Unasked::NoPod, patience),
            Err(error) => {
                return self.open_instead(Unasked::NoForward(error.to_string().into()), patience);
            }
        };
        let tried = stream::iter(&ways).map(|way| forwarded(way, patience.answer));
        let servers: Vec<_> = tried.buffered(FORWARDS_AT_ONCE).collect().await;
        let servers: Vec<NameServer> = servers.into_iter().collect::<Result<_, _>>()?;
        let mut opened = ReachableServers::default();
        for server in servers {
            match server.refused() {
                None => opened.servers.push(server),
                Some(why) => opened.unheard.push((server.vantage, why.into())),
            }
        }
        let mut unheard = UnheardPods::default();
        for (pod, why) in ways.iter().filter_map(|way| Some((way.to(), way.refused()?))) {
            unheard.push(format!("{}/{}", pod.namespace, pod.name), why);
        }
        if opened.servers.is_empty() {
            return self.open_instead(Unasked::Pods(unheard), patience);
        }
        if !unheard.is_empty() {
            opened.caveats.push(Caveat::Unheard(unheard));
        }
        // It is asked only to compare: without it, nothing is missing.
        opened.beside = self.otherwise.open_direct(patience).map_or(Vec::new(), |own| own.servers);
        Ok(opened)
    }

    fn open_instead(&self, why: Unasked, patience: &Patience) -> Result<ReachableServers, ResolveError> {
        let whose = match &self.otherwise {
            NameServers::Named(_) => Instead::Named,
            _ if is_in_pod() => Instead::OwnPod,
            _ => Instead::Machine,
        };
        self.otherwise.open_instead(why, whose, patience)
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

fn direct(
    address: SocketAddr,
    class: VantageClass,
    answer: Duration,
) -> Result<NameServer, ResolveError> {
    // By UDP; by TCP what does not fit.
    let connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    let vantage = Vantage { class, server: address.to_string().into() };
    let resolver = resolver(address, connections, Transport::direct(), answer)?;
    Ok(NameServer { vantage, resolver, turns: Semaphore::new(MOST_AT_ONCE), forward: None })
}

/// Asks through a port-forward for something, which is refused if nothing comes back.
async fn forwarded(way: &Forward, answer: Duration) -> Result<NameServer, ResolveError> {
    let vantage = Vantage { class: VantageClass::Cluster, server: way.to().to_string().into() };
    // The address says nothing: each connection is a port-forward.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, way.to().port));
    let connections = vec![ConnectionConfig::tcp()];
    let resolver = resolver(address, connections, Transport::forwarded(way.clone()), answer)?;
    match resolver.lookup(PROBE, RecordType::A).await {
        // One that is slow will be asked, and may fail then.
        Ok(_) | Err(NetError::Dns(_) | NetError::Timeout) => {}
        Err(_) => drop(way.refuse("the connection broke")),
    }
    let turns = Semaphore::new(MOST_AT_ONCE_FORWARDED);
    Ok(NameServer { vantage, resolver, turns, forward: Some(way.clone()) })
}

fn resolver(
    address: SocketAddr,
    mut connections: Vec<ConnectionConfig>,
    transport: Transport,
    answer: Duration,
) -> Result<NameResolver, ResolveError> {
    connections.iter_mut().for_each(|connection| connection.port = address.port());
    let server = NameServerConfig::new(address.ip(), true, connections);
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut resolver = Resolver::builder_with_config(config, transport);
    *resolver.options_mut() = options(answer);
    resolver.build().map_err(|error| ResolveError::Failed(error.to_string()))
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
