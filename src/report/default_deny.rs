//! The zero-trust base of a namespace: nothing in or out but DNS, and what is asked for.

use std::collections::BTreeSet;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::engine::network::Network;
use crate::model::ips::Family;
use crate::model::labels::NAMESPACE_NAME_LABEL;
use crate::model::origin::ObjectOrigin;
use crate::model::service::TargetPort;
use crate::model::snapshot::{PolicyMeta, PolicyObject, Snapshot};
use crate::world::servers::{At, Port, Servers, any_dns_port};

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
pub struct Allowed<'a> {
    /// Whether pods of the namespace may talk to each other.
    pub inside: Inside,
    /// The cluster's DNS; port 53 everywhere where none is known.
    pub dns: &'a [Servers],
    /// The API server, if it is asked for.
    pub api_server: Option<&'a [Servers]>,
}

/// Composes the base of a namespace.
pub fn default_deny(snapshot: &Snapshot, namespace: &str, allowed: Allowed<'_>) -> DefaultDeny {
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
        egress: Some(dns_rules(allowed.dns, namespace, &mut findings)),
        ..NetworkPolicySpec::default()
    };
    let mut specs = vec![("default-deny", deny), ("allow-dns", dns)];
    if let Some(servers) = allowed.api_server {
        findings.push("the API server is allowed at its present addresses".to_owned());
        let spec = NetworkPolicySpec {
            pod_selector: everyone(),
            policy_types: types(&["Egress"]),
            egress: Some(servers.iter().map(rule).collect()),
            ..NetworkPolicySpec::default()
        };
        specs.push(("allow-apiserver", spec));
    }
    if allowed.inside == Inside::Allowed {
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
    /// Prepares a snapshot as if the policies were applied.
    pub fn applied<'a>(&self, snapshot: &'a Snapshot) -> Network<'a> {
        let policies: Vec<PolicyObject> = self.policies.iter().map(policy_object).collect();
        Network::with_policies(snapshot, &policies)
    }
}

/// Returns a policy that is not applied yet, as it would be judged.
pub(crate) fn policy_object(policy: &NetworkPolicy) -> PolicyObject {
    let NetworkPolicy { metadata, spec } = policy.clone();
    PolicyObject {
        namespace: metadata.namespace.map(String::into),
        name: metadata.name.unwrap_or_default().into(),
        metadata: PolicyMeta::default(),
        origin: ObjectOrigin::Generated,
        spec: spec.unwrap_or_default().into(),
    }
}

fn types(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

/// Lists the egress rules that let DNS through: to its servers, or, where none is known, everywhere.
fn dns_rules(
    servers: &[Servers],
    namespace: &str,
    findings: &mut Vec<String>,
) -> Vec<NetworkPolicyEgressRule> {
    if servers.is_empty() {
        findings.push(
            "no DNS server was found (no Service selects k8s-app=kube-dns, no pod has that label): \
             port 53 is allowed to everywhere"
                .to_owned(),
        );
        // A rule without destinations would say the same, and looks like a slip.
        let everyone = NetworkPolicyPeer {
            namespace_selector: Some(LabelSelector::default()),
            ..NetworkPolicyPeer::default()
        };
        let to = Family::ALL.map(|family| block(family.everything())).into_iter().chain([everyone]);
        let ports = Some(ports(&any_dns_port()));
        return vec![NetworkPolicyEgressRule { to: Some(to.collect()), ports }];
    }
    let is_here = |own: &Servers| matches!(&own.at, At::Pods { namespace: at, .. } if at == namespace);
    if servers.iter().any(is_here) {
        findings.push(format!(
            "ns/{namespace} holds the cluster's DNS servers: denying ingress cuts DNS for all others"
        ));
    }
    if servers.iter().any(|own| matches!(own.at, At::Addresses(_))) {
        findings.push(
            "DNS servers outside the pod network are allowed at their present addresses".to_owned(),
        );
    }
    servers.iter().map(rule).collect()
}

fn rule(servers: &Servers) -> NetworkPolicyEgressRule {
    let to = match &servers.at {
        At::Addresses(ips) => ips.iter().map(|ip| block(IpNet::from(*ip))).collect(),
        At::Pods { namespace, labels } => vec![NetworkPolicyPeer {
            ip_block: None,
            namespace_selector: Some(selector([(NAMESPACE_NAME_LABEL.to_owned(), namespace.clone())])),
            pod_selector: Some(selector(labels.clone())),
        }],
    };
    NetworkPolicyEgressRule { to: Some(to), ports: Some(ports(&servers.ports)) }
}

fn block(block: IpNet) -> NetworkPolicyPeer {
    let block = IPBlock { cidr: block.to_string(), except: None };
    NetworkPolicyPeer { ip_block: Some(block), ..NetworkPolicyPeer::default() }
}

fn selector(labels: impl IntoIterator<Item = (String, String)>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels.into_iter().collect()), ..LabelSelector::default() }
}

fn ports(ports: &BTreeSet<Port>) -> Vec<NetworkPolicyPort> {
    let port = |(protocol, port): &Port| NetworkPolicyPort {
        protocol: Some(protocol.name().to_owned()),
        port: Some(match port {
            TargetPort::Number(number) => IntOrString::Int((*number).into()),
            TargetPort::Name(name) => IntOrString::String(name.to_string()),
        }),
        end_port: None,
    };
    ports.iter().map(port).collect()
}
