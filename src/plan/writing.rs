//! How a plan is written, and whether it may be.

use super::console::Console;
use crate::cluster::apply::{ApplyManner, DryRun, Force};
use crate::error::Error;

/// How a plan is written.
#[derive(Clone, Copy, Debug)]
pub struct Writing {
    /// How far it goes.
    pub dry_run: DryRun,
    /// What becomes of fields that belong to others.
    pub force: Force,
    /// Whether the user consented beforehand.
    pub yes: bool,
}

impl Writing {
    /// Returns how each policy is written.
    pub const fn manner(self) -> ApplyManner {
        ApplyManner { dry_run: self.dry_run, force: self.force }
    }

    /// Tells whether nobody is asked: the user consented beforehand, or nothing is kept.
    pub fn is_unasked(self) -> bool {
        self.yes || self.dry_run == DryRun::Server
    }

    /// Tells whether the plan may be written: a dry run needs no consent, and nobody is asked twice.
    ///
    /// # Errors
    /// There is nobody to ask.
    pub fn consent(self, question: &str, console: &dyn Console) -> Result<bool, Error> {
        if self.is_unasked() {
            return Ok(true);
        }
        let consents = console.confirm(question).ok_or_else(|| {
            Error::usage("nobody can be asked whether to write this: give --yes")
                .hint("--dry-run=client only shows the plan")
        })?;
        if !consents {
            console.tell("nothing was written");
        }
        Ok(consents)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Somebody who answers every question alike, or nobody.
    struct Scripted {
        answer: Option<bool>,
        heard: RefCell<Vec<String>>,
    }

    impl Scripted {
        fn heard(&self, text: &str) {
            self.heard.borrow_mut().push(text.to_owned());
        }
    }

    impl Console for Scripted {
        fn tell(&self, text: &str) {
            self.heard(text);
        }

        fn warn(&self, text: &str) {
            self.heard(text);
        }

        fn confirm(&self, question: &str) -> Option<bool> {
            self.heard(question);
            self.answer
        }

        fn count(&self, _: &'static str, _: usize, _: &'static str) -> Box<dyn FnMut()> {
            Box::new(|| {})
        }
    }

    #[test]
    fn only_what_is_written_unasked_needs_no_consent() {
        let asked = |dry_run, yes, answer| {
            let console = Scripted { answer, heard: RefCell::default() };
            let writing = Writing { dry_run, force: Force::No, yes };
            let consents = writing.consent("Write?", &console).map_err(|error| error.to_string());
            (consents.ok(), console.heard.into_inner())
        };
        let heard = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(asked(DryRun::None, true, None), (Some(true), heard(&[])));
        assert_eq!(asked(DryRun::Server, false, None), (Some(true), heard(&[])));
        assert_eq!(asked(DryRun::None, false, None), (None, heard(&["Write?"])));
        assert_eq!(asked(DryRun::None, false, Some(true)), (Some(true), heard(&["Write?"])));
        let declined = (Some(false), heard(&["Write?", "nothing was written"]));
        assert_eq!(asked(DryRun::None, false, Some(false)), declined);
    }
}
