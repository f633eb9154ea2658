//! Tables and text of GitHub's Markdown.
//!
//! Names stand as code: in code nothing is a link, a mention, a reference or markup. A name that
//! could end the code or the cell is written as HTML with entities instead.

use std::io::{self, Write};

use super::limits::Limits;
use super::sanitize::sanitize;
use crate::ends::place::{LinePlace, PlaceExtent};

/// Writes the header of a table.
pub fn header(out: &mut dyn Write, columns: &[&str]) -> io::Result<()> {
    writeln!(out, "| {} |", columns.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(columns.len()))
}

/// Writes a row of a table; the cells are Markdown already.
pub fn row(out: &mut dyn Write, cells: &[&str]) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

/// Names one end.
pub fn place(place: &LinePlace) -> String {
    match place {
        LinePlace::Whole { extent: PlaceExtent::Everything { .. }, title } => title.clone(),
        LinePlace::Whole { extent: PlaceExtent::Namespace { name, .. }, .. } => {
            format!("all pods of {}", code(&format!("ns/{name}")))
        }
        LinePlace::Whole { extent: PlaceExtent::Unit { .. }, .. } | LinePlace::Part(_) => {
            code(&place.title())
        }
    }
}

/// Writes a name.
pub fn code(name: &str) -> String {
    let name = sanitize(name);
    if !name.contains(['|', '`', '\\']) && name.trim() == name && !name.is_empty() {
        return format!("`{name}`");
    }
    let plain = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '/' | '-');
    let entity = |c: char| if plain(&c) { c.to_string() } else { format!("&#{};", u32::from(c)) };
    format!("<code>{}</code>", name.chars().map(entity).collect::<String>())
}

/// Writes a sentence that may hold names: as it is if nothing in it could be markup.
pub fn prose(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " .,:;()'/-%".contains(c);
    let is_link = text.contains("://") || text.contains("www.");
    if text.chars().all(plain) && !is_link { text.to_owned() } else { code(text) }
}

/// Writes caveats and gaps as a list behind a blank line; nothing where there are none.
pub fn limits(out: &mut dyn Write, limits: &Limits) -> io::Result<()> {
    if *limits != Limits::default() {
        writeln!(out)?;
    }
    limits.each().try_for_each(|(kind, text)| writeln!(out, "- **{kind}:** {}", prose(&text)))
}
