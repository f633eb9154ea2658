//! Ends of a graph with the same edges share a box, so that it stays readable: what ten workloads
//! may do alike is an edge and not ten.
//!
//! An edge between two boxes is one from each end of the first to each of the second. An edge from
//! a box to itself leads from each end to each, itself included unless it is one pod.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::render::edge::{Edge, Shape};

/// What ends must have in common to share a box: the namespace, and how they are drawn.
pub(crate) type Kin<'a> = (Option<&'a str>, Shape);

/// One end of a graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BoxEnd<'a> {
    /// Whom it can share a box with; nobody where it stands for many already.
    pub(crate) kin: Option<Kin<'a>>,
    /// Whether it is one pod, so that it has no connection to itself that could be missing.
    pub(crate) is_pod: bool,
}

/// An edge seen from one of its ends: whether it leads away, the other end, and how it is drawn.
type EdgeSide = (bool, usize, usize);

/// Finds for each end that shares a box the first one in it.
pub(crate) fn boxes(ends: &[BoxEnd<'_>], edges: &[Edge]) -> BTreeMap<usize, usize> {
    let around = Around::of(edges);
    let mut alike: HashMap<(Kin<'_>, BTreeSet<EdgeSide>), Vec<usize>> = HashMap::new();
    for (id, end) in ends.iter().enumerate() {
        let Some(kin) = end.kin else { continue };
        for inside in around.inside(ends, id) {
            let own = inside.iter().flat_map(|drawn| [(true, id, *drawn), (false, id, *drawn)]);
            let all = around.sides(id).chain(own).collect();
            alike.entry((kin, all)).or_default().push(id);
        }
    }
    let mut groups: Vec<Vec<usize>> = alike.into_values().filter(|group| group.len() > 1).collect();
    groups.sort_unstable_by_key(|group| (Reverse(group.len()), group.first().copied()));
    let mut first_of = BTreeMap::new();
    for mut group in groups {
        // Some of those that are alike are so too.
        group.retain(|id| !first_of.contains_key(id));
        if let [first, _, ..] = *group {
            first_of.extend(group.iter().map(|id| (*id, first)));
        }
    }
    first_of
}

/// The edges of every end.
struct Around {
    others: BTreeMap<usize, Vec<EdgeSide>>,
    /// How the edges from an end to itself are drawn.
    own: BTreeMap<usize, BTreeSet<usize>>,
}

impl Around {
    fn of(edges: &[Edge]) -> Self {
        let mut around = Self { others: BTreeMap::new(), own: BTreeMap::new() };
        let mut known = HashMap::new();
        for edge in edges {
            let next = known.len();
            let drawn = *known.entry((&edge.label, edge.stroke, edge.change)).or_insert(next);
            if edge.from == edge.to {
                around.own.entry(edge.from).or_default().insert(drawn);
            } else {
                around.others.entry(edge.from).or_default().push((true, edge.to, drawn));
                around.others.entry(edge.to).or_default().push((false, edge.from, drawn));
            }
        }
        around
    }

    fn sides(&self, id: usize) -> impl Iterator<Item = EdgeSide> {
        self.others.get(&id).into_iter().flatten().copied()
    }

    /// Lists how edges between an end and others in its box could be drawn: as those to itself.
    fn inside(&self, ends: &[BoxEnd<'_>], id: usize) -> BTreeSet<BTreeSet<usize>> {
        let own = self.own.get(&id).cloned().unwrap_or_default();
        let Some(end) = ends.get(id).filter(|end| end.is_pod && own.is_empty()) else {
            return BTreeSet::from([own]);
        };
        let mut by_other: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (_, other, drawn) in self.sides(id).filter(|(leads_away, ..)| *leads_away) {
            if ends.get(other).is_some_and(|other| other.kin == end.kin) {
                by_other.entry(other).or_default().insert(drawn);
            }
        }
        by_other.into_values().chain([own]).collect()
    }
}
