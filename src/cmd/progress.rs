//! How far a run has come: one line on a terminal, which is gone when the answer comes.

use std::io::{self, IsTerminal, Write};

/// Counts what is done of a whole, on standard error where that is a terminal.
pub(crate) struct Progress {
    verb: &'static str,
    noun: &'static str,
    done: usize,
    total: usize,
    is_watched: bool,
}

impl Progress {
    /// Begins a line such as `resolved 0/120 hosts`; none about nothing.
    pub(crate) fn begin(verb: &'static str, total: usize, noun: &'static str) -> Self {
        let is_watched = total > 0 && io::stderr().is_terminal();
        let progress = Self { verb, noun, done: 0, total, is_watched };
        progress.put(&progress.line());
        progress
    }

    /// Counts one more.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        self.put(&self.line());
    }

    fn line(&self) -> String {
        format!("{} {}/{} {}", self.verb, self.done, self.total, self.noun)
    }

    /// Writes over the line, and goes back to its begin, as every terminal can.
    fn put(&self, text: &str) {
        if self.is_watched {
            let mut err = io::stderr();
            // A closed standard error is no reason to end otherwise.
            let _ = write!(err, "{text}\r").and_then(|()| err.flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.put(&" ".repeat(self.line().len()));
    }
}
