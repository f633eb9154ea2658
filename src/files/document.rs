//! YAML and JSON documents as trees that remember the line of every value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

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
    /// Any other number.
    Float(f64),
    /// A string.
    String(Box<str>),
    /// A list.
    List(Vec<YamlNode>),
    /// A mapping, in the order of the file.
    Map(Vec<(Box<str>, YamlNode)>),
}

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

/// Most values of a text: twenty thousand pods as the API server writes them.
const MOST_VALUES: usize = 20_000_000;
/// Most values that the aliases of a text stand for; people write a few hundred.
const MOST_REPEATED: usize = 500_000;
/// Most bytes of text that the aliases of a text stand for.
const MOST_REPEATED_TEXT: usize = 32 << 20;

/// Reads all documents of a text: YAML, JSON, or JSON values one after the other.
///
/// # Errors
/// The first place where the text is not YAML, or where a mapping has a key twice.
pub fn parse(text: &str) -> Result<Vec<YamlNode>, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut nodes, mut lines) = (Vec::new(), 0);
    for part in json_values(text) {
        let read: Result<Vec<YamlNode>, _> =
            serde_saphyr::from_multiple_with_options(part, options(part));
        let mut read = read.map_err(|error| syntax_error(&error, lines))?;
        read.iter_mut().for_each(|node| node.shift(lines));
        nodes.append(&mut read);
        lines += u32::try_from(part.matches('\n').count()).unwrap_or(u32::MAX);
    }
    Ok(nodes)
}

/// Says what of YAML is read, and how much a small text may grow to.
fn options(text: &str) -> serde_saphyr::Options {
    serde_saphyr::options! {
        legacy_octal_numbers: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: 200,
            max_documents: usize::MAX,
            max_events: usize::MAX,
            max_nodes: text.len().min(MOST_VALUES).saturating_add(MOST_REPEATED),
            max_total_scalar_bytes: text.len().saturating_add(MOST_REPEATED_TEXT),
            max_recorded_anchor_events: MOST_REPEATED,
            max_recorded_anchor_bytes: MOST_REPEATED_TEXT,
            enforce_alias_anchor_ratio: false,
            max_reader_input_bytes: None,
        },
    }
}

/// Splits JSON values that stand one after the other, which YAML does not allow; anything else is
/// one part.
fn json_values(text: &str) -> Vec<&str> {
    if !text.trim_start().starts_with('{') {
        return vec![text];
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let (mut parts, mut start) = (Vec::new(), 0);
    while let Some(value) = values.next() {
        let end = values.byte_offset();
        match (value, text.get(start..end)) {
            (Ok(_), Some(part)) => parts.push(part),
            _ => return vec![text],
        }
        start = end;
    }
    parts
}

fn syntax_error(error: &serde_saphyr::Error, lines: u32) -> SyntaxError {
    let error = error.without_snippet();
    let (line, column) =
        error.location().map_or((1, 1), |location| (location.line(), location.column()));
    // Of what is wrong inside an alias, the words would name two places.
    let cause = match error {
        serde_saphyr::Error::AliasError { error, .. } => error,
        error => error,
    };
    let message = bound(cause).unwrap_or_else(|| cause.to_string());
    // The place goes in front of the message, as everywhere else, and so does no advice on options.
    let message = message.split(" at line ").next().unwrap_or_default();
    let message = message.split(", set DuplicateKeyPolicy").next().unwrap_or_default();
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    SyntaxError {
        line: narrow(line).saturating_add(lines),
        column: narrow(column),
        message: message.to_owned(),
    }
}

/// Says which bound a text goes beyond, and what to do.
fn bound(error: &serde_saphyr::Error) -> Option<String> {
    use serde_saphyr::Error;
    use serde_saphyr::budget::BudgetBreach;
    let is_bound = match error {
        Error::AliasReplayLimitExceeded { .. } | Error::AliasReplayStackDepthExceeded { .. } => true,
        Error::Budget { breach, .. } => matches!(
            breach,
            BudgetBreach::Nodes { .. }
                | BudgetBreach::ScalarBytes { .. }
                | BudgetBreach::RecordedAnchorEvents { .. }
                | BudgetBreach::RecordedAnchorBytes { .. }
                | BudgetBreach::Aliases { .. }
                | BudgetBreach::Anchors { .. }
        ),
        _ => false,
    };
    is_bound.then(|| {
        format!(
            "more than {MOST_VALUES} values, or aliases that stand for more than {MOST_REPEATED} values or {} \
             MiB: split the file, or write out what the aliases stand for",
            MOST_REPEATED_TEXT >> 20
        )
    })
}

impl YamlNode {
    fn shift(&mut self, lines: u32) {
        if lines == 0 {
            return;
        }
        self.line += lines;
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.shift(lines)),
            Value::Map(fields) => fields.iter_mut().for_each(|(_, node)| node.shift(lines)),
            _ => {}
        }
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

impl<'de> Deserialize<'de> for YamlNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Self {
            line: narrow(spanned.referenced.line()),
            column: narrow(spanned.referenced.column()),
            value: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        #[expect(clippy::cast_precision_loss, reason = "no field of an object is that large")]
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some((key, node)) = entries.next_entry::<String, YamlNode>()? {
            map.push((key.into_boxed_str(), node));
        }
        Ok(Value::Map(map))
    }
}
