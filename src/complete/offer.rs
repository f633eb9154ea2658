//! What is offered: words, and names that are to be looked up.

use crate::cluster::names::NameQuery;

/// Words that all begin alike.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// How they begin.
    before: String,
    /// What follows.
    pub(crate) of: Of,
    /// How they end.
    after: &'static str,
}

/// What is offered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// A word, and what is told about it.
    Word(String, String),
    /// Names that are to be looked up.
    Names(NameQuery),
}

impl Offer {
    /// Offers a word.
    pub(crate) fn word(word: impl Into<String>, about: impl Into<String>) -> Self {
        Self { before: String::new(), of: Of::Word(word.into(), about.into()), after: "" }
    }

    /// Offers names as they are.
    pub(crate) fn names(wanted: NameQuery) -> Self {
        Self::between("", wanted, "")
    }

    /// Offers names that something stands before and behind.
    pub(crate) fn between(before: impl Into<String>, wanted: NameQuery, after: &'static str) -> Self {
        Self { before: before.into(), of: Of::Names(wanted), after }
    }

    /// Completes one of its names.
    pub(crate) fn complete(&self, name: &str) -> String {
        format!("{}{name}{}", self.before, self.after)
    }

    /// Returns what is to be looked up, if anything is.
    pub(crate) fn wanted(&self) -> Option<&NameQuery> {
        match &self.of {
            Of::Names(wanted) => Some(wanted),
            Of::Word(..) => None,
        }
    }
}

/// Names the objects of a kind.
pub(crate) fn objects(kind: &str, namespace: Option<&str>) -> NameQuery {
    NameQuery::Objects { kind: kind.to_owned(), namespace: namespace.map(str::to_owned) }
}

/// Returns what is told of a flag or value: the first line of its help.
pub(crate) fn about(text: Option<&clap::builder::StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}
