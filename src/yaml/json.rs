//! JSON, in which more may stand than in YAML: other escapes, keys of any length.

use super::budget::{Budget, MOST_DEPTH};
use super::cursor::Cursor;
use super::fields::Fields;
use super::tree::{Mark, SyntaxError, Value, YamlNode};

/// Goes over the space between values.
pub(super) fn skip_space(cursor: &mut Cursor<'_>) {
    while matches!(cursor.byte(0), b' ' | b'\t' | b'\n' | b'\r') {
        match cursor.is_break(0) {
            true => cursor.skip_break(),
            false => cursor.skip(),
        }
    }
}

/// A text under way.
pub(super) struct Reader<'a, 'b> {
    pub(super) cursor: &'b mut Cursor<'a>,
    pub(super) budget: &'b mut Budget,
}

impl<'a> Reader<'a, '_> {
    /// Reads one value, below some others.
    pub(super) fn value(&mut self, depth: usize) -> Result<YamlNode, SyntaxError> {
        skip_space(self.cursor);
        let mark = self.cursor.mark();
        if depth > MOST_DEPTH {
            return Err(mark.fault(format!("values nested more than {MOST_DEPTH} deep")));
        }
        let value = match self.cursor.byte(0) {
            b'{' => self.map(depth)?,
            b'[' => self.list(depth)?,
            b'"' => {
                let text = self.string()?;
                self.spend(mark, text.len())?;
                Value::String(text)
            }
            _ => {
                self.spend(mark, 0)?;
                self.word(mark)?
            }
        };
        Ok(YamlNode::new(mark, value))
    }

    fn spend(&mut self, mark: Mark, text: usize) -> Result<(), SyntaxError> {
        self.budget.spend(text).map_err(|message| mark.fault(message))
    }

    fn list(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mut items = Vec::new();
        self.spend(self.cursor.mark(), 0)?;
        self.cursor.skip();
        while !self.ends(b']', items.is_empty())? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mut fields = Fields::default();
        let mut is_first = true;
        self.spend(self.cursor.mark(), 0)?;
        self.cursor.skip();
        while !self.ends(b'}', is_first)? {
            is_first = false;
            skip_space(self.cursor);
            let mark = self.cursor.mark();
            let name = self.string()?;
            self.spend(mark, name.len())?;
            skip_space(self.cursor);
            self.expect(b':')?;
            let node = self.value(depth + 1)?;
            fields.add(mark, name, node)?;
        }
        Ok(fields.into_value())
    }

    /// Goes over what stands before an item, or the end.
    fn ends(&mut self, end: u8, is_first: bool) -> Result<bool, SyntaxError> {
        skip_space(self.cursor);
        if self.cursor.byte(0) == end {
            self.cursor.skip();
            return Ok(true);
        }
        if !is_first {
            self.expect(b',')?;
        }
        Ok(false)
    }

    fn expect(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.cursor.byte(0) != byte {
            return Err(self.cursor.mark().fault(format!("`{}` is missing", char::from(byte))));
        }
        self.cursor.skip();
        Ok(())
    }

    fn string(&mut self) -> Result<Box<str>, SyntaxError> {
        let (mark, start) = (self.cursor.mark(), self.cursor.offset());
        self.expect(b'"')?;
        loop {
            match self.cursor.byte(0) {
                b'"' => break,
                0 => return Err(mark.fault("a quote that is not closed")),
                b'\\' => {
                    self.cursor.skip();
                    self.cursor.skip();
                }
                _ => self.cursor.skip(),
            }
        }
        self.cursor.skip();
        let read = serde_json::from_str(self.cursor.since(start));
        read.map_err(|_| mark.fault("a string that is not of JSON"))
    }

    fn word(&mut self, mark: Mark) -> Result<Value, SyntaxError> {
        let start = self.cursor.offset();
        self.cursor.skip_while(|cursor| {
            cursor.byte(0).is_ascii_alphanumeric() || matches!(cursor.byte(0), b'+' | b'-' | b'.')
        });
        match serde_json::from_str(self.cursor.since(start)) {
            Ok(serde_json::Value::Null) => Ok(Value::Null),
            Ok(serde_json::Value::Bool(value)) => Ok(Value::Bool(value)),
            Ok(serde_json::Value::Number(number)) => Ok(match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => Value::Int(value),
                (None, value) => Value::Float(value.unwrap_or_default()),
            }),
            _ => Err(mark.fault("no value of JSON")),
        }
    }
}
