//! The host names beside addresses outside, as the policies of whoever opens connections there remember them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::answer::endpoint::{Endpoint, EndpointKind, RecordedAs};
use crate::engine::class::ClassId;
use crate::engine::network::Network;
use crate::model::ips::IpSet;
use crate::policy::{Direction, PolicySource};

/// Blocks of more addresses than a host can have are no host's.
const LARGEST_BLOCK: u8 = 8;

/// Puts names beside the addresses of an end outside: those that policies remember which govern sources.
pub fn add(network: &Network<'_>, sources: impl Iterator<Item = ClassId>, destination: &mut Endpoint) {
    if network.snapshot.recorded.is_empty() || destination.kind != EndpointKind::IPBlock {
        return;
    }
    let subjects: BTreeSet<_> = sources.filter_map(|class| network.subject_of(class)).collect();
    let rules = subjects.iter().flat_map(|subject| network.governing(*subject, Direction::Egress));
    let policies: BTreeSet<&PolicySource> =
        rules.map(|(rule, _)| &*network.rule(rule).source.policy).collect();
    for policy in policies {
        add_of(network, policy, destination);
    }
}

/// Puts names beside addresses: those that one policy remembers.
pub fn add_of(network: &Network<'_>, policy: &PolicySource, destination: &mut Endpoint) {
    let namespace = policy.namespace.as_deref().unwrap_or_default();
    let Some(names) = network.snapshot.recorded.of(namespace, &policy.name) else { return };
    let small = |block: &&IpNet| block.max_prefix_len() - block.prefix_len() <= LARGEST_BLOCK;
    let shown: IpSet = destination.cidrs.iter().filter(small).copied().collect();
    let here = names.iter().filter(|(ip, _)| shown.contains(**ip));
    let here = here.flat_map(|(ip, names)| names.iter().map(|name| (*ip, name.to_string())));
    let known = std::mem::take(&mut destination.recorded);
    let all: BTreeSet<RecordedAs> =
        here.map(|(address, name)| RecordedAs { address, name }).chain(known).collect();
    destination.recorded = all.into_iter().collect();
}

/// Blocks of an end that have the same names; none where nothing is recorded.
pub(crate) struct NamedBlocks<'a> {
    pub(crate) names: BTreeSet<&'a str>,
    pub(crate) blocks: Vec<IpNet>,
}

/// Groups the blocks of an end by their names; those without any come last.
pub(crate) fn by_names(endpoint: &Endpoint) -> Vec<NamedBlocks<'_>> {
    let names_of = |ip: IpAddr| -> BTreeSet<&str> {
        let own = endpoint.recorded.iter().filter(|own| own.address == ip);
        own.map(|own| &*own.name).collect()
    };
    let mut groups: Vec<NamedBlocks<'_>> = Vec::new();
    for block in &endpoint.cidrs {
        let small = block.max_prefix_len() - block.prefix_len() <= LARGEST_BLOCK;
        let first = if small { names_of(block.network()) } else { BTreeSet::new() };
        let is_all = !first.is_empty() && block.hosts().all(|ip| names_of(ip) == first);
        let names = if is_all { first } else { BTreeSet::new() };
        match groups.iter_mut().find(|group| group.names == names) {
            Some(group) => group.blocks.push(*block),
            None => groups.push(NamedBlocks { names, blocks: vec![*block] }),
        }
    }
    groups.sort_by_key(|group| group.names.is_empty());
    groups
}
