//! Graphs in the language of Graphviz.

use std::io::{self, Write};

use super::graph::{Graph, GraphNode, colour};
use super::sanitize::sanitize;
use crate::render::edge::{Shape, Stroke};

/// Writes a graph; what it does not say stands in comments, and gaps in a node of their own too.
pub fn write(out: &mut dyn Write, graph: &Graph) -> io::Result<()> {
    for (kind, text) in graph.limits.each() {
        writeln!(out, "// {kind}: {}", sanitize(&text))?;
    }
    writeln!(out, "digraph netpol {{\n  rankdir=LR;\n  node [shape=box];")?;
    for (number, (namespace, nodes)) in graph.clusters.iter().enumerate() {
        match namespace {
            None => nodes.iter().try_for_each(|own| node(out, "  ", own))?,
            Some(name) => {
                writeln!(out, "  subgraph cluster_{number} {{\n    label=\"ns/{}\";", quoted(name))?;
                nodes.iter().try_for_each(|own| node(out, "    ", own))?;
                writeln!(out, "  }}")?;
            }
        }
    }
    note(out, "summary", &mut graph.summary.iter().cloned())?;
    note(out, "gaps", &mut graph.limits.gaps.iter().map(|gap| format!("gap: {gap}")))?;
    for edge in &graph.edges {
        let style = match edge.stroke {
            Stroke::Solid => "",
            Stroke::Dashed => ", style=dashed",
        };
        let colour = edge.change.map(colour);
        let colour = colour.map(|own| format!(", color=\"{own}\", fontcolor=\"{own}\""));
        let (label, colour) = (quoted(&edge.label), colour.unwrap_or_default());
        writeln!(out, "  n{} -> n{} [label=\"{label}\"{style}{colour}];", edge.from, edge.to)?;
    }
    writeln!(out, "}}")
}

/// Writes lines beside the drawing; nothing where there is none.
fn note(out: &mut dyn Write, name: &str, lines: &mut dyn Iterator<Item = String>) -> io::Result<()> {
    let text: String = lines.map(|line| format!("{}\\l", quoted(&line))).collect();
    if text.is_empty() { Ok(()) } else { writeln!(out, "  {name} [label=\"{text}\", shape=note];") }
}

fn node(out: &mut dyn Write, indent: &str, node: &GraphNode) -> io::Result<()> {
    let look = match node.shape {
        Shape::Workload => "",
        Shape::Group => ", style=bold",
        Shape::Outside => ", shape=ellipse",
    };
    let names: Vec<String> = node.labels.iter().map(|name| quoted(name)).collect();
    writeln!(out, "{indent}n{} [label=\"{}\"{look}];", node.id, names.join("\\n"))
}

/// Escapes what ends a quoted string, what begins an escape and what begins an entity.
fn quoted(text: &str) -> String {
    sanitize(text).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}
