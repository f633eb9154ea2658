//! The source tree as it is: files, what each imports and defines, how long it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, UseTree, Visibility};

/// A source file.
pub(crate) struct Source {
    /// Its path below `src`.
    pub(crate) path: String,
    /// The modules from the crate's root to it.
    pub(crate) module: Vec<String>,
    /// Its text.
    pub(crate) text: String,
    /// Its items, without tests.
    pub(crate) items: Vec<Item>,
}

/// All source files, by path.
pub(crate) struct House {
    /// The files, ascending.
    pub(crate) sources: Vec<Source>,
    by_module: BTreeMap<Vec<String>, usize>,
}

/// Returns the folder of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl House {
    /// Reads the tree.
    pub(crate) fn read() -> Self {
        let root = root().join("src");
        let mut paths = Vec::new();
        collect(&root, &mut paths);
        paths.sort();
        let sources: Vec<Source> = paths.iter().map(|path| Source::read(&root, path)).collect();
        assert!(sources.len() > 100, "only {} source files were found", sources.len());
        let modules = sources.iter().enumerate();
        let by_module = modules.map(|(index, source)| (source.module.clone(), index)).collect();
        Self { sources, by_module }
    }

    /// Lists the files that a file imports, a file's own children that it only declares left out.
    pub(crate) fn imports(&self, source: &Source) -> BTreeSet<&str> {
        let (mut imported, mut paths) = (Vec::new(), Vec::new());
        for item in &source.items {
            item_paths(item, &mut imported, &mut paths);
        }
        // A path may begin with a module that is imported: `use crate::cmd`, `cmd::list::run`.
        let full = |path: &Vec<String>| {
            let first = imported.iter().find(|import| Some(&import.name) == path.first());
            first
                .map(|import| import.path.iter().chain(path.iter().skip(1)).cloned().collect::<Vec<_>>())
        };
        let through: Vec<Vec<String>> = paths.iter().filter_map(full).collect();
        let all = imported.iter().map(|import| &import.path).chain(&paths).chain(&through);
        let found = all.filter_map(|path| self.file_of(source, path));
        found.map(|index| &*self.sources[index].path).filter(|path| *path != source.path).collect()
    }

    /// Finds the file that a path leads into.
    fn file_of(&self, from: &Source, path: &[String]) -> Option<usize> {
        let mut above = from.module.clone();
        let mut rest = path;
        let mut anchored = false;
        while let [first, tail @ ..] = rest {
            match &**first {
                "crate" | "netpol" => above.clear(),
                "self" => {}
                "super" => drop(above.pop()),
                _ => break,
            }
            (rest, anchored) = (tail, true);
        }
        if !anchored && !from.is_face() {
            return None;
        }
        let full: Vec<String> = above.iter().chain(rest).cloned().collect();
        // A path that is not anchored is one of ours only where it begins with a child.
        let shortest = if anchored { 1 } else { from.module.len() + 1 };
        (shortest..=full.len()).rev().find_map(|length| self.by_module.get(&full[..length]).copied())
    }

    /// Lists the circles: files of which each imports the next, by any way.
    pub(crate) fn circles(&self) -> Vec<Vec<&str>> {
        let arrows: BTreeMap<&str, BTreeSet<&str>> =
            self.sources.iter().map(|source| (&*source.path, self.imports(source))).collect();
        let reach = |from: &str| {
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            let mut next: Vec<&str> = arrows[from].iter().copied().collect();
            while let Some(file) = next.pop() {
                if seen.insert(file) {
                    next.extend(&arrows[file]);
                }
            }
            seen
        };
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            arrows.keys().map(|file| (*file, reach(file))).collect();
        let mutual = |file: &str| {
            let others = reached[file].iter().copied();
            others.filter(|other| reached[other].contains(file)).collect::<Vec<&str>>()
        };
        let all: BTreeSet<Vec<&str>> = arrows.keys().map(|file| mutual(file)).collect();
        all.into_iter().filter(|circle| !circle.is_empty()).collect()
    }
}

impl Source {
    fn read(root: &Path, path: &Path) -> Self {
        let inside = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let mut module: Vec<String> =
            inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        let text = fs::read_to_string(path).unwrap();
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{inside}: {error}"));
        let items = file.items.into_iter().filter(|item| !is_test(item)).collect();
        Self { path: inside, module, text, items }
    }

    /// Returns the room: the folder below `src`, or the name of a file that stands alone.
    pub(crate) fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// Tells whether it is the face of a folder.
    pub(crate) fn is_face(&self) -> bool {
        self.path.ends_with("mod.rs") || self.path == "lib.rs"
    }

    /// Lists the public types that it defines.
    pub(crate) fn public_types(&self) -> Vec<String> {
        let public = |visibility: &Visibility| matches!(visibility, Visibility::Public(_));
        let name = |item: &Item| match item {
            Item::Struct(own) => public(&own.vis).then(|| own.ident.to_string()),
            Item::Enum(own) => public(&own.vis).then(|| own.ident.to_string()),
            Item::Trait(own) => public(&own.vis).then(|| own.ident.to_string()),
            Item::Type(own) => public(&own.vis).then(|| own.ident.to_string()),
            _ => None,
        };
        self.items.iter().filter_map(name).collect()
    }

    /// Lists the lines that are code, from 1, without comments and tests.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let own = lines.take_while(|(_, line)| *line != "#[cfg(test)]");
        own.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn is_test(item: &Item) -> bool {
    let Item::Mod(own) = item else { return false };
    own.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"))
}

/// What `use` brings in: a path, and what it is called from then on.
struct Import {
    name: String,
    path: Vec<String>,
}

/// Collects the paths of an item: those of `use`, and those that stand in code.
fn item_paths(item: &Item, imported: &mut Vec<Import>, paths: &mut Vec<Vec<String>>) {
    match item {
        Item::Use(own) => use_paths(&own.tree, &mut Vec::new(), imported),
        // Declared is not imported.
        Item::Mod(own) if own.content.is_none() => {}
        other => token_paths(quote::ToTokens::to_token_stream(other), paths),
    }
}

fn use_paths(tree: &UseTree, above: &mut Vec<String>, imported: &mut Vec<Import>) {
    let with = |name: &syn::Ident, known_as: &syn::Ident| {
        // `use crate::policy::{self}` brings in `policy`.
        let is_self = *name == "self";
        let own = (!is_self).then(|| name.to_string());
        let path: Vec<String> = above.iter().cloned().chain(own).collect();
        let name = if is_self { path.last().cloned().unwrap_or_default() } else { known_as.to_string() };
        Import { name, path }
    };
    match tree {
        UseTree::Path(own) => {
            above.push(own.ident.to_string());
            use_paths(&own.tree, above, imported);
            above.pop();
        }
        UseTree::Name(own) => imported.push(with(&own.ident, &own.ident)),
        UseTree::Rename(own) => imported.push(with(&own.ident, &own.rename)),
        UseTree::Glob(_) => imported.push(Import { name: String::new(), path: above.clone() }),
        UseTree::Group(own) => own.items.iter().for_each(|tree| use_paths(tree, above, imported)),
    }
}

/// Collects `a::b::c` wherever it stands, in macros too.
fn token_paths(tokens: TokenStream, paths: &mut Vec<Vec<String>>) {
    let mut path: Vec<String> = Vec::new();
    let mut colons = 0;
    let mut end = |path: &mut Vec<String>| {
        if path.len() > 1 {
            paths.push(std::mem::take(path));
        }
        path.clear();
    };
    let mut groups = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                if colons != 2 {
                    end(&mut path);
                }
                path.push(name.to_string());
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
            other => {
                end(&mut path);
                colons = 0;
                if let TokenTree::Group(group) = other {
                    groups.push(group.stream());
                }
            }
        }
    }
    end(&mut path);
    groups.into_iter().for_each(|group| token_paths(group, paths));
}
