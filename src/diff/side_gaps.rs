//! What could not be read of both sides of a diff, or of one.

use std::fmt;

use serde::{Serialize, Serializer};

use super::sides::Sides;
use crate::model::gap::Gap;

/// A gap, and of which sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideGap<'a> {
    /// Which sides lack it.
    pub lacking: Lacking,
    /// What they lack.
    pub gap: &'a Gap,
}

/// Which sides of a diff lack something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// Both.
    Both,
    /// What was there.
    Before,
    /// What is there now.
    After,
}

/// Lists the gaps of both sides, once each, then those of one: they may explain a difference.
pub fn side_gaps(sides: Sides<&[Gap]>) -> Vec<SideGap<'_>> {
    let has = |gaps: &[Gap], own: &Gap| gaps.iter().any(|gap| gap.says_same(own));
    let both = sides.before.iter().filter(|gap| has(sides.after, gap));
    let before = sides.before.iter().filter(|gap| !has(sides.after, gap));
    let after = sides.after.iter().filter(|gap| !has(sides.before, gap));
    let of = |lacking| move |gap| SideGap { lacking, gap };
    let all = both.map(of(Lacking::Both)).chain(before.map(of(Lacking::Before)));
    let mut told: Vec<SideGap<'_>> = Vec::new();
    for own in all.chain(after.map(of(Lacking::After))) {
        if !told.iter().any(|known| known.lacking == own.lacking && known.gap.says_same(own.gap)) {
            told.push(own);
        }
    }
    told
}

impl fmt::Display for SideGap<'_> {
    /// Writes the gap, behind its side where only one lacks it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lacking {
            Lacking::Both => write!(f, "{}", self.gap),
            Lacking::Before => write!(f, "before: {}", self.gap),
            Lacking::After => write!(f, "after: {}", self.gap),
        }
    }
}

/// An answer has the sentence.
impl Serialize for SideGap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gap::{GapReason, GapScope, Unread};

    #[test]
    fn sides_lack_the_same_where_the_types_say_so_whatever_the_sentences_say() {
        let gap = |unread, reason| Gap { unread, reason, scope: GapScope::Incomplete };
        let typed = gap(Unread::all("pods"), GapReason::Forbidden);
        let wider = Gap { scope: GapScope::Addresses, ..typed.clone() };
        let worded = gap(Unread::Unnamed, GapReason::Unreadable(typed.to_string().into()));
        let told = |before: &[Gap], after: &[Gap]| {
            let all = side_gaps(Sides { before, after });
            all.iter().map(|own| (own.lacking, own.to_string())).collect::<Vec<_>>()
        };
        let sentence = "could not list pods: forbidden".to_owned();
        let both = vec![(Lacking::Both, sentence.clone())];
        assert_eq!(told(&[typed.clone(), typed.clone()], &[wider]), both);
        let apart = [
            (Lacking::Before, format!("before: {sentence}")),
            (Lacking::After, format!("after: {sentence}")),
        ];
        assert_eq!(told(&[typed], &[worded]), apart);
    }
}
