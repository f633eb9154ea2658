//! Scalars: the text that quotes, indents and ends of lines stand for.

use super::cursor::Cursor;
use super::tree::{Mark, SyntaxError};

/// What becomes of the ends of lines in a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockStyle {
    /// `|`: they stay.
    Literal,
    /// `>`: one between lines is a space.
    Folded,
}

/// The quotes around a scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    Single,
    Double,
}

/// A scalar without quotes.
pub(super) struct Plain {
    pub(super) text: String,
    /// Whether it was left on a line below.
    pub(super) ends_below: bool,
}

/// What becomes of the ends of lines behind a block.
enum Chomping {
    Strip,
    Clip,
    Keep,
}

/// Ends of lines, and what they are folded to.
#[derive(Default)]
struct Fold {
    first: String,
    others: String,
}

impl Fold {
    /// Takes the end of a line.
    fn take(&mut self, cursor: &mut Cursor<'_>) {
        let into = if self.first.is_empty() { &mut self.first } else { &mut self.others };
        cursor.take_break(into);
    }

    /// Adds what they stand for: a space for one, and one less than there are.
    fn fold_into(&mut self, text: &mut String) {
        match (self.first.as_str(), self.others.is_empty()) {
            ("\n", true) => text.push(' '),
            ("\n", false) => {}
            (first, _) => text.push_str(first),
        }
        text.push_str(&self.others);
        self.first.clear();
        self.others.clear();
    }
}

/// Reads a block scalar inside a block of an indent.
pub(super) fn block(
    cursor: &mut Cursor<'_>,
    style: BlockStyle,
    parent: i64,
) -> Result<String, SyntaxError> {
    let start = cursor.mark();
    cursor.skip();
    let (chomping, increment) = header(cursor, start)?;
    let mut indent = increment.map(|increment| parent.max(0) + increment);
    let (mut text, mut first, mut others) = (String::new(), String::new(), String::new());
    block_breaks(cursor, &mut indent, parent, &mut others)?;
    let mut was_blank = false;
    while Some(i64::from(cursor.mark().column)) == indent && !cursor.is_end() {
        let is_blank = cursor.is_blank(0);
        let is_folded = style == BlockStyle::Folded && !was_blank && !is_blank && first == "\n";
        match (is_folded, others.is_empty()) {
            (true, true) => text.push(' '),
            (true, false) => {}
            (false, _) => text.push_str(&first),
        }
        text.push_str(&others);
        first.clear();
        others.clear();
        was_blank = is_blank;
        let line = cursor.offset();
        cursor.skip_while(|cursor| !cursor.is_line_end(0));
        text.push_str(cursor.since(line));
        cursor.take_break(&mut first);
        block_breaks(cursor, &mut indent, parent, &mut others)?;
    }
    if !matches!(chomping, Chomping::Strip) {
        text.push_str(&first);
    }
    if matches!(chomping, Chomping::Keep) {
        text.push_str(&others);
    }
    Ok(text)
}

/// Reads what stands behind the `|` or `>`: how to chomp, and the indent, in either order.
fn header(cursor: &mut Cursor<'_>, start: Mark) -> Result<(Chomping, Option<i64>), SyntaxError> {
    let (mut chomping, mut increment) = (Chomping::Clip, None);
    for _ in 0..2 {
        match cursor.byte(0) {
            b'+' if matches!(chomping, Chomping::Clip) => chomping = Chomping::Keep,
            b'-' if matches!(chomping, Chomping::Clip) => chomping = Chomping::Strip,
            digit @ b'1'..=b'9' if increment.is_none() => increment = Some(i64::from(digit - b'0')),
            _ => break,
        }
        cursor.skip();
    }
    cursor.skip_while(|cursor| cursor.is_blank(0));
    cursor.skip_comment();
    if !cursor.is_line_end(0) {
        return Err(start.fault("behind `|` or `>` the line ends"));
    }
    cursor.skip_break();
    Ok((chomping, increment))
}

/// Takes the lines of a block that are empty, and the indent of the next. The first line sets the indent
/// where nothing else does.
fn block_breaks(
    cursor: &mut Cursor<'_>,
    indent: &mut Option<i64>,
    parent: i64,
    breaks: &mut String,
) -> Result<(), SyntaxError> {
    let mut deepest = 0;
    loop {
        let is_before =
            |cursor: &Cursor<'_>| indent.is_none_or(|indent| i64::from(cursor.mark().column) < indent);
        cursor.skip_while(|cursor| cursor.byte(0) == b' ' && is_before(cursor));
        deepest = deepest.max(i64::from(cursor.mark().column));
        if cursor.byte(0) == b'\t' && is_before(cursor) {
            return Err(cursor.mark().fault("a tab where spaces must indent the text"));
        }
        if !cursor.is_break(0) {
            break;
        }
        cursor.take_break(breaks);
    }
    indent.get_or_insert(deepest.max(parent + 1).max(1));
    Ok(())
}

/// Reads a scalar in quotes.
pub(super) fn quoted(cursor: &mut Cursor<'_>, quotes: Quotes) -> Result<String, SyntaxError> {
    let start = cursor.mark();
    cursor.skip();
    let quote = if quotes == Quotes::Single { b'\'' } else { b'"' };
    let mut text = String::new();
    loop {
        if cursor.is_document_indicator() || cursor.is_end() {
            return Err(start.fault("a quote that is not closed"));
        }
        let mut is_below = quoted_word(cursor, quotes, &mut text)?;
        if cursor.byte(0) == quote {
            cursor.skip();
            return Ok(text);
        }
        let (blanks, mut fold) = (cursor.offset(), Fold::default());
        // Whether a `\` took the end of the line, so that none is left to fold.
        let is_escaped = is_below;
        while cursor.is_blank(0) || cursor.is_break(0) {
            if cursor.is_blank(0) {
                cursor.skip();
            } else if is_escaped {
                cursor.take_break(&mut fold.others);
            } else {
                is_below = true;
                fold.take(cursor);
            }
        }
        match is_below {
            true => fold.fold_into(&mut text),
            false => text.push_str(cursor.since(blanks)),
        }
    }
}

/// Reads what is in quotes up to a blank, and says whether an escaped end of line stood there.
fn quoted_word(cursor: &mut Cursor<'_>, quotes: Quotes, text: &mut String) -> Result<bool, SyntaxError> {
    while !cursor.is_word_end(0) {
        match (quotes, cursor.byte(0)) {
            (Quotes::Single, b'\'') if cursor.byte(1) == b'\'' => {
                text.push('\'');
                cursor.skip();
                cursor.skip();
            }
            (Quotes::Single, b'\'') | (Quotes::Double, b'"') => break,
            (Quotes::Double, b'\\') if cursor.is_break(1) => {
                cursor.skip();
                cursor.skip_break();
                return Ok(true);
            }
            (Quotes::Double, b'\\') => text.push(escape(cursor)?),
            _ => {
                let start = cursor.offset();
                cursor.skip_while(|cursor| {
                    !cursor.is_word_end(0) && !matches!(cursor.byte(0), b'\'' | b'"' | b'\\')
                });
                match cursor.since(start) {
                    "" => cursor.take(text),
                    run => text.push_str(run),
                }
            }
        }
    }
    Ok(false)
}

/// Reads what a `\` stands for.
fn escape(cursor: &mut Cursor<'_>) -> Result<char, SyntaxError> {
    let start = cursor.mark();
    cursor.skip();
    let letter = cursor.byte(0);
    let digits = match letter {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => 0,
    };
    let known = match letter {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0B',
        b'f' => '\x0C',
        b'r' => '\r',
        b'e' => '\x1B',
        b' ' | b'"' | b'\'' | b'\\' => char::from(letter),
        b'N' => '\u{85}',
        b'_' => '\u{A0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ if digits > 0 => '\0',
        _ => return Err(start.fault("a `\\` before a letter that has no meaning with it")),
    };
    cursor.skip();
    if digits == 0 {
        return Ok(known);
    }
    let code = (0..digits).try_fold(0, |code: u32, ahead| {
        char::from(cursor.byte(ahead)).to_digit(16).map(|digit| code.wrapping_mul(16) + digit)
    });
    (0..digits).for_each(|_| cursor.skip());
    code.and_then(char::from_u32).ok_or_else(|| start.fault("a `\\` before the number of no character"))
}

/// Reads a scalar without quotes inside a block of an indent.
pub(super) fn plain(
    cursor: &mut Cursor<'_>,
    parent: i64,
    is_in_flow: bool,
) -> Result<Plain, SyntaxError> {
    let (mut text, mut fold, mut ends_below) = (String::new(), Fold::default(), false);
    let mut blanks = "";
    while !cursor.is_document_indicator() && cursor.byte(0) != b'#' {
        let start = cursor.offset();
        cursor.skip_while(|cursor| !ends_plain(cursor, is_in_flow));
        let word = cursor.since(start);
        if !word.is_empty() {
            match ends_below {
                true => fold.fold_into(&mut text),
                false => text.push_str(blanks),
            }
            ends_below = false;
            text.push_str(word);
        }
        if !cursor.is_blank(0) && !cursor.is_break(0) {
            break;
        }
        let start = cursor.offset();
        while cursor.is_blank(0) || cursor.is_break(0) {
            if cursor.is_break(0) {
                ends_below = true;
                fold.take(cursor);
                continue;
            }
            if ends_below && i64::from(cursor.mark().column) <= parent && cursor.byte(0) == b'\t' {
                return Err(cursor.mark().fault("a tab where only spaces may indent"));
            }
            cursor.skip();
        }
        blanks = cursor.since(start);
        if !is_in_flow && i64::from(cursor.mark().column) <= parent {
            break;
        }
    }
    Ok(Plain { text, ends_below })
}

/// Tells whether a scalar without quotes, or a word of it, ends here.
fn ends_plain(cursor: &Cursor<'_>, is_in_flow: bool) -> bool {
    match cursor.byte(0) {
        b':' if cursor.is_word_end(1) => true,
        b',' | b'?' | b'[' | b']' | b'{' | b'}' if is_in_flow => true,
        _ => cursor.is_word_end(0),
    }
}
