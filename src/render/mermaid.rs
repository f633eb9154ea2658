//! Graphs in the language of Mermaid.

use std::io::{self, Write};

use super::graph::{Graph, Node, Shape, Stroke};
use super::sanitize::sanitize;

/// The edges that Mermaid draws unless it is told otherwise (`maxEdges`).
const LARGEST: usize = 500;

/// Writes a graph; what it does not say stands in comments, and gaps in a node of their own too.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, graph: &Graph) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    let caveats = graph.caveats.iter().map(|text| ("caveat", text));
    for (kind, text) in caveats.chain(graph.gaps.iter().map(|text| ("gap", text))) {
        writeln!(out, "  %% {kind}: {}", comment(text))?;
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
    if !graph.gaps.is_empty() {
        let gaps: Vec<String> = graph.gaps.iter().map(|gap| format!("gap: {}", quoted(gap))).collect();
        writeln!(out, "  gaps[\"{}\"]", gaps.join("<br/>"))?;
    }
    for edge in &graph.edges {
        let arrow = match edge.stroke {
            Stroke::Solid => "-->",
            Stroke::Dashed => "-.->",
        };
        writeln!(out, "  n{} {arrow}|\"{}\"| n{}", edge.from, quoted(&edge.label), edge.to)?;
    }
    Ok(())
}

fn node(out: &mut dyn Write, indent: &str, node: &Node) -> io::Result<()> {
    let (open, close) = match node.shape {
        Shape::Workload => ("[", "]"),
        Shape::Group => ("[[", "]]"),
        Shape::Outside => ("([", "])"),
    };
    writeln!(out, "{indent}n{}{open}\"{}\"{close}", node.id, quoted(&node.label))
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
