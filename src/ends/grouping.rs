//! Open cells of a matrix of parts, covered by blocks.

use std::collections::{BTreeMap, BTreeSet};

/// One pair of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// No connection that policies govern: another address family, one pod alone, or no governed
    /// end.
    Meaningless,
    /// Nothing is allowed.
    Closed,
    /// The value of this number is allowed.
    Open(usize),
}

/// Open slots of one value: some rows × some columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The number of the value.
    pub(crate) value: usize,
    /// The rows.
    pub(crate) rows: BTreeSet<usize>,
    /// The columns.
    pub(crate) columns: BTreeSet<usize>,
}

/// Covers the open slots by blocks of rows × columns with one value each.
pub(crate) fn group(matrix: &[Vec<Slot>]) -> Vec<Block> {
    let meaningful = || matrix.iter().flatten().filter(|slot| **slot != Slot::Meaningless);
    let mut values = meaningful();
    let first = values.next();
    if let Some(Slot::Open(value)) = first
        && values.all(|slot| Some(slot) == first)
    {
        let column_used = |column: &usize| {
            matrix.iter().any(|row| row.get(*column).is_some_and(|slot| *slot != Slot::Meaningless))
        };
        let row_used = |row: &[Slot]| row.iter().any(|slot| *slot != Slot::Meaningless);
        let rows = matrix.iter().enumerate().filter(|(_, row)| row_used(row)).map(|(index, _)| index);
        let columns = (0..matrix.first().map_or(0, Vec::len)).filter(column_used);
        return vec![Block { value: *value, rows: rows.collect(), columns: columns.collect() }];
    }
    let mut blocks: BTreeMap<(usize, BTreeSet<usize>), BTreeSet<usize>> = BTreeMap::new();
    for (row, slots) in matrix.iter().enumerate() {
        let mut columns: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (column, slot) in slots.iter().enumerate() {
            if let Slot::Open(value) = slot {
                columns.entry(*value).or_default().insert(column);
            }
        }
        for (value, columns) in columns {
            blocks.entry((value, columns)).or_default().insert(row);
        }
    }
    blocks.into_iter().map(|((value, columns), rows)| Block { value, rows, columns }).collect()
}
