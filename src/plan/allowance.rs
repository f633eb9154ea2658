//! What it takes to open an endpoint for pods: the selector that names them, their way to DNS, and the
//! other side.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::NetworkPolicy;

use crate::answer::caveat::Caveat;
use crate::answer::endpoint::{Endpoint, EndpointKind};
use crate::diff::isolations::isolating;
use crate::edit::object::Pods;
use crate::ends::end::End;
use crate::ends::find::find_end;
use crate::ends::naming::{name_of, workload_endpoint};
use crate::ends::service;
use crate::ends::target::{PortQuery, Target};
use crate::engine::class::ClassId;
use crate::engine::connection::judge;
use crate::engine::network::Network;
use crate::explain::no_fix::NoFix;
use crate::fix::missing_rule::{DeniedHalf, MissingRule};
use crate::fix::proposal;
use crate::fix::selection::labels_of;
use crate::model::controller::set_by_controllers;
use crate::model::endpoint::PodId;
use crate::model::ports::ProtocolPort;
use crate::model::selector::Selector;
use crate::model::service::ServiceId;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::network_policy::write::to_object;
use crate::policy::{Direction, network_policy};
use crate::world::pods::selected;
use crate::world::services::pods_behind;

/// Pods, as a policy of their own names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySubject {
    /// The pods.
    pub pods: Pods,
    /// What the user should know about it.
    pub caveats: Vec<Caveat>,
}

/// Finds how a policy names the pods of an end: by their workload's own selector, where it has one.
///
/// # Errors
/// Why no policy can be for them.
pub fn subject(snapshot: &Snapshot, end: &End) -> Result<PolicySubject, NoFix> {
    let name = name_of(&end.endpoint);
    if end.endpoint.kind == EndpointKind::Namespace {
        let namespace = end.endpoint.name.as_deref().unwrap_or_default().into();
        let pods = Pods { namespace, workload: None, selector: Selector::default() };
        return Ok(PolicySubject { pods, caveats: Vec::new() });
    }
    let pods: BTreeSet<PodId> = end.members.iter().filter_map(|member| member.who.pod()).collect();
    let managed = governed(snapshot, end);
    let Some(first) = managed.first() else {
        return Err(if pods.is_empty() { NoFix::NoPods(name) } else { NoFix::NoGovernedPod(name) });
    };
    let namespace = snapshot.namespace_of(*first).to_owned();
    // Of several workloads, the selector of one would leave pods of the others out.
    let workload = snapshot.pods.at(*first).workload;
    let workload =
        workload.filter(|own| managed.iter().all(|pod| snapshot.pods.at(*pod).workload == Some(*own)));
    let shown = workload.map_or_else(|| end.endpoint.clone(), |own| workload_endpoint(snapshot, own));
    let own = workload.and_then(|own| snapshot.workloads.at(own).selector.clone());
    let lasting = |selector: &Selector| !selector.keys().any(set_by_controllers);
    let selector = match own.filter(lasting) {
        Some(selector) => selector,
        None => Selector::of_labels(&labels_of(snapshot, &end.endpoint, &namespace, &managed)?),
    };
    let selects = selected(snapshot, &namespace, &selector);
    let mut caveats = Vec::new();
    if managed.len() < pods.len() {
        caveats.push(Caveat::SomeInNodeNetwork(name.clone()));
    }
    caveats.extend(others(snapshot, &managed, &selects, &name));
    let workload = Some(kind_and_name(&shown).into());
    Ok(PolicySubject { pods: Pods { namespace: namespace.into(), workload, selector }, caveats })
}

fn kind_and_name(endpoint: &Endpoint) -> String {
    format!("{}/{}", endpoint.kind, endpoint.name.as_deref().unwrap_or_default())
}

/// Says whom a selector selects beside the pods that were meant.
fn others(
    snapshot: &Snapshot,
    meant: &BTreeSet<PodId>,
    selects: &BTreeSet<PodId>,
    name: &str,
) -> Option<Caveat> {
    let listed = workloads(snapshot, &selects.difference(meant).copied().collect());
    (!listed.is_empty()).then(|| Caveat::SelectsOthers(name.to_owned(), listed))
}

/// Names pods by their workloads; nothing for none.
pub fn workloads(snapshot: &Snapshot, pods: &BTreeSet<PodId>) -> String {
    let name = |pod: &PodId| match snapshot.pods.at(*pod).workload {
        Some(workload) => name_of(&workload_endpoint(snapshot, workload)),
        None => snapshot.pods.at(*pod).name.to_string(),
    };
    pods.iter().map(name).collect::<BTreeSet<String>>().into_iter().collect::<Vec<_>>().join(", ")
}

/// Tells whether pods behind a Service are in the network of their node, where no selector finds them.
pub fn has_node_backends(snapshot: &Snapshot, service: ServiceId) -> bool {
    let service = snapshot.services.at(service);
    pods_behind(snapshot, service).any(|(_, pod)| pod.host_network)
}

/// Lists the pods of an end that policies govern.
pub fn governed(snapshot: &Snapshot, end: &End) -> BTreeSet<PodId> {
    let pods = end.members.iter().filter_map(|member| member.who.pod());
    pods.filter(|pod| snapshot.pods.at(*pod).is_managed()).collect()
}

/// Tells whether a selector may be for pods that were not read, or are not there yet, and that no policy
/// isolates for sure.
pub fn may_isolate_unread(snapshot: &Snapshot, namespace: &str, selector: &Selector) -> bool {
    let is_read = |pod: &PodId| !(snapshot.lacks_pods() && snapshot.pods.at(*pod).is_template());
    let isolates = |policy: &PolicyObject| {
        let governed = network_policy::governed(policy, Direction::Egress);
        policy.namespace.as_deref() == Some(namespace)
            && governed.is_some_and(|own| own == Selector::default() || own == *selector)
    };
    !selected(snapshot, namespace, selector).iter().any(is_read)
        && !snapshot.policies.iter().any(isolates)
}

/// Lists the pods of a namespace whose egress nothing isolates for certain.
pub fn open_pods(network: &Network<'_>, namespace: &str) -> BTreeSet<PodId> {
    let is_open = |class: ClassId| {
        network.subject_of(class).is_some() && isolating(network, class, Direction::Egress).is_empty()
    };
    let pods = selected(network.snapshot, namespace, &Selector::default()).into_iter();
    pods.filter(|pod| network.classes.of_pod(*pod).iter().copied().any(is_open)).collect()
}

/// Builds the policy of the other side, where ingress to a Service is denied; nothing where it is not.
/// `planned` are the policies that are written beside it.
///
/// # Errors
/// Why no policy can name the ends.
pub fn other_side(
    network: &Network<'_>,
    source: &End,
    (destination, port): (&Target, ProtocolPort),
    planned: &[PolicyObject],
) -> Result<Option<NetworkPolicy>, NoFix> {
    let snapshot = network.snapshot;
    let destination = find_end(network, destination, "")?;
    let query = PortQuery::from(port);
    let denied = destination.members.iter().filter(|member| {
        let ports = service::asked(network, &destination, member, Some(&query));
        let from = source.members.iter().map(|own| own.class);
        from.into_iter().any(|from| {
            !ports.is_subset(&judge(network, from, member.class, &ports, None).ingress.open.allowed)
        })
    });
    let pods: BTreeSet<PodId> = denied.filter_map(|member| member.who.pod()).collect();
    if pods.is_empty() {
        return Ok(None);
    }
    let ports = proposal::ports(network, &destination, Some(&query));
    let half = DeniedHalf {
        direction: Direction::Ingress,
        pods: &pods,
        subject: &destination,
        peer: source,
        ports,
    };
    let policy = MissingRule::find(snapshot, half)?.policy_of_its_own(snapshot, planned)?;
    Ok(to_object(&policy))
}
