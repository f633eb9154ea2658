//! Sets of (class × protocol/port) cells.

use super::class_set::ClassSet;
use crate::engine::class::ClassId;
use crate::model::ports::PortSet;

/// A set of cells, as disjoint blocks `classes × ports`.
// INVARIANT: a class is in at most one block, no block is empty, no two blocks have the same ports,
// and blocks are ascending by their first class: so equal sets have equal representations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Region {
    blocks: Vec<(ClassSet, PortSet)>,
}

impl Region {
    /// Returns the cells of one block.
    pub fn block(classes: ClassSet, ports: PortSet) -> Self {
        let empty = classes.is_empty() || ports.is_empty();
        Self { blocks: if empty { Vec::new() } else { vec![(classes, ports)] } }
    }

    /// Tells whether the set has no cell.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Lists the blocks, ascending by their first class.
    pub fn blocks(&self) -> impl Iterator<Item = (&ClassSet, &PortSet)> {
        self.blocks.iter().map(|(classes, ports)| (classes, ports))
    }

    /// Returns the ports of one class.
    pub fn ports_of(&self, class: ClassId) -> Option<&PortSet> {
        self.blocks.iter().find(|(classes, _)| classes.contains(class)).map(|(_, ports)| ports)
    }

    /// Returns the classes that have any cell.
    pub fn classes(&self) -> ClassSet {
        self.blocks.iter().fold(ClassSet::default(), |all, (classes, _)| all.union(classes))
    }

    /// Tells whether any of some classes has a cell.
    pub fn touches(&self, classes: &ClassSet) -> bool {
        self.blocks.iter().any(|(own, _)| own.overlaps(classes))
    }

    /// Moves the cells of `classes × ports` out of this set and returns those that were in it.
    pub fn carve(&mut self, classes: &ClassSet, ports: &PortSet) -> Self {
        let (mut kept, mut hit) = (Vec::new(), Vec::new());
        for (own_classes, own_ports) in std::mem::take(&mut self.blocks) {
            let hit_classes = own_classes.intersection(classes);
            let hit_ports = own_ports.intersection(ports);
            if hit_classes.is_empty() || hit_ports.is_empty() {
                kept.push((own_classes, own_ports));
                continue;
            }
            kept.push((own_classes.difference(&hit_classes), own_ports.clone()));
            kept.push((hit_classes.clone(), own_ports.difference(&hit_ports)));
            hit.push((hit_classes, hit_ports));
        }
        *self = Self::from_disjoint(kept);
        Self::from_disjoint(hit)
    }

    /// Moves the cells of another set out of this set and returns those that were in it.
    pub fn carve_region(&mut self, other: &Self) -> Self {
        let mut hit = Self::default();
        for (classes, ports) in other.blocks() {
            hit.add(self.carve(classes, ports));
        }
        hit
    }

    /// Adds the cells of another set.
    pub fn add(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for (classes, ports) in other.blocks {
            let mut fresh = classes.clone();
            let mut blocks = Vec::new();
            for (own_classes, own_ports) in std::mem::take(&mut self.blocks) {
                let shared = own_classes.intersection(&classes);
                if !shared.is_empty() {
                    fresh = fresh.difference(&shared);
                    blocks.push((shared.clone(), own_ports.union(&ports)));
                }
                blocks.push((own_classes.difference(&shared), own_ports));
            }
            blocks.push((fresh, ports));
            *self = Self::from_disjoint(blocks);
        }
    }

    /// Restores the invariant; a class is in at most one of the blocks.
    fn from_disjoint(blocks: Vec<(ClassSet, PortSet)>) -> Self {
        let mut merged: Vec<(ClassSet, PortSet)> = Vec::with_capacity(blocks.len());
        for (classes, ports) in blocks {
            if classes.is_empty() || ports.is_empty() {
                continue;
            }
            match merged.iter_mut().find(|(_, other)| *other == ports) {
                Some((other, _)) => *other = other.union(&classes),
                None => merged.push((classes, ports)),
            }
        }
        merged.sort_unstable_by_key(|(classes, _)| classes.first());
        Self { blocks: merged }.checked()
    }

    fn checked(self) -> Self {
        debug_assert!(
            self.blocks.iter().enumerate().all(|(index, (classes, ports))| {
                let others = || self.blocks.iter().skip(index + 1);
                others().all(|(other, _)| other.intersection(classes).is_empty())
                    && others().all(|(_, other)| other != ports)
            }),
            "blocks share a class or have the same ports"
        );
        self
    }
}
