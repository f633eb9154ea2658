//! Changes values of a text, and no byte beside: comments, order, quotes and other documents stay.
//!
//! ```text
//! before, after ─ compared, value by value ─> edits of bytes ─> text ─ read again ─> is it as planned?
//! ```
//! Not every form can be changed in its place (a value that stands elsewhere, under an alias). What was
//! written is read again, and a text that says anything else than planned is none.

use std::ops::Range;

use granit_parser::{ScalarStyle, StructureStyle};
use serde_json::{Map, Value};
use similar::{Algorithm, DiffOp, capture_diff_slices_by_key};

use super::decode;
use super::spans::{NodeForm, SpannedNode, spans};
use crate::yaml::document;
use crate::yaml::tree::YamlNode;

/// Where an object stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectPlace {
    /// Which document, from 0.
    pub document: usize,
    /// Which item of each list on the way to it.
    pub items: Vec<usize>,
}

/// An object of a text, and what it is to say.
#[derive(Clone, Debug)]
pub struct Rewrite<'a> {
    /// Where it stands.
    pub place: &'a ObjectPlace,
    /// What it says.
    pub before: &'a Value,
    /// What it is to say.
    pub after: &'a Value,
}

/// A text whose values cannot be changed in their places.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "its text cannot be changed in its place (an alias, or a form that is not known): -o yaml prints it"
)]
pub struct Unpatchable;

/// Changes objects of a text.
///
/// # Errors
/// The text would not say what is planned.
pub fn patch(text: &str, rewrites: &[Rewrite<'_>]) -> Result<String, Unpatchable> {
    let mut planned = documents(text).ok_or(Unpatchable)?;
    let spans = aligned(text, planned.len()).ok_or(Unpatchable)?;
    let mut edits = Edits { text, all: Vec::new() };
    for Rewrite { place, before, after } in rewrites {
        let placed = spans.get(place.document).and_then(|root| spanned(root, &place.items));
        edits.value(placed.ok_or(Unpatchable)?, before, after).ok_or(Unpatchable)?;
        let root = planned.get_mut(place.document).ok_or(Unpatchable)?;
        *value_mut(root, &place.items).ok_or(Unpatchable)? = (*after).clone();
    }
    let written = edits.applied(0..text.len()).ok_or(Unpatchable)?;
    if documents(&written) == Some(planned) { Ok(written) } else { Err(Unpatchable) }
}

/// Reads what all documents of a text say.
fn documents(text: &str) -> Option<Vec<Value>> {
    document::parse(text).ok()?.iter().map(value_of).collect()
}

/// Returns what a node says.
pub fn value_of(node: &YamlNode) -> Option<Value> {
    decode::decode(node).ok().map(|(value, _)| value)
}

/// Returns the documents of a text that has so many that say something.
fn aligned(text: &str, count: usize) -> Option<Vec<SpannedNode>> {
    let mut spans = spans(text)?;
    if spans.len() != count {
        spans.retain(|document| !document.is_empty());
    }
    (spans.len() == count).then_some(spans)
}

fn spanned<'a>(root: &'a SpannedNode, items: &[usize]) -> Option<&'a SpannedNode> {
    items.iter().try_fold(root, |node, index| node.field("items")?.value.items().get(*index))
}

fn value_mut<'a>(root: &'a mut Value, items: &[usize]) -> Option<&'a mut Value> {
    items.iter().try_fold(root, |value, index| value.get_mut("items")?.get_mut(*index))
}

/// What is to be changed of a text.
struct Edits<'a> {
    text: &'a str,
    all: Vec<Edit>,
}

/// Bytes, and what stands there instead.
struct Edit {
    range: Range<usize>,
    text: String,
}

impl Edits<'_> {
    fn edit(&mut self, range: Range<usize>, text: String) -> Option<()> {
        self.all.push(Edit { range, text });
        Some(())
    }

    /// Writes a part of the text with its edits; nothing where two of them are in each other's way.
    fn applied(mut self, part: Range<usize>) -> Option<String> {
        self.all.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let (mut written, mut at) = (String::new(), part.start);
        for Edit { range, text } in &self.all {
            written.push_str(self.text.get(at..range.start)?);
            written.push_str(text);
            at = range.end;
        }
        written.push_str(self.text.get(at..part.end)?);
        Some(written)
    }

    fn value(&mut self, placed: &SpannedNode, before: &Value, after: &Value) -> Option<()> {
        match (&placed.form, before, after) {
            _ if before == after => Some(()),
            (NodeForm::Map(style, _), Value::Object(before), Value::Object(after)) => {
                self.fields((placed, *style), before, after)
            }
            (
                NodeForm::List(StructureStyle::Block, items),
                Value::Array(before),
                Value::Array(after),
            ) => self.block_items((placed, items), before, after),
            (NodeForm::List(StructureStyle::Flow, items), Value::Array(before), Value::Array(after)) => {
                let text = self.flow_items((placed, items), before, after)?;
                self.edit(placed.range.clone(), text)
            }
            (NodeForm::Scalar(style), Value::String(_), Value::String(after)) => {
                self.edit(placed.range.clone(), scalar(*style, after)?)
            }
            _ => None,
        }
    }

    fn fields(
        &mut self,
        (placed, style): (&SpannedNode, StructureStyle),
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) -> Option<()> {
        if before.keys().any(|name| !after.contains_key(name)) {
            return None;
        }
        for (name, after) in after {
            match (placed.field(name), before.get(name)) {
                (Some(field), Some(before @ Value::Array(_))) if *after == Value::Array(Vec::new()) => {
                    let colon = self.text.get(field.name_end..)?.find(':')? + field.name_end + 1;
                    if before != after {
                        self.edit(colon..field.value.range.end, " []".to_owned())?;
                    }
                }
                (Some(field), Some(before)) => self.value(&field.value, before, after)?,
                (None, None) => self.new_field((placed, style), name, after)?,
                _ => return None,
            }
        }
        Some(())
    }

    /// Adds a field behind the others.
    fn new_field(
        &mut self,
        (placed, style): (&SpannedNode, StructureStyle),
        name: &str,
        value: &Value,
    ) -> Option<()> {
        let NodeForm::Map(_, fields) = &placed.form else { return None };
        let end = fields.last()?.value.range.end;
        if style == StructureStyle::Flow {
            return self.edit(end..end, format!(", {}: {}", flow(&Value::from(name)), flow(value)));
        }
        let field = Value::from(Map::from_iter([(name.to_owned(), value.clone())]));
        let lines = self.lines(&block(&field)?, placed.column);
        self.line_behind(end, lines)
    }

    fn block_items(
        &mut self,
        (placed, items): (&SpannedNode, &[SpannedNode]),
        before: &[Value],
        after: &[Value],
    ) -> Option<()> {
        let ListChange { same, pairs } = ListChange::of(before, after);
        let stays = |index: &usize| same.iter().chain(&pairs).any(|(old, _)| old == index);
        for (old, new) in pairs.iter().copied() {
            self.value(items.get(old)?, before.get(old)?, after.get(new)?)?;
        }
        for index in (0..before.len()).filter(|index| !stays(index)) {
            let (start, end) = self.item_lines((placed, items), index)?;
            self.edit(start..end, String::new())?;
        }
        // Behind which item each new one comes: the last one that is there before it.
        let mut previous = None;
        for (new, value) in after.iter().enumerate() {
            if let Some((old, _)) = same.iter().chain(&pairs).find(|(_, own)| *own == new) {
                previous = Some(*old);
                continue;
            }
            let text = block(value)?;
            let text = text.lines().enumerate().map(|(line, text)| match line {
                0 => format!("- {text}\n"),
                _ => format!("  {text}\n"),
            });
            let lines = self.lines(&text.collect::<String>(), placed.column);
            match previous {
                Some(old) => self.line_behind(items.get(old)?.range.end, lines)?,
                None => {
                    let (start, _) = self.item_lines((placed, items), 0)?;
                    self.edit(start..start, lines)?;
                }
            }
        }
        Some(())
    }

    /// Writes the items of a list between brackets: those that stay with what is between them.
    fn flow_items(
        &self,
        (placed, items): (&SpannedNode, &[SpannedNode]),
        before: &[Value],
        after: &[Value],
    ) -> Option<String> {
        let inside = placed.range.start + 1..placed.range.end.checked_sub(1)?;
        let (Some(first), Some(last)) = (items.first(), items.last()) else { return None };
        let open = self.text.get(inside.start..first.range.start)?;
        let close = self.text.get(last.range.end..inside.end)?;
        let is_tall = open.contains('\n') && !open.contains('#');
        let comma = if is_tall { format!(",{open}") } else { ", ".to_owned() };
        let ListChange { same, pairs } = ListChange::of(before, after);
        let (mut written, mut previous) = (String::new(), None);
        for (new, value) in after.iter().enumerate() {
            let old = same.iter().chain(&pairs).find(|(_, own)| *own == new).map(|(old, _)| *old);
            if new > 0 {
                let between = previous.zip(old).filter(|(one, next): &(usize, usize)| *one + 1 == *next);
                written.push_str(match between {
                    Some((one, next)) => {
                        self.text.get(items.get(one)?.range.end..items.get(next)?.range.start)?
                    }
                    None => &comma,
                });
            }
            match old {
                Some(old) => {
                    let item = items.get(old)?;
                    let mut edits = Edits { text: self.text, all: Vec::new() };
                    edits.value(item, before.get(old)?, value)?;
                    written.push_str(&edits.applied(item.range.clone())?);
                }
                None if is_tall => {
                    let text = serde_json::to_string_pretty(value).ok()?;
                    written.push_str(&text.replace('\n', open));
                }
                None => written.push_str(&flow(value)),
            }
            previous = old;
        }
        if after.is_empty() { Some("[]".to_owned()) } else { Some(format!("[{open}{written}{close}]")) }
    }

    /// Returns where the lines of an item of a block begin and end: from its `-` to the end of its value and of
    /// the comment behind it. Nothing where its `-` does not begin its line.
    fn item_lines(
        &self,
        (list, items): (&SpannedNode, &[SpannedNode]),
        index: usize,
    ) -> Option<(usize, usize)> {
        let item = items.get(index)?;
        let floor = match index.checked_sub(1) {
            Some(before) => items.get(before)?.range.end,
            None => self.text.get(..list.range.start)?.rfind('\n').map_or(0, |at| at + 1),
        };
        let mut start = self.text.get(..item.range.start)?.rfind('\n').map_or(0, |at| at + 1);
        loop {
            let line = self.text.get(start..)?.lines().next()?;
            let (indent, own) = line.split_at_checked(list.column)?;
            if indent.trim().is_empty() && own.starts_with('-') {
                return Some((start, self.line_end(item.range.end)));
            }
            if start <= floor {
                return None;
            }
            start = self.text.get(..start - 1)?.rfind('\n').map_or(0, |at| at + 1);
        }
    }

    /// Returns where the line ends in which a byte is, with its line break.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |found| at + found + 1)
    }

    /// Puts lines behind the one in which a byte is.
    fn line_behind(&mut self, at: usize, lines: String) -> Option<()> {
        let end = self.line_end(at);
        match self.text.get(..end)?.ends_with('\n') {
            true => self.edit(end..end, lines),
            // The last line of the text has no line break, and gets none behind what follows.
            false => self.edit(end..end, format!("{}{}", self.line_break(), lines.trim_end())),
        }
    }

    /// Indents lines, and ends them as the text does.
    fn lines(&self, text: &str, column: usize) -> String {
        let line = |line: &str| format!("{:column$}{line}{}", "", self.line_break());
        text.lines().map(line).collect()
    }

    fn line_break(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }
}

/// What becomes of the items of a list, by their places before and after.
struct ListChange {
    /// Those that stay.
    same: Vec<(usize, usize)>,
    /// Those that go on as another with a field in common: it is changed where it stands.
    pairs: Vec<(usize, usize)>,
}

impl ListChange {
    fn of(before: &[Value], after: &[Value]) -> Self {
        let mut change = Self { same: Vec::new(), pairs: Vec::new() };
        let ops = capture_diff_slices_by_key(Algorithm::Myers, before, after, Value::to_string);
        for op in ops {
            match op {
                DiffOp::Equal { old_index, new_index, len } => {
                    change.same.extend((0..len).map(|step| (old_index + step, new_index + step)));
                }
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    let pairs =
                        (0..old_len.min(new_len)).map(|step| (old_index + step, new_index + step));
                    change.pairs.extend(pairs.filter(|(old, new)| {
                        before.get(*old).zip(after.get(*new)).is_some_and(|(old, new)| goes_on(old, new))
                    }));
                }
                DiffOp::Delete { .. } | DiffOp::Insert { .. } => {}
            }
        }
        change
    }
}

/// Tells whether two values have the same fields, and one of them is alike.
fn goes_on(before: &Value, after: &Value) -> bool {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return false };
    before.keys().eq(after.keys()) && before.iter().any(|(name, value)| after.get(name) == Some(value))
}

/// Writes a text as it was written before, where that is safe for any text.
fn scalar(style: ScalarStyle, text: &str) -> Option<String> {
    let is_word = text.len() > 5
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric());
    match style {
        ScalarStyle::SingleQuoted if !text.contains(char::is_control) => {
            Some(format!("'{}'", text.replace('\'', "''")))
        }
        // The span is of the lines of the text alone.
        ScalarStyle::Literal | ScalarStyle::Folded => {
            Some(text.trim_end().to_owned()).filter(|text| !text.contains('\n'))
        }
        // No reader takes such a word for a number or a truth.
        ScalarStyle::Plain if is_word => Some(text.to_owned()),
        _ => serde_json::to_string(text).ok(),
    }
}

/// Writes a value as YAML in blocks.
fn block(value: &Value) -> Option<String> {
    serde_saphyr::to_string(value).ok()
}

/// Writes a value in one line, as JSON with blanks, which YAML is too.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter();
            let field = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), flow(value))
            };
            format!("{{{}}}", fields.map(field).collect::<Vec<_>>().join(", "))
        }
        one => one.to_string(),
    }
}
