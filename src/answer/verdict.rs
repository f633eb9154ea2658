//! What an answer concludes.

use serde::Serialize;

/// The version of the schema.
pub const API_VERSION: &str = "netpol/v1";

/// What an answer concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything that was asked is allowed.
    Allow,
    /// Nothing of it is allowed.
    Deny,
    /// Some of the asked ports, addresses or pods are allowed.
    Partial,
    /// Something that was not read, or cannot be known, decides.
    Depends,
}

impl Verdict {
    /// Joins the verdicts of parts of a question; nothing asked is nothing allowed.
    pub fn of(any_allowed: bool, any_denied: bool, any_unsure: bool) -> Self {
        match (any_unsure, any_allowed, any_denied) {
            (true, _, _) => Self::Depends,
            (false, true, false) => Self::Allow,
            (false, true, true) => Self::Partial,
            (false, false, _) => Self::Deny,
        }
    }
}
