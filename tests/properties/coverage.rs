//! The random clusters reach everything that the properties are about, often.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{IPBlock, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use netpol::engine::decide::{Doubt, Piece, Why};
use netpol::engine::network::Network;
use netpol::policy::Direction;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::question::{Cell, World, pieces_of, worlds};
use crate::reference::cluster::{ApiRule, End, Policy, Port, Way};
use crate::reference::network_policy::{Answer, Reference, ends, governs, port_matches};

const CLUSTERS: usize = 400;

/// What must be reached, each in so many of the clusters.
const REACHED: [(&str, usize); 34] = [
    ("allowed by a rule", 170),
    ("block: except", 80),
    ("block: node or outside", 130),
    ("block: pod", 80),
    ("block: pod without address", 10),
    ("block: v6", 70),
    ("class: several pods", 10),
    ("default", 170),
    ("doubt: address", 110),
    ("doubt: controller labels", 10),
    ("doubt: namespace labels", 40),
    ("isolated", 180),
    ("namespace: no object", 110),
    ("node: no object", 70),
    ("peer: host network source", 40),
    ("peer: labels", 140),
    ("pod: dual stack", 170),
    ("pod: finished", 120),
    ("pod: host network", 140),
    ("pod: no address", 140),
    ("pod: template", 100),
    ("port: endPort", 90),
    ("port: name, egress", 30),
    ("port: name, ingress", 40),
    ("port: number", 100),
    ("port: other", 130),
    ("port: protocol", 40),
    ("selector: DoesNotExist", 160),
    ("selector: Exists", 160),
    ("selector: In", 170),
    ("selector: NotIn", 160),
    ("selector: empty", 180),
    ("types: a section has no effect", 120),
    ("types: missing, with egress", 120),
];

type Features = BTreeSet<&'static str>;

#[test]
fn random_clusters_reach_every_cause_of_a_verdict_often() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..CLUSTERS {
        let world = worlds().new_tree(&mut runner).map(|tree| tree.current());
        for feature in world.iter().flat_map(features) {
            *counts.entry(feature).or_default() += 1;
        }
    }
    let count = |feature| counts.get(feature).copied().unwrap_or_default();
    let rare: Vec<_> = REACHED.iter().filter(|(feature, least)| count(feature) < *least).collect();
    assert!(rare.is_empty(), "reached too rarely: {rare:?} of {counts:#?}");
    let unnamed: Vec<_> =
        counts.keys().filter(|name| REACHED.iter().all(|row| row.0 != **name)).collect();
    assert!(unnamed.is_empty(), "not in the table: {unnamed:?} of {counts:#?}");
}

/// Names what a cluster reaches.
fn features(world: &World) -> Features {
    let network = world.network();
    let mut features = shapes(world);
    for subject in network.classes.subjects.ids() {
        for direction in Direction::ALL {
            features.extend(pieces_of(&network, subject, direction).iter().flat_map(causes).flatten());
        }
    }
    let class =
        |pod| network.classes.of_pod(pod).iter().find(|class| network.subject_of(**class).is_some());
    let classes: Vec<_> = world.snapshot.pods.ids().filter_map(class).collect();
    let distinct: BTreeSet<_> = classes.iter().collect();
    features.extend((distinct.len() < classes.len()).then_some("class: several pods"));
    features.extend(hits(world, &network));
    features
}

/// Names what decided a piece.
fn causes(piece: &Piece) -> [Option<&'static str>; 2] {
    let why = match piece.why {
        Why::Rule(_) => "allowed by a rule",
        Why::Isolated(_) => "isolated",
        Why::Default => "default",
    };
    let doubt = piece.doubt.map(|doubt| match doubt {
        Doubt::Address => "doubt: address",
        Doubt::ControllerLabels => "doubt: controller labels",
        Doubt::NamespaceLabels => "doubt: namespace labels",
        Doubt::UnreadPods => "doubt: unread pods",
        Doubt::Unjudged => "doubt: unjudged",
    });
    [Some(why), doubt]
}

/// Names what the objects look like.
fn shapes(world: &World) -> Features {
    let cluster = &world.cluster;
    let pods = cluster.pods.iter().flat_map(|pod| {
        [
            pod.has_finished().then_some("pod: finished"),
            pod.is_template().then_some("pod: template"),
            pod.host_network.then_some("pod: host network"),
            (pod.ips.len() == 2).then_some("pod: dual stack"),
            (pod.ips.is_empty() && !pod.is_template()).then_some("pod: no address"),
        ]
    });
    let nodes = cluster.nodes.iter().map(|node| node.ghost.then_some("node: no object"));
    let namespaces =
        cluster.namespaces.values().map(|labels| labels.is_none().then_some("namespace: no object"));
    let policies = cluster.policies.iter().flat_map(policy_shapes);
    pods.chain(nodes).chain(namespaces).chain(policies).flatten().collect()
}

fn policy_shapes(policy: &Policy) -> Vec<Option<&'static str>> {
    let missing = policy.spec.policy_types.iter().flatten().next().is_none();
    let has_rules = |way| !policy.rules(way).is_empty();
    let without_effect = Way::BOTH.into_iter().any(|way| has_rules(way) && !governs(&policy.spec, way));
    let peers = Way::BOTH.into_iter().flat_map(|way| policy.rules(way)).flat_map(|rule| rule.peers);
    let selectors = peers.flat_map(|peer| [&peer.pod_selector, &peer.namespace_selector]);
    let mut shapes = vec![
        (missing && has_rules(Way::Out)).then_some("types: missing, with egress"),
        without_effect.then_some("types: a section has no effect"),
    ];
    shapes.extend(selectors.chain([&policy.spec.pod_selector]).flatten().flat_map(operators));
    shapes
}

fn operators(selector: &LabelSelector) -> Vec<Option<&'static str>> {
    let expressions = selector.match_expressions.iter().flatten();
    let operators = expressions.map(|expression| match expression.operator.as_str() {
        "In" => Some("selector: In"),
        "NotIn" => Some("selector: NotIn"),
        "Exists" => Some("selector: Exists"),
        "DoesNotExist" => Some("selector: DoesNotExist"),
        _ => None,
    });
    let all = (*selector == LabelSelector::default()).then_some("selector: empty");
    operators.chain([all]).collect()
}

/// Names how rules match packets to and from the pods that they govern.
fn hits(world: &World, network: &Network<'_>) -> Features {
    let reference = world.reference(Answer::Maybe);
    let mut features = Features::new();
    for cell in world.cells(network) {
        let (subject, other) = ends(cell.way, &cell.packet);
        let selects = |policy: &&Policy| {
            let pod = subject.managed_pod();
            governs(&policy.spec, cell.way)
                && pod.is_some_and(|pod| reference.selects(policy, pod) == Answer::Yes)
        };
        for policy in world.cluster.policies.iter().filter(selects) {
            for rule in policy.rules(cell.way) {
                features.extend(rule_hits(&reference, policy, rule, &cell, other).into_iter().flatten());
            }
        }
    }
    features
}

fn rule_hits(
    reference: &Reference<'_>,
    policy: &Policy,
    rule: ApiRule<'_>,
    cell: &Cell<'_>,
    other: End<'_>,
) -> Vec<Option<&'static str>> {
    let ports = rule.ports.iter().filter(|port| port_matches(port, &cell.packet));
    let blocks = rule.peers.iter().filter_map(|peer| peer.ip_block.as_ref());
    let mut hits: Vec<_> = blocks.flat_map(|block| block_hits(reference, block, other)).collect();
    let by_label = |peer| reference.peer_matches(policy, peer, other) == Answer::Yes;
    let labels = rule.peers.iter().filter(|peer| peer.ip_block.is_none()).any(by_label);
    hits.push(labels.then_some("peer: labels"));
    if reference.rule_matches(policy, rule, cell.way, &cell.packet) == Answer::Yes {
        hits.extend(ports.map(|port| port_hit(port, cell)));
        let host = matches!(other, End::Pod(pod, _) if pod.host_network);
        hits.push((cell.way == Way::In && host).then_some("peer: host network source"));
        hits.push((cell.packet.port == Port::Other).then_some("port: other"));
    }
    hits
}

fn block_hits(reference: &Reference<'_>, block: &IPBlock, other: End<'_>) -> Vec<Option<&'static str>> {
    let whole = IPBlock { except: None, ..block.clone() };
    let matches = |block| reference.block_matches(block, other) == Answer::Yes;
    if !matches(block) {
        return vec![(matches(&whole) && other.ip().is_some()).then_some("block: except")];
    }
    let over = match (other.managed_pod(), other.ip()) {
        (Some(_), Some(_)) => "block: pod",
        (Some(_), None) => "block: pod without address",
        (None, _) => "block: node or outside",
    };
    let v6 = block.cidr.contains(':').then_some("block: v6");
    vec![Some(over), v6]
}

fn port_hit(port: &NetworkPolicyPort, cell: &Cell<'_>) -> Option<&'static str> {
    match (&port.port, port.end_port, cell.way) {
        (None, ..) => Some("port: protocol"),
        (Some(IntOrString::Int(_)), None, _) => Some("port: number"),
        (Some(IntOrString::Int(_)), Some(_), _) => Some("port: endPort"),
        (Some(IntOrString::String(_)), _, Way::In) => Some("port: name, ingress"),
        (Some(IntOrString::String(_)), _, Way::Out) => Some("port: name, egress"),
    }
}
