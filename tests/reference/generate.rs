//! Random small clusters, with everything that NetworkPolicy can tell apart.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol::model::ports::Protocol;
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, Strategy, prop_oneof};
use proptest::sample::select;

use super::cluster::{Cluster, Labels, Life, NamedPort, Node, Pod, Policy};
use super::policies::specs;

/// Label keys and their values.
pub(super) type Words = &'static [(&'static str, &'static [&'static str])];

pub(super) const NAMESPACES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
pub(super) const PORT_NAMES: &[&str] = &["http", "dns"];
const NAMESPACE_LABELS: Words = &[("team", &["x", "y"]), ("tier", &["p", "q"])];
/// `zone` is in no selector.
const POD_LABELS: Words = &[
    ("app", &["a", "b"]),
    ("role", &["c", "d"]),
    ("pod-template-hash", &["h", "i"]),
    ("zone", &["1", "2"]),
];

/// Returns random clusters.
pub(crate) fn clusters() -> impl Strategy<Value = Cluster> {
    let namespaces = vec(option::weighted(0.75, labels(NAMESPACE_LABELS)), 1..=4);
    let policies = prop_oneof![1 => Just(0..=0), 1 => Just(1..=2), 6 => Just(3..=5)];
    let policies = policies.prop_flat_map(|count| vec((namespace_index(), specs()), count));
    let endpoints = (vec(node_shape(), 1..=3), vec(pod_shape(), 2..=9), weighted(0.3));
    (namespaces, endpoints, policies).prop_map(|(namespaces, (nodes, pods, v6_first), policies)| {
        let names = || NAMESPACES.iter().map(|name| (*name).to_owned());
        let namespaces: BTreeMap<String, Option<Labels>> = names().zip(namespaces).collect();
        let name = |index: usize| names().nth(index % namespaces.len()).unwrap_or_default();
        let nodes: Vec<Node> =
            (1..).zip(nodes).map(|(number, shape)| node(number, v6_first, &shape)).collect();
        let pod = |(number, shape): (u8, PodShape)| {
            pod(number, name(shape.namespace), &nodes, v6_first, shape)
        };
        let pods: Vec<Pod> = (1..).zip(pods).map(pod).collect();
        let policy = |(number, (namespace, spec)): (u8, _)| Policy {
            namespace: name(namespace),
            name: format!("np{number}"),
            spec,
        };
        let policies: Vec<Policy> = (1..).zip(policies).map(policy).collect();
        tidy(Cluster { namespaces, nodes, pods, policies })
    })
}

/// Leaves out what no object would show: nodes that nothing names, namespaces without object that
/// nothing is in.
fn tidy(mut cluster: Cluster) -> Cluster {
    let named = |node: &Node| {
        let mut nodes = cluster.pods.iter().filter_map(|pod| pod.node.as_ref());
        nodes.any(|other| other.name == node.name)
    };
    cluster.nodes.retain(|node| !node.ghost || named(node));
    let used = |name: &String| {
        cluster.pods.iter().any(|pod| pod.namespace == *name)
            || cluster.policies.iter().any(|policy| policy.namespace == *name)
    };
    cluster.namespaces.retain(|name, labels| labels.is_some() || used(name));
    cluster
}

fn labels(words: Words) -> impl Strategy<Value = Labels> {
    let label = select(words).prop_flat_map(|(key, values)| (Just(key), select(values)));
    vec(label, 0..=3).prop_map(|labels| {
        labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    })
}

/// Which addresses a node has, and whether there is a Node object.
#[derive(Clone, Debug)]
struct NodeShape {
    v4: bool,
    v6: bool,
    external: bool,
    ghost: bool,
}

fn node_shape() -> impl Strategy<Value = NodeShape> {
    (weighted(0.8), weighted(0.5), weighted(0.3), weighted(0.2)).prop_map(|(v4, v6, external, ghost)| {
        NodeShape { v4, v6, external: external && v4 && !ghost, ghost }
    })
}

fn node(number: u8, v6_first: bool, shape: &NodeShape) -> Node {
    let v4 = shape.v4.then(|| IpAddr::from([10, 9, 0, number]));
    let v6 = shape.v6.then(|| node_v6(number));
    Node {
        name: format!("node{number}"),
        internal: in_order(v4.into_iter().chain(v6).collect(), v6_first),
        external: shape.external.then(|| IpAddr::from([203, 0, 113, number])),
        ghost: shape.ghost,
    }
}

/// Puts the family that a cluster has first in front.
fn in_order(mut ips: Vec<IpAddr>, v6_first: bool) -> Vec<IpAddr> {
    ips.sort_by_key(|ip| ip.is_ipv6() != v6_first);
    ips
}

fn node_v6(number: u8) -> IpAddr {
    IpAddr::from([0xfd00, 9, 0, 0, 0, 0, 0, number.into()])
}

/// Returns the place of a namespace in their list, mostly one of the first.
fn namespace_index() -> impl Strategy<Value = usize> {
    prop_oneof![2 => 0..2_usize, 1 => 0..12_usize]
}

/// Where a pod's addresses lie: which network, and which half of it.
type Place = (u8, bool);

#[derive(Clone, Debug)]
struct PodShape {
    namespace: usize,
    labels: Labels,
    ports: Vec<NamedPort>,
    v4: Option<Place>,
    v6: Option<Place>,
    life: Life,
    host_network: bool,
    node: Option<usize>,
}

fn pod_shape() -> impl Strategy<Value = PodShape> {
    // Pods without any port share a class more often.
    let ports = prop_oneof![1 => Just(Vec::new()), 2 => vec(named_port(), 0..=3)];
    let what = (namespace_index(), labels(POD_LABELS), ports, life());
    let place = || (0..2_u8, proptest::bool::ANY);
    let addresses = prop_oneof![
        4 => place().prop_map(|v4| (Some(v4), None)),
        3 => place().prop_map(|v6| (None, Some(v6))),
        3 => (place(), place()).prop_map(|(v4, v6)| (Some(v4), Some(v6))),
        2 => Just((None, None)),
    ];
    let rest = (addresses, weighted(0.15), option::weighted(0.8, 0..12_usize));
    (what, rest).prop_map(|((namespace, labels, ports, life), ((v4, v6), host_network, node))| {
        PodShape { namespace, labels, ports, v4, v6, life, host_network, node }
    })
}

fn named_port() -> impl Strategy<Value = NamedPort> {
    let number = select(vec![53_u16, 80, 81, 8080, 65535]);
    let protocol = prop_oneof![2 => Just(Protocol::Tcp), 1 => select(Protocol::ALL.to_vec())];
    (select(PORT_NAMES), protocol, number).prop_map(|(name, protocol, number)| NamedPort {
        name,
        protocol,
        number,
    })
}

fn life() -> impl Strategy<Value = Life> {
    prop_oneof![
        10 => Just(Life::Running),
        2 => Just(Life::Pending),
        1 => Just(Life::Succeeded),
        1 => Just(Life::Failed),
        // Of these labels that selectors ask for, only a Deployment adds one.
        2 => Just(Life::Template("Deployment")),
        2 => select(vec!["StatefulSet", "DaemonSet", "Job", "CronJob"]).prop_map(Life::Template),
    ]
}

fn pod(number: u8, namespace: String, nodes: &[Node], v6_first: bool, shape: PodShape) -> Pod {
    let template = matches!(shape.life, Life::Template(_));
    let node =
        shape.node.filter(|_| !template).and_then(|index| nodes.get(index % nodes.len())).cloned();
    let v4 = shape.v4.map(|place| pod_v4(place, number));
    let own = v4.into_iter().chain(shape.v6.map(|place| pod_v6(place, number)));
    let own = in_order(own.collect(), v6_first);
    let ips = match (template, shape.host_network) {
        (true, _) => Vec::new(),
        (false, true) => {
            node.iter().flat_map(|node| node.internal.iter().chain(&node.external)).copied().collect()
        }
        (false, false) => own,
    };
    Pod {
        namespace,
        name: format!("pod{number}"),
        labels: shape.labels,
        ports: shape.ports,
        ips,
        node,
        host_network: shape.host_network,
        life: shape.life,
    }
}

fn pod_v4((network, upper): Place, number: u8) -> IpAddr {
    IpAddr::from([10, 0, network, number + if upper { 128 } else { 0 }])
}

fn pod_v6((network, upper): Place, number: u8) -> IpAddr {
    let half = if upper { 0x8000 } else { 0 };
    IpAddr::from([0xfd00, 0, 0, network.into(), 0, 0, 0, half + u16::from(number)])
}

/// Returns addresses of pods, of nodes and outside, all IPv4 or all IPv6.
pub(super) fn some_addresses(v6: bool) -> BoxedStrategy<IpAddr> {
    let place = || ((0..2_u8, proptest::bool::ANY), 1..=9_u8);
    let ends = |v4: [u8; 4], v6: [u16; 8]| (IpAddr::from(v4), IpAddr::from(v6));
    let outside = [
        ends([192, 0, 2, 7], [0x2001, 0xdb8, 0, 0, 0, 0, 0, 7]),
        ends([203, 0, 113, 1], [0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1]),
        (IpAddr::V4(Ipv4Addr::BROADCAST), IpAddr::V6(Ipv6Addr::from_bits(u128::MAX))),
        (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
    ];
    let outside = select(outside.map(|(four, six)| if v6 { six } else { four }).to_vec());
    if v6 {
        let pods = place().prop_map(|(place, number)| pod_v6(place, number));
        return prop_oneof![4 => pods, 1 => (1..=3_u8).prop_map(node_v6), 2 => outside].boxed();
    }
    let pods = place().prop_map(|(place, number)| pod_v4(place, number));
    let nodes = (1..=3_u8).prop_map(|number| IpAddr::from([10, 9, 0, number]));
    prop_oneof![4 => pods, 1 => nodes, 2 => outside].boxed()
}
