//! Where the names of a command line are looked up.

use clap::{CommandFactory, FromArgMatches};

use super::cursor::Cursor;
use crate::cli::Cli;
use crate::cluster::names::{ConnectOptions, NameSource};
use crate::cmd::global::Global;
use crate::files::kustomize;
use crate::files::manifests::{self, ReadOptions};

/// Says where names are looked up, as the flags before the cursor say.
pub(crate) fn source(cursor: &Cursor<'_>, words: &[String]) -> Option<(NameSource, ConnectOptions)> {
    let before = words.split_last().map_or(&[][..], |(_, before)| before);
    let line = std::iter::once("kubectl-netpol").chain(before.iter().map(String::as_str));
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(line).ok()?;
    let innermost = matches.subcommand().map_or(&matches, |(_, own)| own);
    let global = Global::from_arg_matches(innermost).ok()?.with_kustomizations();
    let options = global.connection.options(global.namespace.as_ref());
    // What diff reads with -f is laid over its base.
    let base: Vec<String> = cursor.values("base").map(str::to_owned).collect();
    let paths = match cursor.command.get_name() {
        "diff" => &base,
        _ => &global.filename,
    };
    if paths.is_empty() {
        return Some((NameSource::Cluster, options));
    }
    // Standard input is the terminal of the user, and a base of kustomize may have to be fetched.
    if paths.iter().any(|path| path == "-" || kustomize::folder(path).is_some()) {
        return None;
    }
    let namespace = options.namespace.clone().unwrap_or_else(|| "default".to_owned());
    let read = ReadOptions { recursive: global.recursive, ..ReadOptions::of(&namespace) };
    let objects = manifests::read(paths, read).ok()?;
    Some((NameSource::Files(Box::new(objects), namespace), options))
}
