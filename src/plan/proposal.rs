//! A plan that is shown, consented to, and written.

use super::change::{Stop, refused};
use super::changes::{Changes, Consented};
use super::console::Console;
use super::facts::Facts;
use super::unfinished::{Unfinished, told};
use super::writing::Writing;
use crate::cluster::apply::{DryRun, Writer};
use crate::error::Error;
use crate::report::planned::Allowance;

/// A plan.
pub struct Proposal {
    /// As it is shown.
    pub answer: Allowance,
    /// The policies.
    pub changes: Changes,
    /// What it rests on beside these.
    pub facts: Facts,
    /// Whose first egress policy would cut what nobody said may be cut.
    pub cuts: Option<String>,
    /// What may be done once it is written, one sentence each.
    pub next: Vec<String>,
    /// What writes it; nothing for manifests.
    pub writer: Option<Writer>,
}

/// How a proposal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is written, or nothing was to be.
    Written,
    /// The user did not consent.
    Declined,
    /// The user consented to what is another by now: it is to be planned anew.
    Outdated,
}

impl Proposal {
    /// Refuses a plan that cuts what nobody said may be cut.
    ///
    /// # Errors
    /// Whose connections it would cut.
    pub fn check_cuts(&self) -> Result<(), Error> {
        self.cuts.as_ref().map_or(Ok(()), |whose| Err(first_egress(whose)))
    }

    /// Writes what is due to the cluster, once the user consents.
    ///
    /// # Errors
    /// Policies of others, nobody who can be asked, or something that cannot be written.
    pub fn write(&self, writing: Writing, console: &dyn Console) -> Result<Ended, Error> {
        let due = self.changes.count();
        let Some(writer) = self.writer.as_ref().filter(|_| due > 0) else { return Ok(Ended::Written) };
        let forced = self.changes.check_owners(writing, console)?;
        let what = if due == 1 { "this policy".to_owned() } else { format!("these {due} policies") };
        let act = self.answer.aim.verb();
        let question = format!("{act} {what} for {} in {}?", self.answer.source, writer.place());
        let consents = writing.consent(&question, console);
        if !consents.map_err(|error| error.hint("-o yaml prints the policies for Git"))? {
            return Ok(Ended::Declined);
        }
        let consented = Consented { facts: &self.facts, dry_run: writing.dry_run, forced };
        match self.changes.write(writer, &consented, console) {
            Ok(()) => {
                let next = self.next.iter().filter(|_| writing.dry_run == DryRun::None);
                next.for_each(|text| console.tell(text));
                Ok(Ended::Written)
            }
            Err(Unfinished { why: Stop::Differs(differences), .. }) if !writing.is_unasked() => {
                console.warn(&format!("it is planned anew: {}", told(&differences)));
                Ok(Ended::Outdated)
            }
            Err(unfinished) => Err(unfinished.error()),
        }
    }
}

/// Refuses a first egress policy that nobody said may cut the rest.
pub fn first_egress(whose: &str) -> Error {
    let text = "has no egress policy yet: its first one cuts all that it does not open";
    refused(format!("{whose} {text}"))
        .hint("--isolate accepts that; --allow-rest keeps everything else open")
}
