//! The reference for networking.k8s.io/v1 NetworkPolicy: one packet, straight from the API's text.
//!
//! It says what the policies say. What the cluster allows whatever they say (a pod to itself, the
//! pod's own node, replies) is not asked here, nor in the engine.
//!
//! Something can be unknown: labels of a namespace that was not read, labels that a controller will
//! set, the address of a pod that has none. Then a condition answers `Maybe`, unless a truth says what
//! is behind it; the judgement of a packet lists every outcome that some truth brings.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use netpol::model::ips::Family;

use super::cluster::{
    ApiRule, Cluster, End, Labels, Life, NAMESPACE_NAME, Packet, PeerSelectors, Pod, Policy, Port, Way,
};

/// Whether a condition holds. All of several is their smallest, any of several their largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    No,
    Maybe,
    Yes,
}

/// The outcomes that are possible for a packet in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) may_be_allowed: bool,
    pub(crate) may_be_denied: bool,
}

/// A value that a selector asks for.
enum Label<'a> {
    Value(&'a str),
    Absent,
    Unknown,
}

/// Whose labels are asked for: those of the pod that a policy governs, or of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Subject,
    Other,
}

/// What is behind the unknown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    /// The labels of namespaces that were not read: those of one truth are alike.
    namespace: Labels,
    /// The labels that controllers add to the subject, and to the other end.
    subject: Labels,
    other: Labels,
    /// The address of the other end; nothing if it stays unknown.
    address: Option<IpAddr>,
}

/// The reference evaluator.
#[derive(Clone, Copy)]
pub(crate) struct Reference<'a> {
    pub(crate) cluster: &'a Cluster,
    /// Addresses of which each lies in other blocks.
    pub(crate) places: &'a [IpAddr],
    /// What is behind the unknown; nothing where that is not asked.
    pub(crate) truth: Option<&'a Truth>,
    /// Whether an endpoint without an address is in a block of its family, unless it is all of it: not
    /// known, or taken as `No`.
    pub(crate) unaddressed: Answer,
}

impl Reference<'_> {
    /// Judges a packet in one direction.
    pub(crate) fn judge(&self, way: Way, packet: &Packet<'_>) -> Judgement {
        let (subject, _) = ends(way, packet);
        let Some(subject) = subject.managed_pod() else { return Judgement::of(true) };
        let judge = |reference: &Reference<'_>| {
            let policies = self.cluster.policies.iter().filter(|policy| governs(&policy.spec, way));
            let mut own =
                policies.filter(|policy| reference.selects(policy, subject) == Answer::Yes).peekable();
            let isolated = own.peek().is_some();
            !isolated || own.any(|policy| reference.any_rule_matches(policy, way, packet) == Answer::Yes)
        };
        let truths = self.truths(way, packet);
        truths.iter().fold(Judgement::default(), |all, truth| {
            all.or(Judgement::of(judge(&Reference { truth: Some(truth), ..*self })))
        })
    }

    /// Judges a packet as a list shows it: what hangs on an address that is not known yet is told as if that
    /// were in no block.
    pub(crate) fn judge_for_list(&self, way: Way, packet: &Packet<'_>) -> Judgement {
        let exact = self.judge(way, packet);
        match exact.is_certain() {
            true => exact,
            false => Reference { unaddressed: Answer::No, ..*self }.judge(way, packet),
        }
    }

    /// Lists every truth that may be behind what is not known of a packet's ends.
    pub(crate) fn truths(&self, way: Way, packet: &Packet<'_>) -> Vec<Truth> {
        let (subject, other) = ends(way, packet);
        let mut truths = vec![Truth::default()];
        let unread = other
            .managed_pod()
            .filter(|pod| self.cluster.namespaces.get(&pod.namespace).is_none_or(Option::is_none));
        if unread.is_some() {
            let words =
                self.cluster.asked_labels(|key| key != NAMESPACE_NAME, PeerSelectors::Namespaces);
            truths = assigned(&truths, &words, |_| true, |truth| &mut truth.namespace);
        }
        let words = self.cluster.asked_labels(set_by_controllers, PeerSelectors::Pods);
        for (end, whose) in [(subject, Whose::Subject), (other, Whose::Other)] {
            let Some(pod) = end.managed_pod() else { continue };
            let Life::Template(kind) = pod.life else { continue };
            let words = words.iter().filter(|(key, _)| adds(kind, key) != Some(false));
            let words = words.map(|(key, values)| (key.clone(), values.clone())).collect();
            let may_be_absent = |key: &str| adds(kind, key).is_none();
            truths = assigned(&truths, &words, may_be_absent, |truth| match whose {
                Whose::Subject => &mut truth.subject,
                Whose::Other => &mut truth.other,
            });
        }
        if self.unaddressed == Answer::Maybe && other.ip().is_none() {
            let of_family =
                |ip: &&IpAddr| other.family().is_none_or(|family| family == Family::of(**ip));
            let places: Vec<IpAddr> = self.places.iter().filter(of_family).copied().collect();
            let at = |truth: &Truth| {
                let truth = truth.clone();
                places
                    .iter()
                    .map(move |ip| Truth { address: Some(*ip), ..truth.clone() })
                    .collect::<Vec<_>>()
            };
            truths = truths.iter().flat_map(at).collect();
        }
        truths
    }

    /// Tells whether a policy's podSelector selects a pod of its namespace.
    pub(crate) fn selects(&self, policy: &Policy, pod: &Pod) -> Answer {
        let own_namespace = Answer::from(policy.namespace == pod.namespace);
        own_namespace.min(self.pod_selected(policy.spec.pod_selector.as_ref(), pod, Whose::Subject))
    }

    fn any_rule_matches(&self, policy: &Policy, way: Way, packet: &Packet<'_>) -> Answer {
        let rules = policy.rules(way).into_iter();
        rules.map(|rule| self.rule_matches(policy, rule, way, packet)).max().unwrap_or(Answer::No)
    }

    /// Tells whether a rule matches: one of its peers and one of its ports; none listed is any.
    pub(crate) fn rule_matches(
        &self,
        policy: &Policy,
        rule: ApiRule<'_>,
        way: Way,
        packet: &Packet<'_>,
    ) -> Answer {
        let (_, other) = ends(way, packet);
        let peers = rule.peers.iter().map(|peer| self.peer_matches(policy, peer, other));
        let ports = rule.ports.iter().any(|port| port_matches(port, packet));
        let peers = if rule.peers.is_empty() { Answer::Yes } else { peers.max().unwrap_or(Answer::No) };
        peers.min(Answer::from(rule.ports.is_empty() || ports))
    }

    /// Tells whether the other end is what one item of `from` or `to` describes.
    pub(crate) fn peer_matches(
        &self,
        policy: &Policy,
        peer: &NetworkPolicyPeer,
        other: End<'_>,
    ) -> Answer {
        if let Some(block) = &peer.ip_block {
            return self.block_matches(block, other);
        }
        let Some(pod) = other.managed_pod() else { return Answer::No };
        let namespace = match &peer.namespace_selector {
            Some(selector) => {
                selector_matches(selector, |key| self.namespace_label(&pod.namespace, key))
            }
            None => Answer::from(pod.namespace == policy.namespace),
        };
        namespace.min(self.pod_selected(peer.pod_selector.as_ref(), pod, Whose::Other))
    }

    /// Tells whether an address is in the block and in none of its exceptions.
    pub(crate) fn block_matches(&self, block: &IPBlock, other: End<'_>) -> Answer {
        let except = block.except.as_deref().unwrap_or_default();
        let Ok(cidr) = block.cidr.parse::<IpNet>() else { return Answer::No };
        let is_all = |family: Family| cidr.trunc() == family.everything() && except.is_empty();
        // Without any evidence pods are taken to be of IPv4.
        if other.ip().is_none() && is_all(other.family().unwrap_or(Family::V4)) {
            return Answer::Yes;
        }
        let Some(ip) = other.ip().or(self.truth.and_then(|truth| truth.address)) else {
            let apart = other.family().is_some_and(|family| family != Family::of(cidr.addr()));
            return if apart { Answer::No } else { self.unaddressed };
        };
        let inside = |cidr: &String| cidr.parse::<IpNet>().is_ok_and(|cidr| cidr.contains(&ip));
        Answer::from(inside(&block.cidr) && !except.iter().any(inside))
    }

    fn namespace_label(&self, namespace: &'_ str, key: &str) -> Label<'_> {
        let Some((name, labels)) = self.cluster.namespaces.get_key_value(namespace) else {
            return Label::Unknown;
        };
        match labels {
            _ if key == NAMESPACE_NAME => Label::Value(name),
            Some(labels) => labels.get(key).map_or(Label::Absent, |value| Label::Value(value)),
            None => self.behind(key, |truth| &truth.namespace),
        }
    }

    fn behind(&self, key: &str, labels: impl Fn(&'_ Truth) -> &'_ Labels) -> Label<'_> {
        match self.truth {
            None => Label::Unknown,
            Some(truth) => labels(truth).get(key).map_or(Label::Absent, |value| Label::Value(value)),
        }
    }

    fn pod_selected(&self, selector: Option<&LabelSelector>, pod: &Pod, whose: Whose) -> Answer {
        let label = |key: &str| match (pod.life, pod.labels.get(key)) {
            (Life::Template(kind), _) if set_by_controllers(key) && adds(kind, key) != Some(false) => {
                self.behind(key, |truth| match whose {
                    Whose::Subject => &truth.subject,
                    Whose::Other => &truth.other,
                })
            }
            (_, Some(value)) => Label::Value(value),
            (_, None) => Label::Absent,
        };
        selector.map_or(Answer::Yes, |selector| selector_matches(selector, label))
    }
}

/// Lists the truths that follow from others where labels get every value that is asked for, another one,
/// and, where they may be absent, none.
fn assigned(
    truths: &[Truth],
    words: &BTreeMap<String, BTreeSet<String>>,
    may_be_absent: impl Fn(&str) -> bool,
    labels: impl Fn(&mut Truth) -> &mut Labels,
) -> Vec<Truth> {
    words.iter().fold(truths.to_vec(), |truths, (key, values)| {
        let values = values.iter().cloned().chain(["another".to_owned()]).map(Some);
        let values: Vec<_> = values.chain(may_be_absent(key).then_some(None)).collect();
        let longer = |truth: &Truth| {
            let with = |value: &Option<String>| {
                let mut truth = truth.clone();
                labels(&mut truth).extend(value.clone().map(|value| (key.clone(), value)));
                truth
            };
            values.iter().map(with).collect::<Vec<_>>()
        };
        truths.iter().flat_map(longer).collect()
    })
}

/// Tells whether the pods of a kind of workload get a label beside those of its template; nothing where that
/// differs.
fn adds(kind: &str, key: &str) -> Option<bool> {
    match (kind, key) {
        ("Deployment", "pod-template-hash")
        | ("StatefulSet" | "DaemonSet", "controller-revision-hash")
        | ("StatefulSet", "statefulset.kubernetes.io/pod-name")
        | ("DaemonSet", "pod-template-generation")
        | ("Job" | "CronJob", "controller-uid" | "job-name") => Some(true),
        ("StatefulSet", "apps.kubernetes.io/pod-index") => None,
        ("Job" | "CronJob", key) if key.starts_with("batch.kubernetes.io/") => None,
        _ => Some(false),
    }
}

/// Returns the pod that policies govern, and the other end.
pub(crate) fn ends<'a>(way: Way, packet: &Packet<'a>) -> (End<'a>, End<'a>) {
    match way {
        Way::In => (packet.destination, packet.source),
        Way::Out => (packet.source, packet.destination),
    }
}

/// Tells whether a policy has the type; without any, Ingress always and Egress if it has rules.
pub(crate) fn governs(spec: &NetworkPolicySpec, way: Way) -> bool {
    let types = spec.policy_types.as_deref().unwrap_or_default();
    match way {
        Way::In if types.is_empty() => true,
        Way::Out if types.is_empty() => spec.egress.as_ref().is_some_and(|rules| !rules.is_empty()),
        Way::In => types.iter().any(|name| name == "Ingress"),
        Way::Out => types.iter().any(|name| name == "Egress"),
    }
}

/// Tells whether a packet's port is what one item of `ports` describes.
///
/// A name is looked up on the destination's containers, whichever direction is asked.
pub(crate) fn port_matches(item: &NetworkPolicyPort, packet: &Packet<'_>) -> bool {
    let Port::Number(protocol, number) = packet.port else { return false };
    if item.protocol.as_deref().unwrap_or("TCP") != protocol.name() {
        return false;
    }
    match (&item.port, item.end_port) {
        (None, _) => true,
        (Some(IntOrString::Int(port)), None) => *port == i32::from(number),
        (Some(IntOrString::Int(low)), Some(high)) => (*low..=high).contains(&i32::from(number)),
        (Some(IntOrString::String(name)), _) => packet.destination.managed_pod().is_some_and(|pod| {
            pod.ports
                .iter()
                .any(|own| own.name == name && own.protocol == protocol && own.number == number)
        }),
    }
}

/// Tells whether all requirements of a selector hold.
fn selector_matches<'a>(selector: &LabelSelector, label: impl Fn(&str) -> Label<'a>) -> Answer {
    let labels = selector.match_labels.iter().flatten();
    let equal =
        labels.map(|(key, value)| requirement_holds("In", std::slice::from_ref(value), &label(key)));
    let expressions = selector.match_expressions.iter().flatten().map(|expression| {
        let values = expression.values.as_deref().unwrap_or_default();
        requirement_holds(&expression.operator, values, &label(&expression.key))
    });
    equal.chain(expressions).min().unwrap_or(Answer::Yes)
}

fn requirement_holds(operator: &str, values: &[String], label: &Label<'_>) -> Answer {
    let listed = |value: &str| values.iter().any(|item| item == value);
    match (operator, label) {
        (_, Label::Unknown) => Answer::Maybe,
        ("In", Label::Value(value)) => Answer::from(listed(value)),
        ("NotIn", Label::Value(value)) => Answer::from(!listed(value)),
        ("Exists", Label::Value(_)) | ("NotIn" | "DoesNotExist", Label::Absent) => Answer::Yes,
        _ => Answer::No,
    }
}

/// Tells whether a controller adds the label to the pods that it makes from a template.
fn set_by_controllers(key: &str) -> bool {
    let added = ["pod-template-hash", "controller-revision-hash", "pod-template-generation", "job-name"];
    added.contains(&key)
        || ["controller-uid", "apps.kubernetes.io/pod-index"].contains(&key)
        || key.starts_with("statefulset.kubernetes.io/")
        || key.starts_with("batch.kubernetes.io/")
}

impl From<bool> for Answer {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Judgement {
    /// Returns the one outcome.
    pub(crate) fn of(allowed: bool) -> Self {
        Self { may_be_allowed: allowed, may_be_denied: !allowed }
    }

    /// Returns the outcomes of either.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            may_be_allowed: self.may_be_allowed || other.may_be_allowed,
            may_be_denied: self.may_be_denied || other.may_be_denied,
        }
    }

    /// Tells whether only one outcome is possible.
    pub(crate) fn is_certain(self) -> bool {
        self.may_be_allowed != self.may_be_denied
    }
}
