//! Who can open connections to this target?
//!
//! It is a column of the list: the same rows, units and ends, with what lets each source in.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use super::list::{List, Listed, ListedSide};
use super::query;
use super::unplaced::unplaced;
use crate::answer::caveat::Caveat;
use crate::answer::caveats as limits_of;
use crate::answer::endpoint::Endpoint;
use crate::answer::finding::Finding;
use crate::answer::rule_ref::RuleRef;
use crate::answer::verdict::Verdict;
use crate::ends::end::{End, Who};
use crate::ends::naming::name_of;
use crate::ends::service::{self, asked_hops};
use crate::ends::target::PortQuery;
use crate::ends::units::{Level, Part, WantedMembers};
use crate::engine::class::ClassId;
use crate::engine::connection::{HalfJudged, judge};
use crate::engine::decide::Why;
use crate::engine::network::Network;
use crate::explain::connection;
use crate::explain::explanation::{PortMapping, Reason};
use crate::explain::question::{self, ExplainError};
use crate::exposure::way::Exposure;
use crate::exposure::{ways, ways_in};
use crate::model::gap::Gap;
use crate::model::ports::PortSet;
use crate::policy::Action;
use crate::report::connection::{Connection, Opened};
use crate::world::services::Hop;

/// What to tell of each source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceDetail {
    /// What it may open.
    Ports,
    /// The rules that let it in too.
    Rules,
}

/// Which sources are asked for.
#[derive(Clone, Debug)]
pub struct SourcesQuery {
    /// The only destination.
    pub target: End,
    /// The only ports.
    pub port: Option<PortQuery>,
    /// The sources that are expected; all others are told apart.
    pub only: Option<Vec<End>>,
    /// What to tell of each source.
    pub detail: SourceDetail,
}

/// Which of the sources to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichSources {
    /// All of them.
    All,
    /// Those that were not expected.
    Unexpected,
}

/// All sources of a target, prepared.
pub struct Sources<'a, 'b> {
    /// What the user named.
    pub target: Endpoint,
    /// The port that was asked for, as it was given.
    pub port: Option<String>,
    /// What the user expects to be the only sources.
    pub only: Option<Vec<Endpoint>>,
    /// The ways in from outside the cluster, those that are closed too.
    pub exposures: Vec<Exposure>,
    /// What looks wrong with the target.
    pub findings: Vec<Finding>,
    /// Limits of this answer.
    pub caveats: Vec<Caveat>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    network: &'a Network<'b>,
    pub(crate) list: List<'a, 'b>,
    /// Where the asked ports of a Service lead at each backend; empty where the target is none.
    hops: HashMap<(Who, ClassId), Vec<Hop>>,
    wanted: Option<WantedMembers>,
    /// The ways in that are not closed and were not expected.
    unexpected: Vec<Exposure>,
    detail: SourceDetail,
    /// Whether there may be sources of which nothing is known.
    is_unknown: bool,
    /// Why there is nobody to connect to.
    nobody: Option<Caveat>,
    /// Whether an address that is not known decides of sources that nobody expects.
    is_unplaced: bool,
}

/// One source.
#[derive(Clone, Debug)]
pub struct FoundSource<'a> {
    /// What it may open.
    pub connection: Connection<'a>,
    /// What lets it in, where that was asked for: the policies of the source, and of the target.
    pub opened: Option<[Opened; 2]>,
    /// Where the ports of the Service lead, where the target is one.
    pub service_ports: Vec<PortMapping>,
    /// Whether the destination is all of the target.
    pub is_whole_target: bool,
    pub(crate) source: ListedSide<'a>,
    pub(crate) destination: ListedSide<'a>,
}

impl<'a, 'b> Sources<'a, 'b> {
    /// Finds the sources that a query asks for.
    ///
    /// # Errors
    /// A port that the target does not have.
    pub fn find(network: &'a Network<'b>, query: SourcesQuery) -> Result<Self, ExplainError> {
        let SourcesQuery { target, port, only, detail } = query;
        let mut caveats = target.caveats.clone();
        caveats.extend(question::check_port(network, &target, port.as_ref())?);
        caveats.extend(ungoverned(network, &target));
        caveats.extend(question::no_member(&target));
        let is_no_end = |own: &&Caveat| target.stands_for_nobody() && own.is_no_end();
        let nobody = caveats.iter().find(is_no_end).cloned();
        let is_unknown = nobody.is_some() || service::leads_nowhere(network, &target, port.as_ref());
        if only.is_some() && network.rules.unread_pods {
            caveats.push(Caveat::UnreadSources);
        }
        let (endpoint, findings) = (target.endpoint.clone(), target.findings.clone());
        let hops = hops(&target, port.as_ref());
        let exposures = ways_in::exposures(network, &target, port.as_ref());
        let wanted = only.as_ref().map(WantedMembers::of);
        let unexpected = wanted.as_ref().map(|own| ways::unexpected(network, &target, &exposures, own));
        let unplaced = wanted.as_ref().and_then(|own| unplaced(network, &target, port.as_ref(), own));
        let asked = port.as_ref().map(ToString::to_string);
        let (level, to) = (Level::Workloads, Some(target));
        let list = query::ListQuery { level, direction: None, from: None, to, port, namespace: None };
        let list = List::new(network, list);
        if !hops.is_empty() && list.may_be_from_outside() {
            caveats.push(Caveat::FromOutside(name_of(&endpoint)));
        }
        let limits = limits_of::limits(network, None);
        let is_unplaced = unplaced.is_some();
        let is_told = |own: &Caveat| *own == Caveat::NoAddressListed && is_unplaced;
        caveats.extend(limits.into_iter().filter(|own| !is_told(own)));
        caveats.extend(unplaced);
        let endpoints = |ends: &Vec<End>| ends.iter().map(|end| end.endpoint.clone()).collect();
        Ok(Self {
            target: endpoint,
            port: asked,
            only: only.as_ref().map(endpoints),
            exposures,
            findings,
            caveats,
            gaps: network.snapshot.gaps.clone(),
            network,
            list,
            hops,
            wanted,
            unexpected: unexpected.unwrap_or_default(),
            detail,
            is_unknown: is_unknown || network.rules.unread_pods,
            nobody,
            is_unplaced,
        })
    }

    /// Tells every source, ascending, and can be stopped.
    pub fn each(
        &self,
        which: WhichSources,
        visit: &mut dyn FnMut(FoundSource<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.list.each(&mut |listed| match (which, &self.wanted) {
            (WhichSources::All, _) => visit(self.found(listed)),
            (WhichSources::Unexpected, None) => ControlFlow::Continue(()),
            (WhichSources::Unexpected, Some(wanted)) => self.unexpected(listed, wanted, visit),
        })
    }

    fn found<'f>(&self, listed: Listed<'f>) -> FoundSource<'f> {
        let Listed { source, destination, ports, verdict, .. } = listed;
        FoundSource {
            connection: Connection { source, destination, ports, verdict },
            opened: (self.detail == SourceDetail::Rules).then(|| self.opened(&listed)),
            service_ports: self.service_ports(&listed),
            is_whole_target: self.list.is_all_asked(listed.to),
            source: listed.from,
            destination: listed.to,
        }
    }

    /// Lists where the ports of the Service lead that a source may open; nothing where clients
    /// choose among the backends' own.
    fn service_ports(&self, listed: &Listed<'_>) -> Vec<PortMapping> {
        if self.hops.is_empty() {
            return Vec::new();
        }
        let parts = listed.to.parts.iter();
        let members = parts.flat_map(|part| part.members.iter().map(|(who, _)| (*who, part.class)));
        let hops = members.filter_map(|member| self.hops.get(&member)).flatten();
        let open = |hop: &&Hop| listed.open.contains(hop.protocol, hop.target);
        let hops: BTreeSet<&Hop> = hops.filter(open).collect();
        let targets = hops.iter().map(|hop| PortSet::port(hop.protocol, hop.target));
        let targets = targets.fold(PortSet::none(), |all, port| all.union(&port));
        let hops = hops.into_iter().filter(|_| targets == *listed.open);
        hops.map(connection::service_port).collect()
    }

    /// Tells what of a source was not expected.
    fn unexpected(
        &self,
        listed: Listed<'_>,
        wanted: &WantedMembers,
        visit: &mut dyn FnMut(FoundSource<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let unit = listed.from.unit;
        if unit == self.list.units.outside {
            return match self.list.units.outside_without(self.network, listed.from.parts, wanted) {
                None => ControlFlow::Continue(()),
                Some(source) => visit(self.found(Listed { source: &source, ..listed })),
            };
        }
        let rest: Vec<Part> = listed.from.parts.iter().filter_map(|part| wanted.rest_of(part)).collect();
        let rest: Vec<&Part> = rest.iter().collect();
        if rest.is_empty() {
            return ControlFlow::Continue(());
        }
        let is_whole = listed.from.is_whole && self.list.units.is_whole(unit, &rest);
        let from = ListedSide { unit, parts: &rest, is_whole };
        let source = self.list.units.endpoint(self.network, unit, &rest, None);
        visit(self.found(Listed { source: &source, from, ..listed }))
    }

    /// Returns what lets a source in: the rules of any of its members that open any of the ports.
    fn opened(&self, listed: &Listed<'_>) -> [Opened; 2] {
        let nothing = || Opened { reason: Reason::Default, rules: Vec::new() };
        let mut opened = [nothing(), nothing()];
        for from in listed.from.parts {
            for to in listed.to.parts {
                let judged = judge(self.network, from.class, to.class, listed.open, None);
                for (own, half) in opened.iter_mut().zip([&judged.egress, &judged.ingress]) {
                    self.add(own, half, listed.verdict);
                }
            }
        }
        opened
    }

    fn add(&self, opened: &mut Opened, half: &HalfJudged, verdict: Verdict) {
        // However the unknown turns out, one of those that may match does.
        let is_any_hit = half.rules.iter().any(|asked| asked.hit);
        let is_one_of = verdict == Verdict::Depends || (matches!(half.why, Why::Rule(_)) && !is_any_hit);
        let counts = |hit, unsure| hit || (unsure && is_one_of);
        let own = half.rules.iter().filter(|asked| counts(asked.hit, asked.unsure));
        let rules = own.map(|asked| self.network.rule(asked.rule));
        for rule in rules.filter(|rule| rule.action == Action::Allow) {
            let rule = RuleRef::rule(&rule.source, rule.action);
            if !opened.rules.contains(&rule) {
                opened.rules.push(rule);
            }
        }
        opened.reason = match (half.exempt, half.why, opened.rules.is_empty()) {
            (_, _, false) => Reason::Rule,
            (Some(_), ..) => Reason::Exempt,
            (None, Why::Isolated(_), _) => Reason::Isolated,
            (None, ..) => Reason::Default,
        };
    }

    /// Tells whether nothing but the expected sources may connect, as far as that is known.
    pub fn is_as_expected(&self) -> bool {
        let any = self.each(WhichSources::Unexpected, &mut |_| ControlFlow::Break(())).is_break();
        let is_unknown = self.is_unknown || self.is_unplaced;
        self.only.is_none() || !(any || is_unknown || !self.unexpected.is_empty())
    }

    /// Says why there is nobody to whom the expected sources could connect, where some are expected.
    pub fn nothing_judged(&self) -> Option<&Caveat> {
        self.nobody.as_ref().filter(|_| self.only.is_some())
    }

    /// Tells whether there may be sources of which nothing is known; a caveat or gap says why.
    pub fn is_unknown(&self) -> bool {
        self.is_unknown || !self.gaps.is_empty()
    }

    /// Tells whether the rules that let sources in are told.
    pub fn tells_rules(&self) -> bool {
        self.detail == SourceDetail::Rules
    }

    /// Lists the ways in from outside the cluster.
    pub fn ways(&self, which: WhichSources) -> &[Exposure] {
        match which {
            WhichSources::All => &self.exposures,
            WhichSources::Unexpected => &self.unexpected,
        }
    }
}

/// Lists where the asked ports of a Service lead, by backend.
fn hops(target: &End, port: Option<&PortQuery>) -> HashMap<(Who, ClassId), Vec<Hop>> {
    let mut all: HashMap<(Who, ClassId), Vec<Hop>> = HashMap::new();
    for member in &target.members {
        for hop in member.hops.iter().flat_map(|hops| asked_hops(hops, port)) {
            all.entry((member.who, member.class)).or_default().push(hop.clone());
        }
    }
    all
}

/// Says that sources which no policy governs are not listed where none governs the target either.
fn ungoverned(network: &Network<'_>, target: &End) -> Option<Caveat> {
    let governed = |class| network.subject_of(class).is_some();
    let count = target.members.iter().filter(|member| !governed(member.class)).count();
    let name = name_of(&target.endpoint);
    match count {
        0 => None,
        _ if count == target.members.len() => Some(Caveat::SourcesNotListed(name)),
        _ => Some(Caveat::SomeSourcesNotListed(name)),
    }
}
