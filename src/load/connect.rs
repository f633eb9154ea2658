//! Which cluster to read and as whom, and how to say that it cannot be.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use kube::Config;
use kube::client::AuthError;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::core::Status;

/// Longest wait for a connection, and for the answer to one request.
pub(super) const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

/// Which cluster to read.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The kubeconfig; `KUBECONFIG` and then the usual place where it is absent.
    pub kubeconfig: Option<PathBuf>,
    /// The context; the current one where it is absent.
    pub context: Option<String>,
}

impl ConnectOptions {
    fn is_default(&self) -> bool {
        self.kubeconfig.is_none() && self.context.is_none()
    }
}

/// A cluster that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The kubeconfig cannot be used. Its text, which holds secrets, is never repeated.
    #[error("{0}")]
    Config(String),
    /// The API server cannot be reached.
    #[error("Unable to connect to the server: {0}")]
    Unreachable(String),
    /// The API server refused the connection.
    #[error("The connection to the server {0} was refused - did you specify the right host or port?")]
    Refused(String),
    /// The API server refused the request.
    #[error("{0}")]
    Server(String),
}

/// Returns the server's host and port, without the name and password that may stand before them.
pub(super) fn address(url: &http::Uri) -> String {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

/// Reads the kubeconfigs that are asked for; as kubectl does, those that are missing from the list
/// of `KUBECONFIG` are skipped, and an empty current context is none.
fn kubeconfig(options: &ConnectOptions) -> Result<Kubeconfig, KubeconfigError> {
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let paths: Vec<PathBuf> = match &options.kubeconfig {
        Some(path) => vec![path.clone()],
        None => std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect(),
    };
    let cleared = |mut read: Kubeconfig| {
        read.current_context.take_if(|name| name.is_empty());
        read
    };
    if paths.is_empty() {
        return Kubeconfig::read().map(cleared);
    }
    let (mut merged, mut missing) = (None::<Kubeconfig>, KubeconfigError::FindPath);
    for path in paths {
        match Kubeconfig::read_from(path).map(cleared) {
            Err(error) if is_missing(&error) => missing = error,
            read => {
                merged = Some(match merged {
                    None => read?,
                    Some(earlier) => earlier.merge(read?)?,
                });
            }
        }
    }
    merged.ok_or(missing)
}

fn is_missing(error: &KubeconfigError) -> bool {
    match error {
        KubeconfigError::ReadConfig(error, _) => error.kind() == ErrorKind::NotFound,
        error => matches!(error, KubeconfigError::FindPath),
    }
}

/// Reads the kubeconfig, or in a pod, where there is none, the pod's service account.
pub(super) async fn config(options: &ConnectOptions) -> Result<Config, ClusterError> {
    let chosen = KubeConfigOptions { context: options.context.clone(), ..KubeConfigOptions::default() };
    let config = match kubeconfig(options) {
        Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &chosen)
            .await
            .map_err(|error| config_error(&error)),
        Err(error) => match Config::incluster() {
            // Never in place of one that is there: it would be another cluster.
            Ok(config) if is_missing(&error) && options.is_default() => Ok(config),
            _ => Err(config_error(&error)),
        },
    };
    if let Ok(config) = &config {
        check_token(&config.auth_info)?;
    }
    config.map(|mut config| {
        config.connect_timeout = Some(PATIENCE.0);
        config.read_timeout = Some(PATIENCE.1);
        config.write_timeout = Some(PATIENCE.1);
        // It would try for minutes where a person waits for an answer.
        config.default_retry = false;
        config
    })
}

/// Refuses a token that no HTTP header can hold, at which kube would panic.
fn check_token(user: &AuthInfo) -> Result<(), ClusterError> {
    // The only way to its text.
    let written = serde_json::to_value(user).unwrap_or_default();
    let token = written.get("token").and_then(|token| token.as_str()).unwrap_or_default();
    match http::HeaderValue::try_from(token) {
        Ok(_) => Ok(()),
        Err(_) => Err(ClusterError::Config(
            "the token of the user has characters that no HTTP header can have".to_owned(),
        )),
    }
}

/// Words a kubeconfig error without any of the file's text, which holds credentials.
fn config_error(error: &KubeconfigError) -> ClusterError {
    ClusterError::Config(match error {
        KubeconfigError::LoadContext(name) => format!("context `{name}` does not exist"),
        KubeconfigError::CurrentContextNotSet => {
            "no context is set: use --context, or -f to read manifests".to_owned()
        }
        KubeconfigError::ReadConfig(error, path) => {
            format!("cannot read the kubeconfig {}: {error}", path.display())
        }
        KubeconfigError::Parse(error) => {
            let place = error.location().map(|place| format!(" at line {}", place.line()));
            format!("the kubeconfig is not valid{}", place.unwrap_or_default())
        }
        KubeconfigError::LoadClusterOfContext(name) => format!("cluster `{name}` does not exist"),
        KubeconfigError::FindPath => {
            "no kubeconfig was found: use --kubeconfig, or -f to read manifests".to_owned()
        }
        KubeconfigError::MissingClusterUrl => "the context's cluster has no server".to_owned(),
        KubeconfigError::LoadCertificateAuthority(_) => {
            "the certificate authority of the cluster cannot be loaded".to_owned()
        }
        KubeconfigError::LoadClientCertificate(_) | KubeconfigError::LoadClientKey(_) => {
            "the client certificate or key of the user cannot be loaded".to_owned()
        }
        _ => "the kubeconfig cannot be used".to_owned(),
    })
}

/// Tells whether an error is not an API server's: a proxy's, a web server's.
pub(super) fn is_foreign(status: &Status) -> bool {
    // What kube gives as the reason of an error whose body is no Status.
    status.reason == "Failed to parse error data"
}

fn status_error(status: &Status, server: &str) -> ClusterError {
    let Status { code, reason, message, .. } = status;
    ClusterError::Server(if *code == 401 {
        "error: You must be logged in to the server (Unauthorized)".to_owned()
    } else if is_foreign(status) {
        let text = excerpt(message);
        format!("Error from server ({code}): no Kubernetes API answers at {server}: {text}")
    } else {
        format!("Error from server ({reason}): {message}")
    })
}

/// Returns the beginning of a text in one line.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 100;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        None => line,
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
    }
}

/// Words an error of the user's credentials without what a plugin printed as its answer, which
/// holds a token, and without its arguments.
fn credentials_error(error: &AuthError) -> ClusterError {
    let reason = match error {
        AuthError::AuthExecStart(error) => format!("the plugin cannot be run: {error}"),
        AuthError::AuthExecRun { out, .. } => {
            let said = excerpt(&String::from_utf8_lossy(&out.stderr));
            format!("the plugin failed with {}: {said}", out.status)
        }
        AuthError::AuthExecParse(_) => "the plugin printed no ExecCredential".to_owned(),
        AuthError::ExecPluginFailed => "the plugin printed no status".to_owned(),
        AuthError::ReadTokenFile(error, path) => {
            format!("cannot read the token file {}: {error}", path.display())
        }
        _ => "they cannot be used".to_owned(),
    };
    ClusterError::Unreachable(format!("getting credentials: {reason}"))
}

/// Words an error of the connection, as kubectl does.
pub(super) fn connection_error(error: &kube::Error, server: &str) -> ClusterError {
    match error {
        kube::Error::Api(status) => return status_error(status, server),
        kube::Error::SerdeError(error) => {
            let sentence = format!("Error from server: no Kubernetes API answers at {server}: {error}");
            return ClusterError::Server(sentence);
        }
        // They would tell the proxy's URL, which may have a password.
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
            return ClusterError::Unreachable("the protocol of the proxy is not supported".to_owned());
        }
        _ => {}
    }
    let mut causes = vec![error.to_string()];
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<AuthError>() {
            return credentials_error(error);
        }
        causes.push(cause.to_string());
        source = cause.source();
    }
    match causes.iter().any(|cause| cause.contains("Connection refused")) {
        true => ClusterError::Refused(server.to_owned()),
        false => ClusterError::Unreachable(causes.last().cloned().unwrap_or_default()),
    }
}
