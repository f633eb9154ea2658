//! A place in a text that moves on, character by character.

use super::tree::Mark;

/// A text, and a place in it.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    mark: Mark,
}

impl<'a> Cursor<'a> {
    /// Stands at the start of a text, which is a line of its file.
    pub(super) fn new(text: &'a str, line: u32) -> Self {
        Self { text, at: 0, mark: Mark { line, column: 0 } }
    }

    /// Returns the place.
    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// Returns the place, in bytes from the start.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Returns the text from a place on, up to here.
    pub(super) fn since(&self, offset: usize) -> &'a str {
        self.text.get(offset..self.at.min(self.text.len())).unwrap_or_default()
    }

    /// Returns a byte from here on: 0 behind the end, which no text has. A last line without its end has one.
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        let place = self.at.saturating_add(ahead);
        match self.text.as_bytes().get(place) {
            Some(byte) => *byte,
            None if place == self.text.len() && !self.text.ends_with('\n') => b'\n',
            None => 0,
        }
    }

    /// Tells whether the text ends here.
    pub(super) fn is_end(&self) -> bool {
        self.byte(0) == 0
    }

    /// Tells whether a byte from here on is a space or a tab.
    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    /// Tells whether a line ends at a byte from here on: by YAML 1.1 in five ways.
    pub(super) fn is_break(&self, ahead: usize) -> bool {
        match self.byte(ahead) {
            b'\n' | b'\r' => true,
            0xC2 => self.byte(ahead + 1) == 0x85,
            0xE2 => self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xA8 | 0xA9),
            _ => false,
        }
    }

    /// Tells whether a line or the text ends at a byte from here on.
    pub(super) fn is_line_end(&self, ahead: usize) -> bool {
        self.byte(ahead) == 0 || self.is_break(ahead)
    }

    /// Tells whether no word goes on at a byte from here on.
    pub(super) fn is_word_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_line_end(ahead)
    }

    /// Tells whether `---` or `...` stands here, at the start of a line.
    pub(super) fn is_document_indicator(&self) -> bool {
        let is = |byte| (0..3).all(|ahead| self.byte(ahead) == byte);
        self.mark.column == 0 && (is(b'-') || is(b'.')) && self.is_word_end(3)
    }

    /// Goes over a character that ends no line.
    pub(super) fn skip(&mut self) {
        self.at += match self.byte(0) {
            0..0xC0 => 1,
            0xC0..0xE0 => 2,
            0xE0..0xF0 => 3,
            0xF0.. => 4,
        };
        self.mark.column = self.mark.column.saturating_add(1);
    }

    /// Goes over characters while they are such.
    pub(super) fn skip_while(&mut self, is_such: impl Fn(&Self) -> bool) {
        while is_such(self) {
            self.skip();
        }
    }

    /// Goes over a comment, if one is here.
    pub(super) fn skip_comment(&mut self) {
        if self.byte(0) == b'#' {
            self.skip_while(|cursor| !cursor.is_line_end(0));
        }
    }

    /// Goes over the end of a line, if it is here.
    pub(super) fn skip_break(&mut self) {
        self.take_break(&mut String::new());
    }

    /// Adds a character to a text.
    pub(super) fn take(&mut self, into: &mut String) {
        let start = self.at;
        self.skip();
        into.push_str(self.since(start));
    }

    /// Adds the end of a line to a text, if it is here: as `\n`, but for the two of Unicode.
    pub(super) fn take_break(&mut self, into: &mut String) {
        if !self.is_break(0) {
            return;
        }
        let start = self.at;
        self.at += match (self.byte(0), self.byte(1)) {
            (b'\r', b'\n') | (0xC2, _) => 2,
            (0xE2, _) => 3,
            _ => 1,
        };
        match self.at - start {
            3 => into.push_str(self.since(start)),
            _ => into.push('\n'),
        }
        self.mark = Mark { line: self.mark.line.saturating_add(1), column: 0 };
    }
}
