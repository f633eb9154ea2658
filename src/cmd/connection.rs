//! kubectl's own flags: which cluster, and as whom.

use std::ffi::OsString;
use std::time::Duration;

use clap::{ArgAction, Args};

use crate::cluster::read::ConnectOptions;
use crate::edit::record::GRACES;

/// The flags of kubectl that choose a cluster and a user.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster flags")]
pub struct ConnectionFlags {
    /// The kubeconfig to use.
    #[arg(long, global = true, value_name = "PATH")]
    kubeconfig: Option<OsString>,
    /// The context of the kubeconfig to use.
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// The cluster of the kubeconfig to use.
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    cluster: Option<String>,
    /// The user of the kubeconfig to use.
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    user: Option<String>,
    /// The user to impersonate.
    #[arg(long = "as", global = true, value_name = "USER")]
    impersonate: Option<String>,
    /// A group to impersonate; may be repeated.
    #[arg(long = "as-group", global = true, value_name = "GROUP", hide_short_help = true)]
    impersonate_groups: Vec<String>,
    /// The UID to impersonate.
    #[arg(long = "as-uid", global = true, value_name = "UID", hide_short_help = true)]
    impersonate_uid: Option<String>,
    /// The bearer token to send.
    #[arg(long, global = true, value_name = "TOKEN", hide_short_help = true)]
    token: Option<String>,
    /// The address and port of the API server.
    #[arg(short = 's', long, global = true, value_name = "URL", hide_short_help = true)]
    server: Option<String>,
    /// The file with the certificates that the server's is signed by.
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    certificate_authority: Option<String>,
    /// The file with the client's certificate.
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    client_certificate: Option<String>,
    /// The file with the client's key.
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    client_key: Option<String>,
    /// The name that the server's certificate must have.
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    tls_server_name: Option<String>,
    /// Do not check the server's certificate: the connection is not safe then.
    #[arg(long, global = true, hide_short_help = true, value_name = "BOOL", action = ArgAction::Set,
        num_args = 0..=1, require_equals = true, default_missing_value = "true",
        default_value_t = false, hide_default_value = true, hide_possible_values = true)]
    insecure_skip_tls_verify: bool,
    /// Longest wait for the answer to one request: 30, 30s, 2m; 0 is for ever. One minute unless it
    /// is given.
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_timeout)]
    request_timeout: Option<Duration>,
    /// Do not ask for compressed answers.
    #[arg(long, global = true, hide_short_help = true, value_name = "BOOL", action = ArgAction::Set,
        num_args = 0..=1, require_equals = true, default_missing_value = "true",
        default_value_t = false, hide_default_value = true, hide_possible_values = true)]
    disable_compression: bool,
    /// From 6 on, tell every request on standard error, and every file that is passed over.
    #[arg(short = 'v', long = "v", global = true, value_name = "LEVEL", hide_short_help = true)]
    verbosity: Option<u8>,
}

impl ConnectionFlags {
    /// Tells whether what is done is told one by one.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity.unwrap_or_default() >= 6
    }

    /// Returns the flags as the loader takes them.
    pub(crate) fn options(&self, namespace: Option<&String>) -> ConnectOptions {
        let own = self.clone();
        ConnectOptions {
            kubeconfig: own.kubeconfig.filter(|path| !path.is_empty()).map(Into::into),
            context: given(own.context),
            cluster: given(own.cluster),
            user: given(own.user),
            server: given(own.server),
            certificate_authority: given(own.certificate_authority),
            insecure_skip_tls_verify: own.insecure_skip_tls_verify,
            tls_server_name: given(own.tls_server_name),
            token: given(own.token),
            client_certificate: given(own.client_certificate),
            client_key: given(own.client_key),
            impersonate: given(own.impersonate),
            impersonate_groups: own.impersonate_groups,
            impersonate_uid: given(own.impersonate_uid),
            namespace: given(namespace.cloned()),
            request_timeout: own.request_timeout,
            disable_compression: own.disable_compression,
            verbosity: own.verbosity.unwrap_or_default(),
            json_only: false,
            silent: false,
        }
    }
}

/// Takes an empty value for none: scripts pass variables that are not set.
pub(crate) fn given(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.is_empty())
}

/// Reads kubectl's form of a time: seconds, or numbers with a unit.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    let wrong = || {
        "Timeout must be a single integer in seconds, or an integer followed by a corresponding \
         time unit (e.g. 1s | 2m | 3h)"
            .to_owned()
    };
    let text = text.strip_prefix('+').unwrap_or(text);
    let seconds = text.parse().map(Duration::from_secs);
    seconds.or_else(|_| parse_duration(text).ok_or_else(wrong))
}

/// Reads `1h30m`, `500ms`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at_checked(digits)?;
        let length = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at_checked(length)?;
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// Reads a time from one hour to thirty days, in minutes.
pub(crate) fn parse_grace(text: &str) -> Result<u64, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    let minutes = match days {
        Some(days) => days.checked_mul(24 * 60),
        None => parse_duration(text).map(|time| time.as_secs() / 60),
    };
    minutes.filter(|minutes| GRACES.contains(minutes)).ok_or_else(|| "must be from 1h to 30d".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse_timeout;

    #[test]
    fn times_are_read_as_kubectl_reads_them() {
        let seconds = |seconds| Ok(Duration::from_secs(seconds));
        assert_eq!(parse_timeout("0"), seconds(0));
        assert_eq!(parse_timeout("30"), seconds(30));
        assert_eq!(parse_timeout("1m30s"), seconds(90));
        assert_eq!(parse_timeout("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["", "s", "-1", "1d", "1m2", "ten", "1e3s"] {
            assert!(parse_timeout(wrong).is_err(), "{wrong}");
        }
    }
}
