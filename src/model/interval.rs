//! Canonical sets of points on a line: the algebra under port sets and address sets.

/// A point of a finite line of numbers.
pub trait Point: Copy + Ord + std::fmt::Debug {
    /// Returns the next larger point, or nothing at the end of the line.
    fn next(self) -> Option<Self>;
    /// Returns the next smaller point, or nothing at the start of the line.
    fn previous(self) -> Option<Self>;
}

macro_rules! point {
    ($($number:ty),*) => {$(
        impl Point for $number {
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }
        }
    )*};
}
point!(u32, u128);

/// A set of points, kept as inclusive ranges.
// INVARIANT: ranges are ascending, none is empty, and between two of them lies at least one point
// outside: so equal sets have equal representations.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntervalSet<T> {
    ranges: Vec<(T, T)>,
}

impl<T> Default for IntervalSet<T> {
    fn default() -> Self {
        Self { ranges: Vec::new() }
    }
}

impl<T: Point> IntervalSet<T> {
    /// Builds the set of one inclusive range; an inverted range is empty.
    pub fn range(low: T, high: T) -> Self {
        Self::from_ranges([(low, high)])
    }

    /// Builds the union of inclusive ranges in any order.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (T, T)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(low, high)| low <= high).collect();
        ranges.sort_unstable();
        Self { ranges: merge(ranges.into_iter()) }.checked()
    }

    fn checked(self) -> Self {
        debug_assert!(self.is_canonical(), "ranges overlap, touch or are out of order");
        self
    }

    fn is_canonical(&self) -> bool {
        self.ranges.iter().all(|(low, high)| low <= high)
            && self
                .ranges
                .iter()
                .zip(self.ranges.iter().skip(1))
                .all(|(left, right)| left.1.next().is_some_and(|point| point < right.0))
    }

    /// Tells whether the set has no point.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Lists the ranges in ascending order.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = (T, T)> + ExactSizeIterator + '_ {
        self.ranges.iter().copied()
    }

    /// Tells whether the point is in the set.
    pub fn contains(&self, point: T) -> bool {
        self.around(point).is_some_and(|(_, high)| point <= high)
    }

    /// Returns the points of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            _ => Self::from_ranges(self.ranges().chain(other.ranges())),
        }
    }

    /// Returns the points of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut ranges = Vec::new();
        let (mut left, mut right) = (self.ranges().peekable(), other.ranges().peekable());
        while let (Some(a), Some(b)) = (left.peek().copied(), right.peek().copied()) {
            let (low, high) = (a.0.max(b.0), a.1.min(b.1));
            if low <= high {
                ranges.push((low, high));
            }
            if a.1 < b.1 {
                left.next();
            } else {
                right.next();
            }
        }
        Self { ranges }.checked()
    }

    /// Returns the points of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut ranges = Vec::new();
        let mut cuts = other.ranges().peekable();
        for (mut low, high) in self.ranges() {
            let mut open = true;
            while let Some(cut) = cuts.peek().copied().filter(|cut| cut.0 <= high) {
                if let Some(end) = cut.0.previous().filter(|end| low <= *end && cut.0 > low) {
                    ranges.push((low, end));
                }
                if cut.1 >= high {
                    open = false;
                    break;
                }
                low = low.max(cut.1.next().unwrap_or(high));
                cuts.next();
            }
            if open {
                ranges.push((low, high));
            }
        }
        Self { ranges }.checked()
    }

    /// Tells whether every point of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        // What lies in the other set lies in one range of it, since its ranges do not touch.
        self.ranges().all(|(low, high)| other.around(low).is_some_and(|(_, end)| high <= end))
    }

    /// Returns the last range that begins at a point or before it.
    fn around(&self, point: T) -> Option<(T, T)> {
        let after = self.ranges.partition_point(|(low, _)| *low <= point);
        after.checked_sub(1).and_then(|index| self.ranges.get(index)).copied()
    }

    /// Tells whether the sets have a point in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.intersection(other).is_empty()
    }
}

/// Joins ascending ranges that overlap or touch.
fn merge<T: Point>(ranges: impl Iterator<Item = (T, T)>) -> Vec<(T, T)> {
    let mut merged: Vec<(T, T)> = Vec::new();
    for (low, high) in ranges {
        match merged.last_mut() {
            Some(last) if last.1.next().is_none_or(|next| low <= next) => last.1 = last.1.max(high),
            _ => merged.push((low, high)),
        }
    }
    merged
}
