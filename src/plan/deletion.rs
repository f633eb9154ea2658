//! One policy of a plan that is deleted.

use serde_json::Value;

use super::change::{Done, PolicyPlace, Stop, stale, title, uid};
use super::facts::Difference;
use crate::cluster::apply::{Applied, ApplyManner, PolicyName, Writer};
use crate::error::Error;

/// One policy of a plan that is deleted.
pub struct Deletion {
    /// Which one.
    pub name: PolicyName,
    /// What is there.
    pub live: Value,
}

impl Deletion {
    /// Plans to delete what is there; nothing where it is not.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn plan(place: PolicyPlace<'_>, name: PolicyName) -> Result<Option<Self>, Error> {
        let live = place.read(&name)?;
        Ok(live.map(|live| Self { name, live }))
    }

    /// Names the policy: `NetworkPolicy shop/web`.
    pub fn title(&self) -> String {
        title(&self.name)
    }

    /// Deletes the policy, if it says what was shown; says what became of it.
    ///
    /// # Errors
    /// What is another than it was shown, or why the policy cannot be deleted.
    pub fn write(&self, writer: &Writer, manner: ApplyManner) -> Result<Done, Stop> {
        let ended = writer.delete(&self.name, manner.dry_run, |live| {
            let difference = if uid(live) != uid(&self.live) {
                Difference::Gone(self.title())
            } else if live.get("spec") != self.live.get("spec") {
                Difference::Says(self.title())
            } else {
                return Ok(());
            };
            Err(Stop::Differs(vec![difference]))
        });
        match ended? {
            Applied::Done { changed: true } => Ok(Done::Deleted),
            Applied::Done { changed: false } | Applied::Gone => Ok(Done::Absent),
            Applied::Conflict(_) | Applied::Stale => Err(stale(&self.title()).into()),
        }
    }
}
