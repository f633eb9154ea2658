//! Which proxy requests go through, by the rules of Go's programs, kubectl among them.

use std::env;
use std::net::IpAddr;

use http::Uri;
use ipnet::IpNet;
use serde_json::Value;

/// Returns the proxy that the environment names for a server, as it is written there.
///
/// Upper-case variables come first, and nothing on the loopback goes through a proxy
/// (Go `net/http.ProxyFromEnvironment`).
pub(crate) fn from_environment(server: &Uri) -> Option<String> {
    chosen(server, |name| env::var(name).ok())
}

/// Returns the proxy that the environment of a pod's containers names for a server. What a container takes
/// from elsewhere is empty, which is no address.
///
/// `spec` is a core/v1 PodSpec.
pub fn of_pod(spec: &Value, server: &Uri) -> Option<String> {
    let containers = spec.get("containers").and_then(Value::as_array).into_iter().flatten();
    containers.into_iter().find_map(|container| {
        let variables = container.get("env").and_then(Value::as_array);
        let text = |own: &Value, field: &str| own.get(field).and_then(Value::as_str).map(str::to_owned);
        chosen(server, |name| {
            let mut own = variables.into_iter().flatten();
            let own = own.find(|own| text(own, "name").as_deref() == Some(name))?;
            text(own, "value")
        })
    })
}

fn chosen(server: &Uri, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let variable = |name: &str| variable(name, &value);
    let is_https = server.scheme_str() == Some("https");
    let proxy = variable(if is_https { "HTTPS_PROXY" } else { "HTTP_PROXY" });
    if proxy.is_empty() || is_loopback(server) {
        return None;
    }
    let port = server.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let is_exception = is_excepted(&variable("NO_PROXY"), host(server), port);
    (!is_exception).then(|| with_scheme(&proxy))
}

/// Adds the scheme that an address without one stands for.
pub(crate) fn with_scheme(proxy: &str) -> String {
    if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") }
}

/// Reads a variable by its upper-case name, else by its lower-case one.
fn variable(name: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let values = [name.to_owned(), name.to_lowercase()].into_iter().filter_map(|name| value(&name));
    values.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
}

/// Tells whether a server is among exceptions: addresses, CIDR blocks and domains, each with a port
/// or without (Go `golang.org/x/net/http/httpproxy`, `Config.NoProxy`).
fn is_excepted(list: &str, host: &str, port: u16) -> bool {
    let host = host.to_ascii_lowercase();
    let list = list.to_ascii_lowercase();
    let mut entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.any(|entry| entry == "*" || matches(entry, &host, port))
}

fn matches(entry: &str, host: &str, port: u16) -> bool {
    let ip = host.parse::<IpAddr>().ok();
    if let Ok(block) = entry.parse::<IpNet>() {
        return ip.is_some_and(|ip| block.contains(&ip));
    }
    let (name, own_port) = split_port(entry);
    if own_port.is_some_and(|own| own.parse() != Ok(port)) {
        return false;
    }
    if let Ok(own) = name.parse::<IpAddr>() {
        return ip == Some(own);
    }
    // `.a.test` and `*.a.test` are what is below it, `a.test` is itself too.
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
    match name.strip_prefix('.') {
        Some(_) => host.ends_with(name),
        None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    }
}

/// Splits the port off an entry: of `a:1` and `[::1]:1`, not of `::1`.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => {
            (host.trim_matches(['[', ']']), Some(port))
        }
        _ => (entry, None),
    }
}

/// Tells whether a server is on this machine.
pub(crate) fn is_loopback(server: &Uri) -> bool {
    let host = host(server);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn host(server: &Uri) -> &str {
    server.host().unwrap_or_default().trim_matches(['[', ']'])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{is_excepted, of_pod};

    #[test]
    fn a_pod_uses_the_proxy_of_its_own_variables() {
        let variables = json!([
            { "name": "https_proxy", "value": "http://user:secret@proxy.test:3128" },
            { "name": "NO_PROXY", "value": "inside.test" },
            { "name": "HTTP_PROXY", "valueFrom": { "secretKeyRef": { "name": "a", "key": "b" } } },
        ]);
        let spec = json!({ "containers": [{ "name": "plain" }, { "name": "main", "env": variables }] });
        let of = |server: &str| of_pod(&spec, &server.parse().unwrap_or_default());
        assert_eq!(of("https://api.test").as_deref(), Some("http://user:secret@proxy.test:3128"));
        assert_eq!(of("https://x.inside.test"), None);
        assert_eq!(of("http://api.test"), None, "its value is not known");
    }

    #[test]
    fn exceptions_are_read_as_go_reads_them() {
        let list = "a.test, b.test:6443,c.test:1,10.0.0.0/8,[::1]:6443,fd00::1,.d.test,*.e.test,";
        for (host, expected) in [
            ("a.test", true),
            ("A.test", true),
            ("x.a.test", true),
            ("xa.test", false),
            ("b.test", true),
            ("c.test", false),
            ("10.1.2.3", true),
            ("11.1.2.3", false),
            ("::1", true),
            ("fd00::1", true),
            ("fd00::2", false),
            ("d.test", false),
            ("x.d.test", true),
            ("e.test", false),
            ("x.e.test", true),
            ("", false),
        ] {
            assert_eq!(is_excepted(list, host, 6443), expected, "{host}");
        }
        assert!(is_excepted("x,*", "a.test", 1));
        assert!(!is_excepted(" ,", "a.test", 1));
    }
}
