//! Services: which pods they select, and who holds an address.

use crate::model::endpoint::Pod;
use crate::model::labels::value_of;
use crate::model::selector::Selector;
use crate::model::snapshot::Snapshot;

/// Tells whether a pod has the labels that a selector asks for.
pub(crate) fn selects(snapshot: &Snapshot, selector: &Selector, pod: &Pod) -> bool {
    let names = &snapshot.names;
    let labels = snapshot.labels.get(pod.labels);
    selector.matches(|key| {
        let key = names.find(key)?;
        value_of(labels, key).map(|value| names.get(value))
    })
}
