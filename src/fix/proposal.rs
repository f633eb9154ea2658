//! What would allow a denied connection: the smallest addition, judged before it is told.
//!
//! For each denied half there is one rule and a few policies that can take it. Every choice is laid
//! over the snapshot, and the very same question is asked again. Of those that allow it, the one
//! that opens the fewest other connections is the fix; of equals, the one whose policies select the
//! fewest pods, and then the one that extends a policy.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::NetworkPolicyPort;

use super::missing_rule::{DeniedHalf, MissingRule, Taker};
use crate::answer::verdict::Verdict;
use crate::ends::end::End;
use crate::ends::find::find_end;
use crate::ends::naming::name_of;
use crate::ends::service;
use crate::ends::target::{PortQuery, Target};
use crate::engine::network::Network;
use crate::explain::connection::{JudgedEnds, judged};
use crate::explain::explanation::Fix;
use crate::explain::no_fix::NoFix;
use crate::model::ports::{PortSet, Protocol};
use crate::model::service::TargetPort;
use crate::policy::Direction;
use crate::policy::network_policy::write;

/// A question about a connection, so that it can be asked again.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionQuestion<'a> {
    /// Who opens the connection.
    pub source: &'a Target,
    /// Who accepts it.
    pub destination: &'a Target,
    /// The port; every port where it is absent.
    pub port: Option<&'a PortQuery>,
    /// The namespace of names that give none.
    pub namespace: &'a str,
}

/// Proposes a fix for a connection; nothing where it is allowed.
///
/// # Errors
/// Why there is no fix.
pub fn propose(network: &Network<'_>, question: ConnectionQuestion<'_>) -> Result<Option<Fix>, NoFix> {
    let asking = Inquiry { network, question };
    let ends = asking.ends(network)?;
    let JudgedEnds { answer, denied } = asking.judge(network, &ends)?;
    let EndPair { source, destination } = ends;
    match answer.verdict {
        Verdict::Allow => return Ok(None),
        Verdict::Depends if answer.groups.is_empty() => {
            return Err(match [&source, &destination].into_iter().find(|end| end.stands_for_nobody()) {
                Some(end) => NoFix::NoPods(name_of(&end.endpoint)),
                None => NoFix::LeadsNowhere(name_of(&destination.endpoint)),
            });
        }
        Verdict::Depends => return Err(NoFix::Unknown),
        Verdict::Deny | Verdict::Partial => {}
    }
    let ports = ports(asking.network, &destination, question.port);
    // An empty list would mean every port.
    if ports.as_ref().is_some_and(Vec::is_empty) {
        return Err(NoFix::Port);
    }
    let halves = [
        (Direction::Egress, &denied.egress, &source, &destination),
        (Direction::Ingress, &denied.ingress, &destination, &source),
    ];
    let missing = halves.into_iter().filter(|(_, pods, ..)| !pods.is_empty());
    let missing: Result<Vec<MissingRule>, NoFix> = missing
        .map(|(direction, pods, subject, peer)| {
            let half = DeniedHalf { direction, pods, subject, peer, ports: ports.clone() };
            MissingRule::find(network.snapshot, half)
        })
        .collect();
    let missing = missing?;
    if missing.is_empty() {
        return Err(NoFix::NothingDenied);
    }
    let mut best = Err(None);
    for takers in choices(network, &missing)? {
        match asking.prove(&missing, &takers, &answer) {
            Ok(fix) if fix.opens.is_none_or(|count| count == 0) => return Ok(Some(fix)),
            Ok(fix) if best.as_ref().is_ok_and(|best: &Fix| best.opens <= fix.opens) => {}
            Ok(fix) => best = Ok(fix),
            Err(reason) if best.as_ref().is_err_and(Option::is_none) => best = Err(Some(reason)),
            Err(_) => {}
        }
    }
    best.map(Some).map_err(|reason| reason.unwrap_or(NoFix::NotEnough))
}

/// Lists every way to give each addition to a policy: those that select the fewest pods first, and
/// then existing ones.
fn choices<'a>(network: &Network<'a>, missing: &[MissingRule]) -> Result<Vec<Vec<Taker<'a>>>, NoFix> {
    let mut choices: Vec<(usize, Vec<Taker<'a>>)> = vec![(0, Vec::new())];
    for rule in missing {
        let takers = rule.takers(network.snapshot)?;
        let longer = |(pods, choice): &(usize, Vec<Taker<'a>>)| {
            let one = |(own, taker): &(usize, Taker<'a>)| {
                (pods + own, [choice.clone(), vec![taker.clone()]].concat())
            };
            takers.iter().map(one).collect::<Vec<_>>()
        };
        choices = choices.iter().flat_map(longer).collect();
    }
    choices.sort_by_key(|(pods, _)| *pods);
    Ok(choices.into_iter().map(|(_, choice)| choice).collect())
}

/// The ends of a connection.
pub(crate) struct EndPair {
    pub(crate) source: End,
    pub(crate) destination: End,
}

/// A question to a network, and to those that proposals would make of it.
pub(crate) struct Inquiry<'a, 'b> {
    pub(crate) network: &'a Network<'b>,
    pub(crate) question: ConnectionQuestion<'a>,
}

impl Inquiry<'_, '_> {
    pub(crate) fn ends(&self, network: &Network<'_>) -> Result<EndPair, NoFix> {
        let find = |target| find_end(network, target, self.question.namespace);
        Ok(EndPair {
            source: find(self.question.source)?,
            destination: find(self.question.destination)?,
        })
    }

    pub(crate) fn judge(&self, network: &Network<'_>, ends: &EndPair) -> Result<JudgedEnds, NoFix> {
        Ok(judged(network, &ends.source, &ends.destination, self.question.port)?)
    }
}

/// Returns the ports of the rule that lets a port of the destination through: by number, or by name where
/// they are different numbers; nothing where every port was asked for.
pub(crate) fn ports(
    network: &Network<'_>,
    destination: &End,
    port: Option<&PortQuery>,
) -> Option<Vec<NetworkPolicyPort>> {
    let asked = |member| service::asked(network, destination, member, port);
    let sets: BTreeSet<PortSet> = destination.members.iter().map(asked).collect();
    match (sets.first(), port) {
        (Some(set), _) if sets.len() == 1 => (*set != PortSet::any()).then(|| write::ports(set)),
        (None, None) => None,
        _ if destination.service.is_some() => {
            // No rule is about the port of the Service itself.
            let targets = service::targets(network, destination, port);
            Some(targets.map(|(protocol, target)| write::port(protocol, target)).collect())
        }
        (_, Some(PortQuery::Name { name, .. })) => {
            let ranges = sets.iter().flat_map(PortSet::ranges);
            let protocols: BTreeSet<Protocol> = ranges.map(|range| range.protocol).collect();
            let name = TargetPort::Name(name.as_str().into());
            Some(protocols.into_iter().map(|protocol| write::port(protocol, &name)).collect())
        }
        _ => Some(Vec::new()),
    }
}
