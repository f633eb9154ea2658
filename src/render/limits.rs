//! What an answer does not say: its caveats and gaps.

use std::fmt;

use crate::answer::caveat::Caveat;

use super::text::{Label, Line, padded};

/// What an answer does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Limits of the answer.
    pub caveats: Vec<Caveat>,
    /// What could not be read.
    pub gaps: Vec<String>,
}

impl Limits {
    /// Lists them, each with the word for what it is.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, String)> {
        let caveats = self.caveats.iter().map(|caveat| ("caveat", caveat.to_string()));
        caveats.chain(self.gaps.iter().map(|gap| ("gap", gap.clone())))
    }
}

/// Writes caveats and gaps; lists that could not be read in the same way share a line.
pub fn limits(caveats: &[impl fmt::Display], gaps: &[String]) -> Vec<Line> {
    let line =
        |kind: &str, text: &str| Line::new(0, 9).with(Label::Caution, padded(kind, 8)).plain(text);
    let caveats = caveats.iter().map(|caveat| line("caveat", &caveat.to_string()));
    let merged = merged(gaps);
    let lines: Vec<Line> = caveats.chain(merged.iter().map(|text| line("gap", text))).collect();
    if lines.is_empty() { lines } else { [vec![Line::default()], lines].concat() }
}

/// Merges `could not list A: forbidden` and `could not list B: forbidden` into one.
pub fn merged(gaps: &[String]) -> Vec<String> {
    const LIST: &str = "could not list ";
    let mut merged: Vec<(String, &str)> = Vec::new();
    for gap in gaps {
        let list = gap.strip_prefix(LIST);
        let cut = list.and_then(|list| [" outside ", " in ", ": "].iter().find_map(|at| list.find(at)));
        let (name, tail) = list.zip(cut).map_or((&**gap, ""), |(list, cut)| list.split_at(cut));
        match merged.iter_mut().find(|(_, own)| !tail.is_empty() && *own == tail) {
            Some((names, _)) => *names = format!("{names}, {name}"),
            None if tail.is_empty() => merged.push((name.to_owned(), "")),
            None => merged.push((format!("{LIST}{name}"), tail)),
        }
    }
    merged.into_iter().map(|(names, tail)| names + tail).collect()
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    fn lists_that_are_missing_in_the_same_way_share_a_line() {
        let gaps = [
            "could not list pods outside namespace a: forbidden",
            "could not list nodes: forbidden",
            "something else: forbidden",
            "could not list jobs outside namespace a: forbidden",
        ];
        let expected = [
            "could not list pods, jobs outside namespace a: forbidden",
            "could not list nodes: forbidden",
            "something else: forbidden",
        ];
        assert_eq!(merged(&gaps.map(str::to_owned)), expected);
    }
}
