//! Credential plugins: the programs of a kubeconfig that print who the user is.
//!
//! kube would run them too, but panics at a token that no HTTP header can have.

use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use jiff::Timestamp;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::json;

use super::failure::{ClusterError, excerpt};

/// client.authentication.k8s.io ExecCredential.
#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Credential>,
}

/// What a plugin prints: a token, or a certificate with its key, or both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Credential {
    /// When another has to be asked for.
    pub(crate) expiration_timestamp: Option<Timestamp>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Takes the plugin that has to be run for a user; nothing where the kubeconfig itself says who it is.
pub(crate) fn take(user: &mut AuthInfo) -> Option<ExecConfig> {
    let has_password = user.username.is_some() && user.password.is_some();
    let is_known = has_password || user.token.is_some() || user.auth_provider.is_some();
    user.exec.take().filter(|_| !is_known)
}

/// Runs a plugin, which may ask its user on the terminal.
pub(crate) fn run(exec: &ExecConfig) -> Result<Credential, ClusterError> {
    let Output { status, stdout, stderr } =
        command(exec).output().map_err(|error| failed(&format!("the plugin cannot be run: {error}")))?;
    if !status.success() {
        let said = excerpt(&String::from_utf8_lossy(&stderr));
        return Err(failed(&format!("the plugin failed with {status}: {said}")));
    }
    // What it printed holds a token: nothing of it is told.
    let read: Result<ExecCredential, _> = serde_saphyr::from_slice(&stdout);
    let read = read.map_err(|_| failed("the plugin printed no ExecCredential"))?;
    let credential = read.status.ok_or_else(|| failed("the plugin printed no status"))?;
    let header = HeaderValue::try_from(credential.token.as_deref().unwrap_or_default());
    header.map(|_| credential).map_err(|_| {
        let invalid = r#"net/http: invalid header field value for "Authorization""#;
        ClusterError::Unreachable(invalid.to_owned())
    })
}

impl Credential {
    /// Puts it in the place of the plugin.
    pub(crate) fn lay_over(self, user: &mut AuthInfo) {
        user.token = self.token.filter(|token| !token.is_empty()).map(Into::into);
        if let (Some(certificate), Some(key)) = (self.client_certificate_data, self.client_key_data) {
            user.client_certificate_data = Some(STANDARD.encode(certificate));
            user.client_key_data = Some(STANDARD.encode(key).into());
        }
    }
}

fn failed(reason: &str) -> ClusterError {
    ClusterError::Unreachable(format!("getting credentials: {reason}"))
}

/// Prepares the run as the API of plugins says.
fn command(exec: &ExecConfig) -> Command {
    let mut command = Command::new(exec.command.as_deref().unwrap_or_default());
    command.args(exec.args.iter().flatten());
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let is_interactive = exec.interactive_mode != Some(ExecInteractiveMode::Never);
    let spec = match exec.cluster.as_ref().filter(|_| exec.provide_cluster_info) {
        Some(cluster) => json!({"interactive": is_interactive, "cluster": cluster}),
        None => json!({"interactive": is_interactive}),
    };
    let info = json!({"apiVersion": exec.api_version, "kind": "ExecCredential", "spec": spec});
    command.env("KUBERNETES_EXEC_INFO", info.to_string());
    for name in exec.drop_env.iter().flatten() {
        command.env_remove(name);
    }
    if is_interactive {
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
    }
    command
}
