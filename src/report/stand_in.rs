//! A pod that stands for those to come, in a namespace that has none: its labels are not known, so that what
//! holds for it for certain holds for all.

use crate::answer::endpoint::EndpointKind;
use crate::ends::end::End;
use crate::engine::network::Network;
use crate::model::endpoint::{Pod, PodState};
use crate::model::snapshot::Snapshot;

/// Returns the snapshot with such a pod, where an end is a namespace that has no pod.
pub(super) fn with_stand_in(network: &Network<'_>, end: &End) -> Option<Snapshot> {
    let is_empty = end.endpoint.kind == EndpointKind::Namespace && end.members.is_empty();
    let name = end.endpoint.name.as_deref().filter(|_| is_empty)?;
    let namespace = network.snapshot.namespace(name)?;
    let mut snapshot = network.snapshot.clone();
    let (labels, ports) = (snapshot.labels.intern(&[]), snapshot.ports.intern(&[]));
    snapshot.pods.push(Pod {
        namespace,
        name: "*".into(),
        labels,
        ports,
        host_ports: Box::default(),
        ips: Vec::new(),
        node: None,
        host_network: false,
        ready: true,
        state: PodState::Template { replicas: None },
        workload: None,
    });
    Some(snapshot)
}
