//! The rule that a denied half needs, and the policies that can take it.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::{NetworkPolicyPeer, NetworkPolicyPort};

use super::peers::{families, peers};
use super::selection::{PodLabels, labels_of};
use crate::answer::endpoint::EndpointKind;
use crate::answer::rule_ref::OriginRef;
use crate::ends::end::End;
use crate::ends::naming::name_of;
use crate::explain::explanation::{Addition, AdditionKind, ApiRule};
use crate::explain::no_fix::NoFix;
use crate::model::endpoint::PodId;
use crate::model::selector::Selector;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::Direction;
use crate::policy::network_policy::{self, write};
use crate::world::pods::selected;

/// Existing policies that are tried for one half.
const TRIED: usize = 2;
/// The rule that one half of a connection needs.
#[derive(Debug)]
pub(crate) struct MissingRule {
    direction: Direction,
    namespace: String,
    /// The labels of the pods that need it, or why none name them.
    subject: Result<PodLabels, NoFix>,
    /// Those pods.
    pods: BTreeSet<PodId>,
    peers: Vec<NetworkPolicyPeer>,
    ports: Option<Vec<NetworkPolicyPort>>,
    /// The name that a policy of its own would have.
    name: String,
}

/// A policy that can take a rule.
#[derive(Clone, Debug)]
pub(crate) enum Taker<'a> {
    /// A policy that selects the pods already.
    Existing(&'a PolicyObject),
    /// A policy of its own, for the pods with these labels.
    New(Selector),
}

/// The half that is denied: for which pods, and what the rule is about.
pub(crate) struct DeniedHalf<'a> {
    pub(crate) direction: Direction,
    pub(crate) pods: &'a BTreeSet<PodId>,
    /// The end that the pods are of.
    pub(crate) subject: &'a End,
    /// The other end.
    pub(crate) peer: &'a End,
    pub(crate) ports: Option<Vec<NetworkPolicyPort>>,
}

impl MissingRule {
    /// Finds the rule for a denied half.
    ///
    /// # Errors
    /// Why no rule can name the ends.
    pub(crate) fn find(snapshot: &Snapshot, half: DeniedHalf<'_>) -> Result<Self, NoFix> {
        let DeniedHalf { direction, pods, subject, peer, ports } = half;
        let name = name_of(&subject.endpoint);
        let owner = |pod: &PodId| {
            let workload = snapshot.pods.at(*pod).workload;
            (workload, if workload.is_none() { Some(*pod) } else { None })
        };
        let owners: BTreeSet<_> = pods.iter().map(owner).collect();
        if matches!(subject.endpoint.kind, EndpointKind::IPBlock | EndpointKind::Entity(_))
            && owners.len() > 1
        {
            return Err(NoFix::SeveralWorkloads(name));
        }
        let first = pods.first().ok_or(NoFix::NoGovernedPod(name))?;
        let namespace = snapshot.namespace_of(*first).to_owned();
        let labels = labels_of(snapshot, &subject.endpoint, &namespace, pods);
        let peers = peers(snapshot, peer, &namespace, &families(snapshot, pods))?;
        let preposition = if direction == Direction::Ingress { "from" } else { "to" };
        let name = format!(
            "{}-{preposition}-{}",
            slug(snapshot, subject, &namespace),
            slug(snapshot, peer, &namespace)
        );
        Ok(Self { direction, namespace, subject: labels, pods: pods.clone(), peers, ports, name })
    }

    /// Lists the policies that can take the rule, each with the number of pods it selects: the
    /// fewest first, and then existing ones.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn takers<'a>(&self, snapshot: &'a Snapshot) -> Result<Vec<(usize, Taker<'a>)>, NoFix> {
        let selected = |selector: &Selector| selected(snapshot, &self.namespace, selector);
        let mut takers: Vec<(usize, Taker<'a>)> = snapshot
            .policies
            .iter()
            .filter(|policy| policy.namespace.as_deref() == Some(&self.namespace))
            // What this program wrote it keeps up to date by itself, and a hand would be in its way.
            .filter(|policy| !policy.metadata.is_managed())
            .filter_map(|policy| {
                let governed = network_policy::governed(policy, self.direction)?;
                // Every later pod of the namespace would have the rule too.
                if governed.is_empty() && !self.is_for_namespace() {
                    return None;
                }
                let selected = selected(&governed);
                let takes = self.pods.is_subset(&selected);
                takes.then_some((selected.len(), Taker::Existing(policy)))
            })
            .collect();
        takers.sort_by_key(|(count, _)| *count);
        takers.truncate(TRIED);
        match &self.subject {
            Err(reason) if takers.is_empty() => return Err(reason.clone()),
            Ok(labels) if !snapshot.lacks_pods() || self.are_isolated(snapshot, labels) => {
                let subject = Selector::of_labels(labels);
                takers.push((selected(&subject).len(), Taker::New(subject)));
            }
            Ok(_) if takers.is_empty() => {
                return Err(NoFix::MayIsolateUnread);
            }
            Ok(_) | Err(_) => {}
        }
        takers.sort_by_key(|(count, _)| *count);
        Ok(takers)
    }

    /// Tells whether a whole namespace needs the rule.
    fn is_for_namespace(&self) -> bool {
        self.subject.as_ref().is_ok_and(PodLabels::is_empty)
    }

    /// Builds a policy of its own with the rule, of a name that none of the others has.
    ///
    /// # Errors
    /// Why no labels name the pods.
    pub(crate) fn policy_of_its_own(
        &self,
        snapshot: &Snapshot,
        others: &[PolicyObject],
    ) -> Result<PolicyObject, NoFix> {
        let subject = Selector::of_labels(self.subject.as_ref().map_err(NoFix::clone)?);
        let mut policy = self.new_policy(snapshot, &subject, others);
        self.append_to(&mut policy);
        Ok(policy)
    }

    /// Tells whether a policy isolates every pod with some labels, read or not.
    fn are_isolated(&self, snapshot: &Snapshot, labels: &PodLabels) -> bool {
        snapshot.policies.iter().any(|policy| {
            policy.namespace.as_deref() == Some(&self.namespace)
                && network_policy::governed(policy, self.direction)
                    .is_some_and(|selector| selector.selects_all_with(labels))
        })
    }

    /// Adds the rule to a policy; `changed` holds the policies that have been changed before.
    pub(crate) fn apply(
        &self,
        snapshot: &Snapshot,
        taker: &Taker<'_>,
        changed: &mut Vec<PolicyObject>,
    ) -> Addition {
        let mut policy = match taker {
            Taker::New(subject) => self.new_policy(snapshot, subject, changed),
            Taker::Existing(policy) => match changed.iter().position(|own| own.is_same_as(policy)) {
                Some(index) => changed.swap_remove(index),
                None => (*policy).clone(),
            },
        };
        let index = self.append_to(&mut policy);
        let origin = match taker {
            Taker::New(_) => None,
            Taker::Existing(policy) => Some(OriginRef::from(&policy.origin.at("spec"))),
        };
        let change = Addition {
            change: if origin.is_some() { AdditionKind::Rule } else { AdditionKind::Policy },
            namespace: self.namespace.clone(),
            name: policy.name.to_string(),
            path: format!("spec.{}[{index}]", self.direction),
            origin,
            rule: ApiRule::new(self.direction, self.peers.clone(), self.ports.clone()),
        };
        changed.push(policy);
        change
    }

    /// Appends the rule to a policy; returns its place.
    fn append_to(&self, policy: &mut PolicyObject) -> usize {
        let append = |spec| write::append(spec, self.direction, self.peers.clone(), self.ports.clone());
        network_policy::spec_mut(policy).map_or(0, append)
    }

    fn new_policy(
        &self,
        snapshot: &Snapshot,
        subject: &Selector,
        changed: &[PolicyObject],
    ) -> PolicyObject {
        let taken = |name: &str| {
            let mut policies = snapshot.policies.iter().chain(changed);
            policies.any(|own| network_policy::is_named(own, &self.namespace, name))
        };
        let numbered = (2..).map(|number: u32| format!("{}-{number}", self.name));
        let mut names = [self.name.clone()].into_iter().chain(numbered);
        let name = names.find(|name| !taken(name)).unwrap_or_default();
        let spec = write::isolation(subject, &[self.direction]);
        write::of_object(write::policy(&self.namespace, &name, spec))
    }
}

/// Writes an end as a part of an object's name: a pod by its workload, which lasts longer.
fn slug(snapshot: &Snapshot, end: &End, namespace: &str) -> String {
    const LONGEST: usize = 80;
    let endpoint = &end.endpoint;
    let pod = end.members.iter().find_map(|member| member.who.pod());
    let workload = pod
        .filter(|_| endpoint.kind == EndpointKind::Pod)
        .and_then(|pod| snapshot.pods.at(pod).workload);
    let name = match (workload, &endpoint.name) {
        (Some(workload), _) => snapshot.workloads.at(workload).name.to_string(),
        (None, Some(name)) => name.clone(),
        (None, None) => name_of(endpoint),
    };
    let elsewhere = endpoint.namespace.as_deref().filter(|own| *own != namespace);
    let whole = elsewhere.into_iter().chain([&*name]).collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let words = whole.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let short: String = words.collect::<Vec<_>>().join("-").chars().take(LONGEST).collect();
    short.trim_end_matches('-').to_owned()
}
