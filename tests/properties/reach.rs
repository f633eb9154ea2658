//! The sources of a target are those that the rows say, one end after the other, and a column of
//! the list.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::ops::ControlFlow;

use netpol::answer::endpoint::{Endpoint, EndpointKind};
use netpol::answer::rule_ref::RuleAction;
use netpol::answer::verdict::Verdict;
use netpol::ends::end as ends;
use netpol::ends::end::{End, Who};
use netpol::ends::find::find_end;
use netpol::ends::target::{PortQuery, Target};
use netpol::ends::units::{Level, Units};
use netpol::engine::class::ClassId;
use netpol::engine::connection::{compatible, judge};
use netpol::engine::decide::Doubt;
use netpol::engine::network::Network;
use netpol::engine::row::{Row, row};
use netpol::explain::explanation::Reason;
use netpol::model::endpoint::{PodState, Workload};
use netpol::model::ips::Family;
use netpol::model::ports::{PortSet, Protocol};
use netpol::model::snapshot::Snapshot;
use netpol::policy::Direction;
use netpol::report::connection::Connection;
use netpol::report::list::{self, List};
use netpol::report::reach::{SourceDetail, Sources, SourcesQuery, WhichSources};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;

use crate::config;
use crate::question::{World, worlds};

/// A pod, a node or an address outside, with the address that its packets carry.
pub(crate) type Member = (String, Option<IpAddr>);

/// Source, destination, ports and verdict of one listed pair.
pub(crate) type Pair = (Member, Member, Vec<String>, &'static str);

/// Tells whether an address that is not known decides of a source that is not among some ends.
fn is_unplaced(network: &Network<'_>, target: &End, only: &[End]) -> bool {
    let snapshot = network.snapshot;
    let named: BTreeSet<_> =
        only.iter().flat_map(|end| &end.members).map(|own| (own.who, own.class)).collect();
    let decides = |from: ClassId, to: ClassId| {
        let judged = judge(network, from, to, &PortSet::any(), None);
        let mut doubts = judged.egress.doubts.iter().chain(&judged.ingress.doubts);
        compatible(network, from, to)
            && network.subject_of(from).is_some()
            && !judged.open.unsure.is_empty()
            && doubts.any(|doubt| *doubt == Doubt::Address)
    };
    snapshot.pods.iter().any(|(id, pod)| {
        let who = Who::Pod(id);
        let itself = !pod.is_many() && target.members.iter().any(|member| member.who == who);
        let own = network.classes.of_pod(id).iter().filter(|class| !named.contains(&(who, **class)));
        !itself && own.copied().any(|from| target.members.iter().any(|to| decides(from, to.class)))
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn sources_are_those_of_the_rows(
        world in worlds(),
        owned in vec(any::<bool>(), 12),
        picks in vec(any::<Index>(), 3),
        port in any::<Index>(),
    ) {
        let world = with_workloads(world, &owned);
        let network = world.network();
        let targets = targets(&world, &network);
        let port = pick_port(&port);
        for pick in &picks {
            let target = end(&network, pick.get(&targets));
            let members = members_of(&world, &network, &target);
            let expected = by_rows(&world, &network, &members, &|_, class| {
                port.as_ref().map_or_else(PortSet::any, |port| port.resolve(&network, class))
            });
            let sources = find(&network, target, port.clone(), None);
            prop_assert_eq!(pairs(&world, &sources, WhichSources::All), expected);
        }
    }

    #[test]
    fn sources_are_a_column_of_the_list(
        world in worlds(),
        owned in vec(any::<bool>(), 12),
        pick in any::<Index>(),
        port in any::<Index>(),
    ) {
        let world = with_workloads(world, &owned);
        let network = world.network();
        let port = pick_port(&port);
        let units: Vec<Endpoint> =
            Units::build(&network, Level::Workloads).units.values().map(|unit| unit.endpoint.clone()).collect();
        let named: Vec<&Endpoint> = units.iter().filter(|endpoint| endpoint.kind != EndpointKind::IPBlock).collect();
        if named.is_empty() {
            return Ok(());
        }
        let endpoint = *pick.get(&named);
        let target = end(&network, &target_of(endpoint));
        let mut column = Vec::new();
        let query = netpol::report::query::ListQuery {
            level: Level::Workloads, direction: None, from: None, to: None, port: port.clone(), namespace: None,
        };
        let _ = List::new(&network, query).each(&mut |listed| {
            if same(listed.destination, endpoint) {
                let list::Listed { source, destination, ports, verdict, .. } = listed;
                column.push(written(&Connection { source, destination, ports, verdict }));
            }
            ControlFlow::Continue(())
        });
        let mut found = Vec::new();
        let _ = find(&network, target, port, None).each(WhichSources::All, &mut |own| {
            found.push(written(&own.connection));
            ControlFlow::Continue(())
        });
        // Parts of one pair of units stand in an order of their own.
        column.sort();
        found.sort();
        prop_assert_eq!(found, column);
    }

    #[test]
    fn what_is_not_expected_is_all_but_what_is(
        world in worlds(),
        owned in vec(any::<bool>(), 12),
        picks in vec(any::<Index>(), 1..=4),
    ) {
        let world = with_workloads(world, &owned);
        let network = world.network();
        let targets = targets(&world, &network);
        let ends: Vec<End> = picks.iter().map(|pick| end(&network, pick.get(&targets))).collect();
        let Some((target, only)) = ends.split_first() else { return Ok(()) };
        let mut expected = pairs(&world, &find(&network, target.clone(), None, None), WhichSources::All);
        let named: BTreeSet<Member> = only.iter().flat_map(|end| members_of(&world, &network, end)).map(|own| own.0).collect();
        expected.retain(|(source, ..)| !named.contains(source));
        let sources = find(&network, target.clone(), None, Some(only.to_vec()));
        // Where nobody is there to connect to, nothing is judged.
        let unknown = target.members.is_empty();
        let others = !sources.lines(WhichSources::Unexpected).is_empty();
        // A host-network pod is a way in, for which no pod and no address needs to be a source.
        let ways = !sources.ways(WhichSources::Unexpected).is_empty();
        let unplaced = is_unplaced(&network, target, only);
        prop_assert_eq!(sources.is_as_expected(), !(others || unknown || ways || unplaced));
        prop_assert!(expected.is_empty() || !sources.is_as_expected());
        prop_assert_eq!(pairs(&world, &sources, WhichSources::Unexpected), expected);
    }

    #[test]
    fn totals_count_every_source_once(world in worlds(), owned in vec(any::<bool>(), 12), pick in any::<Index>()) {
        let world = with_workloads(world, &owned);
        let network = world.network();
        let sources = find(&network, end(&network, pick.get(&targets(&world, &network))), None, None);
        let mut seen: BTreeMap<String, (Endpoint, bool)> = BTreeMap::new();
        let _ = sources.each(WhichSources::All, &mut |found| {
            let Connection { source, verdict, .. } = found.connection;
            let key = format!("{:?} {:?} {:?}", source.kind, source.namespace, source.name);
            let row = seen.entry(key).or_insert((source.clone(), false));
            row.1 |= verdict == Verdict::Allow;
            ControlFlow::Continue(())
        });
        let totals = sources.totals(WhichSources::All);
        for (certain, count) in [(true, totals.allow), (false, totals.depends)] {
            let own = || seen.values().filter(|row| row.1 == certain).map(|row| &row.0);
            let workloads = own().filter(|source| source.namespace.is_some());
            let namespaces: BTreeSet<_> = workloads.clone().map(|source| &source.namespace).collect();
            prop_assert_eq!(count.workloads, workloads.count());
            prop_assert_eq!(count.namespaces, namespaces.len());
            prop_assert_eq!(count.nodes, own().filter(|source| source.kind == EndpointKind::Node).count());
        }
        let counted: usize = sources.lines(WhichSources::All).iter().map(|line| line.sources.len()).sum();
        prop_assert!(counted >= usize::from(!seen.is_empty()));
        prop_assert_eq!(counted == 0, seen.is_empty());
    }

    #[test]
    fn a_source_that_needs_rules_names_them(world in worlds(), pick in any::<Index>()) {
        let network = world.network();
        let target = end(&network, pick.get(&targets(&world, &network)));
        let query = SourcesQuery { target, port: None, only: None, detail: SourceDetail::Rules };
        let Ok(sources) = Sources::find(&network, query) else { return Ok(()) };
        let mut rows = Vec::new();
        let _ = sources.each(WhichSources::All, &mut |found| {
            rows.push((found.connection.verdict, found.connection.source.clone(), found.opened));
            ControlFlow::Continue(())
        });
        for (verdict, source, opened) in rows {
            for (half, prefix) in opened.iter().flatten().zip(["spec.egress[", "spec.ingress["]) {
                prop_assert_eq!(half.reason == Reason::Rule, !half.rules.is_empty());
                prop_assert!(half.rules.iter().all(|rule| rule.action == RuleAction::Allow && rule.path.starts_with(prefix)));
                // What is allowed for certain needs a rule where it is isolated.
                prop_assert!(verdict != Verdict::Allow || half.reason != Reason::Isolated, "{:?}", source);
            }
        }
    }
}

pub(crate) fn find<'a, 'b>(
    network: &'a Network<'b>,
    target: End,
    port: Option<PortQuery>,
    only: Option<Vec<End>>,
) -> Sources<'a, 'b> {
    Sources::find(network, SourcesQuery { target, port, only, detail: SourceDetail::Ports }).unwrap()
}

/// Lets some of the pods of each namespace belong to one workload.
pub(crate) fn with_workloads(mut world: World, owned: &[bool]) -> World {
    let snapshot = &mut world.snapshot;
    let mut workloads = HashMap::new();
    for namespace in snapshot.namespaces.ids() {
        let workload =
            Workload { kind: "Deployment".into(), namespace, name: "many".into(), selector: None };
        workloads.insert(namespace, snapshot.workloads.push(workload));
    }
    let free = |pod: &netpol::model::endpoint::Pod| pod.workload.is_none() && !pod.is_template();
    for (pod, owned) in snapshot.pods.values_mut().zip(owned.iter().cycle()) {
        if *owned && free(pod) {
            pod.workload = workloads.get(&pod.namespace).copied();
        }
    }
    world
}

/// Lists what can be asked about: workloads, pods, nodes, namespaces, addresses, blocks.
fn targets(world: &World, network: &Network<'_>) -> Vec<Target> {
    let units = Units::build(network, Level::Workloads);
    let named = units
        .units
        .values()
        .map(|unit| &unit.endpoint)
        .filter(|endpoint| endpoint.kind != EndpointKind::IPBlock);
    let mut targets: Vec<Target> = named.map(target_of).collect();
    let namespaces = world.snapshot.namespaces.values();
    targets.extend(namespaces.map(|namespace| Target::Namespace(namespace.name.to_string())));
    targets.extend(world.outside.iter().map(|ip| Target::Address(*ip)));
    targets.extend(
        ["10.0.0.0/8", "0.0.0.0/0"]
            .into_iter()
            .filter_map(|block| Some(Target::Block(block.parse().ok()?))),
    );
    targets
}

fn target_of(endpoint: &Endpoint) -> Target {
    let (namespace, name) = (endpoint.namespace.clone(), endpoint.name.clone().unwrap_or_default());
    match endpoint.kind.name() {
        "Node" => Target::Node(name),
        "Pod" => Target::Pod { namespace, name },
        kind => Target::Workload { namespace, kind: kind.to_owned(), name },
    }
}

fn end(network: &Network<'_>, target: &Target) -> End {
    find_end(network, target, "default").unwrap()
}

fn pick_port(pick: &Index) -> Option<PortQuery> {
    let number = |protocol, low, high| Some(PortQuery::Numbers { protocol, low, high });
    let ports = [
        None,
        number(Protocol::Tcp, 80, 80),
        number(Protocol::Udp, 1, 100),
        number(Protocol::Tcp, 8000, 9000),
    ];
    pick.get(&ports).clone()
}

fn same(one: &Endpoint, other: &Endpoint) -> bool {
    (&one.kind, &one.namespace, &one.name) == (&other.kind, &other.namespace, &other.name)
}

fn written(connection: &Connection<'_>) -> String {
    serde_json::to_string(connection).unwrap_or_default()
}

/// Lists the members of an end, each with its class; of addresses outside the samples that are in it.
fn members_of(world: &World, network: &Network<'_>, end: &End) -> Vec<(Member, ClassId)> {
    let all = everyone(world, network);
    let own = |(_, ip): &Member, who: &str, name: &str| {
        end.members.iter().any(|member| match (member.who, who) {
            (ends::Who::Pod(pod), "pod") => {
                pod_name(&world.snapshot, pod) == name && ip.is_none_or(|ip| member.ips.contains(ip))
            }
            (ends::Who::Node(node), "node") => {
                *world.snapshot.nodes.at(node).name == *name
                    && ip.is_some_and(|ip| member.ips.contains(ip))
            }
            (ends::Who::Outside, "outside") => ip.is_some_and(|ip| member.ips.contains(ip)),
            _ => false,
        })
    };
    let is_own = |(member, _): &(Member, ClassId)| {
        member.0.split_once(' ').is_some_and(|(who, name)| own(member, who, name))
    };
    all.into_iter().filter(is_own).collect()
}

pub(crate) fn pod_name(snapshot: &Snapshot, pod: netpol::model::endpoint::PodId) -> String {
    let pod = snapshot.pods.at(pod);
    format!(
        "{}/{}{}",
        snapshot.namespaces.at(pod.namespace).name,
        pod.name,
        if pod.is_template() { " template" } else { "" }
    )
}

/// Lists every pod, node and sample address that no pod and no node holds.
pub(crate) fn everyone(world: &World, network: &Network<'_>) -> Vec<(Member, ClassId)> {
    let snapshot = &world.snapshot;
    let mut all = Vec::new();
    let mut held = BTreeSet::new();
    for (id, pod) in snapshot.pods.iter().filter(|(_, pod)| pod.state != PodState::Finished) {
        held.extend(pod.ips.iter().copied());
        for (class, ip) in network.addresses_of(id) {
            all.push(((format!("pod {}", pod_name(snapshot, id)), ip), class));
        }
    }
    for (id, node) in snapshot.nodes.iter() {
        held.extend(node.ips.iter().copied());
        for (ip, class) in node.ips.iter().zip(network.classes.of_node(id)) {
            all.push(((format!("node {}", node.name), Some(*ip)), *class));
        }
    }
    for ip in world.outside.iter().filter(|ip| !held.contains(ip)) {
        all.extend(
            network.classes.outside(*ip).map(|class| ((format!("outside {ip}"), Some(*ip)), class)),
        );
    }
    all
}

/// Judges every pair of a source and a member of the target by the rows of both.
pub(crate) fn by_rows(
    world: &World,
    network: &Network<'_>,
    members: &[(Member, ClassId)],
    asked: &dyn Fn(&Member, ClassId) -> PortSet,
) -> BTreeSet<Pair> {
    let mut rows: HashMap<_, Row> = HashMap::new();
    let mut half = |class: ClassId, direction: Direction, peer: ClassId| {
        let subject = network.subject_of(class);
        let row = rows.entry((subject, direction)).or_insert_with(|| row(network, subject, direction));
        let ports = |ports: Option<&PortSet>| ports.cloned().unwrap_or_default();
        (ports(row.allowed.ports_of(peer)), ports(row.unsure.ports_of(peer)))
    };
    let many: BTreeSet<String> = world
        .snapshot
        .pods
        .iter()
        .filter(|(_, pod)| pod.is_many())
        .map(|(id, _)| format!("pod {}", pod_name(&world.snapshot, id)))
        .collect();
    let mut pairs = BTreeSet::new();
    for (destination, to) in members.iter().cloned() {
        for (source, from) in everyone(world, network) {
            let families = (network.classes.family(from), network.classes.family(to));
            let apart = matches!(families, (Some(from), Some(to)) if from != to);
            let nobodys = network.subject_of(from).is_none() && network.subject_of(to).is_none();
            if apart || nobodys || (source.0 == destination.0 && !many.contains(&source.0)) {
                continue;
            }
            let (egress, ingress) =
                (half(from, Direction::Egress, to), half(to, Direction::Ingress, from));
            let asked = asked(&destination, to);
            let allowed = egress.0.intersection(&ingress.0).intersection(&asked);
            let possible = egress.0.union(&egress.1).intersection(&ingress.0.union(&ingress.1));
            let unsure = possible.intersection(&asked).difference(&allowed);
            for (ports, verdict) in [(allowed, "allow"), (unsure, "depends")] {
                if !ports.is_empty() {
                    pairs.insert((source.clone(), destination.clone(), ports.items(), verdict));
                }
            }
        }
    }
    pairs
}

/// Takes what was found apart into members.
pub(crate) fn pairs(world: &World, sources: &Sources<'_, '_>, which: WhichSources) -> BTreeSet<Pair> {
    let network = world.network();
    let all = everyone(world, &network);
    let mut pairs = BTreeSet::new();
    let _ = sources.each(which, &mut |found| {
        let Connection { source, destination, ports, verdict } = found.connection;
        let verdict = if verdict == Verdict::Allow { "allow" } else { "depends" };
        let own = |endpoint: &Endpoint| -> Vec<Member> {
            let here = |member: &&(Member, ClassId)| is_meant(world, endpoint, &member.0);
            all.iter().filter(here).map(|(member, _)| member.clone()).collect()
        };
        for from in own(source) {
            for to in own(destination) {
                let families = (from.1.map(Family::of), to.1.map(Family::of));
                let apart = matches!(families, (Some(from), Some(to)) if from != to);
                let classes = [&from, &to]
                    .map(|own| all.iter().find(|(member, _)| member == own).map(|own| own.1));
                let nobodys = classes.iter().flatten().all(|class| network.subject_of(*class).is_none());
                let alone = from.0 == to.0 && !is_many(world, &from.0);
                if !apart && !nobodys && !alone {
                    pairs.insert((from.clone(), to.clone(), ports.to_vec(), verdict));
                }
            }
        }
        ControlFlow::Continue(())
    });
    pairs
}

fn is_many(world: &World, name: &str) -> bool {
    world
        .snapshot
        .pods
        .iter()
        .any(|(id, pod)| pod.is_many() && format!("pod {}", pod_name(&world.snapshot, id)) == name)
}

/// Tells whether an endpoint of an answer stands for a member.
fn is_meant(world: &World, endpoint: &Endpoint, (name, ip): &Member) -> bool {
    let Some((who, name)) = name.split_once(' ') else { return false };
    let address = |ip: &IpAddr| endpoint.ips.is_empty() || endpoint.ips.contains(ip);
    match (who, endpoint.kind.name()) {
        ("outside", "IPBlock") => {
            ip.is_some_and(|ip| endpoint.cidrs.iter().any(|block| block.contains(&ip)))
        }
        ("node", "Node") => endpoint.name.as_deref() == Some(name) && ip.as_ref().is_some_and(address),
        ("pod", kind) if kind != "Node" && kind != "IPBlock" => {
            let snapshot = &world.snapshot;
            let Some((_, pod)) = snapshot.pods.iter().find(|(id, _)| pod_name(snapshot, *id) == name)
            else {
                return false;
            };
            let namespace = &*snapshot.namespaces.at(pod.namespace).name;
            let owner = pod.workload.map(|id| snapshot.workloads.at(id));
            let owned = match owner {
                Some(workload) => {
                    *workload.kind == *kind && endpoint.name.as_deref() == Some(&*workload.name)
                }
                None => kind == "Pod" && endpoint.name.as_deref() == Some(&*pod.name),
            };
            let listed = endpoint.pods.is_empty() || endpoint.pods.iter().any(|own| **own == *pod.name);
            endpoint.namespace.as_deref() == Some(namespace)
                && owned
                && listed
                && ip.as_ref().is_none_or(address)
        }
        _ => false,
    }
}
