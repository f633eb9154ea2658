//! The zero-trust base of a namespace: nothing in or out but DNS, and what is asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::dns::{DnsServers, any_dns_port, dns_servers};
use crate::model::labels::NAMESPACE_NAME_LABEL;
use crate::model::origin::{Lines, ObjectOrigin};
use crate::model::ports::Protocol;
use crate::model::snapshot::{PolicyObject, PolicySpec, Snapshot};
use crate::policy::{Rules, network_policy};

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

/// The address at which node-local DNS caches listen unless they are told otherwise.
const NODE_LOCAL_DNS: &str = "169.254.20.10/32";

/// Composes the base of a namespace.
pub fn default_deny(snapshot: &Snapshot, namespace: &str, inside: Inside) -> DefaultDeny {
    let mut findings = Vec::new();
    let everyone = || Some(LabelSelector::default());
    let deny = NetworkPolicySpec {
        pod_selector: everyone(),
        policy_types: types(&["Ingress", "Egress"]),
        ..NetworkPolicySpec::default()
    };
    let dns = NetworkPolicySpec {
        pod_selector: everyone(),
        policy_types: types(&["Egress"]),
        egress: Some(dns_rules(&dns_servers(snapshot), namespace, &mut findings)),
        ..NetworkPolicySpec::default()
    };
    let mut specs = vec![("default-deny", deny), ("allow-dns", dns)];
    if inside == Inside::Allowed {
        let own = || {
            Some(vec![NetworkPolicyPeer { pod_selector: everyone(), ..NetworkPolicyPeer::default() }])
        };
        let own = NetworkPolicySpec {
            pod_selector: everyone(),
            policy_types: types(&["Ingress", "Egress"]),
            ingress: Some(vec![NetworkPolicyIngressRule { from: own(), ports: None }]),
            egress: Some(vec![NetworkPolicyEgressRule { to: own(), ports: None }]),
        };
        specs.push(("allow-same-namespace", own));
    }
    for (name, _) in &specs {
        let taken = |policy: &&PolicyObject| {
            policy.namespace.as_deref() == Some(namespace) && &*policy.name == *name
        };
        if snapshot.policies.iter().any(|policy| taken(&policy)) {
            findings.push(format!("NetworkPolicy {namespace}/{name} exists, and would be replaced"));
        }
    }
    let policy = |(name, spec): (&str, NetworkPolicySpec)| NetworkPolicy {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
    };
    DefaultDeny { policies: specs.into_iter().map(policy).collect(), findings }
}

impl DefaultDeny {
    /// Returns the rules of a snapshot as if the policies were applied.
    pub fn applied(&self, snapshot: &Snapshot, rules: &Rules) -> Rules {
        let fresh: Vec<PolicyObject> = self.policies.iter().map(object).collect();
        let name = |policy: &PolicyObject| (policy.namespace.clone(), policy.name.clone());
        let replaced: BTreeSet<_> = fresh.iter().map(name).collect();
        let kept = snapshot.policies.iter().filter(|policy| !replaced.contains(&name(policy)));
        let mut applied = Rules {
            unjudged: rules.unjudged.clone(),
            unread_pods: rules.unread_pods,
            ..Rules::default()
        };
        for policy in kept.chain(&fresh) {
            match &policy.spec {
                PolicySpec::NetworkPolicy(spec) => network_policy::translate(policy, spec, &mut applied),
            }
        }
        applied
    }
}

fn object(policy: &NetworkPolicy) -> PolicyObject {
    let NetworkPolicy { metadata, spec } = policy.clone();
    PolicyObject {
        namespace: metadata.namespace.map(String::into),
        name: metadata.name.unwrap_or_default().into(),
        origin: ObjectOrigin::File { file: Arc::from("-"), lines: Lines::default() },
        spec: PolicySpec::NetworkPolicy(spec.unwrap_or_default()),
    }
}

fn types(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

/// Lists the egress rules that let DNS through: to its servers, or, where none is known, everywhere.
fn dns_rules(
    servers: &[DnsServers],
    namespace: &str,
    findings: &mut Vec<String>,
) -> Vec<NetworkPolicyEgressRule> {
    if servers.is_empty() {
        findings.push(
            "no DNS server was found (no pod is labelled k8s-app=kube-dns): port 53 is allowed to \
             everywhere"
                .to_owned(),
        );
        return vec![NetworkPolicyEgressRule { to: None, ports: Some(ports(&any_dns_port())) }];
    }
    if servers.iter().any(|own| own.namespace == namespace && !own.host_network) {
        findings.push(format!(
            "ns/{namespace} holds the cluster's DNS servers: denying ingress cuts DNS for all others"
        ));
    }
    if servers.iter().any(|own| own.host_network) {
        findings.push(format!(
            "DNS servers use their node's network: {NODE_LOCAL_DNS}, where such caches listen unless told \
             otherwise, is allowed"
        ));
    }
    let rule = |own: &DnsServers| NetworkPolicyEgressRule {
        to: Some(vec![peer(own)]),
        ports: Some(ports(&own.ports)),
    };
    servers.iter().map(rule).collect()
}

fn peer(servers: &DnsServers) -> NetworkPolicyPeer {
    if servers.host_network {
        let block = IPBlock { cidr: NODE_LOCAL_DNS.to_owned(), except: None };
        return NetworkPolicyPeer { ip_block: Some(block), ..NetworkPolicyPeer::default() };
    }
    let labels = |key: &str, value: &str| LabelSelector {
        match_labels: Some([(key.to_owned(), value.to_owned())].into()),
        ..LabelSelector::default()
    };
    NetworkPolicyPeer {
        ip_block: None,
        namespace_selector: Some(labels(NAMESPACE_NAME_LABEL, &servers.namespace)),
        pod_selector: Some(labels(servers.label.0, servers.label.1)),
    }
}

fn ports(ports: &BTreeSet<(Protocol, u16)>) -> Vec<NetworkPolicyPort> {
    let port = |(protocol, number): &(Protocol, u16)| NetworkPolicyPort {
        protocol: Some(protocol.name().to_owned()),
        port: Some(IntOrString::Int((*number).into())),
        end_port: None,
    };
    ports.iter().map(port).collect()
}
