//! Where every value of a text stands, to the byte, for `patch`. What a text says is read by `yaml`, and by it alone.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, StructureStyle};

/// A value of a text, and where it stands.
#[derive(Debug)]
pub(crate) struct SpannedNode {
    /// Its bytes; of a block, from its first `-` or key to the end of its last value.
    pub(crate) range: Range<usize>,
    /// The column of its first character, from 0.
    pub(crate) column: usize,
    /// What it is made of.
    pub(crate) form: NodeForm,
}

/// What a value is made of.
#[derive(Debug)]
pub(crate) enum NodeForm {
    /// One word or text.
    Scalar(ScalarStyle),
    /// Another value, by its name.
    Alias,
    /// A list.
    List(StructureStyle, Vec<SpannedNode>),
    /// Fields, in the order of the text.
    Map(StructureStyle, Vec<SpannedField>),
}

/// A field of a mapping.
#[derive(Debug)]
pub(crate) struct SpannedField {
    /// Its name; nothing where that is no text.
    pub(crate) name: Option<String>,
    /// Where its name ends.
    pub(crate) name_end: usize,
    /// Its value.
    pub(crate) value: SpannedNode,
}

/// Reads where the values of all documents of a text stand, as far as there is any; nothing for a text that
/// is no YAML.
pub(crate) fn spans(text: &str) -> Option<Vec<SpannedNode>> {
    let mut spans = Spans { text, parser: Parser::new_from_str(text) };
    let mut documents = Vec::new();
    loop {
        match spans.next()? {
            (Event::StreamEnd, _) => return Some(documents),
            (Event::DocumentStart(..), _) => {
                let first = spans.next()?;
                documents.push(spans.node(first)?);
            }
            _ => {}
        }
    }
}

struct Spans<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Spans<'a> {
    /// Returns the next event that is about values.
    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        loop {
            let event = self.parser.next_event()?.ok()?;
            if !matches!(event.0, Event::Comment(..) | Event::Anchor(..)) {
                return Some(event);
            }
        }
    }

    fn node(&mut self, (event, span): (Event<'a>, Span)) -> Option<SpannedNode> {
        let (mut start, mut column) = (span.start.byte_offset()?, span.start.col());
        if matches!(event, Event::SequenceStart(StructureStyle::Block, ..)) {
            start = self.dash(start)?;
            column = self.text.get(..start)?.chars().rev().take_while(|c| *c != '\n').count();
        }
        let (form, end) = match event {
            Event::Alias(_) => (NodeForm::Alias, span.end.byte_offset()?),
            Event::Scalar(_, style, ..) => (NodeForm::Scalar(style), span.end.byte_offset()?),
            Event::SequenceStart(style, ..) => {
                let (items, end) = self.items()?;
                let last = items.last().map(|item| item.range.end);
                let end = if style == StructureStyle::Flow { end } else { last? };
                (NodeForm::List(style, items), end)
            }
            Event::MappingStart(style, ..) => {
                let (fields, end) = self.fields()?;
                let last = fields.last().map(|field| field.value.range.end.max(field.name_end));
                let end = if style == StructureStyle::Flow { end } else { last? };
                (NodeForm::Map(style, fields), end)
            }
            _ => return None,
        };
        // The span of a block of text goes on to the next value.
        let own = self.text.get(start..end)?.trim_end().len();
        Some(SpannedNode { range: start..start + own, column, form })
    }

    /// Finds the first `-` of a list: where it stands no further in than its key, the event is behind it.
    fn dash(&self, start: usize) -> Option<usize> {
        let is_dash = |at: &usize| {
            let mut own = self.text.get(*at..).unwrap_or_default().chars();
            own.next() == Some('-') && own.next().is_none_or(char::is_whitespace)
        };
        Some(start).filter(is_dash).or_else(|| self.text.get(..start)?.rfind('-').filter(is_dash))
    }

    fn items(&mut self) -> Option<(Vec<SpannedNode>, usize)> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, span) => return Some((items, span.end.byte_offset()?)),
                event => items.push(self.node(event)?),
            }
        }
    }

    fn fields(&mut self) -> Option<(Vec<SpannedField>, usize)> {
        let mut fields = Vec::new();
        loop {
            let (event, span) = match self.next()? {
                (Event::MappingEnd, span) => return Some((fields, span.end.byte_offset()?)),
                event => event,
            };
            let name = if let Event::Scalar(text, ..) = &event { Some(text.to_string()) } else { None };
            let name_end = self.node((event, span))?.range.end;
            let value = self.next()?;
            let value = self.node(value)?;
            fields.push(SpannedField { name, name_end, value });
        }
    }
}

impl SpannedNode {
    /// Returns the field of a name.
    pub(crate) fn field(&self, name: &str) -> Option<&SpannedField> {
        let NodeForm::Map(_, fields) = &self.form else { return None };
        fields.iter().find(|field| field.name.as_deref() == Some(name))
    }

    /// Lists the items of a list.
    pub(crate) fn items(&self) -> &[Self] {
        if let NodeForm::List(_, items) = &self.form { items } else { &[] }
    }

    /// Tells whether it stands there for nothing: an empty document, a field without a value.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self.form, NodeForm::Scalar(ScalarStyle::Plain)) && self.range.is_empty()
    }
}
