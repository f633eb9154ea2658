//! Is this connection allowed, and why?

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::explainer::{Denied, EndPart, Explainer, Sight};
use super::half::verdict;
use super::question::{ExplainError, check_port, no_member};
use crate::answer::caveat::Caveat;
use crate::answer::endpoint::EndpointKind;
use crate::answer::plugin;
use crate::answer::verdict::{API_VERSION, Verdict};
use crate::ends::end::{End, Member, Who, part_endpoint};
use crate::ends::naming::{name_of, outside_endpoint};
use crate::ends::recorded;
use crate::ends::service::{self, asked_hops};
use crate::ends::target::PortQuery;
use crate::engine::connection::{Exempt, HalfJudged, JudgedConnection, compatible, judge};
use crate::engine::network::Network;
use crate::explain::explanation::{Explanation, PairGroup, PortMapping};
use crate::model::endpoint::{NodeId, PodId};
use crate::model::ips::IpSet;
use crate::model::ports::PortSet;
use crate::policy::Direction;
use crate::world::services::Hop;

/// Explains whether the source may open connections to the destination; no port means every port.
///
/// # Errors
/// A port that the destination does not have, or a Service as the source.
pub fn explain(
    network: &Network<'_>,
    source: &End,
    destination: &End,
    port: Option<&PortQuery>,
) -> Result<Explanation, ExplainError> {
    judged(network, source, destination, port).map(|judged| judged.answer)
}

/// An explanation, and who is denied what.
pub(crate) struct JudgedEnds {
    pub(crate) answer: Explanation,
    pub(crate) denied: Denied,
}

/// Explains as [`explain`] does, and tells who is denied what.
pub(crate) fn judged(
    network: &Network<'_>,
    source: &End,
    destination: &End,
    port: Option<&PortQuery>,
) -> Result<JudgedEnds, ExplainError> {
    service::check_source(source)?;
    let (caveats, asked, denied) = (BTreeSet::new(), BTreeSet::new(), Denied::default());
    let mut explainer = Explainer { network, caveats, asked, denied };
    let groups = explainer.groups(source, destination, port)?;
    let any = |wanted: &[Verdict]| groups.iter().any(|group| wanted.contains(&group.verdict));
    let unknown = |end: &End| no_member(end).is_some();
    let nowhere = service::leads_nowhere(network, destination, port);
    let verdict = Verdict::of(
        any(&[Verdict::Allow, Verdict::Partial]),
        any(&[Verdict::Deny, Verdict::Partial]),
        any(&[Verdict::Depends]) || unknown(source) || unknown(destination) || nowhere,
    );
    let of_plugin = plugin::caveats(network, explainer.asked.iter().map(|rule| network.rule(*rule)));
    let caveats = source.caveats.iter().chain(&destination.caveats).cloned().chain(explainer.caveats);
    let mut told = destination.endpoint.clone();
    recorded::add(network, source.members.iter().map(|member| member.class), &mut told);
    let answer = Explanation {
        api_version: API_VERSION,
        kind: "Explanation",
        source: source.endpoint.clone(),
        destination: told,
        port: port.map(ToString::to_string),
        verdict,
        groups,
        findings: destination.findings.clone(),
        fix: None,
        no_fix: None,
        caveats: caveats.chain(of_plugin).collect(),
        gaps: network.snapshot.gaps.clone(),
    };
    Ok(JudgedEnds { answer, denied: explainer.denied })
}

impl Explainer<'_, '_> {
    fn groups(
        &mut self,
        source: &End,
        destination: &End,
        port: Option<&PortQuery>,
    ) -> Result<Vec<PairGroup>, ExplainError> {
        let uses_node = |end: &End| end.members.iter().any(|own| self.node_used_by(own).is_some());
        let is_exempt = |direction| self.network.profile.own_node.contains(&direction);
        let from_nodes = uses_node(source);
        let to_nodes = is_exempt(Direction::Egress) && uses_node(destination);
        let sources = Self::parts(source, |member| match to_nodes {
            true => self.node_under(member),
            false => self.node_used_by(member),
        });
        let destinations = Self::parts(destination, |member| {
            self.node_under(member).filter(|_| from_nodes || to_nodes)
        });
        let (mut reached, mut asked) = (Vec::new(), Vec::new());
        for part in destinations {
            let first = part.members.first();
            let ports = first.map(|member| service::asked(self.network, destination, member, port));
            // To whom the question does not lead, nobody asks to go.
            if let Some(ports) = ports.filter(|ports| !ports.is_empty()) {
                reached.push(part);
                asked.push(ports);
            }
        }
        let destinations = reached;
        let reached = destinations.iter().flat_map(|part| part.members.iter().copied());
        let alone = sole(source.members.iter().chain(reached));
        self.caveats.extend(check_port(self.network, destination, port)?);
        let mut ids: HashMap<JudgedConnection, usize> = HashMap::new();
        let mut rows: BTreeMap<BTreeMap<usize, Vec<usize>>, Vec<usize>> = BTreeMap::new();
        for (row, from) in sources.iter().enumerate() {
            let mut cells: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for (column, (to, asked)) in destinations.iter().zip(&asked).enumerate() {
                if let Some(judged) = self.judge(from, to, asked, alone) {
                    let next = ids.len();
                    cells.entry(*ids.entry(judged).or_insert(next)).or_default().push(column);
                }
            }
            rows.entry(cells).or_default().push(row);
        }
        let judged: BTreeMap<usize, JudgedConnection> =
            ids.into_iter().map(|(judged, id)| (id, judged)).collect();
        let mut found = Vec::new();
        for (cells, rows) in rows {
            for (id, columns) in cells {
                let from: Vec<&EndPart<'_>> = rows.iter().filter_map(|row| sources.get(*row)).collect();
                let to: Vec<&EndPart<'_>> =
                    columns.iter().filter_map(|column| destinations.get(*column)).collect();
                if let Some(judged) = judged.get(&id) {
                    found.extend(self.group(&from, &to, judged, port));
                }
            }
        }
        // Where a Service leads nowhere, a finding says so.
        if found.is_empty() && (destination.service.is_none() || !destinations.is_empty()) {
            self.explain_nothing(source, destination);
        }
        Ok(found)
    }

    fn parts<'m>(end: &'m End, node: impl Fn(&Member) -> Option<NodeId>) -> Vec<EndPart<'m>> {
        let mut parts: BTreeMap<_, Vec<&Member>> = BTreeMap::new();
        for member in &end.members {
            let outside = member.who == Who::Outside;
            let hops = member.hops.as_deref();
            parts.entry((member.class, node(member), outside, hops)).or_default().push(member);
        }
        let part = |((class, node, _, hops), members)| EndPart { end, class, node, hops, members };
        parts.into_iter().map(part).collect()
    }

    /// Returns the node that a member is or runs on.
    fn node_under(&self, member: &Member) -> Option<NodeId> {
        match member.who {
            Who::Node(node) => Some(node),
            Who::Pod(pod) => self.network.snapshot.pods.at(pod).node,
            Who::Outside => None,
        }
    }

    /// Returns the node whose address a member's packets carry.
    fn node_used_by(&self, member: &Member) -> Option<NodeId> {
        let pod = member.who.pod().map(|pod| self.network.snapshot.pods.at(pod));
        self.node_under(member).filter(|_| pod.is_none_or(|pod| pod.host_network))
    }

    /// Judges one pair of parts; nothing where no packet can pass. `alone` is who both ends are, where they
    /// are one.
    fn judge(
        &mut self,
        from: &EndPart<'_>,
        to: &EndPart<'_>,
        asked: &PortSet,
        alone: Option<Who>,
    ) -> Option<JudgedConnection> {
        if !compatible(self.network, from.class, to.class) {
            return None;
        }
        let mut exempt = None;
        if let ([only], [other]) = (&*from.members, &*to.members)
            && only.who == other.who
            && let Who::Pod(pod) = only.who
            && !self.network.snapshot.pods.at(pod).is_many()
        {
            // Ends of several pods ask for what goes on between different pods; two names of one pod ask
            // for that pod; one workload twice asks for its replicas, of which there may be more.
            if alone != Some(only.who) {
                return None;
            }
            let (source, destination) = (&from.end.endpoint, &to.end.endpoint);
            if source.kind != EndpointKind::Pod && source == destination {
                self.caveats.insert(Caveat::OnlyOnePod(name_of(source)));
            } else {
                exempt = Some(Exempt::SamePod);
            }
        }
        self.unknown_node(from, to);
        let governed = [from, to].map(|part| self.network.subject_of(part.class).is_some());
        match (from.node, to.node) {
            (Some(node), Some(other)) if node == other && governed != [true; 2] => {
                exempt = exempt.or(Some(Exempt::OwnNode));
            }
            (Some(_), None) if governed == [false, true] => {
                self.caveats.insert(Caveat::UnknownNode(name_of(&to.end.endpoint)));
            }
            _ => {}
        }
        Some(judge(self.network, from.class, to.class, asked, exempt))
    }

    fn group(
        &mut self,
        from: &[&EndPart<'_>],
        to: &[&EndPart<'_>],
        judged: &JudgedConnection,
        port: Option<&PortQuery>,
    ) -> Option<PairGroup> {
        let (first_from, first_to) = (from.first()?, to.first()?);
        let destination = first_to.end;
        let endpoint = |end: &End, parts: &[&EndPart<'_>]| {
            let members: Vec<&Member> =
                parts.iter().flat_map(|part| part.members.iter().copied()).collect();
            part_endpoint(self.network, end, &members)
        };
        let (source_part, mut destination_part) =
            (endpoint(first_from.end, from), endpoint(destination, to));
        recorded::add(self.network, from.iter().map(|part| part.class), &mut destination_part);
        let denied = judged.asked.difference(&judged.open.possible());
        self.caveats_of(judged, first_from, first_to);
        self.denied.egress.extend(denied_pods(&judged.egress, &judged.asked, from));
        self.denied.ingress.extend(denied_pods(&judged.ingress, &judged.asked, to));
        self.service_caveats(destination, judged);
        if destination.service.is_some() && first_from.members.iter().any(|own| own.who == Who::Outside)
        {
            self.caveats.insert(Caveat::AskForWaysIn(name_of(&destination.endpoint)));
        }
        let (from_view, to_view) = (self.addresses(from), self.addresses(to));
        let hops = to.iter().filter_map(|part| part.hops).flat_map(|hops| asked_hops(hops, port));
        let hops: BTreeSet<&Hop> = hops.collect();
        let own = hops.iter().map(|hop| PortSet::port(hop.protocol, hop.port));
        let service = &own.fold(PortSet::none(), |all, own| all.union(&own));
        let egress = Sight { subject: first_from, peer: first_to, addresses: &to_view, service };
        let ingress = Sight { subject: first_to, peer: first_from, addresses: &from_view, service };
        Some(PairGroup {
            source: source_part,
            destination: destination_part,
            service_ports: hops.into_iter().map(service_port).collect(),
            verdict: verdict(&judged.asked, &judged.open),
            allowed: judged.open.allowed.items(),
            denied: denied.items(),
            unsure: judged.open.unsure.items(),
            egress: self.half(Direction::Egress, &judged.egress, &judged.asked, egress),
            ingress: self.half(Direction::Ingress, &judged.ingress, &judged.asked, ingress),
        })
    }

    /// Writes who the members of some parts are to a rule that asks for an address or a pod.
    fn addresses(&self, parts: &[&EndPart<'_>]) -> String {
        let members = || parts.iter().flat_map(|part| part.members.iter());
        let Some(part) = parts.first() else { return String::new() };
        let Some(first) = part.members.first() else { return String::new() };
        let snapshot = self.network.snapshot;
        match (first.who, &part.end.endpoint.name) {
            (Who::Node(node), _) => {
                format!("node {} ({})", snapshot.nodes.at(node).name, blocks(&first.ips))
            }
            (Who::Pod(pod), _) if snapshot.pods.at(pod).host_network => {
                format!("host-network pod {} ({})", snapshot.pods.at(pod).name, blocks(&first.ips))
            }
            (Who::Pod(_), _) => blocks(&first.ips),
            (Who::Outside, Some(name)) => name.clone(),
            (Who::Outside, None) => {
                let outside = members().filter(|member| member.who == Who::Outside);
                let ips = outside.fold(IpSet::default(), |all, member| all.union(&member.ips));
                format!("{} outside the cluster", blocks(&ips))
            }
        }
    }
}

/// Writes where a port of a Service leads.
pub(crate) fn service_port(hop: &Hop) -> PortMapping {
    let write = |port| format!("{}/{port}", hop.protocol);
    let name = (!hop.name.is_empty()).then(|| hop.name.to_string());
    PortMapping { port: write(hop.port), name, target: write(hop.target) }
}

/// Returns who some members are, where all are one.
fn sole<'m>(mut members: impl Iterator<Item = &'m Member>) -> Option<Who> {
    let first = members.next()?.who;
    members.all(|member| member.who == first).then_some(first)
}

/// Lists the pods among some parts if a half denies them some of what was asked.
fn denied_pods(half: &HalfJudged, asked: &PortSet, parts: &[&EndPart<'_>]) -> Vec<PodId> {
    if asked.is_subset(&half.open.possible()) {
        return Vec::new();
    }
    parts.iter().flat_map(|part| &part.members).filter_map(|member| member.who.pod()).collect()
}

/// Writes the blocks of a set of addresses, or the first of many.
fn blocks(ips: &IpSet) -> String {
    let name = name_of(&outside_endpoint(ips));
    name.split_once(", ").map_or(name.clone(), |(first, _)| format!("{first} and more"))
}
