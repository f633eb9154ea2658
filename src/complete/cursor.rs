//! What stands on a command line that is still being typed, and what may stand at its end.

use clap::{Arg, ArgAction, Command};

/// The end of a command line.
pub(crate) struct Cursor<'a> {
    /// The subcommand that was reached.
    pub(crate) command: &'a Command,
    /// What may stand at the end.
    pub(crate) place: Place<'a>,
    /// The word at the end, without the flag that it may begin with.
    pub(crate) word: &'a str,
    /// Whether the last word begins with a flag: `--to=web`.
    pub(crate) is_attached: bool,
    /// The words before it that belong to no flag.
    pub(crate) positionals: Vec<&'a str>,
    /// The flags before it, each with its value.
    flags: Vec<(&'a Arg, &'a str)>,
}

/// What may stand at the end of a command line.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    /// The name of a subcommand.
    Subcommand,
    /// A flag.
    Flag,
    /// The value of a flag, or of a positional argument.
    Value(&'a Arg),
    /// Nothing more.
    End,
}

impl<'a> Cursor<'a> {
    /// Reads the words behind the program's name; the last one is being typed. The command is built.
    pub(crate) fn read(root: &'a Command, words: &'a [String]) -> Self {
        let (word, before) = words.split_last().map_or(("", words), |(word, before)| (&**word, before));
        let mut cursor = Self {
            command: root,
            place: Place::End,
            word,
            is_attached: false,
            positionals: Vec::new(),
            flags: Vec::new(),
        };
        let (mut waiting, mut flags_are_over) = (None, false);
        for word in before {
            if let Some(flag) = waiting.take() {
                cursor.flags.push((flag, word));
            } else if !flags_are_over && word == "--" {
                flags_are_over = true;
            } else if !flags_are_over && word.starts_with('-') && word.len() > 1 {
                waiting = cursor.flag(word);
            } else if let Some(command) =
                cursor.command.find_subcommand(word).filter(|_| cursor.positionals.is_empty())
            {
                cursor.command = command;
            } else {
                cursor.positionals.push(word);
            }
        }
        let attached = word.strip_prefix("--").and_then(|rest| rest.split_once('='));
        cursor.place = match (waiting, attached) {
            (Some(flag), _) => Place::Value(flag),
            (None, Some((name, value))) if !flags_are_over => {
                cursor.word = value;
                cursor.is_attached = true;
                cursor.long(name).map_or(Place::End, Place::Value)
            }
            (None, _) if !flags_are_over && word.starts_with('-') => Place::Flag,
            (None, _) if cursor.command.has_subcommands() => Place::Subcommand,
            (None, _) => cursor.positional().map_or(Place::End, Place::Value),
        };
        cursor
    }

    /// Reads a word that is a flag, or some; returns the one whose value is the next word.
    fn flag(&mut self, word: &'a str) -> Option<&'a Arg> {
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
            let flag = self.long(name)?;
            return match value {
                None if takes_next(flag) => Some(flag),
                value => {
                    self.flags.push((flag, value.unwrap_or_default()));
                    None
                }
            };
        }
        for (index, short) in word.char_indices().skip(1) {
            let flag = self.command.get_arguments().find(|arg| arg.get_short() == Some(short))?;
            let rest = word.get(index + short.len_utf8()..).unwrap_or_default();
            if takes_next(flag) {
                if rest.is_empty() {
                    return Some(flag);
                }
                self.flags.push((flag, rest.trim_start_matches('=')));
                return None;
            }
            self.flags.push((flag, ""));
        }
        None
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|arg| arg.get_long() == Some(name))
    }

    /// Returns the positional argument whose turn it is.
    fn positional(&self) -> Option<&'a Arg> {
        let mut before = self.positionals.len();
        for arg in self.command.get_positionals() {
            let most = arg.get_num_args().map_or(1, |range| range.max_values());
            if before < most {
                return Some(arg);
            }
            before -= most;
        }
        None
    }

    /// Returns the values that a flag was given.
    pub(crate) fn values(&self, id: &'a str) -> impl Iterator<Item = &'a str> {
        self.flags.iter().filter(move |(flag, _)| flag.get_id() == id).map(|(_, value)| *value)
    }

    /// Tells whether a flag may be given, and not in vain.
    pub(crate) fn may_follow(&self, flag: &Arg) -> bool {
        let again = matches!(flag.get_action(), ArgAction::Append | ArgAction::Count);
        again || !self.flags.iter().any(|(given, _)| given.get_id() == flag.get_id())
    }
}

fn takes_next(flag: &Arg) -> bool {
    flag.get_action().takes_values() && !flag.is_require_equals_set()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Cursor, Place};
    use crate::cli::Cli;

    /// Tells what stands at the end of a line.
    fn place(line: &str) -> String {
        let mut root = Cli::command();
        root.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let cursor = Cursor::read(&root, &words);
        let place = match cursor.place {
            Place::Subcommand => "subcommand".to_owned(),
            Place::Flag => "flag".to_owned(),
            Place::Value(arg) => arg.get_id().to_string(),
            Place::End => "end".to_owned(),
        };
        format!("{place} {}", cursor.word)
    }

    #[test]
    fn the_end_of_a_command_line_is_told() {
        for (line, expected) in [
            ("", "subcommand "),
            ("exp", "subcommand exp"),
            ("-n shop ", "subcommand "),
            ("help ", "subcommand "),
            ("explain ", "target "),
            ("explain deploy ", "target "),
            ("explain deploy web ", "end "),
            ("explain -", "flag -"),
            ("explain --to", "flag --to"),
            ("explain --to ", "to "),
            ("explain --to=sv", "to sv"),
            ("explain web --to db --port ", "port "),
            ("explain -n ", "namespace "),
            ("explain -Rf ", "filename "),
            ("explain -Rfa -nb ", "target "),
            ("explain -- -", "target -"),
            ("explain --insecure-skip-tls-verify ", "target "),
            ("diff a ", "new "),
            ("--context ", "context "),
            ("explain --nothing=a", "end a"),
        ] {
            assert_eq!(place(line), expected, "{line:?}");
        }
    }
}
