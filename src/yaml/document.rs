//! YAML and JSON documents as trees that remember the line of every value.

use super::budget::Budget;
use super::cursor::{Cursor, Mark};
use super::{json, parser};

/// The most lists and mappings inside each other.
pub(super) const MOST_DEPTH: usize = 200;

/// A value of a document and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct YamlNode {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The value.
    pub value: Value,
}

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing; the same as an absent field.
    Null,
    /// A boolean; `yes`, `on` and `y` are booleans too, as kubectl reads them.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Any other number; on the way to the API server, one without a fraction becomes an integer.
    Float(f64),
    /// A string.
    String(Box<str>),
    /// A list.
    List(Vec<YamlNode>),
    /// A mapping, in the order of the file.
    Map(Vec<Field>),
}

/// A key and its value.
pub type Field = (Box<str>, YamlNode);

/// Text that is not YAML or JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong; nothing of the file's text.
    pub message: String,
}

impl YamlNode {
    pub(super) fn new(mark: Mark, value: Value) -> Self {
        let (line, column) = (mark.line.saturating_add(1), mark.column.saturating_add(1));
        Self { line, column, value }
    }

    /// Returns the value of a field; a null field is absent.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.field(key).filter(|node| node.value != Value::Null)
    }

    /// Returns the value of a field, null where it says so.
    pub fn field(&self, key: &str) -> Option<&Self> {
        let Value::Map(fields) = &self.value else { return None };
        fields.iter().find(|(name, _)| **name == *key).map(|(_, node)| node)
    }

    /// Returns the value at a path of fields.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the text of a string.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Lists the items of a list.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the line of the value at a path such as `spec.egress[1].to`, or of the last value
    /// on the way to it.
    pub fn line_of(&self, path: &str) -> u32 {
        let steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty());
        let (mut node, mut rest) = (self, String::new());
        for step in steps {
            // A key may itself hold dots (`metadata.labels.app.kubernetes.io/name`): try longer ones.
            rest = if rest.is_empty() { step.to_owned() } else { format!("{rest}.{step}") };
            let item = step.parse::<usize>().ok().and_then(|index| node.items().get(index));
            if let Some(next) = node.get(&rest).or(item) {
                (node, rest) = (next, String::new());
            }
        }
        node.line
    }
}

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

/// Returns the line of a list item's `- `, which can stand on a line above the item's value;
/// `lines` are those of the whole text.
pub fn item_line(lines: &[&str], item: &YamlNode) -> u32 {
    let index = (item.line as usize).saturating_sub(1);
    let own = lines.get(index).copied().unwrap_or_default();
    let before: String = own.chars().take((item.column as usize).saturating_sub(1)).collect();
    if !before.trim().is_empty() {
        return item.line;
    }
    let above = lines.iter().take(index).enumerate().rev();
    let mut above = above.map(|(index, line)| (index, content(line)));
    match above.find(|(_, line)| !line.is_empty()) {
        Some((dash, line)) if ends_in_dash(line) => u32::try_from(dash + 1).unwrap_or(item.line),
        _ => item.line,
    }
}

/// Returns a line without its comment.
fn content(line: &str) -> &str {
    let line = line.split(" #").next().unwrap_or_default().trim();
    if line.starts_with('#') { "" } else { line }
}

/// Tells whether a line opens a list item whose value stands further down; an anchor or a tag may
/// follow the `-`.
fn ends_in_dash(line: &str) -> bool {
    let mut words = line.split_whitespace().rev();
    words.find(|word| !word.starts_with(['&', '!'])) == Some("-")
}
