//! Tables of text without lines, cut down to a width.

use std::io::{self, Write};

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Modify, Padding, Style, Width};

use super::look::Look;

/// Blanks between two columns.
const GAP: usize = 3;

/// Writes rows of as many cells each, wrapped in their columns if every detail was not asked for.
pub fn write(out: &mut dyn Write, rows: Vec<Vec<String>>, look: Look) -> io::Result<()> {
    let fit = if look.wide { Vec::new() } else { fit(&rows, look) };
    let mut table = rows.into_iter().collect::<Builder>().build();
    table.with(Style::empty()).with(Padding::new(0, GAP, 0, 0));
    for (column, width) in fit.into_iter().enumerate() {
        table.with(Modify::new(Columns::one(column)).with(Width::wrap(width).keep_words(true)));
    }
    table.to_string().lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

/// Returns the widths of the columns where they have to be cut down to fit; nothing else. Each column holds its
/// longest word, unless that leaves too little and words may be cut.
fn fit(rows: &[Vec<String>], look: Look) -> Vec<usize> {
    let width = look.width.max(40);
    let shares = shares(rows, width);
    let mut longest = vec![0; shares.len()];
    for row in rows {
        for (longest, cell) in longest.iter_mut().zip(row) {
            let words = cell.split(' ').map(|word| word.chars().count());
            *longest = words.max().unwrap_or_default().max(*longest);
        }
    }
    let mut widths: Vec<usize> = shares.iter().zip(&longest).map(|(own, word)| *own.max(word)).collect();
    let mut missing = widths.iter().sum::<usize>() - shares.iter().sum::<usize>();
    for (width, longest) in widths.iter_mut().zip(&longest) {
        let spare = (*width - longest).min(missing);
        *width -= spare;
        missing -= spare;
    }
    if missing > 0 && look.cuts { shares } else { widths }
}

/// Shares a width among columns; nothing where all fit.
///
/// The last column gets at most a quarter; of two ends before it the narrow one keeps its width.
fn shares(rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut widths = vec![0; columns];
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = cell.chars().count().max(*widest);
        }
    }
    let room = width.saturating_sub(GAP * columns.saturating_sub(1));
    if widths.iter().sum::<usize>() <= room {
        return Vec::new();
    }
    match *widths {
        [source, destination, ports] => {
            let ports = ports.min(room / 4);
            let rest = room - ports;
            let source = source.min((rest / 2).max(rest.saturating_sub(destination)));
            vec![source, destination.min(rest - source), ports]
        }
        [source, ports] => {
            let ports = ports.min((room / 4).max(room.saturating_sub(source)));
            vec![source.min(room - ports), ports]
        }
        _ => Vec::new(),
    }
}
