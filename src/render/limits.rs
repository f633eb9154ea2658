//! What an answer does not say: its caveats and gaps.

use std::fmt;

use super::text::{Label, Line, padded};
use crate::answer::caveat::Caveat;

/// What an answer does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Limits of the answer.
    pub caveats: Vec<Caveat>,
    /// What could not be read.
    pub gaps: Vec<String>,
}

impl Limits {
    /// Words gaps, each by itself.
    pub fn of(caveats: Vec<Caveat>, gaps: &[impl fmt::Display]) -> Self {
        Self { caveats, gaps: gaps.iter().map(ToString::to_string).collect() }
    }

    /// Lists them, each with the word for what it is.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, String)> {
        let caveats = self.caveats.iter().map(|caveat| ("caveat", caveat.to_string()));
        caveats.chain(self.gaps.iter().map(|gap| ("gap", gap.clone())))
    }
}

/// Writes caveats, and gaps by their sentences.
pub fn limits(caveats: &[Caveat], gaps: &[String]) -> Vec<Line> {
    let line =
        |kind: &str, text: &str| Line::new(0, 9).with(Label::Caution, padded(kind, 8)).plain(text);
    let caveats = caveats.iter().map(|caveat| line("caveat", &caveat.to_string()));
    let lines: Vec<Line> = caveats.chain(gaps.iter().map(|text| line("gap", text))).collect();
    if lines.is_empty() { lines } else { [vec![Line::default()], lines].concat() }
}
