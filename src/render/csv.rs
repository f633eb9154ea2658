//! Comma-separated values (RFC 4180): fields quoted where they must be, CRLF.
//!
//! Spreadsheets run a cell that begins like a formula. Such a cell gets a `'` in front, which they
//! show as text; no name that an API server accepts begins so. Control characters are escaped as
//! in text, so that every record is one line. What must be exact belongs into JSON.

use std::io::{self, Write};

use super::sanitize::sanitize;

/// Writes one record.
pub fn record(out: &mut dyn Write, fields: &[&str]) -> io::Result<()> {
    for (number, text) in fields.iter().enumerate() {
        let separator = if number == 0 { "" } else { "," };
        write!(out, "{separator}{}", field(text))?;
    }
    out.write_all(b"\r\n")
}

fn field(text: &str) -> String {
    let text = sanitize(text);
    // The wide forms are formulas too where spreadsheets speak Chinese, Japanese or Korean.
    let formula = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let text = if formula { format!("'{text}") } else { text };
    let outer_blank = text.trim() != text;
    if outer_blank || text.contains([',', '"', ';']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
