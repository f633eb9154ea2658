//! Tables indexed by a typed number, so that an index of one table cannot be used in another.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// Names one row of every [`Arena`] keyed by `K`.
pub struct Id<K> {
    index: u32,
    key: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// Builds the name of row `index`; tables hold fewer than 2³² rows.
    pub fn new(index: usize) -> Self {
        Self { index: u32::try_from(index).unwrap_or(u32::MAX), key: PhantomData }
    }

    /// Returns the row number.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.index.cmp(&other.index)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index)
    }
}

/// A dense table of `V`, one row per `K`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arena<K, V = K> {
    rows: Vec<V>,
    key: PhantomData<fn() -> K>,
}

impl<K, V> Default for Arena<K, V> {
    fn default() -> Self {
        Self { rows: Vec::new(), key: PhantomData }
    }
}

impl<K, V> Arena<K, V> {
    /// Appends a row and returns its name.
    pub fn push(&mut self, value: V) -> Id<K> {
        self.rows.push(value);
        Id::new(self.rows.len() - 1)
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the row of a name.
    // INVARIANT: an `Id<K>` is only made by the table it names a row of, and rows are never removed.
    #[expect(clippy::indexing_slicing, reason = "an id names an existing row")]
    pub fn at(&self, id: Id<K>) -> &V {
        &self.rows[id.index()]
    }

    /// Returns the row of a name for change.
    #[expect(clippy::indexing_slicing, reason = "an id names an existing row")]
    pub fn at_mut(&mut self, id: Id<K>) -> &mut V {
        &mut self.rows[id.index()]
    }

    /// Returns the row, or nothing for a name of a longer table.
    pub fn get(&self, id: Id<K>) -> Option<&V> {
        self.rows.get(id.index())
    }

    /// Finds a row of a table that is ascending by what `order` compares.
    pub fn find_by(&self, order: impl FnMut(&V) -> std::cmp::Ordering) -> Option<Id<K>> {
        self.rows.binary_search_by(order).ok().map(Id::new)
    }

    /// Lists the names of all rows, in order.
    pub fn ids(&self) -> impl Iterator<Item = Id<K>> + use<K, V> {
        (0..self.rows.len()).map(Id::new)
    }

    /// Lists the rows with their names, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Id<K>, &V)> {
        self.rows.iter().enumerate().map(|(index, value)| (Id::new(index), value))
    }

    /// Lists the rows, in order.
    pub fn values(&self) -> std::slice::Iter<'_, V> {
        self.rows.iter()
    }

    /// Lists the rows for change, in order.
    pub fn values_mut(&mut self) -> std::slice::IterMut<'_, V> {
        self.rows.iter_mut()
    }

    /// Derives a table with the same names.
    pub fn map<'a, W>(&'a self, f: impl FnMut(&'a V) -> W) -> Arena<K, W> {
        self.rows.iter().map(f).collect()
    }
}

impl<K, V> FromIterator<V> for Arena<K, V> {
    fn from_iter<I: IntoIterator<Item = V>>(rows: I) -> Self {
        Self { rows: rows.into_iter().collect(), key: PhantomData }
    }
}
