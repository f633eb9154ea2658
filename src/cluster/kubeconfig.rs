//! Which cluster to read and as whom: kubeconfigs and flags, as kubectl reads them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{AuthInfo, Cluster, Context, ExecInteractiveMode, Kubeconfig, NamedAuthInfo};
use serde_json::Value;

use super::failure::ClusterError;

/// Which cluster to read, by kubectl's own flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "kubectl's own flags")]
pub struct ConnectOptions {
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub cluster: Option<String>,
    pub user: Option<String>,
    pub server: Option<String>,
    pub certificate_authority: Option<String>,
    pub insecure_skip_tls_verify: bool,
    pub tls_server_name: Option<String>,
    pub token: Option<String>,
    pub client_certificate: Option<String>,
    pub client_key: Option<String>,
    pub impersonate: Option<String>,
    pub impersonate_groups: Vec<String>,
    pub impersonate_uid: Option<String>,
    pub namespace: Option<String>,
    /// Longest wait for the answer to one request; zero is for ever.
    pub request_timeout: Option<Duration>,
    pub disable_compression: bool,
    /// From 6 on, every request is told on standard error.
    pub verbosity: u8,
    /// Asks for JSON where protobuf would do.
    pub json_only: bool,
    /// Keeps the plugins of a kubeconfig from asking the user and from writing to the terminal.
    pub silent: bool,
}

/// The entries of a kubeconfig that are in force, the flags laid over them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) cluster: Cluster,
    pub(crate) user: AuthInfo,
    /// The context's namespace, `default` where it names none.
    pub(crate) namespace: String,
    /// The name of the context; nothing where none is in force.
    pub(crate) context_name: Option<String>,
    /// The name of the cluster's entry; nothing where the flags say it all.
    pub(crate) cluster_name: Option<String>,
}

/// Chooses the cluster and the user; nothing where there is no kubeconfig and no flag names a server.
pub(crate) fn choose(options: &ConnectOptions) -> Result<Option<Chosen>, ClusterError> {
    let config = read_all(options)?;
    if config.is_none() && options.server.is_none() {
        return Ok(None);
    }
    let mut config = config.unwrap_or_default();
    let context_name = context_name(&config, options).cloned();
    let context = context(&config, options)?;
    let cluster_name = options.cluster.as_ref().unwrap_or(&context.cluster);
    let cluster_name = Some(cluster_name.clone()).filter(|name| !name.is_empty());
    let mut cluster = cluster(&config, options, &context)?;
    let mut user = user(&mut config, options, &context)?;
    lay_over_cluster(options, &mut cluster);
    lay_over_user(options, &mut user);
    if let Some(exec) = user.exec.as_mut().filter(|exec| exec.provide_cluster_info) {
        let own = (&cluster).try_into();
        exec.cluster =
            Some(own.map_err(|_| invalid("the certificate authority of the cluster cannot be loaded"))?);
    }
    if let Some(exec) = user.exec.as_mut().filter(|_| options.silent) {
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    let namespace = options.namespace.clone().or(context.namespace).filter(|name| !name.is_empty());
    let namespace = namespace.unwrap_or_else(|| "default".to_owned());
    Ok(Some(Chosen { cluster, user, namespace, context_name, cluster_name }))
}

pub(crate) fn invalid(message: impl Into<String>) -> ClusterError {
    ClusterError::Config(message.into())
}

/// Reads the kubeconfigs: the one of the flag, else those of `KUBECONFIG` that are there, else the
/// usual one.
pub(crate) fn read_all(options: &ConnectOptions) -> Result<Option<Kubeconfig>, ClusterError> {
    if let Some(path) = &options.kubeconfig {
        return match read(path)? {
            Some(config) => Ok(Some(config)),
            None => Err(invalid(format!("cannot read the kubeconfig {}: no such file", path.display()))),
        };
    }
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let mut paths: Vec<PathBuf> =
        std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
    if paths.is_empty() {
        paths.extend(std::env::home_dir().map(|home| home.join(".kube").join("config")));
    }
    let mut merged: Option<Kubeconfig> = None;
    for path in paths {
        let Some(next) = read(&path)? else { continue };
        merged = Some(match merged {
            None => next,
            Some(earlier) => earlier.merge(next).map_err(|_| {
                invalid(format!(
                    "the kubeconfig {} is of another kind than the one before it",
                    path.display()
                ))
            })?,
        });
    }
    Ok(merged)
}

/// Reads one kubeconfig; nothing where there is no such file. Its text, which holds secrets, is in no
/// error.
fn read(path: &Path) -> Result<Option<Kubeconfig>, ClusterError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(invalid(format!("cannot read the kubeconfig {}: {error}", path.display())));
        }
    };
    let place = |error: serde_saphyr::Error| {
        let line = error.location().map(|place| format!(" at line {}", place.line()));
        invalid(format!("the kubeconfig {} is not valid{}", path.display(), line.unwrap_or_default()))
    };
    if text.trim().is_empty() {
        return Ok(Some(Kubeconfig::default()));
    }
    let mut value: Value = serde_saphyr::from_str(&text).map_err(place)?;
    // kubectl takes a context that names no cluster for one whose cluster is the empty one.
    let contexts = value.get_mut("contexts").and_then(Value::as_array_mut);
    for context in contexts.into_iter().flatten() {
        if let Some(context) = context.get_mut("context").and_then(Value::as_object_mut) {
            context.entry("cluster").or_insert_with(|| Value::from(""));
        }
    }
    let mut config: Kubeconfig = match serde_json::from_value(value) {
        Ok(config) => config,
        // Read once more as it stands, for the line.
        Err(_) => serde_saphyr::from_str(&text).map_err(place)?,
    };
    config.current_context.take_if(|name| name.is_empty());
    config.api_version = None;
    config.kind = None;
    resolve_paths(&mut config, path.parent().unwrap_or(Path::new("")));
    Ok(Some(config))
}

/// Makes the paths in a kubeconfig relative to its own folder.
fn resolve_paths(config: &mut Kubeconfig, folder: &Path) {
    let resolve = |path: &mut Option<String>| {
        if let Some(path) = path.as_mut().filter(|path| !path.is_empty()) {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    };
    for cluster in config.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        resolve(&mut cluster.certificate_authority);
    }
    for user in config.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        resolve(&mut user.client_certificate);
        resolve(&mut user.client_key);
        resolve(&mut user.token_file);
        // A bare name is looked up in the PATH.
        let exec = user.exec.as_mut().map(|exec| &mut exec.command);
        let is_path = |command: &&mut Option<String>| {
            command.as_ref().is_some_and(|command| command.contains(std::path::MAIN_SEPARATOR))
        };
        exec.filter(is_path).into_iter().for_each(resolve);
    }
}

fn context_name<'a>(config: &'a Kubeconfig, options: &'a ConnectOptions) -> Option<&'a String> {
    let name = options.context.as_ref().filter(|name| !name.is_empty());
    name.or(config.current_context.as_ref())
}

fn context(config: &Kubeconfig, options: &ConnectOptions) -> Result<Context, ClusterError> {
    let Some(name) = context_name(config, options) else {
        return match options.server.is_some() || options.cluster.is_some() {
            true => Ok(Context::default()),
            false => Err(invalid("no context is set: use --context, or -f to read manifests")),
        };
    };
    let found = config.contexts.iter().find(|context| context.name == *name);
    match found {
        Some(found) => Ok(found.context.clone().unwrap_or_default()),
        None => Err(invalid(format!("context {name:?} does not exist"))),
    }
}

fn cluster(
    config: &Kubeconfig,
    options: &ConnectOptions,
    context: &Context,
) -> Result<Cluster, ClusterError> {
    let asked = options.cluster.as_ref();
    let name = asked.unwrap_or(&context.cluster);
    let found = config.clusters.iter().find(|cluster| cluster.name == *name);
    match found {
        Some(found) => Ok(found.cluster.clone().unwrap_or_default()),
        None if options.server.is_some() && asked.is_none() => Ok(Cluster::default()),
        None if name.is_empty() => {
            Err(invalid("the context names no cluster: use --cluster or --server"))
        }
        None => Err(invalid(format!("cluster {name:?} does not exist"))),
    }
}

fn user(
    config: &mut Kubeconfig,
    options: &ConnectOptions,
    context: &Context,
) -> Result<AuthInfo, ClusterError> {
    let Some(name) = options.user.as_ref().or(context.user.as_ref()).filter(|name| !name.is_empty())
    else {
        return Ok(AuthInfo::default());
    };
    let found = config.auth_infos.iter_mut().find(|user| user.name == *name);
    match found.map(|user: &mut NamedAuthInfo| user.auth_info.take()) {
        Some(found) => Ok(found.unwrap_or_default()),
        // A context may name one that is not there: kubectl goes on without.
        None if options.user.is_none() => Ok(AuthInfo::default()),
        None => Err(invalid(format!("auth info {name:?} does not exist"))),
    }
}

fn lay_over_cluster(options: &ConnectOptions, cluster: &mut Cluster) {
    if options.server.is_some() || options.tls_server_name.is_some() {
        cluster.tls_server_name = options.tls_server_name.clone();
    }
    if let Some(server) = &options.server {
        cluster.server = Some(server.clone());
    }
    if options.insecure_skip_tls_verify || options.certificate_authority.is_some() {
        cluster.insecure_skip_tls_verify = Some(options.insecure_skip_tls_verify);
        cluster.certificate_authority = options.certificate_authority.clone();
        cluster.certificate_authority_data = None;
    }
    if options.disable_compression {
        cluster.disable_compression = Some(true);
    }
}

/// Lays the flags over a user.
pub(crate) fn lay_over_user(options: &ConnectOptions, user: &mut AuthInfo) {
    if let Some(token) = &options.token {
        // Only the token speaks for the user then, as with kubectl.
        user.token = Some(token.clone().into());
        user.token_file = None;
        user.exec = None;
        user.auth_provider = None;
        user.username = None;
        user.password = None;
    }
    if let Some(path) = &options.client_certificate {
        user.client_certificate = Some(path.clone());
        user.client_certificate_data = None;
    }
    if let Some(path) = &options.client_key {
        user.client_key = Some(path.clone());
        user.client_key_data = None;
    }
    if let Some(name) = &options.impersonate {
        user.impersonate = Some(name.clone());
    }
    if !options.impersonate_groups.is_empty() {
        user.impersonate_groups = Some(options.impersonate_groups.clone());
    }
    if let Some(uid) = &options.impersonate_uid {
        user.impersonate_uid = Some(uid.clone());
    }
}
