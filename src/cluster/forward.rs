//! Pods of the cluster's DNS, as they are reached from outside: through the API server, by a port-forward
//! to each.
//!
//! It takes the right to `create` (and, as it begins as a websocket, to `get`) `pods/portforward` in the
//! namespace of these pods. Nothing listens on this machine: a stream goes straight to whoever asks.

use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{fmt, io};

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use tokio::io::DuplexStream;
use tokio::time::timeout;

use super::connect::{Access, connect};
use super::failure::{ClusterError, Failure, connection_error, excerpt};
use super::kubeconfig::ConnectOptions;

/// A port of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodPort {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub name: String,
    /// The port.
    pub port: u16,
}

/// A way to a port of a pod, taken as often as connections are needed.
#[derive(Clone)]
pub(crate) struct Forward {
    connection: Arc<Access>,
    to: Arc<PodPort>,
    patience: Duration,
    /// Why there is none. Who refused once is not asked again: every question would be a request to the
    /// API server.
    refused: Arc<OnceLock<Box<str>>>,
}

/// Prepares a way to each port; nothing is sent yet.
pub(crate) fn forwards(
    options: &ConnectOptions,
    to: &[PodPort],
    patience: Duration,
) -> Result<Vec<Forward>, ClusterError> {
    let connection = Arc::new(connect(options)?);
    let patience = connection.patience.map_or(patience, |own| own.min(patience));
    let forward = |to: &PodPort| Forward {
        connection: Arc::clone(&connection),
        to: Arc::new(to.clone()),
        patience,
        refused: Arc::default(),
    };
    Ok(to.iter().map(forward).collect())
}

impl Forward {
    /// Returns where it leads.
    pub(crate) fn to(&self) -> &PodPort {
        &self.to
    }

    /// Returns why it cannot be taken.
    pub(crate) fn refused(&self) -> Option<&str> {
        self.refused.get().map(AsRef::as_ref)
    }

    /// Notes why it cannot be taken, unless that is known already.
    pub(crate) fn refuse(&self, why: &str) -> io::Error {
        let _ = self.refused.set(why.into());
        io::ErrorKind::NotConnected.into()
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> io::Result<DuplexStream> {
        if self.refused().is_some() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let PodPort { namespace, name, port } = &*self.to;
        let pods: Api<Pod> = Api::namespaced(self.connection.client(), namespace);
        let mut forwarded = match timeout(self.patience, pods.portforward(name, &[*port])).await {
            Ok(Ok(forwarded)) => forwarded,
            Ok(Err(error)) => return Err(self.refuse(&reason(error, &self.connection.server))),
            Err(_) => return Err(self.refuse("timeout")),
        };
        if let Some(error) = forwarded.take_error(*port) {
            // What goes wrong at the pod is told beside the stream; both end together.
            let forward = self.clone();
            tokio::spawn(async move {
                if let Some(said) = error.await {
                    forward.refuse(&excerpt(at_the_pod(&said)));
                }
            });
        }
        forwarded.take_stream(*port).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// Leaves out which pod and port it is about.
fn at_the_pod(said: &str) -> &str {
    let after = said.split_once(", uid ").and_then(|(_, rest)| rest.split_once(": "));
    after.map_or(said, |(_, rest)| rest)
}

fn reason(error: kube::Error, server: &str) -> String {
    match error {
        kube::Error::Api(status) => {
            let message = excerpt(&status.message);
            Failure::Status(status).refusal().map_or(message, |reason| reason.to_string())
        }
        kube::Error::UpgradeConnection(_) => "the server lets no websocket through".to_owned(),
        error => connection_error(&error, server).to_string(),
    }
}

impl fmt::Display for PodPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.namespace, self.name, self.port)
    }
}
