//! Sets of classes: bitsets trimmed to the words they use.

use crate::engine::class::ClassId;

/// A set of classes.
///
/// Classes are numbered by namespace, so a set that lives in one namespace is a few words long.
// INVARIANT: the first and the last word are not zero, and an empty set starts at 0: so equal sets
// have equal representations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassSet {
    start: usize,
    words: Vec<u64>,
}

const BITS: usize = u64::BITS as usize;

impl ClassSet {
    /// Tells whether the set has no class.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns the number of classes.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Tells whether the class is in the set.
    pub fn contains(&self, class: ClassId) -> bool {
        let word = self.word(class.index() / BITS);
        word >> (class.index() % BITS) & 1 == 1
    }

    /// Lists the classes, ascending.
    pub fn iter(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.words.iter().enumerate().flat_map(move |(index, word)| {
            let base = (self.start + index) * BITS;
            Bits(*word).map(move |bit| ClassId::new(base + bit))
        })
    }

    /// Returns the smallest class.
    pub fn first(&self) -> Option<ClassId> {
        self.iter().next()
    }

    /// Returns the classes of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            _ => {
                let span = self.start.min(other.start)..self.end().max(other.end());
                self.combine(other, span, |a, b| a | b)
            }
        }
    }

    /// Returns the classes of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let span = self.start.max(other.start)..self.end().min(other.end());
        self.combine(other, span, |a, b| a & b)
    }

    /// Returns the classes of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.combine(other, self.start..self.end(), |a, b| a & !b)
    }

    /// Tells whether every class of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.difference(other).is_empty()
    }

    /// Tells whether the sets have a class in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        let mut span = self.start.max(other.start)..self.end().min(other.end());
        span.any(|index| self.word(index) & other.word(index) != 0)
    }

    fn end(&self) -> usize {
        self.start + self.words.len()
    }

    fn word(&self, index: usize) -> u64 {
        let inside = index.checked_sub(self.start).and_then(|index| self.words.get(index));
        inside.copied().unwrap_or_default()
    }

    fn combine(&self, other: &Self, span: std::ops::Range<usize>, f: impl Fn(u64, u64) -> u64) -> Self {
        let start = span.start;
        Self { start, words: span.map(|index| f(self.word(index), other.word(index))).collect() }
            .trimmed()
    }

    fn trimmed(mut self) -> Self {
        let used = self.words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        self.words.truncate(used);
        let blank = self.words.iter().take_while(|word| **word == 0).count();
        self.words.drain(..blank);
        self.start = if self.words.is_empty() { 0 } else { self.start + blank };
        self
    }
}

impl FromIterator<ClassId> for ClassSet {
    fn from_iter<I: IntoIterator<Item = ClassId>>(classes: I) -> Self {
        let mut set = Self::default();
        set.extend(classes);
        set
    }
}

impl Extend<ClassId> for ClassSet {
    fn extend<I: IntoIterator<Item = ClassId>>(&mut self, classes: I) {
        for class in classes {
            let index = class.index() / BITS;
            if self.words.is_empty() {
                self.start = index;
            }
            if index < self.start {
                self.words.splice(0..0, std::iter::repeat_n(0, self.start - index));
                self.start = index;
            }
            if index >= self.end() {
                self.words.resize(index - self.start + 1, 0);
            }
            if let Some(word) = self.words.get_mut(index - self.start) {
                *word |= 1 << (class.index() % BITS);
            }
        }
    }
}

/// The positions of the ones of a word, ascending.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = (self.0 != 0).then(|| self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}
