//! What is told beside the answer, on standard error, and what is asked there.

use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Write};

use crate::plan::console::Console;
use crate::render::sanitize::sanitize;

/// Standard error, and whoever sits before it.
pub(crate) struct Terminal;

impl Console for Terminal {
    fn tell(&self, text: &str) {
        tell(text);
    }

    fn warn(&self, text: &str) {
        tell(&format!("Warning: {text}"));
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return None;
        }
        let mut err = io::stderr();
        let _ = write!(err, "{} [y/N] ", sanitize(question));
        let _ = err.flush();
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line).is_ok();
        Some(read && matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn count(&self, verb: &'static str, total: usize, noun: &'static str) -> Box<dyn FnMut()> {
        let mut progress = Progress::begin(verb, total, noun);
        Box::new(move || progress.step())
    }
}

/// Tells a sentence.
pub(crate) fn tell(text: &str) {
    // A closed standard error is no reason to end otherwise.
    let _ = writeln!(io::stderr(), "{}", sanitize(text));
}

/// Tells every warning once.
pub(crate) fn warn(warnings: &[String]) {
    let mut told = BTreeSet::new();
    for warning in warnings.iter().filter(|warning| told.insert(*warning)) {
        Terminal.warn(warning);
    }
}

/// Counts what is done of a whole: one line on a terminal, which is gone when the answer comes.
struct Progress {
    verb: &'static str,
    noun: &'static str,
    done: usize,
    total: usize,
    is_watched: bool,
}

impl Progress {
    /// Begins a line such as `resolved 0/120 hosts`; none about nothing.
    fn begin(verb: &'static str, total: usize, noun: &'static str) -> Self {
        let is_watched = total > 0 && io::stderr().is_terminal();
        let progress = Self { verb, noun, done: 0, total, is_watched };
        progress.put(&progress.line());
        progress
    }

    /// Counts one more.
    fn step(&mut self) {
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
