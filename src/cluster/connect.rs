//! A connection to an API server, from the kubeconfig and the flags, or from inside a pod.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::USER_AGENT;
use http::{HeaderValue, Uri};
use jiff::{SignedDuration, Timestamp};
use kube::config::{Cluster, ExecConfig};
use kube::{Client, Config};

use super::failure::{ClusterError, connection_error};
use super::kubeconfig::{Chosen, ConnectOptions, choose, invalid, lay_over_user};
use super::{credentials, exec, proxy};

/// Longest wait for a connection, and for the answer to one request where no flag says.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

/// How a server is reached, with what is told about it.
pub(crate) struct Access {
    held: Mutex<Held>,
    /// Absent where no plugin says who the user is.
    renewal: Option<Renewal>,
    /// The server's host and port, without the name and password that may stand before them.
    pub(crate) server: String,
    /// The name of the context; nothing where none is in force.
    pub(crate) context: Option<String>,
    /// The name of the cluster in the kubeconfig; nothing where flags or a pod's own account say it all.
    pub(crate) cluster: Option<String>,
    /// The context's namespace, `default` where it names none.
    pub(crate) namespace: String,
    /// Longest wait for the answer to one request; for ever where it is absent.
    pub(crate) patience: Option<Duration>,
}

/// A client, and when its credentials expire.
struct Held {
    client: Client,
    expires: Option<Timestamp>,
}

/// What credentials are asked for again with: a plugin, and all but its answer.
struct Renewal {
    config: Config,
    exec: ExecConfig,
}

impl Access {
    /// Returns the client, with other credentials where the last are about to expire.
    pub(crate) fn client(&self) -> Client {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let soon = Timestamp::now().saturating_add(SignedDuration::from_mins(1));
        let is_old = held.expires.is_some_and(|at| soon.is_ok_and(|soon| at <= soon));
        // Where the plugin fails, the server says what is wrong with the old ones.
        if let Some(Ok(renewed)) = self.renewal.as_ref().filter(|_| is_old).map(Renewal::open) {
            *held = renewed;
        }
        held.client.clone()
    }
}

impl Renewal {
    fn open(&self) -> Result<Held, ClusterError> {
        let credential = exec::run(&self.exec)?;
        let (mut config, expires) = (self.config.clone(), credential.expiration_timestamp);
        credential.lay_over(&mut config.auth_info);
        Ok(Held { client: open(config)?, expires })
    }
}

fn open(config: Config) -> Result<Client, ClusterError> {
    let server = address(&config.cluster_url);
    Client::try_from(config).map_err(|error| connection_error(&error, &server))
}

/// Connects; requests are sent only later.
///
/// An exec plugin of the kubeconfig is run here, and may ask its user on the terminal.
pub(crate) fn connect(options: &ConnectOptions) -> Result<Access, ClusterError> {
    let chosen = choose(options)?;
    let names = chosen.as_ref().map(|chosen| (chosen.context_name.clone(), chosen.cluster_name.clone()));
    let (context, cluster) = names.unwrap_or_default();
    let mut config = match chosen {
        Some(chosen) => of_kubeconfig(chosen)?,
        None => in_cluster(options)?,
    };
    let patience = patience(options);
    config.connect_timeout = Some(patience.unwrap_or(PATIENCE.0).min(PATIENCE.0));
    config.read_timeout = patience;
    config.write_timeout = patience;
    // It would try for minutes where a person waits for an answer.
    config.default_retry = false;
    // On the loopback nothing is gained by compressing.
    config.disable_compression |= proxy::is_loopback(&config.cluster_url);
    let agent = concat!("kubectl-netpol/", env!("CARGO_PKG_VERSION"));
    config.headers.push((USER_AGENT, HeaderValue::from_static(agent)));
    let server = address(&config.cluster_url);
    let namespace = config.default_namespace.clone();
    let exec = exec::take(&mut config.auth_info);
    let renewal = exec.map(|exec| Renewal { config: config.clone(), exec });
    let held = match &renewal {
        Some(renewal) => renewal.open()?,
        None => Held { client: open(config)?, expires: None },
    };
    Ok(Access { held: Mutex::new(held), renewal, server, context, cluster, namespace, patience })
}

/// Returns the longest wait for the answer to one request; for ever where it is absent.
fn patience(options: &ConnectOptions) -> Option<Duration> {
    match options.request_timeout {
        None => Some(PATIENCE.1),
        Some(Duration::ZERO) => None,
        given => given,
    }
}

fn address(url: &Uri) -> String {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

/// Takes the pod's service account.
fn in_cluster(options: &ConnectOptions) -> Result<Config, ClusterError> {
    let place = std::env::var("KUBECONFIG").ok().filter(|listed| !listed.is_empty());
    let place = place.map(|listed| format!(" at {listed}")).unwrap_or_default();
    let none = format!("no kubeconfig was found{place}: use --kubeconfig, or -f to read manifests");
    let mut config = Config::incluster().map_err(|_| invalid(none))?;
    if let Some(namespace) = &options.namespace {
        config.default_namespace.clone_from(namespace);
    }
    lay_over_user(options, &mut config.auth_info);
    Ok(config)
}

fn of_kubeconfig(chosen: Chosen) -> Result<Config, ClusterError> {
    let Chosen { cluster, user, namespace, .. } = chosen;
    let mut config = Config::new(server_url(&cluster)?);
    config.auth_info = credentials::for_server(user, &config.cluster_url)?;
    config.default_namespace = namespace;
    config.root_cert = certificate_authority(&cluster)?;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
    config.tls_server_name = cluster.tls_server_name.filter(|name| !name.is_empty());
    config.disable_compression = cluster.disable_compression.unwrap_or_default();
    // The proxy of the kubeconfig has no exceptions; that of the environment has.
    let named = cluster.proxy_url.filter(|proxy| !proxy.is_empty());
    let proxy = named.or_else(|| proxy::from_environment(&config.cluster_url));
    config.proxy_url = match proxy {
        Some(proxy) => {
            let url = proxy::with_scheme(&proxy).parse();
            Some(url.map_err(|_| invalid("the URL of the proxy is not valid"))?)
        }
        None => None,
    };
    Ok(config)
}

/// Reads the server's URL; kubectl takes one without a scheme for http.
fn server_url(cluster: &Cluster) -> Result<Uri, ClusterError> {
    let server = cluster.server.as_deref().unwrap_or_default();
    if server.is_empty() {
        return Err(invalid("the context's cluster has no server"));
    }
    let url = if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
    let url: Uri = url.parse().map_err(|_| invalid("the URL of the cluster's server is not valid"))?;
    match url.scheme_str() {
        Some("http" | "https") if url.host().is_some_and(|host| !host.is_empty()) => Ok(url),
        _ => Err(invalid("the URL of the cluster's server is not valid")),
    }
}

/// Reads the certificates that the server's must be signed by.
fn certificate_authority(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, ClusterError> {
    let broken = || invalid("the certificate authority of the cluster cannot be loaded");
    let data = cluster.certificate_authority_data.as_deref().filter(|data| !data.is_empty());
    let path = cluster.certificate_authority.as_deref().filter(|path| !path.is_empty());
    if cluster.insecure_skip_tls_verify == Some(true) && (data.is_some() || path.is_some()) {
        return Err(invalid(
            "specifying a root certificates file with the insecure flag is not allowed",
        ));
    }
    let text = match (data, path) {
        (Some(_), Some(_)) => {
            return Err(invalid(
                "certificate-authority-data and certificate-authority are both specified for the cluster",
            ));
        }
        (Some(data), None) => STANDARD.decode(data.trim()).map_err(|_| broken())?,
        (None, Some(path)) => std::fs::read(path).map_err(|error| {
            invalid(format!("cannot read the certificate authority {path}: {error}"))
        })?,
        (None, None) => return Ok(None),
    };
    let found = pem::parse_many(text).map_err(|_| broken())?;
    let certificates = found.into_iter().filter(|part| part.tag() == "CERTIFICATE");
    let certificates: Vec<Vec<u8>> = certificates.map(pem::Pem::into_contents).collect();
    if certificates.is_empty() { Err(broken()) } else { Ok(Some(certificates)) }
}
