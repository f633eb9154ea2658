//! The examples of a subcommand's help, as its reader would copy them.

/// Returns the script of each example: the lines below what says what it is for.
pub(crate) fn scripts(help: &str) -> Vec<String> {
    let section = help.split("\nExamples:\n").nth(1).unwrap_or_default();
    let mut scripts = Vec::<String>::new();
    for line in section.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match scripts.last_mut().filter(|_| !line.starts_with('#')) {
            Some(script) => {
                script.push_str(line);
                script.push('\n');
            }
            None => scripts.push(String::new()),
        }
    }
    scripts
}
