//! A plan that was not written to its end: what was, what was not, and how to go on or back.

use std::collections::BTreeMap;

use super::change::{Done, Stop, title};
use super::facts::Difference;
use crate::cluster::apply::PolicyName;
use crate::error::Error;

/// A plan that was not written to its end.
pub struct Unfinished {
    /// The policies that were written before, in that order.
    pub written: Vec<Written>,
    /// What kept the next one from being written.
    pub why: Stop,
}

/// A policy that was written.
pub struct Written {
    /// Which one.
    pub name: PolicyName,
    /// What was done to it.
    pub done: Done,
}

impl Unfinished {
    /// Says that nothing was written.
    pub const fn before_all(why: Stop) -> Self {
        Self { written: Vec::new(), why }
    }

    /// Says what was written and why the rest was not, with the command that takes it back.
    pub fn error(self) -> Error {
        let mut error = match self.why {
            Stop::Failed(error) => error,
            Stop::Differs(differences) => {
                let text = "the cluster is not any more as the plan was made on it";
                Error::cluster(format!("{text}: {}", told(&differences)))
                    .hint("run it again to see the plan as it is now")
            }
        };
        let done = self.written.iter().filter(|own| own.done.is_change());
        let done: Vec<String> = done.map(|own| format!("{} {}", title(&own.name), own.done)).collect();
        if !done.is_empty() {
            error = error.followed_by(&format!("; before that: {}", done.join(", ")));
        }
        let mut created: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        // The last first: what keeps things open was written before what isolates.
        for Written { name, .. } in self.written.iter().rev().filter(|own| own.done == Done::Created) {
            created.entry(&name.namespace).or_default().push(&name.name);
        }
        created.into_iter().fold(error, |error, (namespace, names)| {
            let command = format!("kubectl delete networkpolicy -n {namespace} {}", names.join(" "));
            error.hint(format!("`{command}` takes back what was created"))
        })
    }
}

/// Tells what is another by now, in one line.
pub fn told(differences: &[Difference]) -> String {
    differences.iter().map(Difference::to_string).collect::<Vec<_>>().join("; ")
}
