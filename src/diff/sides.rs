//! What a diff has twice: before and after.

/// One thing of each side of a diff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sides<T> {
    /// What was there.
    pub before: T,
    /// What is there now.
    pub after: T,
}

impl<T> Sides<T> {
    /// Builds the same of both sides.
    pub fn both(mut of: impl FnMut() -> T) -> Self {
        Self { before: of(), after: of() }
    }

    /// Lends both.
    pub fn each(&self) -> Sides<&T> {
        Sides { before: &self.before, after: &self.after }
    }

    /// Lends both for change.
    pub fn each_mut(&mut self) -> Sides<&mut T> {
        Sides { before: &mut self.before, after: &mut self.after }
    }

    /// Derives something from each.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Sides<U> {
        Sides { before: f(self.before), after: f(self.after) }
    }

    /// Puts something of the same side beside each.
    pub fn zip<U>(self, other: Sides<U>) -> Sides<(T, U)> {
        Sides { before: (self.before, other.before), after: (self.after, other.after) }
    }

    /// Lists both, the older first.
    pub fn list(self) -> [T; 2] {
        [self.before, self.after]
    }
}

impl<T: PartialEq> Sides<T> {
    /// Tells whether both are equal.
    pub fn agree(&self) -> bool {
        self.before == self.after
    }
}

impl<T> Sides<Option<T>> {
    /// Returns both where both are there.
    pub fn complete(self) -> Option<Sides<T>> {
        Some(Sides { before: self.before?, after: self.after? })
    }

    /// Returns the newer of those that are there.
    pub fn newest(self) -> Option<T> {
        self.after.or(self.before)
    }
}
