//! What the API server would refuse in any policy, and in labels.
//!
//! The rules are those of Kubernetes' own validation of label selectors. One differs on purpose: a
//! CIDR with host bits or leading zeros is a warning, since stored objects have them.

use std::collections::BTreeMap;

use ipnet::IpNet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::cidr::parse_cidr;

/// What is wrong with an object, each with its field path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// What the API server would refuse.
    pub(crate) errors: Vec<(String, String)>,
    /// What it accepts and the user should know.
    pub(crate) warnings: Vec<(String, String)>,
}

impl Report {
    /// Adds an error at a field path.
    pub(crate) fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.push((path.into(), message.into()));
    }

    /// Checks a CIDR block, and reads it.
    pub(crate) fn cidr(&mut self, path: &str, text: &str) -> Option<IpNet> {
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

    /// Checks the number of a port.
    pub(crate) fn port_number(&mut self, path: &str, port: i32) {
        if !(1..=65535).contains(&port) {
            self.error(path, format!("`{port}` is not a port from 1 to 65535"));
        }
    }

    /// Checks a label selector.
    pub(crate) fn selector(&mut self, path: &str, selector: &LabelSelector) {
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

/// Tells whether a text is the name of a port (IANA service name).
pub(crate) fn is_port_name(text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=15).contains(&text.len())
        && text.bytes().all(|byte| lower(byte) || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
}
