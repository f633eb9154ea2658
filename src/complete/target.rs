//! What the words for ends of connections, and for objects, may go on with.

use super::offer::{Offer, objects};
use crate::cluster::names::NameQuery;
use crate::cluster::read::NamedEnd;
use crate::cmd::target::{PolicyType, policy_types};
use crate::ends::target::{self, KINDS, Target, short_name};

/// What a word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// One end of a connection.
    End,
    /// Any object, by its type.
    Object,
}

/// Lists the kinds that a word may name, with kubectl's names of them; policies are no ends.
fn kinds(naming: Naming) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let policies = policy_types().filter(move |_| naming == Naming::Object);
    KINDS.into_iter().chain(policies.map(|kind| (kind.key, kind.words)))
}

/// Returns the kind of a type that is not a custom one.
pub(crate) fn known_kind(naming: Naming, written: &str) -> Option<&'static str> {
    let written = written.to_ascii_lowercase();
    kinds(naming).find(|(_, names)| names.contains(&&*written)).map(|(kind, _)| kind)
}

/// Offers what a word may become.
pub(crate) fn offers(naming: Naming, word: &str) -> Vec<Offer> {
    if let Some((end, _)) = word.split_once(':') {
        return ports(end)
            .map(|ports| Offer::between(format!("{end}:"), ports, ""))
            .into_iter()
            .collect();
    }
    match *word.split('/').collect::<Vec<_>>() {
        [typed] => {
            let own = match naming {
                Naming::End => {
                    let internet = Offer::word("internet", "all public addresses");
                    vec![internet, Offer::names(objects("Pod", None))]
                }
                Naming::Object => {
                    let first = |kind: &PolicyType| kind.words.first().copied().unwrap_or(kind.key);
                    let names = |kind: PolicyType| {
                        Offer::between(format!("{}/", first(&kind)), objects(kind.key, None), "")
                    };
                    policy_types().map(names).collect()
                }
            };
            let namespaces = Offer::between("", objects("Namespace", None), "/");
            own.into_iter().chain(types(naming, "", typed)).chain([namespaces]).collect()
        }
        [first, typed] => match known_kind(naming, first) {
            Some(kind) => vec![Offer::between(format!("{first}/"), objects(kind, None), "")],
            None => types(naming, first, typed).collect(),
        },
        [namespace, written, _] => {
            let kind = known_kind(naming, written).filter(|kind| is_namespaced(kind));
            let names = kind.map(|kind| objects(kind, Some(namespace)));
            let before = format!("{namespace}/{written}/");
            names.map(|names| Offer::between(before, names, "")).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Offers the types, each by the first of its names that was begun.
fn types(naming: Naming, namespace: &str, typed: &str) -> impl Iterator<Item = Offer> {
    let fits = move |kind: &str| namespace.is_empty() || is_namespaced(kind);
    kinds(naming).filter(move |(kind, _)| fits(kind)).filter_map(move |(kind, names)| {
        let is_policy = policy_types().any(|policy| policy.key == kind);
        let short = (!is_policy).then(|| short_name(kind));
        let names = short.as_deref().into_iter().chain(names.iter().copied());
        let name = names.into_iter().find(|name| name.starts_with(typed))?;
        let slash = if namespace.is_empty() { "" } else { "/" };
        Some(Offer::word(format!("{namespace}{slash}{name}/"), format!("a {kind}")))
    })
}

fn is_namespaced(kind: &str) -> bool {
    let is_clusters = |policy: PolicyType| policy.key == kind && !policy.is_namespaced;
    !matches!(kind, "Node" | "Namespace") && !policy_types().any(is_clusters)
}

/// Names the ports of an end.
pub(crate) fn ports(end: &str) -> Option<NameQuery> {
    let (namespace, kind, name) = match target::parse(end).ok()?.target {
        Target::Pod { namespace, name } => (namespace, "Pod".to_owned(), name),
        Target::Service { namespace, name } => (namespace, "Service".to_owned(), name),
        Target::Workload { namespace, kind, name } => (namespace, kind, name),
        Target::Address(_)
        | Target::Block(_)
        | Target::Internet
        | Target::Node(_)
        | Target::Namespace(_) => {
            return None;
        }
    };
    Some(NameQuery::Ports(NamedEnd { namespace, kind, name }))
}
