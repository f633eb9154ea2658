//! Lines of labelled spans, wrapped to a width; the colours of the labels.

use std::io::{self, Write};

use colored::{Color, Colorize};

use super::sanitize::sanitize;
use crate::answer::verdict::Verdict;

/// What a span of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Ordinary text.
    Plain,
    /// The word for a verdict.
    Verdict(Verdict),
    /// A heading.
    Heading,
    /// A policy, its path and its place.
    Source,
    /// A limit of the answer, or a finding.
    Caution,
}

/// The one table of colours.
fn colour(label: Label) -> Option<Color> {
    match label {
        Label::Plain | Label::Heading => None,
        Label::Verdict(Verdict::Allow) => Some(Color::Green),
        Label::Verdict(Verdict::Deny) => Some(Color::Red),
        Label::Verdict(Verdict::Partial | Verdict::Depends) | Label::Caution => Some(Color::Yellow),
        Label::Source => Some(Color::Cyan),
    }
}

/// A line: labelled spans, the indent of its start, and of what is wrapped.
#[derive(Clone, Debug, Default)]
pub struct Line {
    indent: usize,
    hang: usize,
    spans: Vec<(Label, String)>,
}

impl Line {
    /// Begins a line at an indent; what does not fit hangs `hang` columns further in.
    pub fn new(indent: usize, hang: usize) -> Self {
        Self { indent, hang: indent + hang, spans: Vec::new() }
    }

    /// Appends a span. A blank is a place to wrap; `\u{a0}` is a blank that is not.
    #[must_use]
    pub fn with(mut self, label: Label, text: impl AsRef<str>) -> Self {
        self.spans.push((label, sanitize(text.as_ref())));
        self
    }

    /// Appends ordinary text.
    #[must_use]
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.with(Label::Plain, text)
    }

    /// Returns the spans as one line without colours.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words().map(|(_, word)| word).collect();
        words.join(" ").replace('\u{a0}', " ")
    }

    fn write(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        let (mut column, mut at_start) = (0, true);
        for (label, word) in self.words() {
            let length = word.chars().count();
            if !at_start && column + 1 + length > width {
                writeln!(out)?;
                (column, at_start) = (0, true);
                write!(out, "{:1$}", "", self.hang)?;
                column += self.hang;
            } else if column == 0 {
                write!(out, "{:1$}", "", self.indent)?;
                column += self.indent;
            }
            if !at_start {
                write!(out, " ")?;
                column += 1;
            }
            write!(out, "{}", paint(label, &word.replace('\u{a0}', " ")))?;
            column += length;
            at_start = false;
        }
        writeln!(out)
    }

    /// Splits the spans at blanks.
    fn words(&self) -> impl Iterator<Item = (Label, &str)> {
        self.spans.iter().flat_map(|(label, text)| {
            text.split(' ').filter(|word| !word.is_empty()).map(move |word| (*label, word))
        })
    }
}

/// Colours a word, where colours are on.
pub fn paint(label: Label, text: &str) -> String {
    let word = match colour(label) {
        Some(colour) => text.color(colour),
        None => text.normal(),
    };
    let strong = matches!(label, Label::Verdict(_) | Label::Heading);
    if strong { word.bold().to_string() } else { word.to_string() }
}

/// Writes lines, wrapped to a width.
pub fn write_lines(out: &mut dyn Write, lines: &[Line], width: usize) -> io::Result<()> {
    lines.iter().try_for_each(|line| line.write(out, width.max(40)))
}

/// Pads a word to a width with blanks at which nothing is wrapped.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text:width$}").replace(' ', "\u{a0}")
}

/// Returns the word for a verdict at the head of an answer.
pub const fn headline(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "ALLOWED",
        Verdict::Deny => "DENIED",
        Verdict::Partial => "PARTLY",
        Verdict::Depends => "DEPENDS",
    }
}

/// Returns the word for a verdict inside an answer.
pub const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allowed",
        Verdict::Deny => "denied",
        Verdict::Partial => "partly",
        Verdict::Depends => "depends",
    }
}
