//! Tokens become a tree, in which aliases and merged keys are written out.

use std::collections::{HashMap, HashSet};

use super::budget::{Budget, MOST_DEPTH, Size};
use super::cursor::Cursor;
use super::fields::Fields;
use super::resolve::{Scalar, resolve};
use super::scanner::Scanner;
use super::tag::OWN;
use super::token::Token;
use super::tree::{Field, Mark, SyntaxError, Value, YamlNode};

/// Reads the one document of a text, which begins on a line; nothing where it holds none.
pub(super) fn read(text: &str, line: u32, budget: &mut Budget) -> Result<Option<YamlNode>, SyntaxError> {
    let scanner = Scanner::new(Cursor::new(text, line));
    let mut parser = Parser {
        scanner,
        aliased: aliased(text),
        anchors: HashMap::new(),
        brackets: Vec::new(),
        budget,
    };
    parser.document()
}

/// Lists all names that may be those of aliases, as most anchors have none.
fn aliased(text: &str) -> HashSet<&str> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let behind = text.split('*').skip(1);
    behind
        .filter_map(|rest| rest.split(|c| !is_letter(c)).next())
        .filter(|name| !name.is_empty())
        .collect()
}

/// What an anchor names.
enum Anchored {
    /// What is not read to its end yet.
    Open,
    Read(YamlNode, Size),
}

/// What stands before a value.
#[derive(Default)]
struct Properties {
    anchor: Option<Box<str>>,
    tag: Option<Box<str>>,
}

/// A key of a mapping.
enum Key {
    /// `<<`, whose value's fields are merged.
    Merge,
    Name(Box<str>),
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In brackets.
    Flow,
    Block,
    /// In a block, where a list may stand at the indent of its key.
    BlockValue,
}

struct Parser<'a, 'b> {
    scanner: Scanner<'a>,
    /// The names of aliases.
    aliased: HashSet<&'a str>,
    anchors: HashMap<Box<str>, Anchored>,
    /// The brackets that are open.
    brackets: Vec<(Mark, char)>,
    budget: &'b mut Budget,
}

impl Parser<'_, '_> {
    fn document(&mut self) -> Result<Option<YamlNode>, SyntaxError> {
        if self.is(&[Token::End])? {
            return Ok(None);
        }
        if self.take(&Token::DocumentStart)? && self.is(&[Token::End, Token::DocumentEnd])? {
            return self.ends().map(|()| None);
        }
        let node = self.node(Place::Block, 0)?;
        self.ends()?;
        Ok(Some(node))
    }

    /// Refuses what stands behind the end of the document, which kubectl would leave out without a word.
    fn ends(&mut self) -> Result<(), SyntaxError> {
        while self.take(&Token::DocumentEnd)? {}
        match self.is(&[Token::End])? {
            true => Ok(()),
            false => {
                let message = "kubectl reads nothing that stands here, behind the end of the document: a `---` is \
                               missing, or the indent is wrong";
                Err(self.mark()?.fault(message))
            }
        }
    }

    fn mark(&mut self) -> Result<Mark, SyntaxError> {
        self.scanner.peek().map(|next| next.mark)
    }

    /// Tells whether the next token is one of these.
    fn is(&mut self, tokens: &[Token]) -> Result<bool, SyntaxError> {
        self.scanner.peek().map(|next| tokens.contains(&next.token))
    }

    /// Takes the next token if it is this one.
    fn take(&mut self, token: &Token) -> Result<bool, SyntaxError> {
        let is_next = self.scanner.peek()?.token == *token;
        if is_next {
            self.scanner.next()?;
        }
        Ok(is_next)
    }

    fn spend(&mut self, mark: Mark, text: usize) -> Result<(), SyntaxError> {
        self.budget.spend(text).map_err(|message| mark.fault(message))
    }

    /// Reads a value, below some others.
    fn node(&mut self, place: Place, depth: usize) -> Result<YamlNode, SyntaxError> {
        let mark = self.mark()?;
        if depth > MOST_DEPTH {
            return Err(mark.fault(format!("values nested more than {MOST_DEPTH} deep")));
        }
        if let Some(node) = self.alias()? {
            return Ok(node);
        }
        let properties = self.properties()?;
        let before = self.open(&properties);
        let node = self.content(place, depth, mark, &properties)?;
        self.close(properties, &node, before)?;
        Ok(node)
    }

    /// Notes that the value of an anchor begins.
    fn open(&mut self, properties: &Properties) -> Size {
        if let Some(anchor) = properties.anchor.as_ref().filter(|name| self.aliased.contains(&***name)) {
            self.anchors.insert(anchor.clone(), Anchored::Open);
        }
        self.budget.read()
    }

    /// Keeps the value of an anchor.
    fn close(
        &mut self,
        properties: Properties,
        node: &YamlNode,
        before: Size,
    ) -> Result<(), SyntaxError> {
        if let Some(anchor) = properties.anchor.filter(|name| self.aliased.contains(&**name)) {
            let size = self.budget.since(before);
            // Anchors in anchors are kept once each.
            self.budget.repeat(size).map_err(|message| Mark::of(node).fault(message))?;
            self.anchors.insert(anchor, Anchored::Read(node.clone(), size));
        }
        Ok(())
    }

    /// Reads an alias, if one is next: what it stands for, at its own place.
    fn alias(&mut self) -> Result<Option<YamlNode>, SyntaxError> {
        let Token::Alias(_) = self.scanner.peek()?.token else { return Ok(None) };
        let next = self.scanner.next()?;
        let Token::Alias(name) = next.token else { return Ok(None) };
        match self.anchors.get(&name) {
            Some(Anchored::Read(node, size)) => {
                self.budget.repeat(*size).map_err(|message| next.mark.fault(message))?;
                Ok(Some(YamlNode::new(next.mark, node.value.clone())))
            }
            Some(Anchored::Open) => {
                Err(next.mark.fault(format!("the value of the anchor `{name}` holds itself")))
            }
            None => Err(next.mark.fault(format!("there is no anchor `{name}`"))),
        }
    }

    /// Reads an anchor and a tag, in either order.
    fn properties(&mut self) -> Result<Properties, SyntaxError> {
        let mut properties = Properties::default();
        loop {
            let is_new = match &self.scanner.peek()?.token {
                Token::Anchor(_) => properties.anchor.is_none(),
                Token::Tag(_) => properties.tag.is_none(),
                _ => false,
            };
            if !is_new {
                return Ok(properties);
            }
            match self.scanner.next()?.token {
                Token::Anchor(name) => properties.anchor = Some(name),
                Token::Tag(tag) => properties.tag = Some(tag),
                _ => {}
            }
        }
    }

    fn content(
        &mut self,
        place: Place,
        depth: usize,
        start: Mark,
        properties: &Properties,
    ) -> Result<YamlNode, SyntaxError> {
        let next = self.scanner.peek()?;
        let mark = next.mark;
        let is_block = place != Place::Flow;
        let value = match &next.token {
            Token::Scalar { .. } => {
                let (mark, scalar) = self.scalar(properties)?;
                return scalar.node(mark);
            }
            Token::ListStart => self.flow_list(depth)?,
            Token::MapStart => self.flow_map(depth)?,
            Token::BlockList if is_block => self.block_list(depth)?,
            Token::BlockMap if is_block => self.block_map(depth)?,
            Token::Dash if place == Place::BlockValue => self.dashes(depth)?,
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                return self.tagged(properties, start, String::new(), true)?.node(start);
            }
            _ => return Err(self.missing("a value is missing here")?),
        };
        Ok(YamlNode::new(mark, value))
    }

    /// Reads a scalar.
    fn scalar(&mut self, properties: &Properties) -> Result<(Mark, Resolved), SyntaxError> {
        let next = self.scanner.next()?;
        let Token::Scalar { text, is_plain } = next.token else {
            return Err(next.mark.fault("a value is missing here"));
        };
        Ok((next.mark, self.tagged(properties, next.mark, text, is_plain)?))
    }

    fn tagged(
        &mut self,
        properties: &Properties,
        mark: Mark,
        text: String,
        is_plain: bool,
    ) -> Result<Resolved, SyntaxError> {
        self.spend(mark, text.len())?;
        let tag = properties.tag.as_deref();
        let scalar = resolve(tag, &text, is_plain).map_err(|message| mark.fault(message))?;
        // The tag `!` alone makes a string of anything else.
        let is_implicit =
            tag.map_or(is_plain, |tag| tag == "!" || tag.strip_prefix(OWN) == Some("merge"));
        Ok(Resolved { scalar, is_merge: is_implicit && text == "<<", text })
    }

    /// Reads a key.
    fn key(&mut self) -> Result<(Mark, Key), SyntaxError> {
        let mark = self.mark()?;
        let no_key = |what| mark.fault(format!("{what} as a key, which JSON does not have"));
        if let Some(node) = self.alias()? {
            let name = Resolved::of(node.value).and_then(|own| own.name());
            return Ok((mark, Key::Name(name.ok_or_else(|| no_key("no string"))?)));
        }
        let properties = self.properties()?;
        let before = self.open(&properties);
        let resolved = match &self.scanner.peek()?.token {
            Token::Scalar { .. } => self.scalar(&properties)?.1,
            Token::ListStart | Token::MapStart | Token::BlockList | Token::BlockMap | Token::Dash => {
                return Err(no_key("a list or mapping"));
            }
            _ => self.tagged(&properties, mark, String::new(), true)?,
        };
        let (is_merge, name) = (resolved.is_merge, resolved.name());
        if properties.anchor.is_some() {
            self.close(properties, &resolved.node(mark)?, before)?;
        }
        match name {
            _ if is_merge => Ok((mark, Key::Merge)),
            Some(name) => Ok((mark, Key::Name(name))),
            None => Err(no_key("null or a very large number")),
        }
    }

    /// Reads a value, or null where one of these tokens follows.
    fn value(&mut self, place: Place, depth: usize, ends: &[Token]) -> Result<YamlNode, SyntaxError> {
        match self.is(ends)? {
            true => self.null(),
            false => self.node(place, depth),
        }
    }

    fn null(&mut self) -> Result<YamlNode, SyntaxError> {
        let mark = self.mark()?;
        self.spend(mark, 0)?;
        Ok(YamlNode::new(mark, Value::Null))
    }

    /// Adds a field to those of a mapping.
    fn add(&mut self, fields: &mut Fields, key: (Mark, Key), node: YamlNode) -> Result<(), SyntaxError> {
        let mark = key.0;
        match key.1 {
            Key::Name(name) => fields.add(mark, name, node),
            Key::Merge => match node.value {
                Value::Map(own) => {
                    fields.merge(own);
                    Ok(())
                }
                // Of several, the first counts.
                Value::List(items) => {
                    let maps: Option<Vec<Vec<Field>>> = items.into_iter().rev().map(into_map).collect();
                    maps.map(|maps| maps.into_iter().for_each(|own| fields.merge(own)))
                        .ok_or_else(|| mark.fault("what is merged is a mapping, or a list of mappings"))
                }
                _ => Err(mark.fault("what is merged is a mapping, or a list of mappings")),
            },
        }
    }

    fn block_list(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mark = self.scanner.next()?.mark;
        self.spend(mark, 0)?;
        let mut items = Vec::new();
        while self.take(&Token::Dash)? {
            items.push(self.value(Place::Block, depth + 1, &[Token::Dash, Token::BlockEnd])?);
        }
        self.expect(
            &Token::BlockEnd,
            "an item of the list begins with `-`, at the indent of the others",
        )?;
        Ok(Value::List(items))
    }

    /// Reads a list at the indent of its key.
    fn dashes(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mark = self.mark()?;
        self.spend(mark, 0)?;
        let mut items = Vec::new();
        while self.take(&Token::Dash)? {
            let ends = [Token::Dash, Token::Key, Token::Colon, Token::BlockEnd];
            items.push(self.value(Place::Block, depth + 1, &ends)?);
        }
        Ok(Value::List(items))
    }

    fn block_map(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mark = self.scanner.next()?.mark;
        self.spend(mark, 0)?;
        let ends = [Token::Key, Token::Colon, Token::BlockEnd];
        let mut fields = Fields::default();
        while self.take(&Token::Key)? {
            let key = self.key()?;
            let node = match self.take(&Token::Colon)? {
                true => self.value(Place::BlockValue, depth + 1, &ends)?,
                false => self.null()?,
            };
            self.add(&mut fields, key, node)?;
        }
        self.expect(&Token::BlockEnd, "a key is expected here, at the indent of the others")?;
        Ok(fields.into_value())
    }

    fn flow_list(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mark = self.scanner.next()?.mark;
        self.spend(mark, 0)?;
        self.brackets.push((mark, '['));
        let mut items = Vec::new();
        while !self.take(&Token::ListEnd)? {
            if !items.is_empty() {
                self.expect(&Token::Comma, "`,` or `]` is missing")?;
                if self.take(&Token::ListEnd)? {
                    break;
                }
            }
            let mark = self.mark()?;
            if self.take(&Token::Key)? {
                let mut fields = Fields::default();
                self.flow_field(&mut fields, depth + 1, Token::ListEnd)?;
                items.push(YamlNode::new(mark, fields.into_value()));
            } else {
                items.push(self.node(Place::Flow, depth + 1)?);
            }
        }
        self.brackets.pop();
        Ok(Value::List(items))
    }

    fn flow_map(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mark = self.scanner.next()?.mark;
        self.spend(mark, 0)?;
        self.brackets.push((mark, '{'));
        let (mut fields, mut is_first) = (Fields::default(), true);
        while !self.take(&Token::MapEnd)? {
            if !is_first {
                self.expect(&Token::Comma, "`,` or `}` is missing")?;
                if self.take(&Token::MapEnd)? {
                    break;
                }
            }
            is_first = false;
            if self.take(&Token::Key)? {
                self.flow_field(&mut fields, depth, Token::MapEnd)?;
            } else if self.is(&[Token::Colon, Token::Comma, Token::End])? {
                return Err(self.missing("a key is missing here")?);
            } else {
                let key = self.key()?;
                let node = self.null()?;
                self.add(&mut fields, key, node)?;
            }
        }
        self.brackets.pop();
        Ok(fields.into_value())
    }

    /// Reads a field in brackets.
    fn flow_field(&mut self, fields: &mut Fields, depth: usize, end: Token) -> Result<(), SyntaxError> {
        let key = self.key()?;
        let node = match self.take(&Token::Colon)? {
            true => self.value(Place::Flow, depth + 1, &[Token::Comma, end])?,
            false => self.null()?,
        };
        self.add(fields, key, node)
    }

    fn expect(&mut self, token: &Token, message: &str) -> Result<(), SyntaxError> {
        match self.take(token)? {
            true => Ok(()),
            false => Err(self.missing(message)?),
        }
    }

    /// Says what is missing here; at the end of the text, the end of the last bracket.
    fn missing(&mut self, message: &str) -> Result<SyntaxError, SyntaxError> {
        let is_end = self.is(&[Token::End])?;
        Ok(match self.brackets.last().filter(|_| is_end) {
            Some((mark, bracket)) => mark.fault(format!("unclosed bracket '{bracket}'")),
            None => self.mark()?.fault(message),
        })
    }
}

fn into_map(node: YamlNode) -> Option<Vec<Field>> {
    match node.value {
        Value::Map(fields) => Some(fields),
        _ => None,
    }
}

/// A scalar that is known.
struct Resolved {
    scalar: Scalar,
    text: String,
    is_merge: bool,
}

impl Resolved {
    /// Returns what an alias stands for, which is a key; nothing for a list or mapping.
    fn of(value: Value) -> Option<Self> {
        let (scalar, text) = match value {
            Value::Null => (Scalar::Null, String::new()),
            Value::Bool(value) => (Scalar::Bool(value), String::new()),
            Value::Int(value) => (Scalar::Int(value), String::new()),
            Value::Float(value) => (Scalar::Float(value), String::new()),
            Value::String(text) => (Scalar::Text, text.into_string()),
            Value::List(_) | Value::Map(_) => return None,
        };
        Some(Self { scalar, text, is_merge: false })
    }

    /// Writes it as a key of JSON; nothing for null.
    fn name(&self) -> Option<Box<str>> {
        Some(match &self.scalar {
            Scalar::Null => return None,
            Scalar::Bool(value) => value.to_string().into(),
            Scalar::Int(value) => value.to_string().into(),
            Scalar::Large(_) => return None,
            Scalar::Float(value) => float_name(*value).into(),
            Scalar::Text => self.text.as_str().into(),
            Scalar::Decoded(text) => text.as_str().into(),
        })
    }

    fn node(self, mark: Mark) -> Result<YamlNode, SyntaxError> {
        let value = match self.scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Int(value) => Value::Int(value),
            #[expect(clippy::cast_precision_loss, reason = "as JSON has it")]
            Scalar::Large(value) => Value::Float(value as f64),
            Scalar::Float(value) if value.is_finite() => Value::Float(value),
            Scalar::Float(_) => {
                return Err(mark.fault("a number that JSON does not have: it needs quotes"));
            }
            Scalar::Text => Value::String(self.text.into_boxed_str()),
            Scalar::Decoded(text) => Value::String(text.into_boxed_str()),
        };
        Ok(YamlNode::new(mark, value))
    }
}

/// Writes a number as a key, as Go's `%g` does for 32 bits.
fn float_name(value: f64) -> String {
    if !value.is_finite() {
        return format!("{value}").to_lowercase().replace("inf", ".inf").replace("nan", ".nan");
    }
    #[expect(clippy::cast_possible_truncation, reason = "as the reader does")]
    let (plain, scientific) = (format!("{}", value as f32), format!("{:e}", value as f32));
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => plain,
    }
}
