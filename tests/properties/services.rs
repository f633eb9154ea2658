//! The sources of a Service are those of the pods behind it, at the ports that it sends to.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeSet;
use std::net::IpAddr;

use netpol::answer::verdict::Verdict;
use netpol::ends::find::find_end;
use netpol::ends::target::{PortQuery, Target};
use netpol::engine::class::ClassId;
use netpol::engine::network::Network;
use netpol::explain::connection::explain;
use netpol::model::endpoint::Pod;
use netpol::model::ips::Family;
use netpol::model::labels::value_of;
use netpol::model::ports::{PortSet, Protocol};
use netpol::model::selector::{Requirement, Selector, Test};
use netpol::model::service::{OutsideAccess, Service, ServiceAddress, ServicePort, TargetPort};
use netpol::model::snapshot::Snapshot;
use netpol::report::reach::WhichSources;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;

use crate::config;
use crate::fix::{both, is_one_pod};
use crate::question::{World, worlds};
use crate::reach::{Member, by_rows, everyone, find, pairs, pod_name, with_workloads};
use crate::reference::cluster as reference;
use crate::reference::cluster::{End, Life, Packet, Port};
use crate::reference::network_policy::{Answer, Judgement};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn sources_of_a_service_are_those_of_its_backends(
        world in worlds(),
        owned in vec(any::<bool>(), 12),
        namespace in any::<Index>(),
        label in any::<Option<Index>>(),
        targets in vec(target_ports(), 1..=3),
        ready in vec(any::<bool>(), 12),
        not_ready_too in any::<bool>(),
        asked in any::<Option<Index>>(),
    ) {
        let world = with_workloads(world, &owned);
        let world = with_service(world, &namespace, label, &targets, (&ready, not_ready_too));
        let network = world.network();
        let port = asked.map(|asked| asked.get(&service_of(&world).ports).clone());
        let backends = backends(&world, &network, port.as_ref());
        let members: Vec<_> = backends.iter().map(|backend| backend.member.clone()).collect();
        let expected = by_rows(&world, &network, &members, &|member, class| {
            let own = backends.iter().find(|own| own.member == (member.clone(), class));
            own.map_or_else(PortSet::none, |own| own.ports.clone())
        });

        let end = find_end(&network, &target(&world), "default").unwrap();
        let port = port.as_ref().map(query);
        let sources = find(&network, end, port, None);
        prop_assert_eq!(pairs(&world, &sources, WhichSources::All), expected);
        let _ = sources.each(WhichSources::All, &mut |found| {
            let shown: BTreeSet<&String> = found.service_ports.iter().map(|port| &port.target).collect();
            assert!(!shown.is_empty(), "where the ports lead is told");
            std::ops::ControlFlow::Continue(())
        });
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_service_is_explained_by_its_backends(
        world in worlds(),
        namespace in any::<Index>(),
        label in any::<Option<Index>>(),
        targets in vec(target_ports(), 1..=3),
        ready in vec(any::<bool>(), 12),
        asked in any::<Option<Index>>(),
    ) {
        let world = with_service(world, &namespace, label, &targets, (&ready, false));
        let network = world.network();
        let port = asked.map(|asked| asked.get(&service_of(&world).ports).clone());
        let mut backends = backends(&world, &network, port.as_ref());
        backends.retain(|backend| !backend.ports.is_empty());
        let destination = find_end(&network, &target(&world), "default").unwrap();
        for pod in world.cluster.pods.iter().filter(|pod| !pod.has_finished() && !pod.host_network) {
            let (namespace, name) = (Some(pod.namespace.clone()), pod.name.clone());
            let source = match pod.life {
                Life::Template(kind) => Target::Workload { namespace, kind: kind.to_owned(), name },
                _ => Target::Pod { namespace, name },
            };
            let source = find_end(&network, &source, "default").unwrap();
            let answer = explain(&network, &source, &destination, port.as_ref().map(query).as_ref());
            let expected = expected(&world, pod, &backends);
            prop_assert_eq!(answer.unwrap().verdict, expected, "{} {:?}", pod.name, backends);
        }
    }
}

/// Judges what a pod may open at backends: each address and port of them by the reference.
fn expected(world: &World, pod: &reference::Pod, backends: &[Backend]) -> Verdict {
    if backends.is_empty() {
        return Verdict::Depends;
    }
    let ends = world.cluster.ends(&[]);
    let of = |name: &str| {
        let is_of = move |end: &&End<'_>| matches!(end, End::Pod(pod, _) if pod.name == name);
        let own: Vec<End<'_>> = ends.iter().filter(is_of).copied().collect();
        own
    };
    let is_it = |backend: &Backend| backend.name == pod.name;
    let sole = backends.iter().all(is_it);
    let reference = world.reference(Answer::Maybe);
    let mut verdicts = Vec::new();
    for backend in backends {
        let [sources, destinations] = [of(&pod.name), of(&backend.name)];
        for (source, destination) in pairs_of(&sources, &destinations) {
            let is_meant =
                (destination.ip(), destination.family()) == (backend.member.0.1, backend.family);
            if !is_meant || !source.can_reach(destination) {
                continue;
            }
            // Ports that stand beside each other are one range, and not of one verdict.
            let ranges = backend.ports.ranges();
            let ports =
                ranges.flat_map(|own| (own.low..=own.high).map(move |port| (own.protocol, port)));
            for (protocol, number) in ports {
                let port = Port::Number(protocol, number);
                let judged = both(reference, &Packet { source, destination, port });
                match is_one_pod(source, destination) {
                    true if sole && source.ip() == destination.ip() => {
                        verdicts.push(Judgement::of(true));
                    }
                    true => {}
                    false => verdicts.push(judged),
                }
            }
        }
    }
    Verdict::of(
        verdicts.iter().any(|own| !own.may_be_denied),
        verdicts.iter().any(|own| !own.may_be_allowed),
        verdicts.iter().any(|own| own.may_be_allowed && own.may_be_denied),
    )
}

fn pairs_of<'a>(sources: &[End<'a>], destinations: &[End<'a>]) -> Vec<(End<'a>, End<'a>)> {
    sources.iter().flat_map(|from| destinations.iter().map(move |to| (*from, *to))).collect()
}

/// An address behind the Service, and the ports there to which it leads.
#[derive(Debug)]
struct Backend {
    name: String,
    member: (Member, ClassId),
    family: Option<Family>,
    ports: PortSet,
}

/// Lists where the Service leads, in the family that the cluster has first, as it names none.
fn backends(world: &World, network: &Network<'_>, port: Option<&ServicePort>) -> Vec<Backend> {
    let service = service_of(world);
    let ports = |pod: &reference::Pod| {
        let own = service.ports.iter().filter(|own| port.is_none_or(|port| *own == port));
        let own = own.filter_map(|own| Some(PortSet::port(own.protocol, target_of(own, pod)?)));
        own.fold(PortSet::none(), |all, own| all.union(&own))
    };
    // Only a node has an ExternalIP, not the pods in its network.
    let is_external = |ip: IpAddr| world.cluster.nodes.iter().any(|node| node.external == Some(ip));
    let snapshot = &world.snapshot;
    let mut found = Vec::new();
    for (member, class) in everyone(world, network) {
        let mut pods = snapshot.pods.iter();
        let read = pods.find(|(id, _)| format!("pod {}", pod_name(snapshot, *id)) == member.0);
        let read = read.map(|(_, pod)| pod).filter(|pod| sends_to(snapshot, service, pod));
        let family = network.classes.family(class);
        let of_family = family.is_none_or(|own| own == world.cluster.primary_family());
        if let Some(read) = read.filter(|_| of_family && !member.1.is_some_and(is_external)) {
            let pod = world.cluster.pods.iter().find(|pod| pod.name == *read.name).unwrap();
            let (name, ports) = (pod.name.clone(), ports(pod));
            found.push(Backend { name, member: (member, class), family, ports });
        }
    }
    found
}

/// Adds a Service, and tells which pods are ready.
fn with_service(
    mut world: World,
    namespace: &Index,
    label: Option<Index>,
    targets: &[(Protocol, TargetPort)],
    (ready, not_ready_too): (&[bool], bool),
) -> World {
    for (pod, ready) in world.snapshot.pods.values_mut().zip(ready) {
        pod.ready = *ready;
    }
    let service = service(&world.snapshot, namespace, label, targets);
    world.snapshot.services.push(Service { not_ready_too, ..service });
    world
}

fn service_of(world: &World) -> &Service {
    world.snapshot.services.values().next().unwrap()
}

fn target(world: &World) -> Target {
    let namespace = world.snapshot.namespaces.at(service_of(world).namespace).name.to_string();
    Target::Service { namespace: Some(namespace), name: "web".to_owned() }
}

fn query(port: &ServicePort) -> PortQuery {
    PortQuery::Numbers { protocol: port.protocol, low: port.port, high: port.port }
}

fn target_ports() -> impl Strategy<Value = (Protocol, TargetPort)> {
    let target = prop_oneof![
        prop_oneof![Just(80), Just(53), Just(8080), Just(443)].prop_map(TargetPort::Number),
        prop_oneof![Just("http"), Just("dns")].prop_map(|name| TargetPort::Name(name.into())),
    ];
    (prop_oneof![Just(Protocol::Tcp), Just(Protocol::Udp)], target)
}

/// Makes a Service that selects by one label that some pod has, or all pods of a namespace.
fn service(
    snapshot: &Snapshot,
    namespace: &Index,
    label: Option<Index>,
    targets: &[(Protocol, TargetPort)],
) -> Service {
    let pods: Vec<&Pod> = snapshot.pods.values().collect();
    let pod = *namespace.get(&pods);
    let labels = snapshot.labels.get(pod.labels);
    let requirement = |label: Index| {
        let (key, value) = *label.get(labels);
        let (key, value) = (snapshot.names.get(key).to_owned(), snapshot.names.get(value).to_owned());
        Requirement { key, test: Test::In([value].into()) }
    };
    let label = label.filter(|_| !labels.is_empty()).map(requirement);
    let port = |(number, (protocol, target)): (u16, &(Protocol, TargetPort))| ServicePort {
        name: format!("p{number}").into(),
        protocol: *protocol,
        port: number,
        target: target.clone(),
        node_port: None,
    };
    Service {
        namespace: pod.namespace,
        name: "web".into(),
        address: ServiceAddress::Own(Vec::new()),
        families: Vec::new(),
        ports: (1..).zip(targets).map(port).collect(),
        selector: Some(Selector { requirements: label.into_iter().collect() }),
        not_ready_too: false,
        slices: Vec::new(),
        outside: OutsideAccess::default(),
    }
}

fn sends_to(snapshot: &Snapshot, service: &Service, pod: &Pod) -> bool {
    let labels = snapshot.labels.get(pod.labels);
    let has = |requirement: &Requirement| {
        let Test::In(values) = &requirement.test else { return false };
        let own = snapshot.names.find(&requirement.key).and_then(|key| value_of(labels, key));
        own.is_some_and(|own| values.contains(snapshot.names.get(own)))
    };
    pod.namespace == service.namespace
        && (pod.ready || service.not_ready_too)
        && service.selector.iter().flat_map(|selector| &selector.requirements).all(has)
}

/// Returns the port of a pod to which a port of a Service leads: of a name, that of the first container that
/// has it.
fn target_of(port: &ServicePort, pod: &reference::Pod) -> Option<u16> {
    match &port.target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let mut own = pod.ports.iter();
            own.find(|own| own.protocol == port.protocol && *own.name == **name).map(|own| own.number)
        }
    }
}
