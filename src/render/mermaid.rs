//! Graphs in the language of Mermaid.

use std::io::{self, Write};

use super::graph::{Graph, GraphNode, colour};
use super::sanitize::sanitize;
use crate::diff::change::ChangeKind;
use crate::render::edge::{Shape, Stroke};

/// The edges that Mermaid draws unless it is told otherwise (`maxEdges`).
const LARGEST: usize = 500;

/// Writes a graph; what it does not say stands in comments, and gaps in a node of their own too.
pub fn write(out: &mut dyn Write, graph: &Graph) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (kind, text) in graph.limits.each() {
        writeln!(out, "  %% {kind}: {}", comment(&text))?;
    }
    let edges = graph.edges.len();
    if edges > LARGEST {
        writeln!(out, "  %% {edges} edges: Mermaid draws {LARGEST} unless maxEdges says otherwise")?;
    }
    for (number, (namespace, nodes)) in graph.clusters.iter().enumerate() {
        match namespace {
            None => nodes.iter().try_for_each(|own| node(out, "  ", own))?,
            Some(name) => {
                writeln!(out, "  subgraph s{number}[\"ns/{}\"]", quoted(name))?;
                nodes.iter().try_for_each(|own| node(out, "    ", own))?;
                writeln!(out, "  end")?;
            }
        }
    }
    note(out, "summary", &mut graph.summary.iter().cloned())?;
    note(out, "gaps", &mut graph.limits.gaps.iter().map(|gap| format!("gap: {gap}")))?;
    for edge in &graph.edges {
        let arrow = match edge.stroke {
            Stroke::Solid => "-->",
            Stroke::Dashed => "-.->",
        };
        writeln!(out, "  n{} {arrow}|\"{}\"| n{}", edge.from, quoted(&edge.label), edge.to)?;
    }
    let kinds = [ChangeKind::Removed, ChangeKind::Changed, ChangeKind::Added];
    kinds.into_iter().try_for_each(|kind| paint(out, graph, kind))
}

/// Colours the edges to which the same happens; edges go by their number.
fn paint(out: &mut dyn Write, graph: &Graph, kind: ChangeKind) -> io::Result<()> {
    let own = graph.edges.iter().enumerate().filter(|(_, edge)| edge.change == Some(kind));
    let numbers: Vec<String> = own.map(|(number, _)| number.to_string()).collect();
    if numbers.is_empty() {
        return Ok(());
    }
    let colour = colour(kind);
    writeln!(out, "  linkStyle {} stroke:{colour},color:{colour}", numbers.join(","))
}

/// Writes lines beside the drawing; nothing where there is none.
fn note(out: &mut dyn Write, name: &str, lines: &mut dyn Iterator<Item = String>) -> io::Result<()> {
    let lines: Vec<String> = lines.map(|line| quoted(&line)).collect();
    if lines.is_empty() { Ok(()) } else { writeln!(out, "  {name}[\"{}\"]", lines.join("<br/>")) }
}

fn node(out: &mut dyn Write, indent: &str, node: &GraphNode) -> io::Result<()> {
    let (open, close) = match node.shape {
        Shape::Workload => ("[", "]"),
        Shape::Group => ("[[", "]]"),
        Shape::Outside => ("([", "])"),
    };
    let names: Vec<String> = node.labels.iter().map(|name| quoted(name)).collect();
    writeln!(out, "{indent}n{}{open}\"{}\"{close}", node.id, names.join("<br/>"))
}

/// Writes every character that the language or its Markdown could take for its own as a number.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " ./,:()-".contains(c);
    let number = |c: char| if plain(c) { c.to_string() } else { format!("#{};", u32::from(c)) };
    sanitize(text).chars().map(number).collect()
}

/// Keeps a comment from being taken for a directive, which begins with `%%{`.
fn comment(text: &str) -> String {
    sanitize(text).replace(['{', '}'], " ")
}
