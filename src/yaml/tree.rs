//! A document as a tree that remembers the line of every value.

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The line, from 0.
    pub(super) line: u32,
    /// The column, from 0, in characters.
    pub(super) column: u32,
}

impl Mark {
    /// Returns the place of a value.
    pub(super) fn of(node: &YamlNode) -> Self {
        Self { line: node.line.saturating_sub(1), column: node.column.saturating_sub(1) }
    }

    /// Says what is wrong here.
    pub(super) fn fault(self, message: impl Into<String>) -> SyntaxError {
        let (line, column) = (self.line.saturating_add(1), self.column.saturating_add(1));
        SyntaxError { line, column, message: message.into() }
    }
}

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
