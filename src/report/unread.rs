//! Whether a rule may match pods that were not read.

use crate::engine::network::Network;
use crate::engine::resolve::matches_namespace;
use crate::model::labels::NAMESPACE_NAME_LABEL;
use crate::model::selector::{Selector, Test};
use crate::model::snapshot::Snapshot;
use crate::policy::{NamespaceSelection, Peer, Peers, Rule};

/// Tells whether a rule that matches nothing may match a pod that was not read.
pub(crate) fn may_match(network: &Network<'_>, rule: &Rule) -> bool {
    let snapshot = network.snapshot;
    let in_namespace = |namespace: &str| is_unread(snapshot, namespace);
    let any = || snapshot.gaps.iter().any(|gap| gap.hides("pods"));
    let Peers::OneOf(peers) = &rule.peers else { return any() };
    peers.iter().any(|peer| match peer {
        // An address may be that of such a pod.
        Peer::Block(_) => any(),
        Peer::Pods(selection) => match &selection.namespaces {
            NamespaceSelection::Named(name) => in_namespace(name),
            NamespaceSelection::Matching(selector) => any() && in_matching(snapshot, selector),
        },
    })
}

fn is_unread(snapshot: &Snapshot, namespace: &str) -> bool {
    snapshot.gaps.iter().any(|gap| gap.hides_in("pods", namespace))
}

/// Tells whether pods were not read of a namespace that a selector may select.
fn in_matching(snapshot: &Snapshot, selector: &Selector) -> bool {
    let known = snapshot.namespaces.values().any(|namespace| {
        is_unread(snapshot, &namespace.name)
            && matches_namespace(snapshot, namespace, selector) != Some(false)
    });
    // One that was not read may have any labels, and its own name.
    let lacks_namespaces = snapshot.gaps.iter().any(|gap| gap.hides("namespaces"));
    let may_have = |name: &String| snapshot.namespace(name).is_none() && is_unread(snapshot, name);
    let mut by_name = selector.requirements.iter().filter_map(|requirement| match &requirement.test {
        Test::In(names) if requirement.key == NAMESPACE_NAME_LABEL => Some(names),
        _ => None,
    });
    known || (lacks_namespaces && by_name.all(|names| names.iter().any(may_have)))
}
