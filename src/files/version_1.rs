//! Snapshot files of version 1: their gaps have only a sentence, and nothing says what was read.

use super::recorded::{self, Recorded};
use crate::model::gap::{Extent, Gap, GapReason, GapScope, Unread};

/// The API groups of which those programs read whether there is a policy.
const POLICY_GROUPS: [&str; 6] = [
    "cilium.io",
    "crd.antrea.io",
    "crd.projectcalico.org",
    "networking.gke.io",
    "policy.networking.k8s.io",
    "projectcalico.org",
];

/// Lists what those programs read of policies; kinds that are known since are a gap.
pub(crate) fn policies() -> Recorded {
    let network_policies = recorded::all_of("NetworkPolicy", &["spec"]);
    POLICY_GROUPS.map(recorded::of_unjudged).into_iter().chain([network_policies]).collect()
}

/// Reads a sentence that this program wrote before gaps had types; the gap says the same again.
///
/// The only place where program logic depends on such a sentence: those files have nothing else.
pub(crate) fn gap(sentence: &str, scope: &GapScope) -> Gap {
    let of = |(unread, reason)| Gap { unread, reason, scope: scope.clone() };
    let read = list(sentence).map(of).filter(|gap| gap.to_string() == sentence);
    read.unwrap_or_else(|| of((Unread::Unnamed, GapReason::Unreadable(sentence.into()))))
}

/// Reads `could not list pods outside namespaces a, b: forbidden`.
fn list(sentence: &str) -> Option<(Unread, GapReason)> {
    let (what, reason) = sentence.strip_prefix("could not list ")?.split_once(": ")?;
    let (name, extent) = match (what.split_once(" outside namespace"), what.split_once(" in namespace "))
    {
        (Some((name, namespaces)), _) => (name, outside(namespaces)?),
        (None, Some((name, namespace))) => (name, Extent::In(namespace.into())),
        (None, None) => (what, Extent::Everywhere),
    };
    let unread = match name {
        "API groups" => Unread::ApiGroups,
        resource => Unread::Objects { resource: resource.into(), extent },
    };
    let reason = match reason {
        "forbidden" => GapReason::Forbidden,
        "not found" => GapReason::NotFound,
        other => GapReason::Unreadable(other.into()),
    };
    Some((unread, reason))
}

/// Reads ` a`, or `s a, b and 3 more`.
fn outside(text: &str) -> Option<Extent> {
    let names = text.strip_prefix("s ").or_else(|| text.strip_prefix(' '))?;
    let (names, more) = match names.strip_suffix(" more").and_then(|names| names.rsplit_once(" and ")) {
        Some((names, more)) => (names, more.parse().ok()?),
        None => (names, 0),
    };
    Some(Extent::Outside { first: names.split(", ").map(Into::into).collect(), more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_stays_and_answers_what_it_answered() {
        for (sentence, resource, all) in [
            ("could not list pods: forbidden", "pods", true),
            ("could not list pods: who knows: why", "pods", true),
            ("could not list nodes in namespace a: not found", "nodes", false),
            ("could not list services outside namespace a: forbidden", "services", false),
            (
                "could not list daemonsets outside namespaces a, b, c, d, e and 12 more: forbidden",
                "daemonsets",
                false,
            ),
            (
                "could not list ciliumnetworkpolicies.cilium.io: forbidden",
                "ciliumnetworkpolicies.cilium.io",
                true,
            ),
        ] {
            let gap = gap(sentence, &GapScope::Incomplete);
            assert_eq!(gap.to_string(), sentence);
            assert!(gap.hides(resource) && gap.is_list(), "{gap:?}");
            assert_eq!(gap.hides_all(resource), all, "{gap:?}");
        }
        for sentence in ["could not list API groups: forbidden", "could not list pods", "anything", ""] {
            assert_eq!(gap(sentence, &GapScope::Cluster).to_string(), sentence);
        }
    }
}
