//! The fields of a mapping under way: each key once, but for what is merged.

use std::collections::HashMap;

use super::tree::{Field, Mark, SyntaxError, Value, YamlNode};

/// Below this many fields, looking through them is faster than an index.
const FEW: usize = 16;

/// The fields of a mapping under way.
#[derive(Default)]
pub(super) struct Fields {
    list: Vec<Field>,
    /// Whether each stands in the mapping itself, and is not merged.
    is_own: Vec<bool>,
    /// Where each stands in the list, where there are more than a few.
    index: HashMap<Box<str>, usize>,
}

impl Fields {
    /// Adds a field. A key that stands there twice is an error: kubectl takes the last and says nothing, and
    /// mostly a `---` is missing.
    pub(super) fn add(&mut self, at: Mark, name: Box<str>, node: YamlNode) -> Result<(), SyntaxError> {
        match self.place(&name) {
            None => self.push(name, node, true),
            Some(place) => match self.is_own.get_mut(place) {
                Some(is_own) if !*is_own => {
                    *is_own = true;
                    self.replace(place, node);
                }
                _ => return Err(at.fault(format!("duplicate mapping key: {name}"))),
            },
        }
        Ok(())
    }

    /// Merges the fields of another mapping. Whatever comes later counts, as for kubectl, also before a field
    /// of the mapping itself that stands above.
    pub(super) fn merge(&mut self, fields: Vec<Field>) {
        for (name, node) in fields {
            match self.place(&name) {
                Some(place) => self.replace(place, node),
                None => self.push(name, node, false),
            }
        }
    }

    /// Returns the mapping.
    pub(super) fn into_value(self) -> Value {
        Value::Map(self.list)
    }

    fn place(&self, name: &str) -> Option<usize> {
        match self.list.len() > FEW {
            true => self.index.get(name).copied(),
            false => self.list.iter().position(|(own, _)| **own == *name),
        }
    }

    fn replace(&mut self, place: usize, node: YamlNode) {
        if let Some((_, own)) = self.list.get_mut(place) {
            *own = node;
        }
    }

    fn push(&mut self, name: Box<str>, node: YamlNode, is_own: bool) {
        self.list.push((name, node));
        self.is_own.push(is_own);
        let len = self.list.len();
        // All of them once there are more than a few, and from then on each.
        let first = if len == FEW + 1 { 0 } else { len - 1 };
        if len > FEW {
            let new = self.list.iter().enumerate().skip(first);
            self.index.extend(new.map(|(place, (name, _))| (name.clone(), place)));
        }
    }
}
