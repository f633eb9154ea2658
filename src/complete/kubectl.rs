//! kubectl's completion of `kubectl netpol`: what may follow on a command line.
//!
//! kubectl runs `kubectl_complete-netpol WORD… LAST` and reads a line `value<TAB>description` for
//! each word that LAST may become, then `:N`, the sum of the hints that cobra's shell scripts know.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use clap::CommandFactory;

use super::cursor::{Cursor, Place};
use super::lookup::source;
use super::offer::{Of, Offer, about};
use super::value::values;
use crate::cli::Cli;
use crate::cluster::names::{self, NameQuery, OfferedName};

/// The name that kubectl calls the plugin by, for completion.
const CALLED: &str = "kubectl_complete-netpol";
/// The same as a first argument, for a script of that name.
const ASKED: &str = "__complete";
/// Longest wait for all there is to tell.
const BUDGET: Duration = Duration::from_millis(1900);

/// cobra's ShellCompDirective: no blank behind the word.
const NO_SPACE: u8 = 2;
/// cobra's ShellCompDirective: names of files are no answer.
const NO_FILES: u8 = 4;

/// Answers kubectl, if it asks what may follow on a command line; tells whether it does.
pub fn answers(arguments: impl Iterator<Item = OsString>) -> bool {
    asked(arguments).map(run).is_some()
}

/// Returns the words to complete, if it is completion that was asked for.
fn asked(mut arguments: impl Iterator<Item = OsString>) -> Option<Vec<String>> {
    let program = arguments.next()?;
    let mut rest: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    if Path::new(&program).file_stem().is_some_and(|stem| stem == CALLED) {
        return Some(rest);
    }
    (rest.first().is_some_and(|word| word == ASKED)).then(|| rest.split_off(1))
}

/// Tells what the last word may become, within two seconds and without any error.
fn run(words: Vec<String>) {
    // Nothing is to be written into the line that the user types.
    std::panic::set_hook(Box::new(|_| {}));
    let end = Instant::now() + BUDGET;
    let (sender, receiver) = mpsc::channel();
    // What it waits for may never come: it is not waited for.
    std::thread::spawn(move || answer(&words, &sender));
    let mut told = format!(":{NO_FILES}\n");
    while let Ok(more) = receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
        told = more;
    }
    let _ = io::stdout().write_all(told.as_bytes());
}

/// Answers twice: with what is known at once, then with what had to be looked up too.
fn answer(words: &[String], sender: &Sender<String>) {
    let mut root = Cli::command();
    root.build();
    let cursor = Cursor::read(&root, words);
    let Some(offers) = at(&cursor) else {
        let _ = sender.send(":0\n".to_owned());
        return;
    };
    let wanted: Vec<NameQuery> = offers.iter().filter_map(Offer::wanted).cloned().collect();
    let _ = sender.send(text(&offers, &[], &cursor));
    if let Some((source, options)) = source(&cursor, words).filter(|_| !wanted.is_empty()) {
        let found = names::find(&source, &options, &wanted);
        let _ = sender.send(text(&offers, &found, &cursor));
    }
}

/// Lists what may stand at the cursor; nothing where the shell is to offer files.
fn at(cursor: &Cursor<'_>) -> Option<Vec<Offer>> {
    Some(match cursor.place {
        Place::End => Vec::new(),
        Place::Subcommand => {
            let shown = cursor.command.get_subcommands().filter(|command| !command.is_hide_set());
            shown.map(|command| Offer::word(command.get_name(), about(command.get_about()))).collect()
        }
        Place::Flag => {
            let shown = cursor.command.get_arguments();
            let shown = shown.filter(|flag| !flag.is_hide_set() && cursor.may_follow(flag));
            let names = shown.filter_map(|flag| Some((flag.get_long()?, flag.get_help())));
            names.map(|(name, help)| Offer::word(format!("--{name}"), about(help))).collect()
        }
        Place::Value(argument) => return values(cursor, argument),
    })
}

/// Writes what was offered, and what was found of it, that goes on from the word.
fn text(offers: &[Offer], found: &[Vec<OfferedName>], cursor: &Cursor<'_>) -> String {
    let mut found = found.iter();
    let mut is_part = false;
    let mut text = String::new();
    for offer in offers {
        let names: Vec<(&str, &str)> = match &offer.of {
            Of::Word(word, about) => vec![(word, about)],
            Of::Names(_) => {
                let names = found.next().into_iter().flatten();
                names.map(|name| (&*name.name, &*name.about)).collect()
            }
        };
        for (name, about) in names.into_iter().filter(|(name, _)| is_plain(name)) {
            let whole = offer.complete(name);
            if !whole.starts_with(cursor.word) {
                continue;
            }
            is_part |= whole.ends_with(['/', '=', ':']);
            let tab = if about.is_empty() { "" } else { "\t" };
            text.push_str(&format!("{whole}{tab}{about}\n"));
        }
    }
    // Behind `--flag=`, the script that kubectl has for fish fails at that hint, on the user's line.
    let hints = if is_part && !cursor.is_attached { NO_FILES | NO_SPACE } else { NO_FILES };
    format!("{text}:{hints}\n")
}

/// Tells whether a shell takes a word for nothing but a word: names from files may be anything.
fn is_plain(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/@=+".contains(&byte))
}
