//! What the API server would refuse in a NetworkPolicy.

use k8s_openapi::api::networking::v1::{IPBlock, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::spec::own;
use crate::model::ports::Protocol;
use crate::model::snapshot::PolicySpec;
use crate::policy::check::{Report, is_port_name};

/// Checks a specification, as Kubernetes' own validation of networking/v1 does.
pub(super) fn check(spec: &PolicySpec, report: &mut Report) {
    let Some(spec) = own(spec) else { return };
    if let Some(selector) = &spec.pod_selector {
        report.selector("spec.podSelector", selector);
    }
    for (index, rule) in spec.ingress.iter().flatten().enumerate() {
        let path = format!("spec.ingress[{index}]");
        check_rule(report, &path, "from", rule.from.as_deref(), rule.ports.as_deref());
    }
    for (index, rule) in spec.egress.iter().flatten().enumerate() {
        let path = format!("spec.egress[{index}]");
        check_rule(report, &path, "to", rule.to.as_deref(), rule.ports.as_deref());
    }
    let types = spec.policy_types.as_deref().unwrap_or_default();
    if types.len() > 2 {
        report.error("spec.policyTypes", "may not have more than two policy types");
    }
    for (index, name) in types.iter().enumerate() {
        if !matches!(name.as_str(), "Ingress" | "Egress") {
            let message = format!("unknown policy type `{name}`; use Ingress or Egress");
            report.error(format!("spec.policyTypes[{index}]"), message);
        }
    }
}

fn check_rule(
    report: &mut Report,
    path: &str,
    field: &str,
    peers: Option<&[NetworkPolicyPeer]>,
    ports: Option<&[NetworkPolicyPort]>,
) {
    for (index, peer) in peers.unwrap_or_default().iter().enumerate() {
        check_peer(report, &format!("{path}.{field}[{index}]"), peer);
    }
    for (index, port) in ports.unwrap_or_default().iter().enumerate() {
        check_port(report, &format!("{path}.ports[{index}]"), port);
    }
}

fn check_peer(report: &mut Report, path: &str, peer: &NetworkPolicyPeer) {
    let selectors =
        [("podSelector", &peer.pod_selector), ("namespaceSelector", &peer.namespace_selector)];
    for (field, selector) in selectors {
        if let Some(selector) = selector {
            report.selector(&format!("{path}.{field}"), selector);
        }
    }
    let selects = peer.pod_selector.is_some() || peer.namespace_selector.is_some();
    match &peer.ip_block {
        Some(_) if selects => report.error(path, "may not have an ipBlock beside a selector"),
        Some(block) => check_block(report, &format!("{path}.ipBlock"), block),
        None if !selects => report.error(path, "needs a podSelector, namespaceSelector or ipBlock"),
        None => {}
    }
}

fn check_block(report: &mut Report, path: &str, block: &IPBlock) {
    let cidr = report.cidr(&format!("{path}.cidr"), &block.cidr);
    for (index, except) in block.except.iter().flatten().enumerate() {
        let path = format!("{path}.except[{index}]");
        let except = report.cidr(&path, except);
        if let (Some(cidr), Some(except)) = (cidr, except)
            && (!cidr.contains(&except) || cidr == except)
        {
            report.error(path, format!("`{except}` is not inside the cidr `{cidr}`"));
        }
    }
}

fn check_port(report: &mut Report, path: &str, port: &NetworkPolicyPort) {
    if let Some(protocol) = port.protocol.as_deref()
        && Protocol::ALL.into_iter().all(|known| known.name() != protocol)
    {
        let message = format!("unknown protocol `{protocol}`; use TCP, UDP or SCTP");
        report.error(format!("{path}.protocol"), message);
    }
    let end = format!("{path}.endPort");
    match (&port.port, port.end_port) {
        (Some(IntOrString::Int(low)), high) => {
            report.port_number(&format!("{path}.port"), *low);
            if let Some(high) = high {
                report.port_number(&end, high);
                if high < *low {
                    report.error(end, format!("`{high}` is below port `{low}`"));
                }
            }
        }
        (Some(IntOrString::String(name)), high) => {
            if !is_port_name(name) {
                let number = name.parse::<u16>().is_ok();
                let hint = if number { "; a number stands without quotes" } else { "" };
                let message = format!("`{name}` is not a port name{hint}");
                report.error(format!("{path}.port"), message);
            }
            if high.is_some() {
                report.error(end, format!("may not stand beside the port name `{name}`"));
            }
        }
        (None, Some(_)) => report.error(end, "needs a port"),
        (None, None) => {}
    }
}
