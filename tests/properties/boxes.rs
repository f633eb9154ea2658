//! A graph says what its lines say, though ends with the same edges share a box.

use std::collections::BTreeSet;
use std::rc::Rc;

use netpol::answer::endpoint::EndpointKind;
use netpol::answer::verdict::Verdict;
use netpol::ends::place::{LinePlace, PlaceExtent};
use netpol::render::edge::Shape;
use netpol::render::graph::Graph;
use netpol::render::limits::Limits;
use netpol::report::summary::SummaryLine;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::config;

/// How many ends a graph has.
const ENDS: usize = 9;

/// What a line says: its ends, its ports, and whether it is certain.
type Said = (String, String, String);

/// Ends of a few sorts, and what leads from which sort to which; some lines are as chance has it.
fn lines() -> impl Strategy<Value = Vec<SummaryLine>> {
    let ports = || 0..4_usize;
    let sorts = vec((0..3_usize, 0..4_usize), ENDS);
    let table = vec(ports(), 9);
    let others = vec(((0..ENDS, 0..ENDS), ports(), any::<bool>()), 0..4);
    (sorts, table, others).prop_map(|(sorts, table, others)| {
        let places: Vec<Rc<LinePlace>> =
            sorts.iter().enumerate().map(|(id, (_, kind))| Rc::new(place(id, *kind))).collect();
        let mut lines = Vec::new();
        for (from, (own, _)) in sorts.iter().enumerate() {
            for (to, (other, _)) in sorts.iter().enumerate() {
                let pair = others.iter().find(|(pair, ..)| *pair == (from, to));
                if from == to && places[from].title().contains("pod/") {
                    continue;
                }
                let ends = [&places[from], &places[to]];
                match pair {
                    None => lines.extend(line(ends, table[own * 3 + other], own == other)),
                    Some((_, ports, both)) => {
                        lines.extend(line(ends, *ports, false));
                        lines.extend(line(ends, 1, true).filter(|_| *both));
                    }
                }
            }
        }
        lines
    })
}

fn place(id: usize, kind: usize) -> LinePlace {
    let (title, kind, namespace) = match kind {
        0 => (format!("x/pod/p{id}"), "Pod", Some("x")),
        1 => (format!("x/deploy/d{id}"), "Deployment", Some("x")),
        2 => (format!("y/deploy/d{id}"), "Deployment", Some("y")),
        _ => (format!("node/n{id}"), "Node", None),
    };
    let (kind, namespace) = (EndpointKind::of(kind), namespace.map(str::to_owned));
    LinePlace::Whole { title, extent: PlaceExtent::Unit { kind, namespace } }
}

fn line([source, destination]: [&Rc<LinePlace>; 2], ports: usize, unsure: bool) -> Option<SummaryLine> {
    let ports = [None, Some("any"), Some("TCP/80"), Some("TCP/81")][ports]?;
    Some(SummaryLine {
        source: Rc::clone(source),
        destination: Rc::clone(destination),
        ports: vec![ports.to_owned()],
        verdict: if unsure { Verdict::Depends } else { Verdict::Allow },
    })
}

fn said(line: &SummaryLine) -> Said {
    let unsure = if line.verdict == Verdict::Depends { " (depends)" } else { "" };
    (line.source.title(), line.destination.title(), format!("{}{unsure}", line.ports.join(", ")))
}

/// Reads a graph as `docs/formats.md` tells to.
fn drawn(graph: &Graph) -> Vec<Said> {
    let names = |id: usize| -> Vec<String> {
        let clusters = graph.clusters.iter();
        let mut own = clusters.flat_map(|(namespace, nodes)| {
            let own = nodes.iter().filter(move |node| node.id == id);
            let inside = namespace.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
            own.flat_map(move |node| {
                assert!(node.shape != Shape::Group);
                node.labels.iter().map(|label| format!("{inside}{label}")).collect::<Vec<_>>()
            })
        });
        own.by_ref().collect()
    };
    let mut all = Vec::new();
    for edge in &graph.edges {
        for from in names(edge.from) {
            let to = names(edge.to).into_iter();
            let others = to.filter(|to| *to != from || !from.contains("pod/"));
            all.extend(others.map(|to| (from.clone(), to, edge.label.clone())));
        }
    }
    all
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_graph_says_what_its_lines_say(lines in lines()) {
        let graph = Graph::of(&lines, Limits::default());
        let drawn = drawn(&graph);
        let expected: BTreeSet<Said> = lines.iter().map(said).collect();
        prop_assert_eq!(drawn.len(), lines.len(), "{:?}", graph);
        prop_assert_eq!(drawn.into_iter().collect::<BTreeSet<_>>(), expected);
        prop_assert!(graph.edges.len() <= lines.len());
    }
}

#[test]
fn random_lines_have_boxes_of_every_sort_often() {
    let mut runner = TestRunner::deterministic();
    let (mut shared, mut to_themselves, mut of_pods) = (0, 0, 0);
    for _ in 0..300 {
        let graph = Graph::of(&lines().new_tree(&mut runner).unwrap().current(), Limits::default());
        let nodes = || graph.clusters.values().flatten().filter(|node| node.labels.len() > 1);
        let leads_back = |id: usize| graph.edges.iter().any(|edge| edge.from == id && edge.to == id);
        shared += usize::from(nodes().count() > 0);
        to_themselves += usize::from(nodes().any(|node| leads_back(node.id)));
        let mut pods = nodes().filter(|node| node.labels.iter().all(|label| label.starts_with("pod/")));
        of_pods += usize::from(pods.any(|node| leads_back(node.id)));
    }
    assert!(shared > 150 && to_themselves > 60 && of_pods > 20, "{shared} {to_themselves} {of_pods}");
}
