//! How text looks.

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The columns of the terminal.
    pub width: usize,
    /// Whether to show every detail.
    pub wide: bool,
    /// Whether tables have a header.
    pub headers: bool,
}
