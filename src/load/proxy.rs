//! Which proxy requests go through, by the rules of Go's programs, kubectl among them.

use std::env;
use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// Returns the proxy that the environment names for a server, as it is written there.
///
/// Upper-case variables come first, and nothing on the loopback goes through a proxy
/// (Go `net/http.ProxyFromEnvironment`).
pub(super) fn from_environment(server: &Uri) -> Option<String> {
    let is_https = server.scheme_str() == Some("https");
    let proxy = variable(if is_https { "HTTPS_PROXY" } else { "HTTP_PROXY" });
    if proxy.is_empty() || is_loopback(server) {
        return None;
    }
    let port = server.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let exceptions = exceptions(&variable("NO_PROXY"), port);
    let matcher = Matcher::builder().http("proxy.invalid").https("proxy.invalid").no(exceptions).build();
    matcher.intercept(server).map(|_| with_scheme(&proxy))
}

/// Adds the scheme that an address without one stands for.
pub(super) fn with_scheme(proxy: &str) -> String {
    if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") }
}

/// Reads a variable by its upper-case name, else by its lower-case one.
fn variable(name: &str) -> String {
    let values =
        [name.to_owned(), name.to_lowercase()].into_iter().filter_map(|name| env::var(name).ok());
    values.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
}

/// Rewrites exceptions with a port, which only Go knows: they count where the port is the server's.
fn exceptions(list: &str, port: u16) -> String {
    let own = |entry: &str| match entry.trim().rsplit_once(':') {
        Some((host, digits)) if !host.contains(':') || host.ends_with(']') => match digits.parse() {
            Ok(number) if port == number => Some(host.trim_matches(['[', ']']).to_owned()),
            Ok::<u16, _>(_) => None,
            Err(_) => Some(entry.to_owned()),
        },
        _ => Some(entry.to_owned()),
    };
    list.split(',').filter_map(own).collect::<Vec<_>>().join(",")
}

/// Tells whether a server is on this machine.
pub(super) fn is_loopback(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::exceptions;

    #[test]
    fn exceptions_with_a_port_count_for_that_port() {
        let list = "a.test, b.test:6443,c.test:1,10.0.0.0/8,[::1]:6443,fd00::1,";
        assert_eq!(
            exceptions(list, 6443),
            "a.test,b.test, 10.0.0.0/8".replace(", ", ",") + ",::1,fd00::1,"
        );
    }
}
