//! Interned strings: label keys, label values and port names occur again and again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::arena::{Arena, Id};

/// A key of the table of interned strings.
#[derive(Debug)]
pub struct Text;

/// Names one interned string.
pub type Name = Id<Text>;

/// Keeps one copy of every value that is put in.
#[derive(Debug)]
pub struct Interner<K, V: ?Sized> {
    rows: Arena<K, Arc<V>>,
    ids: HashMap<Arc<V>, Id<K>>,
}

impl<K, V: ?Sized> Default for Interner<K, V> {
    fn default() -> Self {
        Self { rows: Arena::default(), ids: HashMap::new() }
    }
}

// Derived, it would ask for keys and values that can be cloned.
impl<K, V: ?Sized> Clone for Interner<K, V> {
    fn clone(&self) -> Self {
        let mut rows = Arena::default();
        for row in self.rows.values() {
            rows.push(Arc::clone(row));
        }
        Self { rows, ids: self.ids.clone() }
    }
}

impl<K, V: Eq + Hash + ?Sized> Interner<K, V> {
    /// Returns the name of the value, adding the value if it is new.
    pub fn intern(&mut self, value: &V) -> Id<K>
    where
        Arc<V>: for<'a> From<&'a V>,
    {
        if let Some(id) = self.ids.get(value) {
            return *id;
        }
        let value: Arc<V> = value.into();
        let id = self.rows.push(Arc::clone(&value));
        self.ids.insert(value, id);
        id
    }

    /// Returns the name of a value that is there.
    pub fn find(&self, value: &V) -> Option<Id<K>> {
        self.ids.get(value).copied()
    }

    /// Returns the value of a name.
    pub fn get(&self, id: Id<K>) -> &V {
        self.rows.at(id)
    }

    /// Lists all values with their names.
    pub fn iter(&self) -> impl Iterator<Item = (Id<K>, &V)> {
        self.rows.iter().map(|(id, value)| (id, &**value))
    }
}
