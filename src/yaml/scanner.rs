//! Text becomes tokens. That something is a key shows at the `:` behind it, so a few tokens wait until
//! it is known what stands before them.

use std::collections::VecDeque;

use super::cursor::Cursor;
use super::scalars::{self, BlockStyle, Quotes};
use super::tag;
use super::token::{Placed, Token};
use super::tree::{Mark, SyntaxError};

/// The most characters of a key that has no `?`.
const LONGEST_KEY: u32 = 1024;

/// What may turn out to be a key.
#[derive(Clone, Copy, Default)]
struct Candidate {
    /// Whether it still may.
    is_possible: bool,
    /// Whether nothing else can stand here.
    is_required: bool,
    /// The number of its token.
    number: usize,
    mark: Mark,
}

/// A text under way.
pub(super) struct Scanner<'a> {
    cursor: Cursor<'a>,
    /// Tokens that nobody took yet.
    waiting: VecDeque<Placed>,
    /// How many tokens were taken.
    taken: usize,
    /// The column of the block that is open, -1 at the start.
    indent: i64,
    /// Those of the blocks around it.
    indents: Vec<i64>,
    /// Whether a key may stand here.
    allows_key: bool,
    /// The last candidate of each bracket that is open, and of the block around them.
    candidates: Vec<Candidate>,
}

impl<'a> Scanner<'a> {
    /// Stands at the start of a text.
    pub(super) fn new(cursor: Cursor<'a>) -> Self {
        Self {
            cursor,
            waiting: VecDeque::new(),
            taken: 0,
            indent: -1,
            indents: Vec::new(),
            allows_key: true,
            candidates: vec![Candidate::default()],
        }
    }

    /// Returns the next token, and leaves it.
    pub(super) fn peek(&mut self) -> Result<&Placed, SyntaxError> {
        while self.waiting.is_empty() || self.head_may_follow_a_key()? {
            self.fetch()?;
        }
        let end = self.cursor.mark();
        self.waiting.front().ok_or_else(|| end.fault("the text ends here"))
    }

    /// Takes the next token. The end is there for ever.
    pub(super) fn next(&mut self) -> Result<Placed, SyntaxError> {
        self.peek()?;
        self.taken += 1;
        let end = Placed { token: Token::End, mark: self.cursor.mark() };
        Ok(self.waiting.pop_front().unwrap_or(end))
    }

    /// Tells whether the token `Key` may still have to stand before the next one.
    fn head_may_follow_a_key(&mut self) -> Result<bool, SyntaxError> {
        let (head, here) = (self.taken, self.cursor.mark());
        let found = self.candidates.iter_mut().find(|own| own.is_possible && own.number == head);
        found.map_or(Ok(false), |candidate| candidate.is_alive(here))
    }

    fn is_in_flow(&self) -> bool {
        self.candidates.len() > 1
    }

    fn push(&mut self, token: Token, mark: Mark) {
        self.waiting.push_back(Placed { token, mark });
    }

    /// Puts a token before that of a number.
    fn insert(&mut self, number: usize, token: Token, mark: Mark) {
        match number.checked_sub(self.taken).filter(|place| *place <= self.waiting.len()) {
            Some(place) => self.waiting.insert(place, Placed { token, mark }),
            None => self.push(token, mark),
        }
    }

    fn fetch(&mut self) -> Result<(), SyntaxError> {
        self.skip_to_token();
        let mark = self.cursor.mark();
        self.close_blocks(i64::from(mark.column));
        let (first, is_word) = (self.cursor.byte(0), !self.cursor.is_word_end(1));
        let is_in_flow = self.is_in_flow();
        if self.cursor.is_document_indicator() {
            return self.document_indicator(first);
        }
        match first {
            0 => self.end(),
            b'%' if mark.column == 0 => {
                Err(mark.fault("a directive, which kubectl does not read: leave the line out"))
            }
            b'[' => self.open(Token::ListStart),
            b'{' => self.open(Token::MapStart),
            b']' => self.close(Token::ListEnd),
            b'}' => self.close(Token::MapEnd),
            b',' => self.indicator(Token::Comma, true),
            b'-' if !is_word => self.dash(),
            b'?' if is_in_flow || !is_word => self.question_mark(),
            b':' if is_in_flow || !is_word => self.colon(),
            b'*' => self.named(Token::Alias),
            b'&' => self.named(Token::Anchor),
            b'!' => {
                self.note_candidate()?;
                let tag = tag::read(&mut self.cursor)?;
                self.push(Token::Tag(tag), mark);
                Ok(())
            }
            b'|' if !is_in_flow => self.block_scalar(BlockStyle::Literal),
            b'>' if !is_in_flow => self.block_scalar(BlockStyle::Folded),
            b'\'' => self.quoted(Quotes::Single),
            b'"' => self.quoted(Quotes::Double),
            b'\t' => Err(mark.fault("a tab where only spaces may indent")),
            b'|' | b'>' | b'#' | b'%' | b'@' | b'`' => {
                let sign = char::from(first);
                Err(mark.fault(format!("no value begins with `{sign}`: it needs quotes")))
            }
            _ => self.plain(),
        }
    }

    /// Goes over blanks, comments and the ends of lines.
    fn skip_to_token(&mut self) {
        loop {
            // A tab may not indent what can be a key.
            let allows_tab = self.is_in_flow() || !self.allows_key;
            self.cursor
                .skip_while(|cursor| cursor.byte(0) == b' ' || allows_tab && cursor.byte(0) == b'\t');
            self.cursor.skip_comment();
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.skip_break();
            if !self.is_in_flow() {
                self.allows_key = true;
            }
        }
    }

    /// Notes that a key may begin here.
    fn note_candidate(&mut self) -> Result<(), SyntaxError> {
        if self.allows_key {
            self.drop_candidate()?;
            let mark = self.cursor.mark();
            let candidate = Candidate {
                is_possible: true,
                is_required: !self.is_in_flow() && self.indent == i64::from(mark.column),
                number: self.taken + self.waiting.len(),
                mark,
            };
            if let Some(last) = self.candidates.last_mut() {
                *last = candidate;
            }
        }
        self.allows_key = false;
        Ok(())
    }

    /// Notes that what may have been a key is none.
    fn drop_candidate(&mut self) -> Result<(), SyntaxError> {
        match self.candidates.last_mut() {
            Some(last) if last.is_possible && last.is_required => Err(last.no_colon()),
            Some(last) => {
                last.is_possible = false;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Opens a block if this is further in than the one that is open; before a token, or here.
    fn open_block(&mut self, mark: Mark, before: Option<usize>, token: Token) {
        let column = i64::from(mark.column);
        if self.is_in_flow() || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        match before {
            Some(number) => self.insert(number, token, mark),
            None => self.push(token, mark),
        }
    }

    /// Closes the blocks that are further in than a column.
    fn close_blocks(&mut self, column: i64) {
        if self.is_in_flow() {
            return;
        }
        while self.indent > column {
            self.push(Token::BlockEnd, self.cursor.mark());
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        self.close_blocks(-1);
        self.drop_candidate()?;
        self.allows_key = false;
        self.push(Token::End, self.cursor.mark());
        Ok(())
    }

    fn document_indicator(&mut self, first: u8) -> Result<(), SyntaxError> {
        self.close_blocks(-1);
        self.drop_candidate()?;
        self.allows_key = false;
        let token = if first == b'-' { Token::DocumentStart } else { Token::DocumentEnd };
        self.push(token, self.cursor.mark());
        (0..3).for_each(|_| self.cursor.skip());
        Ok(())
    }

    fn open(&mut self, token: Token) -> Result<(), SyntaxError> {
        self.note_candidate()?;
        self.candidates.push(Candidate::default());
        self.allows_key = true;
        self.sign(token);
        Ok(())
    }

    fn close(&mut self, token: Token) -> Result<(), SyntaxError> {
        self.drop_candidate()?;
        if self.is_in_flow() {
            self.candidates.pop();
        }
        self.allows_key = false;
        self.sign(token);
        Ok(())
    }

    /// Takes a sign before which no key can be open.
    fn indicator(&mut self, token: Token, allows_key: bool) -> Result<(), SyntaxError> {
        self.drop_candidate()?;
        self.allows_key = allows_key;
        self.sign(token);
        Ok(())
    }

    /// Takes a sign of one character.
    fn sign(&mut self, token: Token) {
        self.push(token, self.cursor.mark());
        self.cursor.skip();
    }

    /// Opens a block here for a sign that stands where a key may.
    fn open_block_here(&mut self, token: Token, message: &str) -> Result<(), SyntaxError> {
        let mark = self.cursor.mark();
        if self.is_in_flow() {
            return Ok(());
        }
        if !self.allows_key {
            return Err(mark.fault(message));
        }
        self.open_block(mark, None, token);
        Ok(())
    }

    fn dash(&mut self) -> Result<(), SyntaxError> {
        self.open_block_here(Token::BlockList, "no item of a list may stand here: the indent is wrong")?;
        self.indicator(Token::Dash, true)
    }

    fn question_mark(&mut self) -> Result<(), SyntaxError> {
        self.open_block_here(Token::BlockMap, "no key may stand here: the indent is wrong")?;
        let allows_key = !self.is_in_flow();
        self.indicator(Token::Key, allows_key)
    }

    fn colon(&mut self) -> Result<(), SyntaxError> {
        let here = self.cursor.mark();
        let key = match self.candidates.last_mut() {
            Some(last) if last.is_possible => last.is_alive(here)?.then_some(*last),
            _ => None,
        };
        if let Some(last) = self.candidates.last_mut() {
            last.is_possible = false;
        }
        match key {
            Some(key) => {
                self.insert(key.number, Token::Key, key.mark);
                self.open_block(key.mark, Some(key.number), Token::BlockMap);
                self.allows_key = false;
            }
            None => {
                let message =
                    "no key may stand here: the indent is wrong, or a text that holds `: ` needs quotes";
                self.open_block_here(Token::BlockMap, message)?;
                self.allows_key = !self.is_in_flow();
            }
        }
        self.sign(Token::Colon);
        Ok(())
    }

    fn named(&mut self, token: fn(Box<str>) -> Token) -> Result<(), SyntaxError> {
        self.note_candidate()?;
        let mark = self.cursor.mark();
        self.cursor.skip();
        let start = self.cursor.offset();
        self.cursor.skip_while(|cursor| tag::is_letter(cursor.byte(0)));
        let name = self.cursor.since(start);
        let is_end = self.cursor.is_word_end(0)
            || matches!(self.cursor.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !is_end {
            let message = "`&` and `*` are followed by a name of letters, digits, `-` and `_`; a text that begins \
                           so needs quotes";
            return Err(mark.fault(message));
        }
        self.push(token(name.into()), mark);
        Ok(())
    }

    fn block_scalar(&mut self, style: BlockStyle) -> Result<(), SyntaxError> {
        self.drop_candidate()?;
        self.allows_key = true;
        let mark = self.cursor.mark();
        let text = scalars::block(&mut self.cursor, style, self.indent)?;
        self.push(Token::Scalar { text, is_plain: false }, mark);
        Ok(())
    }

    fn quoted(&mut self, quotes: Quotes) -> Result<(), SyntaxError> {
        self.note_candidate()?;
        let mark = self.cursor.mark();
        let text = scalars::quoted(&mut self.cursor, quotes)?;
        self.push(Token::Scalar { text, is_plain: false }, mark);
        Ok(())
    }

    fn plain(&mut self) -> Result<(), SyntaxError> {
        self.note_candidate()?;
        let mark = self.cursor.mark();
        let is_in_flow = self.is_in_flow();
        let read = scalars::plain(&mut self.cursor, self.indent, is_in_flow)?;
        if read.ends_below {
            self.allows_key = true;
        }
        self.push(Token::Scalar { text: read.text, is_plain: true }, mark);
        Ok(())
    }
}

impl Candidate {
    /// Tells whether a `:` here makes it a key.
    fn is_alive(&mut self, here: Mark) -> Result<bool, SyntaxError> {
        let is_behind =
            self.mark.line < here.line || self.mark.column.saturating_add(LONGEST_KEY) < here.column;
        if self.is_possible && is_behind {
            if self.is_required {
                return Err(self.no_colon());
            }
            self.is_possible = false;
        }
        Ok(self.is_possible)
    }

    fn no_colon(&self) -> SyntaxError {
        self.mark.fault("a key without its `:`")
    }
}
