//! Which of a user's credentials are sent, by the rules of kubectl.

use std::fs;
use std::io::{IsTerminal, stdin};

use http::{HeaderValue, Uri};
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};

use super::failure::ClusterError;
use super::kubeconfig::invalid;

/// The versions of the API of credential plugins.
const EXEC_VERSIONS: [&str; 2] =
    ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// Takes what is sent to a server: nothing that proves who the user is, unless it goes through TLS.
pub(crate) fn for_server(mut user: AuthInfo, server: &Uri) -> Result<AuthInfo, ClusterError> {
    check_impersonation(&user)?;
    if server.scheme_str() != Some("https") {
        return Ok(AuthInfo {
            impersonate: user.impersonate,
            impersonate_uid: user.impersonate_uid,
            impersonate_groups: user.impersonate_groups,
            impersonate_user_extra: user.impersonate_user_extra,
            ..AuthInfo::default()
        });
    }
    read_token(&mut user)?;
    check_headers(&user)?;
    if user.client_certificate.is_none() && user.client_certificate_data.is_none() {
        user.client_key = None;
        user.client_key_data = None;
    }
    if let Some(exec) = &user.exec {
        check_exec(exec)?;
    }
    Ok(user)
}

fn check_impersonation(user: &AuthInfo) -> Result<(), ClusterError> {
    let is_empty = |text: &Option<String>| text.as_deref().unwrap_or_default().is_empty();
    let has_more = !is_empty(&user.impersonate_uid)
        || user.impersonate_groups.as_ref().is_some_and(|groups| !groups.is_empty())
        || user.impersonate_user_extra.as_ref().is_some_and(|extra| !extra.is_empty());
    match is_empty(&user.impersonate) && has_more {
        true => Err(invalid("requesting uid, groups or user-extra without impersonating a user")),
        false => Ok(()),
    }
}

/// Reads the token file, whose token is newer than the one that stands beside it.
fn read_token(user: &mut AuthInfo) -> Result<(), ClusterError> {
    let Some(path) = user.token_file.take().filter(|path| !path.is_empty()) else { return Ok(()) };
    match fs::read_to_string(&path) {
        Ok(text) => user.token = Some(text.trim().to_owned().into()),
        Err(_) if user.token.is_some() => {}
        Err(error) => return Err(invalid(format!("cannot read the token file {path}: {error}"))),
    }
    Ok(())
}

/// Refuses what no HTTP header can hold, at which kube would panic.
fn check_headers(user: &AuthInfo) -> Result<(), ClusterError> {
    // The only way to its text.
    let written = serde_json::to_value(user).unwrap_or_default();
    let token = written.get("token").and_then(|token| token.as_str()).unwrap_or_default();
    match HeaderValue::try_from(token) {
        Ok(_) => Ok(()),
        Err(_) => Err(invalid("the token of the user has characters that no HTTP header can have")),
    }
}

fn check_exec(exec: &ExecConfig) -> Result<(), ClusterError> {
    let version = exec.api_version.as_deref().unwrap_or_default();
    if !EXEC_VERSIONS.contains(&version) {
        return Err(invalid(format!("exec plugin: invalid apiVersion {version:?}")));
    }
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) && !stdin().is_terminal() {
        return Err(invalid("the credential plugin must ask on a terminal, and there is none"));
    }
    Ok(())
}
