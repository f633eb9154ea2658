//! How far a run has come: one line on a terminal, which is gone when the answer comes.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often the line is written anew at most.
const PAUSE: Duration = Duration::from_millis(100);

/// Counts what is done of a whole, on standard error where that is a terminal.
pub(super) struct Progress {
    verb: &'static str,
    noun: &'static str,
    done: usize,
    total: usize,
    /// When the line was written last; nothing where nobody watches.
    written: Option<Instant>,
}

impl Progress {
    /// Begins a line such as `resolved 0/120 hosts`.
    pub(super) fn begin(verb: &'static str, total: usize, noun: &'static str) -> Self {
        let is_watched = total > 0 && io::stderr().is_terminal();
        let mut progress = Self { verb, noun, done: 0, total, written: is_watched.then(Instant::now) };
        progress.show();
        progress
    }

    /// Counts one more.
    pub(super) fn step(&mut self) {
        self.done += 1;
        if self.written.is_some_and(|time| time.elapsed() >= PAUSE) {
            self.show();
        }
    }

    fn show(&mut self) {
        if self.written.is_some() {
            put(&self.line());
            self.written = Some(Instant::now());
        }
    }

    fn line(&self) -> String {
        format!("{} {}/{} {}", self.verb, self.done, self.total, self.noun)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.written.is_some() {
            put(&" ".repeat(self.line().len()));
        }
    }
}

/// Writes over the line, and goes back to its begin; every terminal can do so.
fn put(text: &str) {
    let mut err = io::stderr();
    // A closed standard error is no reason to end otherwise.
    let _ = write!(err, "{text}\r").and_then(|()| err.flush());
}
