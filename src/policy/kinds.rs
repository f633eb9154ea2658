//! The policy kinds that a cluster can hold, as a table.

use std::collections::BTreeSet;

use serde::de::{DeserializeSeed, Deserializer};

use super::kind::{KnownKind, PolicyKind, Scope, UnjudgedKind};
use super::network_policy;
use crate::model::snapshot::PolicySpec;

/// Lists the kinds that are judged.
pub static KINDS: [&PolicyKind; 1] = [&network_policy::KIND];

/// Lists the kinds that are not; of a group those with a name come first.
pub static UNJUDGED: [UnjudgedKind; 10] = [
    unjudged("policy.networking.k8s.io", None, Scope::Cluster),
    unjudged("cilium.io", Some("CiliumClusterwideNetworkPolicy"), Scope::Cluster),
    unjudged("cilium.io", None, Scope::Namespaced),
    unjudged("projectcalico.org", Some("GlobalNetworkPolicy"), Scope::Cluster),
    unjudged("projectcalico.org", None, Scope::Namespaced),
    unjudged("crd.projectcalico.org", Some("GlobalNetworkPolicy"), Scope::Cluster),
    unjudged("crd.projectcalico.org", None, Scope::Namespaced),
    unjudged("crd.antrea.io", Some("ClusterNetworkPolicy"), Scope::Cluster),
    unjudged("crd.antrea.io", None, Scope::Namespaced),
    unjudged("networking.gke.io", None, Scope::Namespaced),
];

const fn unjudged(group: &'static str, name: Option<&'static str>, scope: Scope) -> UnjudgedKind {
    UnjudgedKind { group, name, scope }
}

/// Finds the row of an API group and kind, if it is a policy.
pub fn kind(group: &str, name: &str) -> Option<KnownKind> {
    let serves = |row: &PolicyKind| row.group == group || row.former_groups.contains(&group);
    let judged = KINDS.into_iter().find(|row| row.name == name && serves(row));
    let other = || name.ends_with("NetworkPolicy") && !name.starts_with("Staged");
    let is_row =
        |row: &&UnjudgedKind| row.group == group && row.name.map_or_else(other, |known| known == name);
    let unjudged = || UNJUDGED.iter().find(is_row).map(KnownKind::Unjudged);
    judged.map(KnownKind::Judged).or_else(unjudged)
}

/// Finds the judged kind that keys of objects name so.
pub fn of_key(key: &str) -> Option<&'static PolicyKind> {
    KINDS.into_iter().find(|row| row.key == key)
}

/// Finds the judged kind for which kubectl has a name.
pub fn of_word(word: &str) -> Option<&'static PolicyKind> {
    KINDS.into_iter().find(|row| row.words.contains(&word))
}

/// Lists the API groups with policies that are not judged.
pub fn unjudged_groups() -> BTreeSet<&'static str> {
    UNJUDGED.iter().map(|row| row.group).collect()
}

impl PolicySpec {
    /// Returns the row of its kind.
    pub const fn kind(&self) -> &'static PolicyKind {
        match self {
            Self::NetworkPolicy { .. } => &network_policy::KIND,
        }
    }
}

/// Reads an object of the same kind, as the API has it; its metadata may be absent.
impl<'de> DeserializeSeed<'de> for PolicySpec {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self, D::Error> {
        match self {
            Self::NetworkPolicy { .. } => network_policy::read(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_judged_kinds_find_themselves() {
        for row in KINDS {
            let is_itself = |found: Option<&PolicyKind>| found.is_some_and(|own| std::ptr::eq(own, row));
            assert!(is_itself(Some((row.empty)().kind())), "{row:?}");
            assert!(is_itself(of_key(row.key)), "{row:?}");
            assert!(row.words.iter().all(|word| is_itself(of_word(word))), "{row:?}");
            assert!(
                matches!(kind(row.group, row.name), Some(KnownKind::Judged(own)) if is_itself(Some(own)))
            );
            let with_group = |name: &str| format!("{name}.{}", row.group);
            let is_shipped = row.key == row.name;
            assert!(is_shipped || row.key == with_group(row.name), "{row:?}");
            assert!(is_shipped == (row.resource == row.plural()), "{row:?}");
            assert!(is_shipped || row.resource == with_group(row.plural()), "{row:?}");
            assert!(!row.versions.is_empty() && !row.fields.is_empty(), "{row:?}");
        }
        let shown: BTreeSet<_> = KINDS.into_iter().map(|row| row.shown).collect();
        assert_eq!(shown.len(), KINDS.len());
    }
}
