//! What applies to this workload?

use std::collections::{BTreeMap, BTreeSet};

use super::stand_in::with_stand_in;
use super::{findings, unread};
use crate::answer::caveat::Caveat;
use crate::answer::endpoint::{Endpoint, EndpointKind, Entity};
use crate::answer::plugin;
use crate::answer::rule_ref::RuleRef;
use crate::answer::verdict::{API_VERSION, Verdict};
use crate::ends::end::{End, Who, push_pod};
use crate::ends::naming::{name_of, no_address_yet};
use crate::ends::recorded;
use crate::ends::units::{Level, Part, Units};
use crate::engine::class::{ClassId, SubjectId};
use crate::engine::class_set::ClassSet;
use crate::engine::decide::Doubt;
use crate::engine::miss;
use crate::engine::network::Network;
use crate::exposure::ways_in;
use crate::model::endpoint::PodId;
use crate::model::ips::IpSet;
use crate::model::ports::PortSet;
use crate::policy::{Action, Direction, Peers, RuleId};
use crate::report::subject_explanation::{AllowedPeer, Dir, IsolatedBy, SubjectExplanation};

/// Explains what policies apply to the pods of an end; of a namespace without any, to those to come.
pub fn explain(network: &Network<'_>, end: &End) -> SubjectExplanation {
    let Some(snapshot) = with_stand_in(network, end) else { return explain_pods(network, end) };
    let network = Network::of(&snapshot);
    let mut end = end.clone();
    if let Some(pod) = snapshot.pods.ids().last() {
        push_pod(&network, pod, &IpSet::everything(), &mut end.members);
    }
    let mut answer = explain_pods(&network, &end);
    answer.caveats.retain(|caveat| *caveat != Caveat::Doubt(Doubt::ControllerLabels));
    answer.caveats.push(Caveat::PodToCome(name_of(&end.endpoint)));
    answer
}

fn explain_pods(network: &Network<'_>, end: &End) -> SubjectExplanation {
    let pods = governed_pods(network, end);
    let mut view = SubjectView {
        network,
        pods: &pods,
        units: Units::build(network, Level::Workloads),
        nowhere: end.service.is_some() && end.members.is_empty(),
        finished: end.members.is_empty() && end.caveats.iter().any(Caveat::is_no_end),
        doubts: BTreeSet::new(),
        unaddressed: ClassSet::default(),
    };
    let ingress = view.direction(Direction::Ingress);
    let egress = view.direction(Direction::Egress);
    let mut caveats = end.caveats.clone();
    if pods.is_empty() && end.caveats.is_empty() && end.findings.is_empty() {
        caveats.push(Caveat::NotGoverned(name_of(&end.endpoint)));
    }
    if ingress.is_isolated() {
        caveats.push(Caveat::OwnNode);
    }
    caveats.extend(view.doubts.iter().map(|doubt| match doubt {
        Doubt::Address => view.without_address().unwrap_or(Caveat::Doubt(*doubt)),
        doubt => Caveat::Doubt(*doubt),
    }));
    let subjects: Vec<SubjectId> = pods.keys().copied().collect();
    caveats.extend(plugin::caveats_for(network, &subjects.iter().copied().collect()));
    let ways = ways_in::findings(network, end);
    SubjectExplanation {
        api_version: API_VERSION,
        kind: "SubjectExplanation",
        subject: end.endpoint.clone(),
        ingress,
        egress,
        exposures: ways_in::exposures(network, end, None),
        findings: [findings::of(network, &subjects), end.findings.clone(), ways].concat(),
        caveats,
        gaps: network.snapshot.gaps.clone(),
    }
}

/// The pods of an end, by subject.
type GovernedPods = BTreeMap<SubjectId, BTreeSet<String>>;

fn governed_pods(network: &Network<'_>, end: &End) -> GovernedPods {
    let mut pods = GovernedPods::new();
    for member in &end.members {
        if let (Who::Pod(pod), Some(subject)) = (member.who, network.subject_of(member.class)) {
            pods.entry(subject).or_default().insert(network.snapshot.pods.at(pod).name.to_string());
        }
    }
    pods
}

struct SubjectView<'a, 'b> {
    network: &'a Network<'b>,
    pods: &'a GovernedPods,
    units: Units,
    /// Whether a Service leads nowhere, so that nobody knows what will be there.
    nowhere: bool,
    /// Whether all pods have finished.
    finished: bool,
    doubts: BTreeSet<Doubt>,
    /// Classes whose address is not known, where it matters.
    unaddressed: ClassSet,
}

impl SubjectView<'_, '_> {
    fn direction(&mut self, direction: Direction) -> Dir {
        let by = self.isolated_by(direction);
        let open = self.open_subjects(direction);
        let isolated = !self.pods.is_empty() && open.len() < self.pods.len();
        let (mut allows, mut unused, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        for (rule, subjects) in self.rules(direction) {
            let rows = self.allowed_by(rule, &subjects);
            let rows = self.doubted(rule, &subjects, rows);
            if rows.is_empty() {
                let is_known = !self.may_match_unread(rule, &subjects);
                if is_known { &mut unused } else { &mut unread }.push(self.rule_ref(rule));
            }
            allows.extend(rows);
        }
        let is_unknown = self.nowhere || self.may_be_isolated(direction, &open) || self.is_unjudged();
        if !open.is_empty() || (self.pods.is_empty() && !self.finished) {
            allows.push(AllowedPeer {
                peer: Endpoint::entity(Entity::Anywhere),
                ports: PortSet::any().items(),
                verdict: if is_unknown { Verdict::Depends } else { Verdict::Allow },
                rule: None,
                pods: self.qualifier(&open),
            });
        }
        if self.is_unjudged() {
            self.doubts.insert(Doubt::Unjudged);
            allows.iter_mut().for_each(|row| row.verdict = Verdict::Depends);
        }
        let isolation_unknown = is_unknown && !isolated;
        Dir { isolated: isolated || isolation_unknown, isolation_unknown, by, allows, unused, unread }
    }

    fn is_unjudged(&self) -> bool {
        self.pods.keys().any(|subject| self.network.is_unjudged(*subject))
    }

    /// Marks what a rule allows where it is known of no pod that the rule governs it.
    fn doubted(
        &self,
        rule: RuleId,
        subjects: &[SubjectId],
        mut rows: Vec<AllowedPeer>,
    ) -> Vec<AllowedPeer> {
        let direction = self.network.rule(rule).direction;
        let governs = |subject: &SubjectId| {
            self.network.governing(*subject, direction).any(|own| own == (rule, None))
        };
        if !subjects.iter().any(governs) {
            rows.iter_mut().for_each(|row| row.verdict = Verdict::Depends);
        }
        rows
    }

    /// Tells whether a rule that matches nothing may match a pod that was not read.
    fn may_match_unread(&self, rule: RuleId, subjects: &[SubjectId]) -> bool {
        let own = self.network.rule(rule);
        // At the port of ingress the subject itself is looked at, and that was read.
        let has_port = |subject: &SubjectId| {
            own.direction == Direction::Egress
                || !self.network.cells(rule, *subject, self.network.classes.all()).is_empty()
        };
        subjects.iter().any(has_port) && unread::may_match(self.network, own)
    }

    fn isolated_by(&mut self, direction: Direction) -> Vec<IsolatedBy> {
        let mut by: BTreeMap<RuleRef, Vec<SubjectId>> = BTreeMap::new();
        for subject in self.pods.keys() {
            for (id, doubt) in self.network.isolating(*subject, direction) {
                let rule = RuleRef::isolation(&self.network.isolation(id).source);
                by.entry(rule).or_default().push(*subject);
                self.doubts.extend(doubt);
            }
        }
        by.into_iter()
            .map(|(rule, subjects)| IsolatedBy { rule, pods: self.qualifier(&subjects) })
            .collect()
    }

    /// Tells whether it is not known of some subjects if they are isolated.
    fn may_be_isolated(&self, direction: Direction, subjects: &[SubjectId]) -> bool {
        let mut subjects = subjects.iter();
        subjects.any(|subject| self.network.isolating(*subject, direction).next().is_some())
    }

    /// Lists the subjects that nothing isolates for certain.
    fn open_subjects(&self, direction: Direction) -> Vec<SubjectId> {
        let isolated = |subject: &SubjectId| {
            self.network.isolating(*subject, direction).any(|(_, doubt)| doubt.is_none())
        };
        self.pods.keys().filter(|subject| !isolated(subject)).copied().collect()
    }

    /// Lists the allowing rules that govern the pods, with those that they govern.
    fn rules(&mut self, direction: Direction) -> Vec<(RuleId, Vec<SubjectId>)> {
        let mut rules: BTreeMap<RuleId, Vec<SubjectId>> = BTreeMap::new();
        for subject in self.pods.keys() {
            for (rule, doubt) in self.network.governing(*subject, direction) {
                if self.network.rule(rule).action == Action::Allow {
                    rules.entry(rule).or_default().push(*subject);
                    self.doubts.extend(doubt);
                }
            }
        }
        rules.into_iter().collect()
    }

    /// Lists whom a rule allows, merged to namespaces, workloads and blocks.
    fn allowed_by(&mut self, rule: RuleId, subjects: &[SubjectId]) -> Vec<AllowedPeer> {
        let matched = self.network.peers_of(rule).clone();
        let maybe = matched.maybe.iter().fold(ClassSet::default(), |all, own| all.union(&own.classes));
        self.doubts.extend(matched.maybe.iter().map(|own| own.doubt));
        let by_address = matched.maybe.iter().filter(|own| own.doubt == Doubt::Address);
        self.unaddressed = by_address.fold(self.unaddressed.clone(), |all, own| all.union(&own.classes));
        let mut rows: BTreeMap<(Endpoint, Vec<String>, bool), Vec<SubjectId>> = BTreeMap::new();
        for subject in subjects {
            for (classes, unsure) in [(&matched.must, false), (&maybe, true)] {
                for (peer, ports) in self.peers(rule, *subject, classes) {
                    rows.entry((peer, ports.items(), unsure)).or_default().push(*subject);
                }
            }
        }
        // What is certain needs no word that it may be so for a pod without an address too.
        let certain: BTreeSet<_> =
            rows.keys().filter(|row| !row.2).map(|row| (row.0.clone(), row.1.clone())).collect();
        rows.retain(|row, _| !row.2 || !certain.contains(&(row.0.clone(), row.1.clone())));
        let reference = self.rule_ref(rule);
        let row =
            |((peer, ports, unsure), subjects): ((Endpoint, Vec<String>, bool), Vec<SubjectId>)| {
                AllowedPeer {
                    peer,
                    ports,
                    verdict: if unsure { Verdict::Depends } else { Verdict::Allow },
                    rule: Some(reference.clone()),
                    pods: self.qualifier(&subjects),
                }
            };
        rows.into_iter().map(row).collect()
    }

    fn peers(&self, rule: RuleId, subject: SubjectId, classes: &ClassSet) -> Vec<(Endpoint, PortSet)> {
        let peers = &self.network.rule(rule).peers;
        let blocks = peers.addresses();
        let addresses = match peers {
            Peers::Any => Some(Endpoint::entity(Entity::Anywhere)),
            Peers::OneOf(_) => (!blocks.is_empty()).then(|| {
                let mut addresses = Endpoint::blocks(blocks.cidrs());
                recorded::add_of(self.network, &self.network.rule(rule).source.policy, &mut addresses);
                addresses
            }),
        };
        let everywhere = self.network.ports_everywhere(rule, subject);
        let (mut rows, mut by_address) = (Vec::new(), false);
        for (classes, ports) in self.network.cells(rule, subject, classes).blocks() {
            let is_by_labels = |class: &ClassId| {
                let by_labels = |class| miss::matches_by_labels(self.network, peers, class);
                addresses.is_none() || by_labels(*class)
            };
            let by_labels: ClassSet = classes.iter().filter(is_by_labels).collect();
            let others = classes.difference(&by_labels);
            by_address |= !others.is_empty();
            // What an address opens by a port name, it opens at the pods that have the name.
            let named = ports.difference(&everywhere);
            for (classes, ports) in [(&by_labels, ports), (&others, &named)] {
                if !ports.is_empty() {
                    rows.extend(self.merged(classes).into_iter().map(|peer| (peer, ports.clone())));
                }
            }
        }
        let addresses = addresses.filter(|_| by_address && !everywhere.is_empty());
        rows.extend(addresses.map(|addresses| (addresses, everywhere)));
        rows
    }

    /// Names the pods of classes: all pods, whole namespaces, workloads, single pods.
    fn merged(&self, classes: &ClassSet) -> Vec<Endpoint> {
        let network = self.network;
        let mut whole: BTreeMap<String, (usize, Vec<Endpoint>)> = BTreeMap::new();
        let governed = self.units.units.iter().filter(|(_, unit)| unit.governed);
        for (id, unit) in governed {
            let own = |part: &&Part| network.subject_of(part.class).is_some();
            let all = unit.parts.iter().filter(own).count();
            let parts: Vec<&Part> =
                unit.parts.iter().filter(own).filter(|part| classes.contains(part.class)).collect();
            let namespace = unit.endpoint.namespace.clone().unwrap_or_default();
            let row = whole.entry(namespace).or_default();
            match parts.len() {
                0 => row.0 += 1,
                some if some == all => {
                    row.1.push(Endpoint { ips: Vec::new(), ..unit.endpoint.clone() });
                }
                _ => {
                    row.0 += 1;
                    row.1.push(self.units.endpoint(network, id, &parts, None));
                }
            }
        }
        if whole.len() > 1 && whole.values().all(|(left_out, _)| *left_out == 0) {
            return vec![Endpoint::entity(Entity::AllPods)];
        }
        let merge = |(name, (left_out, own)): (String, (usize, Vec<Endpoint>))| match own.len() {
            0 | 1 => own,
            _ if left_out > 0 => own,
            _ => vec![Endpoint::named(EndpointKind::Namespace, None, &name)],
        };
        whole.into_iter().flat_map(merge).collect()
    }

    /// Names the pods whose addresses are not known.
    fn without_address(&self) -> Option<Caveat> {
        let is_it = |pod: &PodId| {
            let mut classes = self.network.classes.of_pod(*pod).iter();
            classes.any(|class| self.unaddressed.contains(*class))
        };
        let pods = self.network.snapshot.pods.ids().filter(is_it).collect();
        no_address_yet(self.network.snapshot, &pods)
    }

    fn rule_ref(&self, rule: RuleId) -> RuleRef {
        let rule = self.network.rule(rule);
        RuleRef::rule(&rule.source, rule.action)
    }

    /// Lists the pods of some subjects; nothing where those are all.
    fn qualifier(&self, subjects: &[SubjectId]) -> Vec<String> {
        if subjects.len() == self.pods.len() {
            return Vec::new();
        }
        let names = subjects.iter().filter_map(|subject| self.pods.get(subject)).flatten().cloned();
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }
}
