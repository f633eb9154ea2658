//! Words of commands that a gap tells to run.

/// Writes a word so that a shell takes it for that word: names of folders may hold anything.
pub(super) fn word(text: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '+');
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn no_name_of_a_folder_is_more_than_a_word() {
        assert_eq!(
            ["./a-b_c", "a b", "$(x)", "a'b", ""].map(word),
            ["./a-b_c", "'a b'", "'$(x)'", r"'a'\''b'", "''"]
        );
    }
}
