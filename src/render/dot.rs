//! Graphs in the language of Graphviz.

use std::io::{self, Write};

use super::graph::{Graph, Node, Shape, Stroke};
use super::sanitize::sanitize;

/// Writes a graph; what it does not say stands in comments, and gaps in a node of their own too.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, graph: &Graph) -> io::Result<()> {
    let caveats = graph.caveats.iter().map(|text| ("caveat", text));
    for (kind, text) in caveats.chain(graph.gaps.iter().map(|text| ("gap", text))) {
        writeln!(out, "// {kind}: {}", sanitize(text))?;
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
    if !graph.gaps.is_empty() {
        let gaps = graph.gaps.iter().map(|gap| format!("gap: {}\\l", quoted(gap)));
        writeln!(out, "  gaps [label=\"{}\", shape=note];", gaps.collect::<String>())?;
    }
    for edge in &graph.edges {
        let style = match edge.stroke {
            Stroke::Solid => "",
            Stroke::Dashed => ", style=dashed",
        };
        let label = quoted(&edge.label);
        writeln!(out, "  n{} -> n{} [label=\"{label}\"{style}];", edge.from, edge.to)?;
    }
    writeln!(out, "}}")
}

fn node(out: &mut dyn Write, indent: &str, node: &Node) -> io::Result<()> {
    let look = match node.shape {
        Shape::Workload => "",
        Shape::Group => ", style=bold",
        Shape::Outside => ", shape=ellipse",
    };
    writeln!(out, "{indent}n{} [label=\"{}\"{look}];", node.id, quoted(&node.label))
}

/// Escapes what ends a quoted string, what begins an escape and what begins an entity.
fn quoted(text: &str) -> String {
    sanitize(text).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}
