//! What the specification of pods says of the way to a host (core/v1 PodSpec).

use std::collections::BTreeSet;

use serde_json::Value;

use super::opening::shown;
use crate::cluster::proxy;
use crate::edit::url::{self, Destination};

/// Says which URLs the pods would send through a proxy, so that they never talk to the host.
pub fn proxies(spec: &Value, urls: &[Destination]) -> BTreeSet<String> {
    let each = urls.iter().flat_map(|url| url.places.iter().map(|place| (&url.scheme, place)));
    let through = each.filter_map(|(scheme, place)| {
        let scheme = scheme.as_deref().filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let proxy = proxy::of_pod(spec, &format!("{scheme}://{place}").parse().ok()?)?;
        // What stands before the host of a proxy may be a password.
        let proxy = url::parse(&proxy).map_or_else(|_| "a proxy".to_owned(), |url| shown(&url));
        Some(format!(
            "its pods send requests to {place} through {proxy} (HTTPS_PROXY): open that instead"
        ))
    });
    through.collect()
}

/// Says that pods ask other name servers than those of the cluster.
pub fn own_dns(spec: &Value) -> Option<String> {
    let policy = spec.get("dnsPolicy")?.as_str()?;
    matches!(policy, "None" | "Default").then(|| {
        format!("its pods ask name servers of their own (dnsPolicy: {policy}), which may see other addresses and need a rule")
    })
}
