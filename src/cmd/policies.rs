//! Policies that a user names.

use crate::ends::not_found::{hint, nearest};

/// kubectl's names of their type.
pub(crate) const TYPES: [&str; 3] = ["netpol", "networkpolicy", "networkpolicies"];

/// Reads the name of a policy, before which its type may stand, as in kubectl.
pub(crate) fn parse_name(word: &str) -> Result<String, String> {
    match word.rsplit_once('/') {
        None => Ok(word.to_owned()),
        Some((kind, name)) if TYPES.contains(&kind) && !name.is_empty() => Ok(name.to_owned()),
        Some(_) => Err("use NAME or netpol/NAME, without its namespace".to_owned()),
    }
}

/// Says which of the names, to be put behind an error, the user may have meant.
pub(crate) fn meant(name: &str, names: Vec<String>) -> String {
    if names.iter().any(|own| own == name) { String::new() } else { hint(&nearest(name, names)) }
}
