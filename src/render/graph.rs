//! A summary as a graph: a cluster for each namespace, an edge for each line.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::sanitize::sanitize;
use crate::report::schema::Verdict;
use crate::report::summary::{Extent, Line, Place, title};

/// A graph, in the order in which it is written.
#[derive(Debug)]
pub struct Graph {
    /// The namespaces, each with its nodes; nodes outside of any namespace stand under `None`.
    pub clusters: BTreeMap<Option<String>, Vec<Node>>,
    /// The edges.
    pub edges: Vec<Edge>,
    /// Limits of the answer.
    pub caveats: Vec<String>,
    /// What could not be read.
    pub gaps: Vec<String>,
}

/// One end of edges.
#[derive(Debug)]
pub struct Node {
    /// Its number in the graph.
    pub id: usize,
    /// Its name inside its cluster; harmless to a terminal, not yet to the graph's language.
    pub label: String,
    /// What it is.
    pub shape: Shape,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A workload or pod.
    Workload,
    /// All pods of its namespace, or of every namespace.
    Group,
    /// A node of the cluster, or addresses.
    Outside,
}

/// Connections from one node to another.
#[derive(Debug)]
pub struct Edge {
    /// The source.
    pub from: usize,
    /// The destination.
    pub to: usize,
    /// The ports.
    pub label: String,
    /// How it is drawn.
    pub stroke: Stroke,
}

/// How an edge is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// It is certain.
    Solid,
    /// It is not.
    Dashed,
}

impl Graph {
    /// Draws the lines of a summary.
    pub fn of(lines: &[Line], caveats: Vec<String>, gaps: Vec<String>) -> Self {
        let all = lines.iter().flat_map(|line| [&line.source, &line.destination]);
        let ends: BTreeSet<(Option<&str>, bool, &Rc<Place>)> =
            all.map(|place| (place.namespace(), shape(place) != Shape::Group, place)).collect();
        let mut clusters: BTreeMap<Option<String>, Vec<Node>> = BTreeMap::new();
        let mut ids: HashMap<&Rc<Place>, usize> = HashMap::new();
        for (id, (namespace, _, place)) in ends.into_iter().enumerate() {
            let cluster = clusters.entry(namespace.map(str::to_owned)).or_default();
            cluster.push(Node { id, label: sanitize(&label(place)), shape: shape(place) });
            ids.insert(place, id);
        }
        let edge = |line: &Line| {
            let unsure = line.verdict == Verdict::Depends;
            let ports = line.ports.join(", ");
            Some(Edge {
                from: *ids.get(&line.source)?,
                to: *ids.get(&line.destination)?,
                label: if unsure { format!("{ports} (depends)") } else { ports },
                stroke: if unsure { Stroke::Dashed } else { Stroke::Solid },
            })
        };
        Self { edges: lines.iter().filter_map(edge).collect(), clusters, caveats, gaps }
    }
}

fn shape(place: &Place) -> Shape {
    match place {
        Place::Whole { extent: Extent::Namespace { .. } | Extent::Everything { .. }, .. } => {
            Shape::Group
        }
        _ if place.namespace().is_some() => Shape::Workload,
        _ => Shape::Outside,
    }
}

/// Names a place inside its cluster, whose name stands above it.
fn label(place: &Place) -> String {
    const SHOWN: usize = 3;
    let name = match place {
        Place::Whole { extent: Extent::Namespace { .. }, .. } => return "all pods".to_owned(),
        Place::Part(endpoint) if endpoint.cidrs.len() > SHOWN => {
            let mut first = endpoint.clone();
            first.cidrs.truncate(SHOWN);
            return format!("{} and {} more", title(&first), endpoint.cidrs.len() - SHOWN);
        }
        Place::Whole { title, .. } => title.clone(),
        Place::Part(endpoint) => title(endpoint),
    };
    let inside = place.namespace().and_then(|own| name.strip_prefix(own)?.strip_prefix('/'));
    inside.map_or(name.clone(), str::to_owned)
}
