//! What one namespace may ask name servers in a run, so that its names keep those of no other waiting.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Names that are asked for at the same time.
pub(crate) const AT_ONCE: usize = 64;
/// Names of one namespace that may be asked for at the same time, however many namespaces there are.
const FEWEST_TURNS: usize = 8;

/// How much may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareBounds {
    /// Names at the same time.
    pub turns: usize,
    /// Names in all.
    pub names: usize,
    /// Questions that are asked once more, as they failed.
    pub retries: usize,
    /// For how long names are begun with; for ever where nothing is said.
    pub time: Option<Duration>,
}

/// What of it is left.
pub struct Share {
    turns: Semaphore,
    names: Cell<usize>,
    retries: Cell<usize>,
    end: Option<Instant>,
    unasked: Cell<usize>,
}

impl ShareBounds {
    /// Bounds one of several shares of a run, so that the run ends before the Job that is printed for it is
    /// ended.
    pub fn one_of(shares: usize) -> Self {
        Self {
            turns: AT_ONCE.checked_div(shares).unwrap_or(AT_ONCE).max(FEWEST_TURNS),
            names: 20_000,
            retries: 1_000,
            time: Some(Duration::from_secs(240)),
        }
    }

    /// Bounds nothing but what is asked at the same time: nobody else waits.
    pub const fn alone() -> Self {
        Self { turns: AT_ONCE, names: usize::MAX, retries: usize::MAX, time: None }
    }
}

impl Share {
    /// Begins a share; its time begins now.
    pub fn new(bounds: ShareBounds) -> Self {
        Self {
            turns: Semaphore::new(bounds.turns),
            names: Cell::new(bounds.names),
            retries: Cell::new(bounds.retries),
            end: bounds.time.and_then(|time| Instant::now().checked_add(time)),
            unasked: Cell::new(0),
        }
    }

    /// Returns how many times a name was not asked for, as nothing was left.
    pub fn unasked(&self) -> usize {
        self.unasked.get()
    }

    /// Waits for its turn among its own names, and then among all; nothing where nothing is left.
    pub(crate) async fn turn<'a>(&'a self, all: &'a Semaphore) -> Option<Turn<'a>> {
        let own = self.turns.acquire().await.ok()?;
        // Who waits here waits in one row with the other namespaces, with a few names each.
        let turn = Turn { _own: own, _all: all.acquire().await.ok()? };
        let is_over = self.end.is_some_and(|end| Instant::now() >= end);
        match self.names.get().checked_sub(1).filter(|_| !is_over) {
            Some(left) => {
                self.names.set(left);
                Some(turn)
            }
            None => {
                self.unasked.set(self.unasked.get() + 1);
                None
            }
        }
    }

    /// Tells whether a question that failed may be asked once more, and counts it.
    pub(crate) fn retries(&self) -> bool {
        let left = self.retries.get().checked_sub(1);
        self.retries.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Tells whether questions are asked as often as they should be.
    pub(crate) const fn is_patient(&self) -> bool {
        self.retries.get() > 0
    }
}

/// A name may be asked for as long as this is held.
pub(crate) struct Turn<'a> {
    _own: SemaphorePermit<'a>,
    _all: SemaphorePermit<'a>,
}
