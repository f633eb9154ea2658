//! Is this connection allowed, and why?

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::answer::caveat::Caveat;
use crate::answer::endpoint::EndpointKind;
use crate::answer::plugin;
use crate::answer::rule_ref::RuleRef;
use crate::answer::verdict::{API_VERSION, Verdict};
use crate::ends::end::{End, Member, Who, part_endpoint};
use crate::ends::naming::{name_of, outside_endpoint};
use crate::ends::service;
use crate::ends::service::{ServiceError, asked_hops};
use crate::ends::target::{PortQuery, named_ports};
use crate::engine::class::ClassId;
use crate::engine::connection::{Exempt, HalfJudged, JudgedConnection, OpenPorts, compatible, judge};
use crate::engine::decide::Why;
use crate::engine::miss::{self, Clause, Miss, PeerView};
use crate::engine::network::Network;
use crate::explain::explanation::{
    Explanation, Half, PairGroup, PortMapping, Reason, RuleMiss, RuleUse, TierOutcome, TierUse,
};
use crate::model::endpoint::{NodeId, PodId};
use crate::model::ips::IpSet;
use crate::model::ports::PortSet;
use crate::model::service::ServiceAddress;
use crate::policy::{Direction, RuleId, Tier};
use crate::world::services::Hop;

/// A question that cannot be asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// A port name that no pod of the destination has.
    #[error("no container of {destination} has a port named `{name}`{}", names_hint(.known))]
    NoSuchPort {
        /// The destination.
        destination: String,
        /// The name.
        name: String,
        /// The names that its pods have.
        known: Vec<String>,
    },
    /// A question that a Service has no answer to.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

fn names_hint(known: &[String]) -> String {
    match known {
        [] => "; no port of it has a name".to_owned(),
        _ => format!("; its port names are {}", known.join(", ")),
    }
}

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
    judged(network, source, destination, port).map(|(answer, _)| answer)
}

/// The pods of whose connections a half denies some.
#[derive(Debug, Default)]
pub(crate) struct Denied {
    /// Sources, by their egress.
    pub(crate) egress: BTreeSet<PodId>,
    /// Destinations, by their ingress.
    pub(crate) ingress: BTreeSet<PodId>,
}

/// Explains as [`explain`] does, and tells who is denied what.
pub(crate) fn judged(
    network: &Network<'_>,
    source: &End,
    destination: &End,
    port: Option<&PortQuery>,
) -> Result<(Explanation, Denied), ExplainError> {
    service::check_source(source)?;
    let mut answer = Explainer { network, caveats: BTreeSet::new(), denied: Denied::default() };
    let groups = answer.groups(source, destination, port)?;
    let any = |wanted: &[Verdict]| groups.iter().any(|group| wanted.contains(&group.verdict));
    let unknown = |end: &End| end.endpoint.kind == EndpointKind::Node && end.members.is_empty();
    let nowhere = service::leads_nowhere(network, destination, port);
    let verdict = Verdict::of(
        any(&[Verdict::Allow, Verdict::Partial]),
        any(&[Verdict::Deny, Verdict::Partial]),
        any(&[Verdict::Depends]) || unknown(source) || unknown(destination) || nowhere,
    );
    let members = source.members.iter().chain(&destination.members);
    let subjects = members.filter_map(|member| network.subject_of(member.class)).collect();
    let caveats = source.caveats.iter().chain(&destination.caveats).cloned().chain(answer.caveats);
    let told = Explanation {
        api_version: API_VERSION,
        kind: "Explanation",
        source: source.endpoint.clone(),
        destination: destination.endpoint.clone(),
        port: port.map(ToString::to_string),
        verdict,
        groups,
        findings: destination.findings.clone(),
        fix: None,
        no_fix: None,
        caveats: caveats.chain(plugin::caveats_for(network, &subjects)).collect(),
        gaps: network.snapshot.gaps.clone(),
    };
    Ok((told, answer.denied))
}

/// Members of an end that no rule can tell apart.
struct EndPart<'a> {
    class: ClassId,
    /// The node whose network the members use, or on which they run: only kept where a source
    /// uses a node's network, since only then it matters.
    node: Option<NodeId>,
    /// Where the ports of a Service lead at the members.
    hops: Option<&'a [Hop]>,
    members: Vec<&'a Member>,
}

struct Explainer<'a, 'b> {
    network: &'a Network<'b>,
    caveats: BTreeSet<Caveat>,
    denied: Denied,
}

impl Explainer<'_, '_> {
    fn groups(
        &mut self,
        source: &End,
        destination: &End,
        port: Option<&PortQuery>,
    ) -> Result<Vec<PairGroup>, ExplainError> {
        let from_nodes = source.members.iter().any(|member| self.node_of_source(member).is_some());
        let sources = self.parts(source, from_nodes, |answer, member| answer.node_of_source(member));
        let destinations = self.parts(destination, from_nodes, |answer, member| match member.who {
            Who::Pod(pod) => answer.network.snapshot.pods.at(pod).node,
            _ => None,
        });
        let asked = |part: &EndPart<'_>| {
            let first = part.members.first();
            first.map(|member| service::asked(self.network, destination, member, port))
        };
        let asked: Vec<PortSet> =
            destinations.iter().map(|part| asked(part).unwrap_or_default()).collect();
        self.caveats.extend(check_port(self.network, destination, port)?);
        let mut ids: HashMap<JudgedConnection, usize> = HashMap::new();
        let mut rows: BTreeMap<BTreeMap<usize, Vec<usize>>, Vec<usize>> = BTreeMap::new();
        for (row, from) in sources.iter().enumerate() {
            let mut cells: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for (column, (to, asked)) in destinations.iter().zip(&asked).enumerate() {
                if let Some(judged) = self.judge(source, destination, (from, to), asked) {
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
                    found.extend(self.group((source, &from), (destination, &to), (judged, port)));
                }
            }
        }
        // Where a Service leads nowhere, a finding says so.
        let leads = destination.service.is_none() || asked.iter().any(|ports| !ports.is_empty());
        if found.is_empty() && leads {
            self.explain_nothing(source, destination);
        }
        Ok(found)
    }

    fn parts<'m>(
        &self,
        end: &'m End,
        by_node: bool,
        node: impl Fn(&Self, &Member) -> Option<NodeId>,
    ) -> Vec<EndPart<'m>> {
        let mut parts: BTreeMap<_, Vec<&Member>> = BTreeMap::new();
        for member in &end.members {
            let node = if by_node { node(self, member) } else { None };
            let outside = member.who == Who::Outside;
            let hops = member.hops.as_deref();
            parts.entry((member.class, node, outside, hops)).or_default().push(member);
        }
        let part = |((class, node, _, hops), members)| EndPart { class, node, hops, members };
        parts.into_iter().map(part).collect()
    }

    /// Returns the node whose address a source's packets carry.
    fn node_of_source(&self, member: &Member) -> Option<NodeId> {
        match member.who {
            Who::Node(node) => Some(node),
            Who::Pod(pod) => {
                let pod = self.network.snapshot.pods.at(pod);
                pod.node.filter(|_| pod.host_network)
            }
            Who::Outside => None,
        }
    }

    /// Judges one pair of parts; nothing where no packet can pass, or nothing was asked.
    fn judge(
        &mut self,
        source: &End,
        destination: &End,
        (from, to): (&EndPart<'_>, &EndPart<'_>),
        asked: &PortSet,
    ) -> Option<JudgedConnection> {
        if asked.is_empty() || !compatible(self.network, from.class, to.class) {
            return None;
        }
        let mut exempt = None;
        if let ([only], [other]) = (&*from.members, &*to.members)
            && only.who == other.who
            && let Who::Pod(pod) = only.who
            && !self.network.snapshot.pods.at(pod).is_many()
        {
            // Ends of several pods, and one workload twice, ask for what goes on between different
            // pods; two names of one pod ask for that pod.
            let sole = |end: &End| end.members.iter().all(|member| member.who == only.who);
            let twice =
                source.endpoint.kind != EndpointKind::Pod && source.endpoint == destination.endpoint;
            if twice || !sole(source) || !sole(destination) {
                return None;
            }
            exempt = Some(Exempt::SamePod);
        }
        self.unknown_node(source, from, to);
        if let Some(node) = from.node
            && self.network.subject_of(to.class).is_some()
        {
            match to.node {
                Some(own) if own == node => exempt = exempt.or(Some(Exempt::OwnNode)),
                Some(_) => {}
                None => {
                    self.caveats.insert(Caveat::UnknownNode(name_of(&destination.endpoint)));
                }
            }
        }
        Some(judge(self.network, from.class, to.class, asked, exempt))
    }

    /// Says so where a source uses the network of a node that is not known.
    fn unknown_node(&mut self, source: &End, from: &EndPart<'_>, to: &EndPart<'_>) {
        let roams = |member: &&&Member| match member.who {
            Who::Pod(pod) => {
                let pod = self.network.snapshot.pods.at(pod);
                pod.host_network && pod.node.is_none()
            }
            _ => false,
        };
        if from.members.iter().any(|member| roams(&member))
            && self.network.subject_of(to.class).is_some()
        {
            self.caveats.insert(Caveat::UnknownNode(name_of(&source.endpoint)));
        }
    }

    fn group(
        &mut self,
        (source, from): (&End, &[&EndPart<'_>]),
        (destination, to): (&End, &[&EndPart<'_>]),
        (judged, port): (&JudgedConnection, Option<&PortQuery>),
    ) -> Option<PairGroup> {
        let (first_from, first_to) = (from.first()?, to.first()?);
        let endpoint = |end: &End, parts: &[&EndPart<'_>]| {
            let members: Vec<&Member> =
                parts.iter().flat_map(|part| part.members.iter().copied()).collect();
            part_endpoint(self.network.snapshot, end, &members)
        };
        let (source_part, destination_part) = (endpoint(source, from), endpoint(destination, to));
        let denied = judged.asked.difference(&judged.open.possible());
        self.caveats_of(judged, first_from, first_to);
        self.denied.egress.extend(denied_pods(&judged.egress, &judged.asked, from));
        self.denied.ingress.extend(denied_pods(&judged.ingress, &judged.asked, to));
        self.service_caveats(destination, judged);
        if destination.service.is_some() && first_from.members.iter().any(|own| own.who == Who::Outside)
        {
            self.caveats.insert(Caveat::AskForWaysIn(name_of(&destination.endpoint)));
        }
        let (from_view, to_view) = (self.addresses(source, from), self.addresses(destination, to));
        let hops = to.iter().filter_map(|part| part.hops).flat_map(|hops| asked_hops(hops, port));
        let hops: BTreeSet<&Hop> = hops.collect();
        let own = hops.iter().map(|hop| PortSet::port(hop.protocol, hop.port));
        let service = &own.fold(PortSet::none(), |all, own| all.union(&own));
        let (from_class, to_class) = (first_from.class, first_to.class);
        let egress = Sight { subject: from_class, peer: to_class, addresses: &to_view, service };
        let ingress = Sight { subject: to_class, peer: from_class, addresses: &from_view, service };
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
    fn addresses(&self, end: &End, parts: &[&EndPart<'_>]) -> String {
        let members = || parts.iter().flat_map(|part| part.members.iter());
        let Some(first) = members().next() else { return String::new() };
        let snapshot = self.network.snapshot;
        match (first.who, &end.endpoint.name) {
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

    fn half(&self, direction: Direction, half: &HalfJudged, asked: &PortSet, sight: Sight<'_>) -> Half {
        let rule_of = |why: &Why| match why {
            Why::Rule(rule) => Some(self.rule_ref(*rule)),
            _ => None,
        };
        let reason = match (half.exempt, &half.why) {
            (Some(_), _) => Reason::Exempt,
            (None, Why::Rule(_)) => Reason::Rule,
            (None, Why::Isolated(_)) => Reason::Isolated,
            (None, Why::Default) => Reason::Default,
        };
        let note = half.exempt.map(|exempt| match exempt {
            Exempt::SamePod => "a pod always reaches itself".to_owned(),
            Exempt::OwnNode => "ingress from the pod's own node is always allowed".to_owned(),
            Exempt::NotGoverned => "not a pod with its own network: no policy governs it".to_owned(),
        });
        Half {
            verdict: verdict(asked, &half.open),
            reason,
            note,
            tiers: (self.network.tiers.iter())
                .filter_map(|tier| self.tier(*tier, direction, half, asked, sight))
                .collect(),
            decided_by: if half.exempt.is_none() { rule_of(&half.why) } else { None },
        }
    }

    fn tier(
        &self,
        tier: Tier,
        direction: Direction,
        half: &HalfJudged,
        asked: &PortSet,
        sight: Sight<'_>,
    ) -> Option<TierUse> {
        let own = half.rules.iter().filter(|asked| self.network.rule(asked.rule).tier == tier);
        let uses: Vec<RuleUse> = own
            .map(|used| RuleUse {
                rule: self.rule_ref(used.rule),
                hit: used.hit,
                unsure: used.unsure && !used.hit,
                misses: match used.hit || used.unsure {
                    true => Vec::new(),
                    false => self.misses(used.rule, direction, asked, sight),
                },
            })
            .collect();
        let isolations = half.isolations.iter().map(|(id, _)| self.network.isolation(*id));
        let isolated_by: Vec<RuleRef> = isolations
            .filter(|isolation| isolation.tier == tier)
            .map(|isolation| RuleRef::isolation(&isolation.source))
            .collect();
        let outcome = match (uses.iter().any(|used| used.hit), isolated_by.is_empty()) {
            (true, _) => TierOutcome::Rule,
            (false, false) => TierOutcome::Isolated,
            (false, true) => TierOutcome::None,
        };
        let silent = uses.is_empty() && isolated_by.is_empty();
        (!silent).then_some(TierUse { tier: tier.name, outcome, isolated_by, rules: uses })
    }

    fn misses(
        &self,
        rule: RuleId,
        direction: Direction,
        asked: &PortSet,
        sight: Sight<'_>,
    ) -> Vec<RuleMiss> {
        let ports_on = miss::names_ports(self.network, direction, sight.subject, sight.peer);
        let view = PeerView { class: sight.peer, addresses: sight.addresses };
        let misses = miss::misses(self.network, rule, view, asked, ports_on);
        let meant = self.network.rule(rule).ports.numbers().intersection(sight.service);
        let service_port =
            |clause| (clause == Clause::Port && !meant.is_empty()).then(|| meant.to_string());
        let told = |miss: Miss| RuleMiss { service_port: service_port(miss.clause), miss };
        misses.into_iter().map(told).collect()
    }

    fn rule_ref(&self, rule: RuleId) -> RuleRef {
        let rule = self.network.rule(rule);
        RuleRef::rule(&rule.source, rule.action)
    }

    fn caveats_of(&mut self, judged: &JudgedConnection, from: &EndPart<'_>, to: &EndPart<'_>) {
        let halves = [(&judged.egress, to), (&judged.ingress, from)];
        for (half, peer) in halves {
            self.caveats.extend(half.doubts.iter().map(|doubt| Caveat::Doubt(*doubt)));
            for used in half.rules.iter().filter(|used| used.hit) {
                self.block_caveats(used.rule, peer.class);
            }
        }
        let to_own_node = |(from, to): (&&Member, &&Member)| match (from.who, to.who) {
            (Who::Pod(pod), Who::Node(node)) => self.network.snapshot.pods.at(pod).node == Some(node),
            _ => false,
        };
        let mut pairs = from.members.iter().flat_map(|from| to.members.iter().map(move |to| (from, to)));
        if judged.egress.open.allowed != judged.asked && pairs.any(to_own_node) {
            self.caveats.insert(Caveat::EgressToOwnNode);
        }
    }

    /// Says where a rule names the address of the Service itself, which no packet carries any more.
    fn service_caveats(&mut self, destination: &End, judged: &JudgedConnection) {
        let Some(id) = destination.service else { return };
        let ServiceAddress::Own(ips) = &self.network.snapshot.services.at(id).address else { return };
        let missed = judged.egress.rules.iter().filter(|used| !used.hit);
        for used in missed {
            let rule = self.network.rule(used.rule);
            let mut blocks = rule.peers.blocks().map(|block| block.cidr);
            if blocks.any(|block| ips.iter().any(|ip| block.contains(ip))) {
                self.caveats.insert(Caveat::ServiceAddress(rule.source.policy.to_string()));
            }
        }
    }

    /// Says where network plugins differ about address blocks.
    fn block_caveats(&mut self, rule: RuleId, peer: ClassId) {
        let row = self.network.rule(rule);
        let by_block = row.peers.blocks().next().is_some();
        if !by_block || self.network.subject_of(peer).is_none() {
            return;
        }
        if self.network.profile.blocks_match_pods {
            return;
        }
        if !miss::matches_by_labels(self.network, &row.peers, peer) {
            self.caveats.insert(Caveat::BlockOfPod);
            if row.direction == Direction::Egress && row.ports.names().next().is_some() {
                self.caveats.insert(Caveat::PortNameBesideBlock);
            }
        }
    }

    fn explain_nothing(&mut self, source: &End, destination: &End) {
        if source.members.is_empty() || destination.members.is_empty() {
            let end = if source.members.is_empty() { source } else { destination };
            self.caveats.extend(no_member(end));
            return;
        }
        let same = source.endpoint == destination.endpoint;
        self.caveats.insert(match same {
            true => Caveat::OnlyOnePod(name_of(&source.endpoint)),
            false => Caveat::NoCommonFamily,
        });
    }
}

/// Writes where a port of a Service leads.
pub(crate) fn service_port(hop: &Hop) -> PortMapping {
    let write = |port| format!("{}/{port}", hop.protocol);
    let name = (!hop.name.is_empty()).then(|| hop.name.to_string());
    PortMapping { port: write(hop.port), name, target: write(hop.target) }
}

/// Says that an end stands for nothing, unless it says why itself.
pub(crate) fn no_member(end: &End) -> Option<Caveat> {
    let silent = end.members.is_empty() && end.caveats.is_empty() && end.findings.is_empty();
    silent.then(|| match end.endpoint.kind {
        EndpointKind::Node => Caveat::NoAddress(name_of(&end.endpoint)),
        _ => Caveat::NoMember(name_of(&end.endpoint)),
    })
}

/// Refuses a port that a destination does not have: a Service, or a name that no pod has; says so
/// where only some have it.
///
/// # Errors
/// The ports that it has.
pub(crate) fn check_port(
    network: &Network<'_>,
    destination: &End,
    port: Option<&PortQuery>,
) -> Result<Option<Caveat>, ExplainError> {
    service::check_port(network, destination, port)?;
    let Some(port @ PortQuery::Name { name, .. }) = port else { return Ok(None) };
    if destination.service.is_some() {
        return Ok(None);
    }
    let members = destination.members.iter();
    let with = members.filter(|member| !port.resolve(network, member.class).is_empty()).count();
    if with == 0 {
        return Err(no_such_port(network, destination, name));
    }
    let left_out = || Caveat::PortLeftOut(name_of(&destination.endpoint));
    Ok((with < destination.members.len()).then(left_out))
}

fn no_such_port(network: &Network<'_>, destination: &End, name: &str) -> ExplainError {
    let ports = destination.members.iter().flat_map(|member| named_ports(network, member.class));
    let known: BTreeSet<&str> = ports.map(|port| network.snapshot.names.get(port.name)).collect();
    ExplainError::NoSuchPort {
        destination: name_of(&destination.endpoint),
        name: name.to_owned(),
        known: known.into_iter().map(str::to_owned).collect(),
    }
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

/// How one end sees the other.
#[derive(Clone, Copy)]
struct Sight<'a> {
    subject: ClassId,
    peer: ClassId,
    addresses: &'a str,
    /// The ports of the Service that is asked for; none where the pods themselves are.
    service: &'a PortSet,
}

fn verdict(asked: &PortSet, open: &OpenPorts) -> Verdict {
    let is_some_denied = !asked.is_subset(&open.possible());
    Verdict::of(!open.allowed.is_empty(), is_some_denied, !open.unsure.is_empty())
}
