//! Whom a plan talks to while it is made and written.

/// Hears what a plan tells, and answers what it asks.
pub trait Console {
    /// Tells a sentence.
    fn tell(&self, text: &str);
    /// Tells what the user should think of, though it goes on.
    fn warn(&self, text: &str);
    /// Asks whether to go on; nothing where nobody can be asked.
    fn confirm(&self, question: &str) -> Option<bool>;
    /// Begins to count, as in `resolved 0/120 hosts`; each call of what is returned counts one more.
    fn count(&self, verb: &'static str, total: usize, noun: &'static str) -> Box<dyn FnMut()>;
}
