//! How text looks.

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The columns of the terminal.
    pub width: usize,
    /// Whether a word that no column of a table can hold is cut; what no terminal shows is searched for words.
    pub cuts: bool,
    /// Whether to show every detail.
    pub wide: bool,
    /// Whether tables have a header.
    pub headers: bool,
}
