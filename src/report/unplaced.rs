//! Sources that may connect, as an address that is not known yet decides: no row of a list tells them.

use std::collections::BTreeSet;

use crate::answer::caveat::Caveat;
use crate::ends::end::{End, Member, Who};
use crate::ends::naming::{name_of, pod_or_template};
use crate::ends::service;
use crate::ends::target::PortQuery;
use crate::ends::units::WantedMembers;
use crate::engine::class::ClassId;
use crate::engine::class_set::ClassSet;
use crate::engine::connection::{JudgedConnection, compatible, judge};
use crate::engine::decide::Doubt;
use crate::engine::network::Network;
use crate::model::endpoint::PodId;
use crate::model::ips::IpSet;

/// Names the pods that nobody expects and that may connect to an end, as an address decides that it or they
/// do not have yet.
pub(super) fn unplaced(
    network: &Network<'_>,
    target: &End,
    port: Option<&PortQuery>,
    wanted: &WantedMembers,
) -> Option<Caveat> {
    if !network.doubts().contains(&Doubt::Address) {
        return None;
    }
    let found = classes(network, target, port);
    let targets: BTreeSet<Who> = target.members.iter().map(|member| member.who).collect();
    let snapshot = network.snapshot;
    let is_other = |pod: PodId, class: ClassId| {
        let who = Who::Pod(pod);
        let is_itself = targets.contains(&who) && !snapshot.pods.at(pod).is_many();
        let ips: IpSet =
            network.addresses_of(pod).filter(|own| own.0 == class).filter_map(|own| own.1).collect();
        !is_itself && !wanted.holds(&Member { who, class, ips, hops: None })
    };
    let is_meant = |pod: &PodId| {
        let mut classes = network.classes.of_pod(*pod).iter();
        classes.any(|class| found.contains(*class) && is_other(*pod, *class))
    };
    let pods: Vec<PodId> = snapshot.pods.ids().filter(is_meant).collect();
    let first = name_of(&pod_or_template(snapshot, *pods.first()?));
    Some(Caveat::UnplacedSources { first, more: pods.len() - 1 })
}

/// Returns the classes of sources of which an address decides that is not known.
fn classes(network: &Network<'_>, target: &End, port: Option<&PortQuery>) -> ClassSet {
    let is_by_address = |judged: &JudgedConnection| {
        let mut halves = [&judged.egress, &judged.ingress].into_iter();
        !judged.open.unsure.is_empty() && halves.any(|half| half.doubts.contains(&Doubt::Address))
    };
    let mut found = ClassSet::default();
    for member in &target.members {
        let asked = service::asked(network, target, member, port);
        let may = |from: &ClassId| {
            network.subject_of(*from).is_some()
                && compatible(network, *from, member.class)
                && is_by_address(&judge(network, *from, member.class, &asked, None))
        };
        let others = network.classes.all().difference(&found);
        found.extend(others.iter().filter(may));
    }
    found
}
