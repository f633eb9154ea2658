//! Random NetworkPolicy specifications: every form of every field.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::{select, subsequence};

use super::cluster::NAMESPACE_NAME;
use super::generate::{NAMESPACES, PORT_NAMES, Words, some_addresses};

/// What pod selectors ask for; `pod-template-hash` is not known of a workload without pods.
const POD_WORDS: Words = &[
    ("app", &["a", "b"]),
    ("app", &["b", "f"]),
    ("role", &["c", "e"]),
    ("pod-template-hash", &["h", "j"]),
];
const NAMESPACE_WORDS: Words =
    &[("team", &["x", "y"]), ("tier", &["p", "r"]), (NAMESPACE_NAME, &NAMESPACES)];

/// Returns random specifications.
pub(super) fn specs() -> impl Strategy<Value = NetworkPolicySpec> {
    let ingress = || rules().prop_map(|(from, ports)| NetworkPolicyIngressRule { from, ports });
    let egress = || rules().prop_map(|(to, ports)| NetworkPolicyEgressRule { to, ports });
    let ingress = option::weighted(0.8, vec(ingress(), 0..=3));
    let egress = option::weighted(0.8, vec(egress(), 0..=3));
    let subjects = prop_oneof![2 => Just(None), 3 => selectors(POD_WORDS).prop_map(Some)];
    (subjects, types(), ingress, egress).prop_map(|(pod_selector, policy_types, ingress, egress)| {
        NetworkPolicySpec { pod_selector, policy_types, ingress, egress }
    })
}

fn types() -> impl Strategy<Value = Option<Vec<String>>> {
    let of = |types: &[&str]| Just(Some(types.iter().map(|name| (*name).to_owned()).collect()));
    prop_oneof![
        3 => Just(None),
        1 => of(&[]),
        2 => of(&["Ingress"]),
        2 => of(&["Egress"]),
        3 => of(&["Egress", "Ingress"]),
    ]
}

type Peers = Option<Vec<NetworkPolicyPeer>>;
type Ports = Option<Vec<NetworkPolicyPort>>;

fn rules() -> impl Strategy<Value = (Peers, Ports)> {
    (option::weighted(0.9, lists(peers())), option::weighted(0.6, lists(ports())))
}

/// Returns lists of one or two items, sometimes empty ones.
fn lists<T: Clone + fmt::Debug>(items: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop_oneof![1 => Just(Vec::new()), 9 => vec(items, 1..=2)]
}

fn peers() -> impl Strategy<Value = NetworkPolicyPeer> {
    prop_oneof![
        2 => selectors(POD_WORDS).prop_map(|pods| peer(None, Some(pods))),
        4 => selectors(NAMESPACE_WORDS).prop_map(|namespaces| peer(Some(namespaces), None)),
        2 => (selectors(NAMESPACE_WORDS), selectors(POD_WORDS))
            .prop_map(|(namespaces, pods)| peer(Some(namespaces), Some(pods))),
        4 => blocks().prop_map(|block| NetworkPolicyPeer {
            ip_block: Some(block),
            ..NetworkPolicyPeer::default()
        }),
    ]
}

fn peer(namespaces: Option<LabelSelector>, pods: Option<LabelSelector>) -> NetworkPolicyPeer {
    NetworkPolicyPeer { ip_block: None, namespace_selector: namespaces, pod_selector: pods }
}

/// Returns selectors of up to two requirements, with every operator.
fn selectors(words: Words) -> impl Strategy<Value = LabelSelector> {
    let requirement = || {
        select(words).prop_flat_map(|(key, values)| {
            let operator = select(vec!["=", "=", "In", "NotIn", "Exists", "DoesNotExist"]);
            (Just(key), operator, subsequence(values, 1..=2))
        })
    };
    let requirements = prop_oneof![3 => vec(requirement(), 1), 1 => vec(requirement(), 2)];
    let some = requirements.prop_map(|requirements| {
        let mut selector = LabelSelector::default();
        for (key, operator, values) in requirements {
            require(&mut selector, key, operator, &values);
        }
        selector
    });
    prop_oneof![1 => Just(LabelSelector::default()), 4 => some]
}

fn require(selector: &mut LabelSelector, key: &str, operator: &str, values: &[&str]) {
    let values = values.iter().map(|value| (*value).to_owned());
    if operator == "=" {
        let labels = selector.match_labels.get_or_insert_default();
        labels.extend(values.take(1).map(|value| (key.to_owned(), value)));
        return;
    }
    let values = matches!(operator, "In" | "NotIn").then(|| values.collect());
    selector.match_expressions.get_or_insert_default().push(LabelSelectorRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values,
    });
}

/// Returns blocks over pods, nodes and the world, with exceptions inside them.
fn blocks() -> impl Strategy<Value = IPBlock> {
    weighted(0.4).prop_flat_map(|v6| {
        let lengths = select(if v6 {
            vec![0, 0, 0, 16, 48, 64, 113, 127, 128]
        } else {
            vec![0, 0, 0, 8, 15, 24, 25, 31, 32]
        });
        let block = move || (some_addresses(v6), lengths.clone());
        (block(), vec(block(), 0..=3), weighted(0.1)).prop_map(|((ip, length), inner, host_bits)| {
            let outer = net(ip, length);
            // Exceptions at the block's own address lie inside it, others do by chance.
            let inner = inner.into_iter().map(|(other, length)| {
                let other = if outer.contains(&other) { other } else { ip };
                net(other, length).trunc()
            });
            let inner: Vec<String> =
                inner.filter(|inner| is_inside(inner, &outer)).map(|inner| inner.to_string()).collect();
            let except = (!inner.is_empty()).then_some(inner);
            let cidr = if host_bits { outer } else { outer.trunc() };
            IPBlock { cidr: cidr.to_string(), except }
        })
    })
}

fn net(ip: IpAddr, length: u8) -> IpNet {
    IpNet::new(ip, length).unwrap_or(IpNet::from(ip))
}

fn is_inside(inner: &IpNet, outer: &IpNet) -> bool {
    inner.prefix_len() > outer.prefix_len() && outer.contains(inner)
}

/// Returns port items: a whole protocol, a number, a range, a name.
fn ports() -> impl Strategy<Value = NetworkPolicyPort> {
    let protocol = option::of(select(vec!["TCP", "UDP", "SCTP"]));
    let number = || select(vec![1, 80, 81, 443, 8080, 65535]).prop_map(IntOrString::Int);
    let name = select(PORT_NAMES).prop_map(|name| IntOrString::String(name.to_owned()));
    let range = (number(), 0..2000_i32).prop_map(|(low, length)| match low {
        IntOrString::Int(low) => (Some(IntOrString::Int(low)), Some((low + length).min(65535))),
        IntOrString::String(_) => (Some(low), None),
    });
    let port = prop_oneof![
        1 => Just((None, None)),
        2 => number().prop_map(|port| (Some(port), None)),
        2 => range,
        3 => name.prop_map(|name| (Some(name), None)),
    ];
    (protocol, port).prop_map(|(protocol, (port, end_port))| NetworkPolicyPort {
        protocol: protocol.map(str::to_owned),
        port,
        end_port,
    })
}
