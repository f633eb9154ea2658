//! How a policy names pods: by their namespace and the labels that they have in common.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::ends::naming::name_of;
use crate::explain::no_fix::NoFix;
use crate::model::controller::set_by_controllers;
use crate::model::endpoint::PodId;
use crate::model::labels::value_of;
use crate::model::selector::{Requirement, Selector, Test};
use crate::model::snapshot::Snapshot;
use crate::world::pods::selected;

/// Labels that change with every release: left out where the others select the same pods.
const OF_RELEASES: [&str; 2] = ["app.kubernetes.io/version", "helm.sh/chart"];

/// The labels that pods must have to be selected.
pub(crate) type PodLabels = BTreeMap<String, String>;

/// Returns the labels by which a policy names pods of an end; none for a whole namespace.
///
/// # Errors
/// Why no labels name them.
pub(crate) fn labels_of(
    snapshot: &Snapshot,
    end: &Endpoint,
    namespace: &str,
    pods: &BTreeSet<PodId>,
) -> Result<PodLabels, NoFix> {
    if end.kind == EndpointKind::Namespace
        && *pods == selected(snapshot, namespace, &Selector::default())
    {
        return Ok(PodLabels::new());
    }
    let name = name_of(end);
    if pods.iter().any(|pod| snapshot.namespace_of(*pod) != namespace) {
        return Err(NoFix::SeveralNamespaces(name));
    }
    let labels = own_labels(snapshot, namespace, pods)
        .unwrap_or_else(|| common_labels(snapshot, namespace, pods));
    match (labels.is_empty(), pods.len()) {
        (false, _) => Ok(labels),
        (true, 1) => Err(NoFix::NoLabel(name)),
        (true, _) => Err(NoFix::NoCommonLabel(name)),
    }
}

/// Lists the pods that the labels of some pods of one namespace name, themselves among them.
pub(crate) fn named_with(snapshot: &Snapshot, pods: &BTreeSet<PodId>) -> BTreeSet<PodId> {
    let Some(first) = pods.first() else { return BTreeSet::new() };
    let namespace = snapshot.namespace_of(*first);
    let labels = own_labels(snapshot, namespace, pods)
        .unwrap_or_else(|| common_labels(snapshot, namespace, pods));
    selected(snapshot, namespace, &Selector::of_labels(&labels))
}

/// Returns the labels that the selector of the pods' own workload asks for, which never change; nothing where
/// it has none, asks for more than values of labels, or leaves out some of the pods.
fn own_labels(snapshot: &Snapshot, namespace: &str, pods: &BTreeSet<PodId>) -> Option<PodLabels> {
    let workload = snapshot.pods.at(*pods.first()?).workload?;
    let is_of_it = |pod: &PodId| snapshot.pods.at(*pod).workload == Some(workload);
    let selector = snapshot.workloads.at(workload).selector.as_ref()?;
    let label = |own: &Requirement| match &own.test {
        Test::In(values) if values.len() == 1 && !set_by_controllers(&own.key) => {
            values.first().map(|value| (own.key.clone(), value.clone()))
        }
        _ => None,
    };
    let labels: PodLabels = selector.requirements.iter().map(label).collect::<Option<_>>()?;
    let is_held = pods.iter().all(is_of_it) && pods.is_subset(&selected(snapshot, namespace, selector));
    (is_held && !labels.is_empty()).then_some(labels)
}

/// Returns the labels that all of some pods have, without those that controllers set.
fn common_labels(snapshot: &Snapshot, namespace: &str, pods: &BTreeSet<PodId>) -> PodLabels {
    let labels = |pod: &PodId| snapshot.labels.get(snapshot.pods.at(*pod).labels);
    let Some(first) = pods.first() else { return PodLabels::new() };
    let shared = labels(first).iter().filter(|(key, value)| {
        pods.iter().all(|pod| value_of(labels(pod), *key).as_ref() == Some(value))
    });
    let text = |name| snapshot.names.get(name).to_owned();
    let mut all: PodLabels = shared.map(|(key, value)| (text(*key), text(*value))).collect();
    all.retain(|key, _| !set_by_controllers(key));
    let mut lasting = all.clone();
    lasting.retain(|key, _| !OF_RELEASES.contains(&&**key));
    let select = |labels| selected(snapshot, namespace, &Selector::of_labels(labels));
    if lasting.len() < all.len() && !lasting.is_empty() && select(&lasting) == select(&all) {
        return lasting;
    }
    all
}
