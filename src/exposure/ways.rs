//! The ways in from outside among the sources of a target: which count, and which are expected.

use std::collections::{BTreeMap, BTreeSet};

use super::view::clients;
use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::answer::verdict::Verdict;
use crate::ends::end::{End, Who};
use crate::ends::find::find_end;
use crate::ends::target::Target;
use crate::ends::units::WantedMembers;
use crate::engine::network::Network;
use crate::exposure::way::{Exposure, Way};
use crate::model::ips::{Family, IpSet};

/// Numbers of ways in: each object that opens some counts once a way.
pub type WayCounts = BTreeMap<Way, usize>;

/// Counts the ways in that policies let through, and further ones that they may.
pub(crate) fn counts(exposures: &[Exposure]) -> [WayCounts; 2] {
    let open = |unsure: bool| -> BTreeSet<(Way, &Endpoint)> {
        let is_meant = |verdict| match verdict {
            Verdict::Allow | Verdict::Partial => !unsure,
            Verdict::Depends => unsure,
            Verdict::Deny => false,
        };
        let meant = exposures.iter().filter(|exposure| is_meant(exposure.verdict));
        meant.map(|exposure| (exposure.way, &exposure.by)).collect()
    };
    let (certain, unsure) = (open(false), open(true));
    let count = |ways: &mut dyn Iterator<Item = &(Way, &Endpoint)>| {
        let mut counts = WayCounts::new();
        ways.for_each(|(way, _)| *counts.entry(*way).or_default() += 1);
        counts
    };
    [count(&mut certain.iter()), count(&mut unsure.difference(&certain))]
}

/// Keeps the ways in that are not closed, and whose senders are not all expected: of a proxy its
/// pods, which are sources themselves, else the addresses outside.
pub(crate) fn unexpected(
    network: &Network<'_>,
    target: &End,
    exposures: &[Exposure],
    wanted: &WantedMembers,
) -> Vec<Exposure> {
    let inside = target.members.iter().filter(|member| member.who != Who::Outside);
    let families: Option<BTreeSet<Family>> =
        inside.map(|member| network.classes.family(member.class)).collect();
    // Nobody reaches an address of one family from the other.
    let reaches = |family| families.as_ref().is_none_or(|own| own.contains(&family));
    let is_expected = |exposure: &Exposure| match &*exposure.proxies {
        [] => {
            let cidrs = exposure.sources.cidrs.iter().filter(|cidr| reaches(Family::of(cidr.addr())));
            let ips: IpSet = cidrs.copied().collect();
            clients(network, &ips).members.iter().all(|member| wanted.holds(member))
        }
        proxies => proxies.iter().all(|proxy| is_named(network, proxy, wanted)),
    };
    let open = exposures.iter().filter(|exposure| exposure.verdict != Verdict::Deny);
    open.filter(|exposure| !is_expected(exposure)).cloned().collect()
}

fn is_named(network: &Network<'_>, proxy: &Endpoint, wanted: &WantedMembers) -> bool {
    let (namespace, name) = (proxy.namespace.clone(), proxy.name.clone().unwrap_or_default());
    let target = match &proxy.kind {
        EndpointKind::Pod => Target::Pod { namespace, name },
        kind => Target::Workload { namespace, kind: kind.to_string(), name },
    };
    let end = find_end(network, &target, "");
    end.is_ok_and(|end| end.members.iter().all(|member| wanted.holds(member)))
}
