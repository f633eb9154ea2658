//! The documents of a text: YAML, JSON, or both.

use super::budget::Budget;
use super::cursor::Cursor;
use super::tree::{Mark, SyntaxError, YamlNode};
use super::{json, parser};

/// Reads all documents of a text: YAML, JSON, or JSON values one after the other.
///
/// # Errors
/// The first place where kubectl would refuse the text, or leave out what stands there: behind the end of a
/// document, or under a key that a mapping has twice.
pub fn parse(text: &str) -> Result<Vec<YamlNode>, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut nodes, mut budget) = (Vec::new(), Budget::default());
    let mut rest = Part { text, line: 0 };
    if text.trim_start().starts_with('{') {
        match json_values(text, &mut nodes, &mut budget)? {
            None => return Ok(nodes),
            Some(other) => rest = other,
        }
    }
    while let Some(part) = rest.split()? {
        part.check_characters()?;
        let text = part.text.strip_prefix('\u{feff}').unwrap_or(part.text);
        nodes.extend(parser::read(text, part.line, &mut budget)?);
    }
    Ok(nodes)
}

/// Reads JSON values one after the other, and returns what is YAML behind the first, or from the start on.
fn json_values<'a>(
    text: &'a str,
    nodes: &mut Vec<YamlNode>,
    budget: &mut Budget,
) -> Result<Option<Part<'a>>, SyntaxError> {
    let mut cursor = Cursor::new(text, 0);
    loop {
        let behind =
            Part { text: text.get(cursor.offset()..).unwrap_or_default(), line: cursor.mark().line };
        json::skip_space(&mut cursor);
        if cursor.is_end() {
            return Ok(None);
        }
        let mut spent = *budget;
        match (json::Reader { cursor: &mut cursor, budget: &mut spent }).value(0) {
            Ok(node) => nodes.push(node),
            Err(error) if nodes.len() > 1 => return Err(error),
            Err(_) => return Ok(Some(behind.after_line_end())),
        }
        *budget = spent;
    }
}

/// A part of a text, and the line on which it begins, from 0.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    line: u32,
}

impl<'a> Part<'a> {
    /// Takes a document from the start. Lines that begin with `---` divide a text before it is known what is in
    /// quotes; one that comes first is of the document.
    fn split(&mut self) -> Result<Option<Self>, SyntaxError> {
        let (whole, mut line, mut end) = (*self, self.line, 0);
        for text in whole.text.split_inclusive('\n') {
            let is_separator = match text.strip_prefix("---").map(str::trim) {
                None => false,
                Some(rest) if rest.is_empty() || rest.starts_with('#') => true,
                Some(_) => {
                    return Err(Mark { line, column: 3 }.fault(
                        "behind `---`, kubectl wants the line to end: put what follows on the next",
                    ));
                }
            };
            line = line.saturating_add(1);
            if is_separator && end > 0 {
                let rest = whole.text.get(end + text.len()..).unwrap_or_default();
                *self = Self { text: rest, line };
                return Ok(Some(Self { text: whole.text.get(..end).unwrap_or_default(), ..whole }));
            }
            end += text.len();
        }
        *self = Self { text: "", line };
        Ok((end > 0).then_some(whole))
    }

    /// Leaves out the blanks up to the end of a line.
    fn after_line_end(self) -> Self {
        let text = self.text.trim_start_matches([' ', '\t', '\r']);
        match text.strip_prefix('\n') {
            Some(text) => Self { text, line: self.line.saturating_add(1) },
            None => Self { text, ..self },
        }
    }

    /// Refuses characters that no YAML text has.
    fn check_characters(&self) -> Result<(), SyntaxError> {
        let is_wrong = |c: char| {
            matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\x7F'..='\u{84}' | '\u{86}'..='\u{9F}'
                | '\u{FFFE}' | '\u{FFFF}')
        };
        let Some(place) = self.text.find(is_wrong) else { return Ok(()) };
        let before = self.text.get(..place).unwrap_or_default();
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let [line, column] = [line, column].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        Err(Mark { line: self.line.saturating_add(line), column }.fault("a control character"))
    }
}
