//! What a YAML text is made of.

use super::tree::Mark;

/// A token.
#[derive(Debug, PartialEq)]
pub(super) enum Token {
    /// The end of the text.
    End,
    /// `---`
    DocumentStart,
    /// `...`
    DocumentEnd,
    /// A list begins by its indent.
    BlockList,
    /// A mapping begins by its indent.
    BlockMap,
    /// A list or mapping ends by its indent.
    BlockEnd,
    /// `[`
    ListStart,
    /// `]`
    ListEnd,
    /// `{`
    MapStart,
    /// `}`
    MapEnd,
    /// `-`
    Dash,
    /// `,`
    Comma,
    /// A key follows, with `?` or without.
    Key,
    /// `:`
    Colon,
    /// `*name`
    Alias(Box<str>),
    /// `&name`
    Anchor(Box<str>),
    /// `!tag`, in full.
    Tag(Box<str>),
    /// A scalar.
    Scalar {
        /// Its text, without quotes.
        text: String,
        /// Whether it stood without quotes, and on no lines of its own.
        is_plain: bool,
    },
}

/// A token and where it stands.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) mark: Mark,
}
