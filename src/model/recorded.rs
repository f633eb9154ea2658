//! The host names that policies remember for addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The host names that policies remember for addresses that they open, by namespace and name of the policy.
///
/// Whoever may write a policy writes its record, so that a name proves nothing: it stands beside an address.
#[derive(Clone, Debug, Default)]
pub struct RecordedNames(BTreeMap<Box<str>, BTreeMap<Box<str>, NamesOfAddresses>>);

/// The names of each address.
pub type NamesOfAddresses = BTreeMap<IpAddr, BTreeSet<Box<str>>>;

impl RecordedNames {
    /// Adds what a policy remembers.
    pub fn insert(&mut self, namespace: &str, policy: &str, names: NamesOfAddresses) {
        if !names.is_empty() {
            self.0.entry(namespace.into()).or_default().insert(policy.into(), names);
        }
    }

    /// Tells whether no policy remembers any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what a policy remembers.
    pub fn of(&self, namespace: &str, policy: &str) -> Option<&NamesOfAddresses> {
        self.0.get(namespace)?.get(policy)
    }
}
