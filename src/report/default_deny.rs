//! The zero-trust base of a namespace: nothing in or out but DNS, and what is asked for.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPort};

use crate::engine::network::Network;
use crate::model::selector::Selector;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::Direction;
use crate::policy::network_policy::{is_named, write};
use crate::report::dns::{dns_claims, named_dns, unknown_dns};
use crate::world::servers::{At, DNS_LABEL, Port, SYSTEM, Servers, any_dns_port};

/// Whether pods of the namespace may talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// They may.
    Allowed,
    /// They may not.
    Denied,
}

/// Policies to apply, and what the user should know about them.
#[derive(Clone, Debug)]
pub struct DefaultDeny {
    /// The policies.
    pub policies: Vec<NetworkPolicy>,
    /// What is not as it should be, one sentence each.
    pub findings: Vec<String>,
}

/// What is allowed beside the base.
#[derive(Clone, Copy, Debug)]
pub struct BaseAllows<'a> {
    /// Whether pods of the namespace may talk to each other.
    pub inside: Inside,
    /// The cluster's DNS; port 53 everywhere where none is known.
    pub dns: &'a [Servers],
    /// The API server, if it is asked for.
    pub api_server: Option<&'a [Servers]>,
}

/// Composes the base of a namespace.
pub fn default_deny(snapshot: &Snapshot, namespace: &str, allowed: BaseAllows<'_>) -> DefaultDeny {
    let caveats = named_dns(snapshot).into_iter().chain(dns_claims(snapshot));
    let mut findings: Vec<String> = caveats.map(|caveat| caveat.to_string()).collect();
    let everyone = Selector::default();
    let deny = write::isolation(&everyone, &Direction::ALL);
    let dns = write::egress_only(&everyone, dns_rules(snapshot, allowed.dns, namespace, &mut findings));
    let mut specs = vec![("default-deny", deny), ("allow-dns", dns)];
    if let Some(servers) = allowed.api_server {
        findings.push("the API server is allowed at its present addresses".to_owned());
        let rules = servers.iter().map(rule).collect();
        specs.push(("allow-apiserver", write::egress_only(&everyone, rules)));
    }
    if allowed.inside == Inside::Allowed {
        specs.push(("allow-same-namespace", write::among_themselves(&everyone)));
    }
    for (name, _) in &specs {
        if snapshot.policies.iter().any(|policy| is_named(policy, namespace, name)) {
            findings.push(format!("NetworkPolicy {namespace}/{name} exists, and would be replaced"));
        }
    }
    let policies = specs.into_iter().map(|(name, spec)| write::policy(namespace, name, spec));
    DefaultDeny { policies: policies.collect(), findings }
}

impl DefaultDeny {
    /// Prepares a snapshot as if the policies were applied.
    pub fn applied<'a>(&self, snapshot: &'a Snapshot) -> Network<'a> {
        let policies: Vec<PolicyObject> = self.policies.iter().cloned().map(write::of_object).collect();
        Network::with_policies(snapshot, &policies)
    }
}

/// Tells whether the namespace of most clusters' DNS was read, or may be one that could not be.
fn may_have_system(snapshot: &Snapshot) -> bool {
    let is_hidden = || snapshot.gaps.iter().any(|gap| gap.is_list());
    snapshot.namespace(SYSTEM).is_some() || is_hidden()
}

/// Lists the egress rules that let DNS through: to its servers; where none is known, to those that most
/// clusters have, and where these would have been found, everywhere.
fn dns_rules(
    snapshot: &Snapshot,
    servers: &[Servers],
    namespace: &str,
    findings: &mut Vec<String>,
) -> Vec<NetworkPolicyEgressRule> {
    if servers.is_empty() {
        let unknown = unknown_dns();
        if !may_have_system(snapshot) {
            let (key, value) = DNS_LABEL;
            findings.push(format!(
                "{SYSTEM} was not read: DNS is allowed to its pods with {key}={value}, as most clusters have \
                 it; --dns NS/svc/NAME names another"
            ));
            let usual = write::pods_of(
                SYSTEM,
                &Selector::of_labels(&BTreeMap::from([(key.to_owned(), value.to_owned())])),
            );
            return vec![write::egress(vec![usual], ports(&any_dns_port()))];
        }
        findings
            .push(format!("{unknown}: port 53 is allowed to everywhere; --dns NS/svc/NAME names it"));
        // A rule without destinations would say the same, and looks like a slip.
        return vec![write::egress(write::everyone(), ports(&any_dns_port()))];
    }
    let is_here =
        |servers: &Servers| matches!(&servers.at, At::Pods { namespace: at, .. } if at == namespace);
    if servers.iter().any(is_here) {
        findings.push(format!(
            "ns/{namespace} holds the cluster's DNS servers: denying ingress cuts DNS for all others"
        ));
    }
    if servers.iter().any(|servers| matches!(servers.at, At::Addresses(_))) {
        findings.push(
            "DNS servers outside the pod network are allowed at their present addresses".to_owned(),
        );
    }
    servers.iter().map(rule).collect()
}

/// Builds the rule that opens the ports of some servers.
pub fn rule(servers: &Servers) -> NetworkPolicyEgressRule {
    let to = match &servers.at {
        At::Addresses(ips) => ips.iter().map(|ip| write::block(IpNet::from(*ip))).collect(),
        At::Pods { namespace, selector } => vec![write::pods_of(namespace, selector)],
    };
    write::egress(to, ports(&servers.ports))
}

fn ports(ports: &BTreeSet<Port>) -> Vec<NetworkPolicyPort> {
    ports.iter().map(|(protocol, port)| write::port(*protocol, port)).collect()
}
