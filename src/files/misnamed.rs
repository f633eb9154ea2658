//! Objects that no API server knows, and that are nearly of a kind that is read.

use super::schema;
use crate::objects::meta::group_of;
use crate::policy;

/// The kind that was probably meant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Meant {
    pub(crate) api_version: String,
    pub(crate) kind: &'static str,
    pub(crate) is_policy: bool,
}

/// Finds what was meant by a kind that is not read; nothing where it may well be one of its own.
pub(crate) fn meant(api_version: &str, kind: &str) -> Option<Meant> {
    // Without a version, what stands there is the group.
    let is_group = !api_version.contains('/') && api_version.contains('.');
    let group = match api_version.split_once('/') {
        Some((group, _)) => group,
        None if is_group => api_version,
        None => "",
    };
    let is_near = |(version, name): &(String, &str)| {
        is_alike(name, kind)
            && (group == group_of(version) || is_reserved(group) || is_close(group, group_of(version)))
    };
    if is_known(group, kind) && !is_group {
        return None;
    }
    let (api_version, kind) =
        kinds().filter(is_near).min_by_key(|(_, name)| strsim::osa_distance(name, kind))?;
    let is_policy = policy::kind(group_of(&api_version), kind).is_some();
    Some(Meant { api_version, kind, is_policy })
}

/// Lists the kinds that are read: their apiVersion and name.
fn kinds() -> impl Iterator<Item = (String, &'static str)> {
    let policies = policy::KINDS.iter().filter_map(|kind| {
        kind.versions.first().map(|version| (format!("{}/{version}", kind.group), kind.name))
    });
    schema::kinds().map(|(version, name)| (version.to_owned(), name)).chain(policies)
}

/// Returns the apiVersion that a kind of Kubernetes has, where it stands in a group of Kubernetes that has
/// none of that name.
pub(crate) fn elsewhere(api_version: &str, kind: &str) -> Option<&'static str> {
    let group = group_of(api_version);
    let is_own = is_known(group, kind) || group == "extensions" || !is_reserved(group);
    let known = schema::kinds().find(|(_, name)| *name == kind);
    known.filter(|_| !is_own).map(|(version, _)| version)
}

/// Tells whether a kind, of whatever group, is called as policies are, or nearly so.
pub(crate) fn is_like_policy(kind: &str) -> bool {
    policy::KINDS.iter().any(|row| is_alike(row.name, kind)) || plain(kind).contains("networkpol")
}

/// Tells whether a list of this kind of items is one for certain, and no kind that is called so.
pub(crate) fn is_list_of(api_version: &str, item_kind: &str) -> bool {
    item_kind.is_empty() || is_known(group_of(api_version), item_kind)
}

fn is_known(group: &str, kind: &str) -> bool {
    let rows = schema::kinds().any(|(version, name)| group_of(version) == group && name == kind);
    rows || policy::kind(group, kind).is_some()
}

/// Writes a word with what is not ASCII escaped, so that a letter that only looks like another shows.
pub(crate) fn spelt(word: &str) -> String {
    let letter =
        |c: char| if c.is_ascii_graphic() { c.to_string() } else { c.escape_unicode().to_string() };
    word.chars().map(letter).collect()
}

/// Tells whether only Kubernetes itself has kinds in a group.
fn is_reserved(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

fn is_close(group: &str, known: &str) -> bool {
    !known.is_empty() && strsim::osa_distance(&plain(group), known) <= 2
}

/// Tells whether a kind is another's name misspelt: its plural, other capitals, blanks, two letters at
/// most, or letters that only look like its own.
fn is_alike(known: &str, kind: &str) -> bool {
    let (known, kind) = (plain(known), plain(kind));
    let plural = match known.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{known}s"),
    };
    let looks = |known: &str| {
        known.chars().count() == kind.chars().count()
            && known.chars().zip(kind.chars()).all(|(known, own)| own == known || !own.is_ascii())
    };
    let most = if known.len() < 7 { 1 } else { 2 };
    looks(&known) || looks(&plural) || strsim::osa_distance(&known, &kind) <= most
}

/// Writes a word in small letters, without blanks and signs.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || *c == '.').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(api_version: &str, kind: &str) -> bool {
        let meant = meant(api_version, kind);
        meant.is_some_and(|meant| {
            meant.kind == "NetworkPolicy"
                && meant.api_version == "networking.k8s.io/v1"
                && meant.is_policy
        })
    }

    #[test]
    fn every_way_to_misname_a_policy_is_seen() {
        for (api_version, kind) in [
            ("networking.k8s.io", "NetworkPolicy"),
            ("v1", "NetworkPolicy"),
            ("network.k8s.io/v1", "NetworkPolicy"),
            ("networking/v1", "NetworkPolicy"),
            ("networking.k8s.oi/v1", "NetworkPolicy"),
            ("networking.k8s.io /v1", "NetworkPolicy"),
            ("networking.k8s.io/v1", "Networkpolicy"),
            ("networking.k8s.io/v1", "networkpolicy"),
            ("networking.k8s.io/v1", "NetworkPolicies"),
            ("networking.k8s.io/v1", "NetworkPolicys"),
            ("networking.k8s.io/v1", "NetworkPolicy\u{a0}"),
            ("networking.k8s.io/v1", "\u{200b}NetworkPolicy"),
            ("networking.k8s.io/v1", "Network Policy"),
            ("networking.k8s.io/v1", "NetworkPolcy"),
            ("networking.k8s.io/v1", "N\u{435}tw\u{43e}rkP\u{43e}li\u{441}y"),
        ] {
            assert!(policy(api_version, kind), "{api_version} {kind}");
        }
    }

    #[test]
    fn what_may_be_a_kind_of_its_own_is_left_alone() {
        for (api_version, kind) in [
            ("v1", "Secret"),
            ("v1", "Endpoints"),
            ("v1", "ConfigMap"),
            ("v1", "PodTemplate"),
            ("v1", "Event"),
            ("apps/v1", "ControllerRevision"),
            ("networking.k8s.io/v1", "IPAddress"),
            ("networking.k8s.io/v1", "ServiceCIDR"),
            ("discovery.k8s.io/v1beta1", "EndpointSlice"),
            ("gateway.networking.k8s.io/v1", "GatewayClass"),
            ("gateway.networking.k8s.io/v1", "BackendTLSPolicy"),
            ("serving.knative.dev/v1", "Service"),
            ("networking.internal.knative.dev/v1alpha1", "Ingress"),
            ("networking.istio.io/v1", "Gateway"),
            ("metrics.k8s.io/v1beta1", "PodMetrics"),
            ("cilium.io/v2", "CiliumNode"),
            ("crd.projectcalico.org/v1", "NetworkSet"),
            ("crd.projectcalico.org/v1", "NetworkPolicy"),
            ("policy/v1", "PodDisruptionBudget"),
            ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"),
        ] {
            assert_eq!(meant(api_version, kind), None, "{api_version} {kind}");
        }
    }
}
