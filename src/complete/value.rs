//! What the value of an argument may be: a row for each value name of the command line.

use clap::Arg;

use super::cursor::Cursor;
use super::offer::{Offer, about, objects};
use super::target::{Naming, known_kind, offers, ports};
use crate::cli::formats;
use crate::cluster::names::{KubeconfigEntry, NameQuery};
use crate::model::cni::Cni;
use crate::model::special::AddressClass;

/// Offers the values of an argument; nothing where the shell is to offer files.
type Completer = fn(&Cursor<'_>, &Arg) -> Option<Vec<Offer>>;

/// The completers, by the name of the value; an argument that lists its values needs none.
const COMPLETERS: [(&str, Completer); 27] = [
    ("CIDR", nothing),
    ("CLASS", |_, _| words(AddressClass::ALL.map(AddressClass::name))),
    ("CRON", nothing),
    ("DIR", |_, _| None),
    ("FILE", |_, _| None),
    ("FORMAT", |cursor, _| words(formats(cursor.command.get_name()).iter().map(|(word, _)| *word))),
    ("GROUP", nothing),
    ("IMAGE", nothing),
    ("LABELS", nothing),
    ("LEVEL", nothing),
    ("NAME", |_, argument| Some(names(argument.get_id().as_str()))),
    ("NAMESPACE", |_, _| Some(vec![Offer::between("ns/", objects("Namespace", None), "")])),
    ("NEW", snapshot),
    ("NS/svc/NAME", |cursor, _| Some(offers(Naming::End, cursor.word))),
    ("OLD", snapshot),
    ("PATH", |_, _| None),
    ("POLICY", |_, _| Some(vec![Offer::names(objects("NetworkPolicy", None))])),
    ("PORT", |cursor, _| Some(port(cursor))),
    ("TARGET", target),
    ("TIME", nothing),
    ("TOKEN", nothing),
    ("TYPE/NAME", |cursor, _| Some(offers(Naming::Object, cursor.word))),
    ("UID", nothing),
    ("URL", nothing),
    ("USER", nothing),
    ("WHICH", |_, _| words(["auto", "system"])),
    ("only=TARGET", |_, _| Some(vec![Offer::word("only=", "the sources that may connect")])),
];

/// Lists the values that an argument may have; nothing where they are files.
pub(crate) fn values(cursor: &Cursor<'_>, argument: &Arg) -> Option<Vec<Offer>> {
    let known = argument.get_possible_values();
    if !known.is_empty() {
        let shown = known.iter().filter(|value| !value.is_hide_set());
        return Some(
            shown.map(|value| Offer::word(value.get_name(), about(value.get_help()))).collect(),
        );
    }
    completer(argument).map_or_else(|| Some(Vec::new()), |complete| complete(cursor, argument))
}

fn completer(argument: &Arg) -> Option<Completer> {
    let name = argument.get_value_names()?.first()?;
    COMPLETERS.iter().find(|(known, _)| *known == name.as_str()).map(|(_, completer)| *completer)
}

#[expect(clippy::unnecessary_wraps, reason = "it is a completer")]
fn nothing(_: &Cursor<'_>, _: &Arg) -> Option<Vec<Offer>> {
    Some(Vec::new())
}

#[expect(clippy::unnecessary_wraps, reason = "it ends a completer")]
fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Vec<Offer>> {
    Some(words.into_iter().map(|word| Offer::word(word, "")).collect())
}

/// Offers what flags ask a name of, by their id.
fn names(id: &str) -> Vec<Offer> {
    let entries = |entry| vec![Offer::names(NameQuery::Entries(entry))];
    match id {
        "namespace" => vec![Offer::names(objects("Namespace", None))],
        "context" => entries(KubeconfigEntry::Context),
        "cluster" => entries(KubeconfigEntry::Cluster),
        "user" => entries(KubeconfigEntry::User),
        "cni" => {
            let known = Cni::ALL.map(|cni| Offer::word(cni.name(), ""));
            std::iter::once(Offer::word("auto", "recognise it")).chain(known).collect()
        }
        _ => Vec::new(),
    }
}

/// Offers the contexts, where one was begun, or files.
fn snapshot(cursor: &Cursor<'_>, _: &Arg) -> Option<Vec<Offer>> {
    let contexts = || vec![Offer::between("context:", NameQuery::Entries(KubeconfigEntry::Context), "")];
    cursor.word.starts_with("context:").then(contexts)
}

/// Offers the ports of the destination.
fn port(cursor: &Cursor<'_>) -> Vec<Offer> {
    let positional = cursor.positionals.join("/");
    let destination = cursor.values("to").last().unwrap_or(&positional);
    ports(destination).map(Offer::names).into_iter().collect()
}

#[expect(clippy::unnecessary_wraps, reason = "it is a completer")]
fn target(cursor: &Cursor<'_>, argument: &Arg) -> Option<Vec<Offer>> {
    Some(match *cursor.positionals {
        // TYPE NAME, in two words.
        [written] if argument.is_positional() => {
            let kind = known_kind(Naming::End, written);
            kind.map(|kind| Offer::names(objects(kind, None))).into_iter().collect()
        }
        _ => offers(Naming::End, cursor.word),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::completer;
    use crate::cli::Cli;

    #[test]
    fn every_value_of_the_command_line_lists_its_values_or_has_a_completer() {
        let mut root = Cli::command();
        root.build();
        let commands = root.get_subcommands().filter(|command| command.get_name() != "help");
        for (command, argument) in
            commands.flat_map(|own| own.get_arguments().map(move |arg| (own, arg)))
        {
            let has_value = argument.is_positional() || argument.get_action().takes_values();
            let is_listed = !argument.get_possible_values().is_empty();
            let is_known = !has_value || is_listed || completer(argument).is_some();
            assert!(is_known, "{}: {argument}", command.get_name());
        }
    }
}
