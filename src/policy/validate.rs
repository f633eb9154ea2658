//! What the API server would refuse in a NetworkPolicy, and in labels.
//!
//! The rules are those of Kubernetes' own validation of networking/v1 and of label selectors. One
//! differs on purpose: a CIDR with host bits or leading zeros is a warning, since stored objects
//! have them.

use std::collections::BTreeMap;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::network_policy::parse_cidr;
use crate::model::ports::Protocol;

/// What is wrong with an object, each with its field path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// What the API server would refuse.
    pub(crate) errors: Vec<(String, String)>,
    /// What it accepts and the user should know.
    pub(crate) warnings: Vec<(String, String)>,
}

impl Report {
    fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.push((path.into(), message.into()));
    }

    /// Checks a NetworkPolicy's specification.
    pub(crate) fn network_policy(&mut self, spec: &NetworkPolicySpec) {
        if let Some(selector) = &spec.pod_selector {
            self.selector("spec.podSelector", selector);
        }
        for (index, rule) in spec.ingress.iter().flatten().enumerate() {
            let path = format!("spec.ingress[{index}]");
            self.rule(&path, "from", rule.from.as_deref(), rule.ports.as_deref());
        }
        for (index, rule) in spec.egress.iter().flatten().enumerate() {
            let path = format!("spec.egress[{index}]");
            self.rule(&path, "to", rule.to.as_deref(), rule.ports.as_deref());
        }
        let types = spec.policy_types.as_deref().unwrap_or_default();
        if types.len() > 2 {
            self.error("spec.policyTypes", "may not have more than two policy types");
        }
        for (index, name) in types.iter().enumerate() {
            if !matches!(name.as_str(), "Ingress" | "Egress") {
                let message = format!("unknown policy type `{name}`; use Ingress or Egress");
                self.error(format!("spec.policyTypes[{index}]"), message);
            }
        }
    }

    fn rule(
        &mut self,
        path: &str,
        field: &str,
        peers: Option<&[NetworkPolicyPeer]>,
        ports: Option<&[NetworkPolicyPort]>,
    ) {
        for (index, peer) in peers.unwrap_or_default().iter().enumerate() {
            self.peer(&format!("{path}.{field}[{index}]"), peer);
        }
        for (index, port) in ports.unwrap_or_default().iter().enumerate() {
            self.port(&format!("{path}.ports[{index}]"), port);
        }
    }

    fn peer(&mut self, path: &str, peer: &NetworkPolicyPeer) {
        let selectors =
            [("podSelector", &peer.pod_selector), ("namespaceSelector", &peer.namespace_selector)];
        for (field, selector) in selectors {
            if let Some(selector) = selector {
                self.selector(&format!("{path}.{field}"), selector);
            }
        }
        let selects = peer.pod_selector.is_some() || peer.namespace_selector.is_some();
        match &peer.ip_block {
            Some(_) if selects => self.error(path, "may not have an ipBlock beside a selector"),
            Some(block) => self.block(&format!("{path}.ipBlock"), block),
            None if !selects => self.error(path, "needs a podSelector, namespaceSelector or ipBlock"),
            None => {}
        }
    }

    fn block(&mut self, path: &str, block: &IPBlock) {
        let cidr = self.cidr(&format!("{path}.cidr"), &block.cidr);
        for (index, except) in block.except.iter().flatten().enumerate() {
            let path = format!("{path}.except[{index}]");
            let except = self.cidr(&path, except);
            if let (Some(cidr), Some(except)) = (cidr, except)
                && (!cidr.contains(&except) || cidr == except)
            {
                self.error(path, format!("`{except}` is not inside the cidr `{cidr}`"));
            }
        }
    }

    fn cidr(&mut self, path: &str, text: &str) -> Option<IpNet> {
        let Some(cidr) = parse_cidr(text) else {
            self.error(path, format!("`{text}` is not a CIDR block such as 10.9.8.0/24"));
            return None;
        };
        // `IpNet` reads leading zeros of IPv4 too; IPv6 has many ways to write one block.
        let exact = match cidr {
            IpNet::V4(cidr) => cidr.to_string() == text,
            IpNet::V6(_) => text.parse::<IpNet>().is_ok_and(|written| written == cidr),
        };
        if !exact {
            self.warnings.push((path.to_owned(), format!("`{text}` is read as {cidr}")));
        }
        Some(cidr)
    }

    fn port(&mut self, path: &str, port: &NetworkPolicyPort) {
        if let Some(protocol) = port.protocol.as_deref()
            && Protocol::ALL.into_iter().all(|known| known.name() != protocol)
        {
            let message = format!("unknown protocol `{protocol}`; use TCP, UDP or SCTP");
            self.error(format!("{path}.protocol"), message);
        }
        let end = format!("{path}.endPort");
        match (&port.port, port.end_port) {
            (Some(IntOrString::Int(low)), high) => {
                self.port_number(&format!("{path}.port"), *low);
                if let Some(high) = high {
                    self.port_number(&end, high);
                    if high < *low {
                        self.error(end, format!("`{high}` is below port `{low}`"));
                    }
                }
            }
            (Some(IntOrString::String(name)), high) => {
                if !is_port_name(name) {
                    let number = name.parse::<u16>().is_ok();
                    let hint = if number { "; a number stands without quotes" } else { "" };
                    let message = format!("`{name}` is not a port name{hint}");
                    self.error(format!("{path}.port"), message);
                }
                if high.is_some() {
                    self.error(end, format!("may not stand beside the port name `{name}`"));
                }
            }
            (None, Some(_)) => self.error(end, "needs a port"),
            (None, None) => {}
        }
    }

    fn port_number(&mut self, path: &str, port: i32) {
        if !(1..=65535).contains(&port) {
            self.error(path, format!("`{port}` is not a port from 1 to 65535"));
        }
    }

    fn selector(&mut self, path: &str, selector: &LabelSelector) {
        let labels = selector.match_labels.clone().unwrap_or_default();
        self.labels(&format!("{path}.matchLabels"), &labels);
        for (index, expression) in selector.match_expressions.iter().flatten().enumerate() {
            let path = format!("{path}.matchExpressions[{index}]");
            let values = expression.values.as_deref().unwrap_or_default();
            self.key(&format!("{path}.key"), &expression.key);
            match (expression.operator.as_str(), values) {
                ("In" | "NotIn", []) => {
                    let message = format!("operator {} needs values", expression.operator);
                    self.error(format!("{path}.values"), message);
                }
                ("In" | "NotIn", _) | ("Exists" | "DoesNotExist", []) => {}
                ("Exists" | "DoesNotExist", _) => {
                    let message = format!("operator {} takes no values", expression.operator);
                    self.error(format!("{path}.values"), message);
                }
                (operator, _) => {
                    let known = "In, NotIn, Exists or DoesNotExist";
                    let message = format!("unknown operator `{operator}`; use {known}");
                    self.error(format!("{path}.operator"), message);
                }
            }
            for (number, value) in values.iter().enumerate() {
                self.value(&format!("{path}.values[{number}]"), value);
            }
        }
    }

    /// Checks label keys and values.
    pub(crate) fn labels(&mut self, path: &str, labels: &BTreeMap<String, String>) {
        for (key, value) in labels {
            self.key(path, key);
            self.value(&format!("{path}.{key}"), value);
        }
    }

    fn key(&mut self, path: &str, key: &str) {
        if !is_label_key(key) {
            self.error(path, format!("`{key}` is not a label key"));
        }
    }

    fn value(&mut self, path: &str, value: &str) {
        if !(value.is_empty() || is_label_name(value)) {
            self.error(path, format!("`{value}` is not a label value"));
        }
    }
}

/// Tells whether a text is a label key: a name of at most 63 characters, optionally behind a DNS
/// subdomain and `/`.
fn is_label_key(key: &str) -> bool {
    match key.split_once('/') {
        None => is_label_name(key),
        Some((prefix, name)) => is_subdomain(prefix) && is_label_name(name),
    }
}

fn is_label_name(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| inner(*byte))
}

fn is_subdomain(text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let part = |part: &str| {
        part.bytes().all(|byte| lower(byte) || byte == b'-')
            && part.bytes().next().is_some_and(lower)
            && part.bytes().last().is_some_and(lower)
    };
    text.len() <= 253 && text.split('.').all(part)
}

fn is_port_name(text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=15).contains(&text.len())
        && text.bytes().all(|byte| lower(byte) || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
}
