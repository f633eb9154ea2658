//! The sources of a Service are those of the pods behind it, at the ports that it sends to.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeSet;

use netpol::ends::find::find_end;
use netpol::ends::target::{PortQuery, Target};
use netpol::engine::class::ClassId;
use netpol::model::endpoint::Pod;
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
use crate::question::worlds;
use crate::reach::{by_rows, everyone, find, pairs, pod_name, with_workloads};

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
        let mut world = with_workloads(world, &owned);
        for (pod, ready) in world.snapshot.pods.values_mut().zip(ready) {
            pod.ready = ready;
        }
        let service = service(&world.snapshot, &namespace, label, &targets);
        let service = Service { not_ready_too, ..service };
        let namespace = world.snapshot.namespaces.at(service.namespace).name.to_string();
        world.snapshot.services.push(service.clone());
        let network = world.network();
        let port = asked.map(|asked| asked.get(&service.ports).clone());

        let snapshot = &world.snapshot;
        let backend = |name: &str| {
            let mut pods = snapshot.pods.iter();
            let found = pods.find(|(id, _)| format!("pod {}", pod_name(snapshot, *id)) == name);
            found.map(|(_, pod)| pod).filter(|pod| sends_to(snapshot, &service, pod))
        };
        // Without families of its own a Service sends to those that the cluster has first.
        let family = |class: ClassId| {
            network.classes.family(class).is_none_or(|own| own == snapshot.primary_family())
        };
        let mut members = everyone(&world, &network);
        members.retain(|(member, class)| backend(&member.0).is_some() && family(*class));
        let ports = |pod: &Pod| {
            let own = service.ports.iter().filter(|own| port.as_ref().is_none_or(|port| *own == port));
            let own = own.filter_map(|own| Some(PortSet::port(own.protocol, target_of(snapshot, own, pod)?)));
            own.fold(PortSet::none(), |all, own| all.union(&own))
        };
        let expected = by_rows(&world, &network, &members, &|member, _| {
            backend(&member.0).map_or_else(PortSet::none, ports)
        });

        let target = Target::Service { namespace: Some(namespace), name: "web".to_owned() };
        let end = find_end(&network, &target, "default").unwrap();
        let port = port.map(|port| {
            PortQuery::Numbers { protocol: port.protocol, low: port.port, high: port.port }
        });
        let sources = find(&network, end, port, None);
        prop_assert_eq!(pairs(&world, &sources, WhichSources::All), expected);
        let _ = sources.each(WhichSources::All, &mut |found| {
            let shown: BTreeSet<&String> = found.service_ports.iter().map(|port| &port.target).collect();
            assert!(!shown.is_empty(), "where the ports lead is told");
            std::ops::ControlFlow::Continue(())
        });
    }
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

/// Returns the port of a pod to which a port of a Service leads.
fn target_of(snapshot: &Snapshot, port: &ServicePort, pod: &Pod) -> Option<u16> {
    match &port.target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let mut own = snapshot.ports.get(pod.ports).iter();
            let own = own
                .find(|own| own.protocol == port.protocol && *snapshot.names.get(own.name) == **name)?;
            Some(own.port)
        }
    }
}
