//! Tags: what says of a value what it is.

use super::cursor::Cursor;
use super::tree::{Mark, SyntaxError};

/// What `!!` stands for.
pub(super) const OWN: &str = "tag:yaml.org,2002:";

/// Tells whether a byte is of a name.
pub(super) fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Tells whether a byte is of a tag as it is.
fn is_of_tag(byte: u8) -> bool {
    is_letter(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte)
}

/// Reads a tag in full.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Box<str>, SyntaxError> {
    let mark = cursor.mark();
    let tag = if cursor.byte(1) == b'<' { verbatim(cursor, mark)? } else { short(cursor, mark)? };
    match cursor.is_word_end(0) {
        true => Ok(tag.into_boxed_str()),
        false => Err(mark.fault("a tag ends with a space; a text that begins with `!` needs quotes")),
    }
}

/// Reads `!<tag>`.
fn verbatim(cursor: &mut Cursor<'_>, mark: Mark) -> Result<String, SyntaxError> {
    cursor.skip();
    cursor.skip();
    let tag = rest(cursor, mark)?;
    if tag.is_empty() || cursor.byte(0) != b'>' {
        return Err(mark.fault("a tag of this form ends with `>`"));
    }
    cursor.skip();
    Ok(tag)
}

/// Reads `!!tag`, `!tag` or `!`.
fn short(cursor: &mut Cursor<'_>, mark: Mark) -> Result<String, SyntaxError> {
    let start = cursor.offset();
    cursor.skip();
    cursor.skip_while(|cursor| is_letter(cursor.byte(0)));
    if cursor.byte(0) != b'!' {
        return Ok(format!("{}{}", cursor.since(start), rest(cursor, mark)?));
    }
    cursor.skip();
    if cursor.since(start) != "!!" {
        return Err(mark.fault("a tag with a handle that no directive defines"));
    }
    match rest(cursor, mark)? {
        name if name.is_empty() => Err(mark.fault("a tag without a name")),
        name => Ok(format!("{OWN}{name}")),
    }
}

/// Reads the rest of a tag, in which `%2C` stands for a byte.
fn rest(cursor: &mut Cursor<'_>, mark: Mark) -> Result<String, SyntaxError> {
    let mut bytes = Vec::new();
    loop {
        let start = cursor.offset();
        cursor.skip_while(|cursor| is_of_tag(cursor.byte(0)));
        bytes.extend_from_slice(cursor.since(start).as_bytes());
        if cursor.byte(0) != b'%' {
            break;
        }
        let digits = cursor.offset() + 1;
        (0..3).for_each(|_| cursor.skip());
        let digits = cursor.since(digits);
        let is_hex = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u8::from_str_radix(digits, 16) {
            Ok(byte) if is_hex => bytes.push(byte),
            _ => return Err(mark.fault("in a tag, `%` is followed by two hexadecimal digits")),
        }
    }
    String::from_utf8(bytes).map_err(|_| mark.fault("a tag that is not UTF-8"))
}
