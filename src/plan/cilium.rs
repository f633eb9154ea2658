//! Endpoints on a cluster with Cilium: a policy with names, which Cilium follows itself.

use std::collections::BTreeSet;

use serde_json::Value;

use super::opening::Opening;
use crate::edit::cilium;
use crate::edit::host::HostName;
use crate::edit::lead;
use crate::edit::object::{self, Pods, on_the_wire};
use crate::error::Error;
use crate::model::ports::ProtocolPort;
use crate::model::snapshot::Snapshot;
use crate::world::servers::{At, dns};

/// Builds a CiliumNetworkPolicy for each URL with hosts outside, and the NetworkPolicy for its Services.
///
/// # Errors
/// A host without a name, or a cluster whose DNS is not known.
pub fn policies(snapshot: &Snapshot, openings: &[Opening]) -> Result<Vec<Value>, Error> {
    let dns = dns(snapshot).into_iter().find_map(|servers| match servers.at {
        At::Pods { namespace, selector } => {
            Some(Pods { namespace: namespace.into(), workload: None, selector })
        }
        At::Addresses(_) => None,
    });
    let Some(dns) = dns else {
        return Err(Error::usage(
            "which pods are the cluster's DNS is not known, and Cilium learns names there",
        )
        .hint("--mode networkpolicy writes addresses instead"));
    };
    let mut objects: Vec<Value> = Vec::new();
    for Opening { hosts, .. } in openings {
        let mut names: BTreeSet<(HostName, ProtocolPort)> = BTreeSet::new();
        for (key, entry) in &hosts.hosts {
            let Some(name) = lead::outside_name(snapshot, key, entry) else {
                return Err(Error::usage(format!("{} has no name for toFQDNs", key.host))
                    .hint("--mode networkpolicy writes its address"));
            };
            names.extend(key.ports.iter().map(|port| (name.clone(), *port)));
        }
        let names: Vec<_> = names.into_iter().collect();
        if !names.is_empty() {
            objects.push(cilium::policy(&hosts.pods, &hosts.policy, &names, &dns));
        }
        if !hosts.rules.is_empty() {
            let policy = object::policy(&hosts.pods, &hosts.policy, hosts.rules.clone());
            objects.push(on_the_wire(&policy));
        }
    }
    Ok(objects)
}
