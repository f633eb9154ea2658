//! The reference for networking.k8s.io/v1 NetworkPolicy: one packet, straight from the API's text.
//!
//! It says what the policies say. What the cluster allows whatever they say (a pod to itself, the
//! pod's own node, replies) is not asked here, nor in the engine.
//!
//! Something can be unknown: labels of a namespace that was not read, labels that a controller will
//! set, the address of a pod that has none. Then a condition answers `Maybe`, and the judgement
//! lists every outcome that some truth behind the unknown would bring.

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use netpol::model::ips::Family;

use super::cluster::{ApiRule, Cluster, End, NAMESPACE_NAME, Packet, Pod, Policy, Port, Way};

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

/// The reference evaluator.
#[derive(Clone, Copy)]
pub(crate) struct Reference<'a> {
    pub(crate) cluster: &'a Cluster,
    /// Whether an endpoint without an address is in a block of its family, unless it is all of it: not
    /// known, or taken as `No`.
    pub(crate) unaddressed: Answer,
}

impl Reference<'_> {
    /// Judges a packet in one direction.
    pub(crate) fn judge(&self, way: Way, packet: &Packet<'_>) -> Judgement {
        let (subject, _) = ends(way, packet);
        let Some(subject) = subject.managed_pod() else { return Judgement::of(true) };
        // Of every policy of this direction that may select the pod: does it, and does one of its
        // rules match the packet?
        let policies = self.cluster.policies.iter().filter(|policy| governs(&policy.spec, way));
        let (selects, matches): (Vec<Answer>, Vec<Answer>) = policies
            .map(|policy| (policy, self.selects(policy, subject)))
            .filter(|(_, selects)| *selects != Answer::No)
            .map(|(policy, selects)| (selects, self.any_rule_matches(policy, way, packet)))
            .unzip();
        // Try every truth: each policy that may select the pod does or does not, and conditions on
        // the other end that may hold all do or all do not (more matches only ever allow more).
        let mut judgement = Judgement::default();
        for truth in truths(&selects) {
            let selecting = truth.iter().zip(&matches).filter(|(selects, _)| **selects);
            let best = selecting.map(|(_, matches)| *matches).max();
            for needed in [Answer::Yes, Answer::Maybe] {
                judgement = judgement.or(Judgement::of(best.is_none_or(|best| best >= needed)));
            }
        }
        judgement
    }

    /// Tells whether a policy's podSelector selects a pod of its namespace.
    pub(crate) fn selects(&self, policy: &Policy, pod: &Pod) -> Answer {
        let own_namespace = Answer::from(policy.namespace == pod.namespace);
        own_namespace.min(pod_selected(policy.spec.pod_selector.as_ref(), pod))
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
        namespace.min(pod_selected(peer.pod_selector.as_ref(), pod))
    }

    /// Tells whether an address is in the block and in none of its exceptions.
    pub(crate) fn block_matches(&self, block: &IPBlock, other: End<'_>) -> Answer {
        let except = block.except.as_deref().unwrap_or_default();
        let Some(ip) = other.ip() else {
            let Ok(cidr) = block.cidr.parse::<IpNet>() else { return Answer::No };
            let is_all = |family: Family| cidr.trunc() == family.everything() && except.is_empty();
            return match other.family() {
                Some(family) if family != Family::of(cidr.addr()) => Answer::No,
                // Without any evidence pods are taken to be of IPv4.
                family if is_all(family.unwrap_or(Family::V4)) => Answer::Yes,
                _ => self.unaddressed,
            };
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
            None => Label::Unknown,
        }
    }
}

/// Lists every way in which the truth behind some answers can turn out.
pub(crate) fn truths(answers: &[Answer]) -> Vec<Vec<bool>> {
    answers.iter().fold(vec![Vec::new()], |truths, answer| {
        let possible: &[bool] = match answer {
            Answer::No => &[false],
            Answer::Yes => &[true],
            Answer::Maybe => &[false, true],
        };
        let longer = |truth: &Vec<bool>, holds: bool| [truth.as_slice(), &[holds]].concat();
        truths.iter().flat_map(|truth| possible.iter().map(|holds| longer(truth, *holds))).collect()
    })
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

fn pod_selected(selector: Option<&LabelSelector>, pod: &Pod) -> Answer {
    let label = |key: &str| match pod.labels.get(key) {
        _ if pod.is_template() && set_by_controllers(key) => Label::Unknown,
        Some(value) => Label::Value(value),
        None => Label::Absent,
    };
    selector.map_or(Answer::Yes, |selector| selector_matches(selector, label))
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
