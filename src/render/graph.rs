//! A summary as a graph: a cluster for each namespace, an edge for each line.
//!
//! Of a diff, an edge is what happens to connections, and a note tells how many there are.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::boxes::{BoxEnd, boxes};
use super::diff_words::{ports, word};
use super::edge::{Edge, Shape, Stroke};
use super::limits::Limits;
use super::sanitize::sanitize;
use crate::answer::endpoint::EndpointKind;
use crate::answer::verdict::Verdict;
use crate::diff::change::ChangeKind;
use crate::diff::change_summary::{ChangeGroup, ChangeLine};
use crate::ends::place::{LinePlace, PlaceExtent, title};
use crate::report::summary::SummaryLine;

/// A graph, in the order in which it is written.
#[derive(Debug)]
pub struct Graph {
    /// The namespaces, each with its nodes; nodes outside of any namespace stand under `None`.
    pub clusters: BTreeMap<Option<String>, Vec<GraphNode>>,
    /// The edges.
    pub edges: Vec<Edge>,
    /// What is told beside the drawing, a line each.
    pub summary: Vec<String>,
    /// What it does not say.
    pub limits: Limits,
}

/// One end of edges, or several with the same edges.
#[derive(Debug)]
pub struct GraphNode {
    /// Its number in the graph.
    pub id: usize,
    /// The names inside its cluster; harmless to a terminal, not yet to the graph's language.
    pub labels: Vec<String>,
    /// What it is.
    pub shape: Shape,
}

/// Returns the colour of what happens to connections; their labels say it too.
pub(crate) const fn colour(change: ChangeKind) -> &'static str {
    match change {
        ChangeKind::Added => "#1a7f37",
        ChangeKind::Removed => "#cf222e",
        ChangeKind::Changed => "#9a6700",
    }
}

impl Graph {
    /// Draws the lines of a summary.
    pub fn of(lines: &[SummaryLine], limits: Limits) -> Self {
        Self { limits, ..Self::between(lines.iter().map(connection).collect()) }
    }

    /// Draws the changes of a diff, whatever brought them about.
    pub fn of_changes(groups: &[ChangeGroup], summary: Vec<String>, limits: Limits) -> Self {
        let lines = groups.iter().flat_map(|group| &group.lines);
        Self { summary, limits, ..Self::between(lines.map(change).collect()) }
    }

    /// Numbers the places that edges lead between, and draws those with the same edges as one.
    fn between(edges: Vec<Edge<&Rc<LinePlace>>>) -> Self {
        let all = edges.iter().flat_map(|edge| [edge.from, edge.to]);
        let places: BTreeSet<(Option<&str>, bool, &Rc<LinePlace>)> =
            all.map(|place| (place.namespace(), shape(place) != Shape::Group, place)).collect();
        let ids: HashMap<&Rc<LinePlace>, usize> =
            places.iter().enumerate().map(|(id, (.., place))| (*place, id)).collect();
        let numbered = |Edge { from, to, label, stroke, change }| {
            Some(Edge { from: *ids.get(from)?, to: *ids.get(to)?, label, stroke, change })
        };
        let numbered: Vec<Edge> = edges.into_iter().filter_map(numbered).collect();
        let ends: Vec<BoxEnd<'_>> = places.iter().map(|(.., place)| end(place)).collect();
        let boxes = boxes(&ends, &numbered);
        let box_of = |id: usize| boxes.get(&id).copied().unwrap_or(id);

        let mut nodes: BTreeMap<(Option<&str>, usize), GraphNode> = BTreeMap::new();
        for (id, (namespace, _, place)) in places.iter().enumerate() {
            let id = box_of(id);
            let node = || GraphNode { id, labels: Vec::new(), shape: shape(place) };
            nodes.entry((*namespace, id)).or_insert_with(node).labels.push(sanitize(&label(place)));
        }
        let mut clusters: BTreeMap<Option<String>, Vec<GraphNode>> = BTreeMap::new();
        for ((namespace, _), node) in nodes {
            clusters.entry(namespace.map(str::to_owned)).or_default().push(node);
        }
        let joined = |edge: Edge| Edge { from: box_of(edge.from), to: box_of(edge.to), ..edge };
        let mut drawn = HashSet::new();
        let edges = numbered.into_iter().map(joined).filter(|edge| drawn.insert(edge.clone()));
        let edges = edges.collect();
        Self { clusters, edges, summary: Vec::new(), limits: Limits::default() }
    }
}

fn connection(line: &SummaryLine) -> Edge<&Rc<LinePlace>> {
    let unsure = line.verdict == Verdict::Depends;
    let ports = line.ports.join(", ");
    Edge {
        from: &line.source,
        to: &line.destination,
        label: if unsure { format!("{ports} (depends)") } else { ports },
        stroke: if unsure { Stroke::Dashed } else { Stroke::Solid },
        change: None,
    }
}

fn change(line: &ChangeLine) -> Edge<&Rc<LinePlace>> {
    let unsure = line.ports.each().list().iter().any(|ports| !ports.unsure.is_empty());
    Edge {
        from: &line.source,
        to: &line.destination,
        label: format!("{}: {}", word(line.change), ports(&line.ports, line.change)),
        stroke: if unsure { Stroke::Dashed } else { Stroke::Solid },
        change: Some(line.change),
    }
}

fn shape(place: &LinePlace) -> Shape {
    match place {
        LinePlace::Whole {
            extent: PlaceExtent::Namespace { .. } | PlaceExtent::Everything { .. },
            ..
        } => Shape::Group,
        _ if place.namespace().is_some() => Shape::Workload,
        _ => Shape::Outside,
    }
}

/// Says whom a place can share a box with: addresses and ways in differ too much to be one thing.
fn end(place: &LinePlace) -> BoxEnd<'_> {
    let shares = match shape(place) {
        Shape::Workload => true,
        Shape::Group => false,
        Shape::Outside => place.kind() == Some(&EndpointKind::Node),
    };
    BoxEnd {
        kin: shares.then_some((place.namespace(), shape(place))),
        is_pod: place.kind() == Some(&EndpointKind::Pod),
    }
}

/// Names a place inside its cluster, whose name stands above it.
fn label(place: &LinePlace) -> String {
    const SHOWN: usize = 3;
    let name = match place {
        LinePlace::Whole { extent: PlaceExtent::Namespace { .. }, .. } => return "all pods".to_owned(),
        LinePlace::Part(endpoint) if endpoint.cidrs.len() > SHOWN => {
            let mut first = endpoint.clone();
            first.cidrs.truncate(SHOWN);
            return format!("{} and {} more", title(&first), endpoint.cidrs.len() - SHOWN);
        }
        LinePlace::Whole { title, .. } => title.clone(),
        LinePlace::Part(endpoint) => title(endpoint),
    };
    let inside = place.namespace().and_then(|own| name.strip_prefix(own)?.strip_prefix('/'));
    inside.map_or(name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_place_decides_what_shares_a_box_whatever_its_title_says() {
        let nodes = |kind: EndpointKind, titles: [&str; 2]| {
            let place = |title: &str, kind: &EndpointKind, namespace: Option<&str>| {
                let (kind, namespace) = (kind.clone(), namespace.map(str::to_owned));
                let extent = PlaceExtent::Unit { kind, namespace };
                Rc::new(LinePlace::Whole { title: title.to_owned(), extent })
            };
            let line = |title| SummaryLine {
                source: place(title, &kind, None),
                destination: place("x/pod/a", &EndpointKind::Pod, Some("x")),
                ports: vec!["any".to_owned()],
                verdict: Verdict::Allow,
            };
            let graph = Graph::of(&titles.map(line), Limits::default());
            graph.clusters.get(&None).map(Vec::len)
        };
        assert_eq!(nodes(EndpointKind::Node, ["reworded 1", "reworded 2"]), Some(1));
        assert_eq!(nodes(EndpointKind::IPBlock, ["node/a", "node/b"]), Some(2));
    }
}
