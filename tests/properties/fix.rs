//! A fix allows exactly what was asked, and opens as many other connections as it says.
//!
//! The reference judges every packet before and after; the engine only proposes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol::answer::verdict::Verdict;
use netpol::ends::end as ends;
use netpol::ends::end::Who;
use netpol::ends::find::find_end;
use netpol::ends::target::{PortQuery, Target};
use netpol::engine::network::Network;
use netpol::explain::connection::explain;
use netpol::explain::explanation::{AdditionKind, Fix};
use netpol::fix::proposal::{ConnectionQuestion, propose};
use netpol::model::snapshot::Snapshot;
use proptest::collection::vec;
use proptest::prelude::{Strategy, TestCaseError, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::config;
use crate::question::{World, class_of, port_set, worlds};
use crate::reference::cluster::{Cluster, End, Life, Packet, Policy, Port, Way};
use crate::reference::network_policy::{Answer, Judgement, Reference, governs};

/// Which source, destination and port to ask for.
type Pick = (Index, Index, Index);

fn picks() -> impl Strategy<Value = Vec<Pick>> {
    vec(any::<Pick>(), 4)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_fix_allows_what_was_asked_and_opens_what_it_says(world in worlds(), picks in picks()) {
        for pick in &picks {
            let asked = Asked::of(&world, pick);
            if let Some(fix) = asked.fix(&world) {
                holds(&world, &asked, &fix)?;
            }
        }
    }
}

/// A question.
#[derive(Debug)]
struct Asked {
    source: Target,
    destination: Target,
    port: Option<PortQuery>,
}

impl Asked {
    fn of(world: &World, (source, destination, port): &Pick) -> Self {
        let (targets, ports) = (targets(world), ports(world));
        let (source, destination) = (source.get(&targets).clone(), destination.get(&targets).clone());
        Self { source, destination, port: port.get(&ports).clone() }
    }

    fn question(&self) -> ConnectionQuestion<'_> {
        let Self { source, destination, port } = self;
        ConnectionQuestion { source, destination, port: port.as_ref(), namespace: "alpha" }
    }

    fn verdict(&self, network: &Network<'_>) -> Option<Verdict> {
        let find = |target| find_end(network, target, "alpha").unwrap();
        let (source, destination) = (find(&self.source), find(&self.destination));
        let answer = explain(network, &source, &destination, self.port.as_ref());
        answer.ok().map(|answer| answer.verdict)
    }

    fn fix(&self, world: &World) -> Option<Fix> {
        propose(&world.network(), self.question()).ok().flatten()
    }
}

/// Lists what can be an end: pods, workloads, nodes, namespaces, addresses and blocks.
fn targets(world: &World) -> Vec<Target> {
    let cluster = &world.cluster;
    let pods = cluster.pods.iter().map(|pod| {
        let (namespace, name) = (Some(pod.namespace.clone()), pod.name.clone());
        match pod.life {
            Life::Template(kind) => Target::Workload { namespace, kind: kind.to_owned(), name },
            _ => Target::Pod { namespace, name },
        }
    });
    let nodes = world.snapshot.nodes.values().map(|node| Target::Node(node.name.to_string()));
    let namespaces = world.snapshot.namespaces.values();
    let namespaces = namespaces.map(|own| Target::Namespace(own.name.to_string()));
    let addresses = world.outside.iter().take(4).map(|ip| Target::Address(*ip));
    let blocks = ["10.0.0.0/24", "192.0.2.0/24", "fd00::/64"].map(|block| block.parse().unwrap());
    let blocks = blocks.into_iter().map(Target::Block);
    // Pods are what policies are about: they are asked for most often.
    let often = pods.clone().chain(pods.clone()).chain(pods);
    let others = nodes.chain(namespaces).chain(addresses).chain(blocks);
    often.chain(others).chain([Target::Internet]).collect()
}

fn ports(world: &World) -> Vec<Option<PortQuery>> {
    let numbers = world.cluster.interesting_ports().into_iter().filter_map(|port| match port {
        Port::Number(protocol, low) => Some(PortQuery::Numbers { protocol, low, high: low }),
        Port::Other => None,
    });
    let name = |name: &str| PortQuery::Name { name: name.to_owned(), protocol: None };
    let more = vec![Some(name("http")), Some(name("dns")), None, None];
    numbers.map(Some).chain(more).collect()
}

/// Returns the cluster with the objects of a fix applied.
fn applied(cluster: &Cluster, fix: &Fix) -> Cluster {
    let mut cluster = cluster.clone();
    for object in &fix.objects {
        let policy = Policy {
            namespace: object.metadata.namespace.clone().unwrap(),
            name: object.metadata.name.clone().unwrap(),
            spec: object.spec.clone().unwrap(),
        };
        let is_same = |old: &Policy| old.namespace == policy.namespace && old.name == policy.name;
        cluster.policies.retain(|old| !is_same(old));
        cluster.policies.push(policy);
    }
    cluster
}

fn holds(world: &World, asked: &Asked, fix: &Fix) -> Result<(), TestCaseError> {
    let after = World::new(applied(&world.cluster, fix), world.outside.clone());
    let network = after.network();
    prop_assert_eq!(asked.verdict(&network), Some(Verdict::Allow), "{:?} {:?}", asked, fix);
    prop_assert_eq!(isolated(world), isolated(&after), "{:?} {:?}", asked, fix);
    let ends = Ends::of(&network, asked);
    let mut others: BTreeSet<(String, String)> = BTreeSet::new();
    for packet in gained(world, &after, asked) {
        let pair = (unit(&world.snapshot, packet.source), unit(&world.snapshot, packet.destination));
        match ends.are_units(&pair) {
            false => drop(others.insert(pair)),
            true => {
                let wanted = ends.are_asked(&network, asked, &packet);
                prop_assert!(wanted, "{:?} of {:?} {:?}", packet, asked, fix);
            }
        }
    }
    prop_assert_eq!(Some(others.len()), fix.opens, "{:?} of {:?} {:?}", others, asked, fix);
    Ok(())
}

/// Lists the directions in which each pod is isolated.
fn isolated(world: &World) -> BTreeSet<(&str, Way)> {
    let reference = world.reference(Answer::No);
    let governed = world.cluster.pods.iter().filter(|pod| !pod.host_network && !pod.has_finished());
    let pods = governed.flat_map(|pod| Way::BOTH.map(|way| (pod, way)));
    let isolates = |policy: &Policy, pod, way| {
        governs(&policy.spec, way) && reference.selects(policy, pod) == Answer::Yes
    };
    pods.filter(|(pod, way)| world.cluster.policies.iter().any(|own| isolates(own, pod, *way)))
        .map(|(pod, way)| (&*pod.name, way))
        .collect()
}

/// Lists the packets that may pass after and could not before; a connection that was possible and
/// is certain counts too.
fn gained<'a>(before: &World, after: &'a World, asked: &Asked) -> Vec<Packet<'a>> {
    let bounds = after.cluster.bounds().into_iter();
    // No packet carries an IPv4 address in the clothes of IPv6.
    let real = |ip: &IpAddr| ip.to_canonical() == *ip;
    let addresses: BTreeSet<IpAddr> = bounds.chain(after.outside.iter().copied()).filter(real).collect();
    let ends = after.cluster.ends(&addresses.into_iter().collect::<Vec<_>>());
    // A rule that opens too much opens many ports: some of those that were not asked for will do.
    let ports = after.cluster.interesting_ports();
    let is_named = |port: &Port| match (&asked.port, port) {
        (Some(PortQuery::Numbers { low, .. }), Port::Number(_, number)) => low == number,
        (Some(PortQuery::Name { .. }), Port::Number(..)) => true,
        (None, _) | (_, Port::Other) => *port == Port::Other,
    };
    let some = ports.iter().enumerate().filter(|(index, port)| index % 5 == 0 || is_named(port));
    let ports: Vec<Port> = some.map(|(_, port)| *port).collect();
    let (old, new) = (before.reference(Answer::Maybe), after.reference(Answer::Maybe));
    let mut gained = Vec::new();
    for source in &ends {
        for destination in &ends {
            let governed = source.managed_pod().or(destination.managed_pod()).is_some();
            if !governed || !source.can_reach(*destination) || is_one_pod(*source, *destination) {
                continue;
            }
            for port in &ports {
                let packet = Packet { source: *source, destination: *destination, port: *port };
                let (was, is) = (as_listed(old, &packet), as_listed(new, &packet));
                let opened = is.may_be_allowed && !was.may_be_allowed;
                if opened || (!is.may_be_denied && was.may_be_denied) {
                    gained.push(packet);
                }
            }
        }
    }
    gained
}

/// Judges both halves of a packet.
pub(crate) fn both(reference: Reference<'_>, packet: &Packet<'_>) -> Judgement {
    joined([Way::Out, Way::In].map(|way| reference.judge(way, packet)))
}

fn as_listed(reference: Reference<'_>, packet: &Packet<'_>) -> Judgement {
    joined([Way::Out, Way::In].map(|way| reference.judge_for_list(way, packet)))
}

fn joined([egress, ingress]: [Judgement; 2]) -> Judgement {
    Judgement {
        may_be_allowed: egress.may_be_allowed && ingress.may_be_allowed,
        may_be_denied: egress.may_be_denied || ingress.may_be_denied,
    }
}

/// Tells whether both ends are one pod; a template stands for several, unless a Job or a
/// Deployment and their like want one.
pub(crate) fn is_one_pod(source: End<'_>, destination: End<'_>) -> bool {
    let (End::Pod(source, _), End::Pod(destination, _)) = (source, destination) else { return false };
    let many = matches!(source.life, Life::Template("DaemonSet" | "CronJob"));
    source.name == destination.name && !many
}

/// Names the row of a list that an end belongs to.
fn unit(snapshot: &Snapshot, end: End<'_>) -> String {
    match end {
        End::Pod(pod, _) => pod.name.clone(),
        End::Address(ip) => {
            let node = snapshot.nodes.values().find(|node| node.ips.contains(&ip));
            node.map_or_else(|| "outside".to_owned(), |node| node.name.to_string())
        }
    }
}

/// The two ends of a question: their rows of a list.
struct Ends {
    source: ends::End,
    destination: ends::End,
    units: [BTreeSet<String>; 2],
}

impl Ends {
    fn of(network: &Network<'_>, asked: &Asked) -> Self {
        let find = |target| find_end(network, target, "alpha").unwrap();
        let (source, destination) = (find(&asked.source), find(&asked.destination));
        let units = [&source, &destination].map(|end| units_of(network.snapshot, end));
        Self { source, destination, units }
    }

    fn are_units(&self, pair: &(String, String)) -> bool {
        let [sources, destinations] = &self.units;
        sources.contains(&pair.0) && destinations.contains(&pair.1)
    }

    /// Tells whether a packet goes between the ends, at a port that was asked for.
    fn are_asked(&self, network: &Network<'_>, asked: &Asked, packet: &Packet<'_>) -> bool {
        let is_of = |end: &ends::End, of: End<'_>| match of {
            End::Pod(..) => true,
            End::Address(ip) => end.members.iter().any(|member| member.ips.contains(ip)),
        };
        let class = class_of(network, packet.destination).unwrap();
        let ports = asked.port.as_ref().map(|port| port.resolve(network, class));
        is_of(&self.source, packet.source)
            && is_of(&self.destination, packet.destination)
            && ports.is_none_or(|ports| port_set(packet.port).is_subset(&ports))
    }
}

/// Names the rows of an end; of addresses that were asked for, those of all that have one of them.
fn units_of(snapshot: &Snapshot, end: &ends::End) -> BTreeSet<String> {
    let mut units = BTreeSet::new();
    for member in &end.members {
        let own = match member.who {
            Who::Pod(pod) => snapshot.pods.at(pod).name.to_string(),
            Who::Node(node) => snapshot.nodes.at(node).name.to_string(),
            Who::Outside => "outside".to_owned(),
        };
        units.insert(own);
        if !end.endpoint.kind.is_addresses() {
            continue;
        }
        let holds = |ips: &[IpAddr]| ips.iter().any(|ip| member.ips.contains(*ip));
        let hosts = snapshot.pods.iter().filter(|(_, pod)| pod.host_network);
        let hosts = hosts.filter(|(id, _)| holds(&snapshot.addresses_of(*id).collect::<Vec<_>>()));
        units.extend(hosts.map(|(_, pod)| pod.name.to_string()));
        let nodes = snapshot.nodes.values().filter(|node| holds(&node.ips));
        units.extend(nodes.map(|node| node.name.to_string()));
    }
    units
}

#[test]
fn random_clusters_have_fixes_of_every_kind_often() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..400 {
        let world = worlds().new_tree(&mut runner).unwrap().current();
        for pick in picks().new_tree(&mut runner).unwrap().current() {
            for kind in kinds(&world, &Asked::of(&world, &pick)) {
                *counts.entry(kind).or_default() += 1;
            }
        }
    }
    for (kind, least) in
        [("rule", 60), ("policy", 60), ("both halves", 8), ("opens none", 100), ("opens some", 20)]
    {
        let count = counts.get(kind).copied().unwrap_or_default();
        assert!(count >= least, "{kind} too rarely: {counts:#?}");
    }
}

/// Names what a fix is like, or why there is none.
fn kinds(world: &World, asked: &Asked) -> Vec<String> {
    let fix = match propose(&world.network(), asked.question()) {
        Ok(None) => return vec!["allowed".to_owned()],
        Err(reason) => return vec![reason.to_string().split(' ').skip(1).collect::<Vec<_>>().join(" ")],
        Ok(Some(fix)) => fix,
    };
    let mut kinds = vec!["a fix".to_owned()];
    kinds.extend(fix.changes.iter().map(|change| match change.change {
        AdditionKind::Rule => "rule".to_owned(),
        AdditionKind::Policy => "policy".to_owned(),
    }));
    kinds.extend((fix.changes.len() == 2).then(|| "both halves".to_owned()));
    kinds.push(if fix.opens == Some(0) { "opens none" } else { "opens some" }.to_owned());
    kinds
}
