//! What keeps a cluster from being read, worded as kubectl words it.

use kube::client::AuthError;
use kube::core::Status;

use super::body::LARGEST;
use crate::error::{Error, ErrorKind};
use crate::model::gap::GapReason;

/// A cluster that cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
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
    /// The API server forbids the request: this user has no right to it, or admission objects.
    #[error("{0}")]
    Forbidden(String),
    /// The API server refused the request.
    #[error("{0}")]
    Server(String),
}

impl From<ClusterError> for Error {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Config(_) => Self::usage(error),
            // A server may say anything: it is kept to one line.
            _ => Self { kind: ErrorKind::Server, ..Self::one_line(error) },
        }
    }
}

/// One request that brought no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The API server says no.
    Status(Box<Status>),
    /// Something answers that is no Kubernetes API: an HTTP error without a Status, or a body that is
    /// not what was asked for.
    Foreign(Option<u16>, String),
    /// An answer larger than is read.
    TooLarge,
    /// Nothing came within the time.
    TimedOut,
    /// There is no connection, or it broke.
    Connection(kube::Error),
}

impl Failure {
    /// Tells why something may not be read or does not exist; nothing where the failure is of another
    /// kind.
    pub(crate) fn refusal(&self) -> Option<GapReason> {
        match self {
            Self::Status(status) if status.code == 403 => Some(GapReason::Forbidden),
            Self::Status(status) if status.code == 404 => Some(GapReason::NotFound),
            _ => None,
        }
    }

    /// Words it; `server` is the address without credentials.
    pub(crate) fn into_error(self, server: &str) -> ClusterError {
        match self {
            Self::Status(status) if status.code == 401 => ClusterError::Server(
                "error: You must be logged in to the server (Unauthorized)".to_owned(),
            ),
            Self::Status(status) => {
                let Status { reason, message, code, .. } = *status;
                let reason = if reason.is_empty() { code.to_string() } else { reason };
                let text = format!("Error from server ({reason}): {message}");
                if code == 403 { ClusterError::Forbidden(text) } else { ClusterError::Server(text) }
            }
            Self::Foreign(code, text) => {
                let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
                let text = excerpt(&text);
                ClusterError::Server(format!(
                    "Error from server{code}: no Kubernetes API answers at {server}: {text}"
                ))
            }
            Self::TooLarge => ClusterError::Server(format!(
                "Error from server: no Kubernetes API answers at {server}: an answer is larger than {} MiB",
                LARGEST >> 20
            )),
            Self::TimedOut => ClusterError::Unreachable("context deadline exceeded".to_owned()),
            Self::Connection(error) => connection_error(&error, server),
        }
    }
}

/// Returns the beginning of a text in one line.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 100;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        None => line,
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
    }
}

/// Words an error of the user's credentials, without what may hold a token.
fn credentials_error(error: &AuthError) -> ClusterError {
    let reason = match error {
        AuthError::ReadTokenFile(error, path) => {
            format!("cannot read the token file {}: {error}", path.display())
        }
        _ => "they cannot be used".to_owned(),
    };
    ClusterError::Unreachable(format!("getting credentials: {reason}"))
}

/// Words an error of the connection.
pub(crate) fn connection_error(error: &kube::Error, server: &str) -> ClusterError {
    // They would tell the proxy's URL, which may have a password.
    if matches!(
        error,
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. }
    ) {
        return ClusterError::Unreachable("the protocol of the proxy is not supported".to_owned());
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
    let says = |words: &str| causes.iter().any(|cause| cause.contains(words));
    let last = causes.last().map(String::as_str).unwrap_or_default();
    let certificate = "tls: failed to verify certificate: x509: certificate";
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    ClusterError::Unreachable(if says("Connection refused") {
        return ClusterError::Refused(server.to_owned());
    } else if says("UnknownIssuer") {
        format!("{certificate} signed by unknown authority")
    } else if says("certificate expired") || says("Expired") {
        format!("{certificate} has expired or is not yet valid: {last}")
    } else if says("NotValidForName") || says("not valid for name") {
        format!("{certificate} is not valid for {host}: {last}")
    } else if says("failed to lookup address") || says("dns error") {
        format!("dial tcp: lookup {host}: no such host")
    } else {
        excerpt(last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ExitCode;

    #[test]
    fn what_a_server_says_is_one_line_and_never_changes_how_the_command_ends() {
        let error = Error::from(ClusterError::Server("reworded\nby a proxy".to_owned()));
        assert_eq!(
            (error.to_string(), error.code()),
            ("reworded\\nby a proxy".to_owned(), ExitCode::Cluster)
        );
        let error = Error::from(ClusterError::Config("Unable to connect to it".to_owned()));
        assert_eq!(
            (error.to_string(), error.code()),
            ("error: Unable to connect to it".to_owned(), ExitCode::Usage)
        );
    }
}
