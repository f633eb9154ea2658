//! What brought a change about: the differences that touch its two ends.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::change::{Cause, CauseKind};
use super::joint::{EndId, EndParts, JointEnds, JointPart};
use super::policy_changes::{PolicyChange, policy_changes};
use super::sides::Sides;
use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::ends::end::Who;
use crate::engine::class::SubjectId;
use crate::engine::network::Network;
use crate::model::endpoint::{NamespaceId, Pod};
use crate::model::labels::LabelsId;
use crate::policy::{Direction, NamespaceSelection, PolicySource};

/// What differs between two networks, and whom it touches.
pub(crate) struct Causes<'a, 'b> {
    networks: Sides<&'a Network<'b>>,
    /// The policies that differ, by the direction in which they do.
    policies: HashMap<(&'a PolicySource, Direction), Vec<Cause>>,
    /// The label keys that some policy asks of pods, and of namespaces.
    pod_keys: BTreeSet<&'a str>,
    namespace_keys: BTreeSet<&'a str>,
}

impl<'a, 'b> Causes<'a, 'b> {
    pub(crate) fn of(networks: Sides<&'a Network<'b>>) -> Self {
        let mut policies: HashMap<_, Vec<Cause>> = HashMap::new();
        for PolicyChange { policy, direction, cause } in
            policy_changes(networks.map(|network| &network.rules))
        {
            policies.entry((policy, direction)).or_default().push(cause);
        }
        let (mut pod_keys, mut namespace_keys) = (BTreeSet::new(), BTreeSet::new());
        for selection in networks.list().into_iter().flat_map(|network| network.rules.selections()) {
            pod_keys.extend(selection.pods.keys());
            if let NamespaceSelection::Matching(selector) = &selection.namespaces {
                namespace_keys.extend(selector.keys());
            }
        }
        Self { networks, policies, pod_keys, namespace_keys }
    }

    /// Lists what brought a change between two ends about; nothing where that is not known.
    ///
    /// An end that is new or gone explains its connections; else all differences that touch the ends
    /// are named, whether or not each alone would have sufficed.
    pub(crate) fn of_change(
        &self,
        ends: &JointEnds,
        from: EndParts<'_>,
        to: EndParts<'_>,
    ) -> Vec<Cause> {
        let both = [(from, Direction::Egress), (to, Direction::Ingress)];
        let mut causes = BTreeSet::new();
        for (EndParts { end, parts, .. }, _) in both {
            causes.extend(self.presence(ends, end, parts));
        }
        if causes.is_empty() {
            for (EndParts { end, parts, .. }, direction) in both {
                causes.extend(self.policies(ends, parts, direction));
                causes.extend(self.labels(ends, end, parts));
            }
        }
        if causes.is_empty() {
            for (EndParts { end, parts, .. }, _) in both {
                causes.extend(self.pods(ends, end, parts));
            }
        }
        causes.into_iter().collect()
    }

    /// Returns whether an end is new or gone.
    fn presence(&self, ends: &JointEnds, end: EndId, parts: &[&JointPart]) -> Option<Cause> {
        let joints = || parts.iter().map(|part| ends.joints.at(part.joint));
        let kind = match () {
            () if joints().any(|joint| joint.before.is_none()) => CauseKind::WorkloadAdded,
            () if joints().any(|joint| joint.after.is_none()) => CauseKind::WorkloadRemoved,
            () => return None,
        };
        Some(named(kind, &ends.ends.at(end).endpoint))
    }

    /// Lists the policies that differ and that govern some part on either side.
    fn policies(&self, ends: &JointEnds, parts: &[&JointPart], direction: Direction) -> BTreeSet<Cause> {
        let mut causes = BTreeSet::new();
        for joint in parts.iter().map(|part| ends.joints.at(part.joint)) {
            for (network, class) in self.networks.zip(*joint).list() {
                let subject = class.and_then(|class| network.subject_of(class));
                for policy in
                    subject.into_iter().flat_map(|subject| governing(network, subject, direction))
                {
                    causes
                        .extend(self.policies.get(&(policy, direction)).into_iter().flatten().cloned());
                }
            }
        }
        causes
    }

    /// Lists whether labels that policies ask for differ: those of the pods, or of their namespace.
    fn labels(&self, ends: &JointEnds, end: EndId, parts: &[&JointPart]) -> Vec<Cause> {
        let endpoint = &ends.ends.at(end).endpoint;
        let pods = self.differs(parts, |network, pod| self.pod_labels(network, pod.labels));
        let of_pods = pods.then(|| named(CauseKind::LabelsChanged, endpoint));
        let namespaces = self.networks.map(|network| {
            let id = network.snapshot.namespace(endpoint.namespace.as_deref()?)?;
            Some(self.namespace_labels(network, id))
        });
        let differ = namespaces.complete().is_some_and(|namespaces| !namespaces.agree());
        let namespace = differ.then(|| Cause {
            cause: CauseKind::LabelsChanged,
            kind: EndpointKind::Namespace,
            namespace: None,
            name: endpoint.namespace.clone(),
            path: None,
            origin: None,
        });
        of_pods.into_iter().chain(namespace).collect()
    }

    /// Tells whether the pods themselves differ.
    fn pods(&self, ends: &JointEnds, end: EndId, parts: &[&JointPart]) -> Option<Cause> {
        let differs = self.differs(parts, |network, pod| {
            let snapshot = network.snapshot;
            let ports = snapshot.ports.get(pod.ports).iter();
            let ports = ports.map(|port| (snapshot.names.get(port.name), port.protocol, port.port));
            (ports.collect::<BTreeSet<_>>(), pod.host_network, pod.ips.clone())
        });
        differs.then(|| named(CauseKind::PodsChanged, &ends.ends.at(end).endpoint))
    }

    /// Tells whether something about the pods of some parts is not the same on both sides.
    fn differs<T: Ord>(&self, parts: &[&JointPart], of: impl Fn(&'a Network<'b>, &'a Pod) -> T) -> bool {
        parts.iter().any(|part| {
            let mut seen: Sides<BTreeSet<T>> = Sides::both(BTreeSet::new);
            for member in &part.members {
                for (seen, (network, member)) in seen.each_mut().zip(self.networks.zip(*member)).list() {
                    if let Some((Who::Pod(pod), _)) = member {
                        seen.insert(of(network, network.snapshot.pods.at(pod)));
                    }
                }
            }
            !seen.before.is_empty() && !seen.after.is_empty() && !seen.agree()
        })
    }

    fn pod_labels(&self, network: &'a Network<'_>, labels: LabelsId) -> BTreeMap<&'a str, &'a str> {
        asked(network, labels, &self.pod_keys)
    }

    fn namespace_labels(
        &self,
        network: &'a Network<'_>,
        namespace: NamespaceId,
    ) -> (BTreeMap<&'a str, &'a str>, bool) {
        let namespace = network.snapshot.namespaces.at(namespace);
        (asked(network, namespace.labels, &self.namespace_keys), namespace.labels_known)
    }
}

/// Returns the labels whose keys policies ask for.
fn asked<'a>(
    network: &'a Network<'_>,
    labels: LabelsId,
    keys: &BTreeSet<&str>,
) -> BTreeMap<&'a str, &'a str> {
    let snapshot = network.snapshot;
    let pairs = snapshot.labels.get(labels).iter();
    let pairs = pairs.map(|(key, value)| (snapshot.names.get(*key), snapshot.names.get(*value)));
    pairs.filter(|(key, _)| keys.contains(key)).collect()
}

fn named(cause: CauseKind, endpoint: &Endpoint) -> Cause {
    let Endpoint { kind, namespace, name, .. } = endpoint.clone();
    Cause { cause, kind, namespace, name, path: None, origin: None }
}

/// Lists the policies that govern, or may govern, a subject in a direction.
fn governing<'a>(
    network: &'a Network<'_>,
    subject: SubjectId,
    direction: Direction,
) -> Vec<&'a PolicySource> {
    let rules = network.governing(subject, direction);
    let rules = rules.map(|(id, _)| &*network.rule(id).source.policy);
    let isolations = network.isolating(subject, direction);
    rules.chain(isolations.map(|(id, _)| &*network.isolation(id).source.policy)).collect()
}
