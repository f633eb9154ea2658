//! Pods that a selector selects.

use std::collections::BTreeSet;

use crate::model::endpoint::{Pod, PodId};
use crate::model::selector::Selector;
use crate::model::snapshot::Snapshot;

/// Tells whether a pod has the labels that a selector asks for.
pub fn selects(snapshot: &Snapshot, selector: &Selector, pod: &Pod) -> bool {
    selector.matches(|key| snapshot.label(pod.labels, key))
}

/// Lists the pods of a namespace that a policy with a selector is for.
pub fn selected(snapshot: &Snapshot, namespace: &str, selector: &Selector) -> BTreeSet<PodId> {
    let namespace = snapshot.namespace(namespace);
    let is_meant = |pod: &Pod| {
        Some(pod.namespace) == namespace && pod.is_managed() && selects(snapshot, selector, pod)
    };
    snapshot.pods.iter().filter(|(_, pod)| is_meant(pod)).map(|(id, _)| id).collect()
}
