//! A destination, and what policies say of everybody who may send to it from outside.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::answer::caveat::Caveat;
use crate::answer::endpoint::{Endpoint, Entity};
use crate::answer::verdict::Verdict;
use crate::ends::backends::backends_of;
use crate::ends::end::{End, Member, Who, addresses, part_endpoint, push_node};
use crate::ends::naming::outside_endpoint;
use crate::ends::service::asked_hops;
use crate::ends::target::PortQuery;
use crate::engine::decide as engine;
use crate::engine::decide::decide;
use crate::engine::network::Network;
use crate::engine::region::Region;
use crate::explain::connection::explain;
use crate::explain::explanation::Explanation;
use crate::exposure::way::ExposedPort;
use crate::model::endpoint::PodId;
use crate::model::ips::IpSet;
use crate::model::ports::PortSet;
use crate::model::service::ServiceId;
use crate::policy::Direction;
use crate::world::services::{Hop, is_behind};

/// A destination, prepared for the question of what leads to it.
pub(crate) struct View<'a, 'b> {
    pub(crate) network: &'a Network<'b>,
    pub(crate) destination: &'a End,
    pub(crate) port: Option<&'a PortQuery>,
    outside: OnceCell<End>,
    nodes: OnceCell<End>,
}

/// One port on its way: where it starts, where it ends, and at which members.
pub(crate) struct Lead {
    pub(crate) at: Vec<String>,
    pub(crate) service: Option<String>,
    pub(crate) target: PortQuery,
    pub(crate) members: Vec<Member>,
}

/// Whose packets reach the destination.
pub(crate) enum Sender<'a> {
    /// The clients outside.
    Clients(&'a End),
    /// The clients outside, or a node in their place.
    ClientsOrNodes(&'a End),
    /// The pods of a proxy.
    Proxies(&'a End),
    /// Somebody who is not known.
    Anybody,
}

impl<'a, 'b> View<'a, 'b> {
    pub(crate) fn new(
        network: &'a Network<'b>,
        destination: &'a End,
        port: Option<&'a PortQuery>,
    ) -> Self {
        Self { network, destination, port, outside: OnceCell::new(), nodes: OnceCell::new() }
    }

    /// Returns all addresses outside.
    pub(crate) fn outside(&self) -> &End {
        self.outside.get_or_init(|| clients(self.network, &IpSet::everything()))
    }

    /// Returns all nodes; the addresses outside where none is known.
    fn nodes(&self) -> &End {
        self.nodes.get_or_init(|| {
            let mut members = Vec::new();
            for node in self.network.snapshot.nodes.ids() {
                push_node(self.network, node, &IpSet::everything(), &mut members);
            }
            match members.is_empty() {
                false => End::new(Endpoint::entity(Entity::Nodes), members),
                true => self.outside().clone(),
            }
        })
    }

    /// Lists the pods of the destination, each once.
    pub(crate) fn pods(&self) -> BTreeSet<PodId> {
        let who = self.destination.members.iter().map(|member| member.who);
        who.filter_map(|who| if let Who::Pod(pod) = who { Some(pod) } else { None }).collect()
    }

    /// Returns the members of the destination that a Service sends to, with the asked hops.
    pub(crate) fn behind(&self, service: ServiceId) -> Vec<Member> {
        let other = self.destination.service.is_some_and(|known| known != service);
        if other || !self.may_lead(service) {
            return Vec::new();
        }
        let backends = backends_of(self.network, service, None).members;
        let is_own = |member: &Member| {
            let mut own = self.destination.members.iter();
            own.any(|own| own.who == member.who && own.class == member.class)
        };
        let kept = backends.into_iter().filter(|member| member.who != Who::Outside && is_own(member));
        kept.map(|member| self.with_asked_hops(member)).collect()
    }

    fn with_asked_hops(&self, member: Member) -> Member {
        let hops = member.hops.as_deref().unwrap_or_default();
        let hops: Arc<[Hop]> = match (self.destination.service, self.port) {
            (Some(_), port) => asked_hops(hops, port).cloned().collect(),
            (None, None) => hops.into(),
            (None, Some(port)) => {
                let asked = port.resolve(self.network, member.class);
                hops.iter().filter(|hop| asked.contains(hop.protocol, hop.target)).cloned().collect()
            }
        };
        Member { hops: Some(hops), ..member }
    }

    /// Tells quickly whether a Service could send to any member.
    fn may_lead(&self, id: ServiceId) -> bool {
        let snapshot = self.network.snapshot;
        let service = snapshot.services.at(id);
        let is_selected = |member: &Member| match member.who {
            Who::Pod(pod) => is_behind(snapshot, service, snapshot.pods.at(pod)),
            Who::Node(_) | Who::Outside => false,
        };
        let is_listed = |member: &Member| {
            let mut ips = service.slices.iter().flat_map(|slice| &slice.ips);
            ips.any(|ip| member.ips.contains(*ip))
        };
        let by_slices = !service.slices.is_empty();
        let mut members = self.destination.members.iter();
        members.any(|member| if by_slices { is_listed(member) } else { is_selected(member) })
    }

    /// Sorts the hops of members into leads; `at` tells the ports outside that lead to a hop.
    pub(crate) fn leads(
        &self,
        members: &[Member],
        at: &dyn Fn(&Hop) -> Option<Vec<String>>,
    ) -> Vec<Lead> {
        let mut leads: BTreeMap<(&Hop, Vec<String>), Vec<Member>> = BTreeMap::new();
        for member in members {
            for hop in member.hops.as_deref().unwrap_or_default() {
                if let Some(at) = at(hop) {
                    leads.entry((hop, at)).or_default().push(Member { hops: None, ..member.clone() });
                }
            }
        }
        let lead = |((hop, at), members): ((&Hop, Vec<String>), Vec<Member>)| Lead {
            at,
            service: Some(PortSet::port(hop.protocol, hop.port).to_string()),
            target: PortQuery::Numbers { protocol: hop.protocol, low: hop.target, high: hop.target },
            members,
        };
        leads.into_iter().map(lead).collect()
    }

    /// Judges leads, and names the part of the destination that they are about.
    pub(crate) fn judged(&self, leads: &[Lead], sender: &Sender<'_>) -> JudgedLeads {
        let mut caveats = BTreeSet::new();
        let mut ports = Vec::new();
        for lead in leads {
            let target = End::new(self.destination.endpoint.clone(), lead.members.clone());
            let verdict = self.verdict(&target, Some(&lead.target), sender, &mut caveats);
            ports.push(ExposedPort {
                at: lead.at.clone(),
                service: lead.service.clone(),
                target: lead.target.to_string(),
                verdict,
            });
        }
        let members = leads.iter().flat_map(|lead| &lead.members);
        JudgedLeads { verdict: joined(&ports), ports, destination: self.part(members), caveats }
    }

    /// Names some members of the destination.
    pub(crate) fn part<'m>(&self, members: impl Iterator<Item = &'m Member>) -> Endpoint {
        let here: Vec<_> = members.map(|member| (member.who, member.class)).collect();
        let members = self.destination.members.iter();
        let members: Vec<&Member> =
            members.filter(|member| here.contains(&(member.who, member.class))).collect();
        part_endpoint(self.network, self.destination, &members)
    }

    pub(crate) fn verdict(
        &self,
        target: &End,
        port: Option<&PortQuery>,
        sender: &Sender<'_>,
        caveats: &mut BTreeSet<Caveat>,
    ) -> Verdict {
        let mut ask = |source: &End| {
            let told = explain(self.network, source, target, port).ok();
            caveats.extend(told.iter().flat_map(|told| told.caveats.clone()));
            told
        };
        match sender {
            Sender::Clients(end) | Sender::Proxies(end) => {
                ask(end).map_or(Verdict::Depends, |told| told.verdict)
            }
            Sender::ClientsOrNodes(end) => {
                // Among the nodes is the pod's own, which always gets in: a denial is never certain.
                let is_open =
                    |told: Option<Explanation>| told.is_some_and(|told| told.verdict == Verdict::Allow);
                match is_open(ask(end)) && is_open(ask(self.nodes())) {
                    true => Verdict::Allow,
                    false => Verdict::Depends,
                }
            }
            // Only that everybody gets in is certain: a proxy on the pod's own node always does.
            Sender::Anybody => {
                let open = |member: &Member| self.lets_everybody_in(member, port);
                match target.members.iter().all(open) {
                    true => Verdict::Allow,
                    false => Verdict::Depends,
                }
            }
        }
    }

    /// Tells whether the policies of a member let in whoever there may be.
    fn lets_everybody_in(&self, member: &Member, port: Option<&PortQuery>) -> bool {
        let ports = port.map_or_else(PortSet::any, |port| port.resolve(self.network, member.class));
        let everybody = Region::block(self.network.classes.all().clone(), ports);
        let subject = self.network.subject_of(member.class);
        let pieces = decide(self.network, subject, Direction::Ingress, everybody, &mut ());
        pieces.iter().all(|piece| piece.verdict == engine::PieceVerdict::Allow && piece.doubt.is_none())
    }
}

/// What policies say of leads.
pub(crate) struct JudgedLeads {
    pub(crate) verdict: Verdict,
    pub(crate) ports: Vec<ExposedPort>,
    pub(crate) destination: Endpoint,
    pub(crate) caveats: BTreeSet<Caveat>,
}

/// Joins the verdicts of ports.
fn joined(ports: &[ExposedPort]) -> Verdict {
    let any = |wanted: &[Verdict]| ports.iter().any(|port| wanted.contains(&port.verdict));
    Verdict::of(
        any(&[Verdict::Allow, Verdict::Partial]),
        any(&[Verdict::Deny, Verdict::Partial]),
        any(&[Verdict::Depends]),
    )
}

/// Returns the clients that have these addresses: nobody in the cluster.
pub(crate) fn clients(network: &Network<'_>, ips: &IpSet) -> End {
    let mut end = addresses(network, ips, outside_endpoint(ips));
    end.members.retain(|member| member.who == Who::Outside);
    end
}
