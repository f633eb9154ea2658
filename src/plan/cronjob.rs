//! What keeps remembered hosts current on the cluster itself: the job, its rights, and what its pods may reach.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::console::Console;
use super::name_servers::{self, AUTO};
use crate::dns::resolve::ResolveError;
use crate::edit::cronjob::{CronJob, CronJobScope, NAME, objects, pods};
use crate::edit::{cilium, object};
use crate::model::cni::Cni;
use crate::model::snapshot::Snapshot;
use crate::report::default_deny::rule;
use crate::world::servers;

/// Which job is asked for.
#[derive(Clone, Debug)]
pub struct WantedJob<'a> {
    /// The namespace that it runs in.
    pub namespace: &'a str,
    /// Whose policies are refreshed.
    pub scope: CronJobScope,
    /// The image of the plugin.
    pub image: &'a str,
    /// When it runs, as cron has it.
    pub schedule: &'a str,
    /// The name servers to ask: `auto`, `system`, or addresses.
    pub resolver: &'a [String],
    /// What follows `refresh-ips` on its command line, beside the scope.
    pub arguments: &'a [String],
}

/// Builds the objects, in the order in which they are applied, and tells whom they trust.
///
/// # Errors
/// A word that is no name server.
pub fn plan(
    snapshot: &Snapshot,
    wanted: &WantedJob<'_>,
    console: &dyn Console,
) -> Result<Vec<Value>, ResolveError> {
    let by_cluster = wanted.resolver.iter().any(|word| word == AUTO);
    let dns = if by_cluster { servers::dns_namespaces(snapshot) } else { BTreeSet::new() };
    let job = CronJob {
        namespace: wanted.namespace,
        scope: wanted.scope,
        image: wanted.image,
        schedule: wanted.schedule,
        dns: &dns,
        arguments: wanted.arguments,
    };
    let way_out = way_out(snapshot, wanted, console)?;
    console.warn(&trust(wanted));
    Ok(way_out.into_iter().chain(objects(&job)).collect())
}

/// Says what whoever gets hold of the account has.
fn trust(wanted: &WantedJob<'_>) -> String {
    let namespace = wanted.namespace;
    let whose = match wanted.scope {
        CronJobScope::All => "policy with remembered hosts, and list all pods",
        CronJobScope::Namespace => "of its policies with remembered hosts",
    };
    format!("whoever may create pods in ns/{namespace} may add addresses to the egress of every {whose}")
}

/// Builds the policy by which the job reaches name servers and the API server under a default deny; none where
/// it would cut the job off, as the API server is not known.
fn way_out(
    snapshot: &Snapshot,
    wanted: &WantedJob<'_>,
    console: &dyn Console,
) -> Result<Option<Value>, ResolveError> {
    let pods = pods(wanted.namespace);
    let dns = name_servers::servers(wanted.resolver, snapshot)?;
    if dns.is_empty() {
        console.warn("the cluster's DNS was not found: port 53 is allowed to everywhere");
    }
    if snapshot.plugin.cni() == Some(Cni::Cilium) {
        return Ok(Some(cilium::to_servers(&pods, NAME, &dns)));
    }
    let Some(api_server) = servers::api_server(snapshot) else {
        console.warn(
            "the address of the API server is not known (no EndpointSlice of Service default/kubernetes \
             was read), so that no NetworkPolicy is printed: where egress is isolated, the job needs one",
        );
        return Ok(None);
    };
    console.warn(
        "the API server is allowed at its present addresses: print the job again when they change",
    );
    let anywhere = dns.is_empty().then(object::dns_everywhere);
    let rules = dns.iter().chain(&api_server).map(rule).chain(anywhere).collect();
    Ok(Some(json!(object::policy(&pods, NAME, rules))))
}
