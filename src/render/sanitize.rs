//! Names from a cluster or a file must not steer the terminal, nor hide in an answer.

/// Returns the text with control, direction and invisible characters escaped.
pub fn sanitize(text: &str) -> String {
    if !text.contains(is_hostile) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| if is_hostile(c) { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// Tells whether a character steers a terminal or is not seen: controls, line separators, and what
/// Unicode calls `Default_Ignorable_Code_Point` (DerivedCoreProperties 16.0), marks of direction among them.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
        || matches!(c, '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}')
        || matches!(c, '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
