//! Why a server refuses to apply an object: somebody owns a field, or was faster.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::failure::Failure;

/// A field that belongs to another manager, who says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Who owns it.
    pub manager: String,
    /// How it was written: `Apply` or `Update`.
    pub operation: String,
    /// When it was written last.
    pub time: String,
    /// The field: `.spec.egress`.
    pub field: String,
}

/// Why an object was not applied.
pub(crate) enum Refused {
    /// Fields belong to others.
    Owned(Vec<Conflict>),
    /// It is not any more what was read.
    Stale,
}

/// Reads a refusal; nothing where the failure is another one.
pub(crate) fn refused(failure: &Failure) -> Option<Refused> {
    let Failure::Status(status) = failure else { return None };
    if status.code != 409 {
        return None;
    }
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let owned = causes.filter(|cause| cause.reason == "FieldManagerConflict").map(|cause| Conflict {
        manager: manager(&cause.message),
        operation: String::new(),
        time: String::new(),
        field: cause.field.clone(),
    });
    let owned: Vec<Conflict> = owned.collect();
    Some(if owned.is_empty() { Refused::Stale } else { Refused::Owned(owned) })
}

/// Takes the name out of `conflict with "NAME" using VERSION`.
fn manager(message: &str) -> String {
    let quoted = message.split_once('"').map(|(_, rest)| rest);
    let name = quoted.and_then(|rest| rest.split_once('"')).map(|(name, _)| name);
    name.unwrap_or(message).to_owned()
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { manager, operation, time, field } = self;
        write!(f, "{field} belongs to {manager} ({operation} at {time})")
    }
}

/// Tells of conflicts in one line.
pub fn told(conflicts: &[Conflict]) -> String {
    conflicts.iter().map(Conflict::to_string).collect::<Vec<_>>().join("; ")
}

impl Conflict {
    /// Adds when and how the manager wrote last, as the object says.
    pub(crate) fn dated(mut self, live: &Value) -> Self {
        let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
        let text = |entry: &Value, field: &str| {
            entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let own = entries.into_iter().flatten().filter(|entry| text(entry, "manager") == self.manager);
        if let Some(entry) = own.max_by_key(|entry| text(entry, "time")) {
            self.operation = text(entry, "operation");
            self.time = text(entry, "time");
        }
        self
    }
}
