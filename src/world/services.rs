//! Services: which one a name is, the pods behind it, and where its ports lead there.

use crate::model::endpoint::{Pod, PodId, PodState};
use crate::model::ports::Protocol;
use crate::model::selector::{Requirement, Selector};
use crate::model::service::{Service, ServiceId, ServicePort, Slice, TargetPort};
use crate::model::snapshot::Snapshot;
use crate::world::pods::selects;

/// The domain of the cluster, where none other was set up.
const CLUSTER_DOMAIN: &str = "cluster.local";

/// A port of a Service, and where it leads at one backend.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hop {
    /// The protocol of both.
    pub protocol: Protocol,
    /// The Service's port.
    pub port: u16,
    /// The name of the Service's port; may be empty.
    pub name: Box<str>,
    /// The backend's port.
    pub target: u16,
}

impl Hop {
    /// Builds the hop from a port of a Service to one of a backend.
    pub fn new(port: &ServicePort, target: u16) -> Self {
        Self { protocol: port.protocol, port: port.port, name: port.name.clone(), target }
    }
}

/// The form of a Service's name, of which there is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no Service {name} in namespace {namespace}")]
pub struct NoService {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// Finds the Service of a namespace and name.
pub fn find(snapshot: &Snapshot, namespace: &str, name: &str) -> Option<ServiceId> {
    let wanted = (snapshot.namespace(namespace)?, name);
    snapshot.services.find_by(|service| (service.namespace, &*service.name).cmp(&wanted))
}

/// What a host name of the cluster stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceHost {
    /// The Service.
    pub service: ServiceId,
    /// The one of its pods whose own name stands in front.
    pub pod: Option<Box<str>>,
}

/// The label of each pod of a StatefulSet, which its controller sets to its name.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";

/// Returns what selects one pod of a Service by its name, as pods of a StatefulSet can be.
pub fn selector_of_pod(snapshot: &Snapshot, service: &Service, name: &str) -> Option<Selector> {
    let is_it = |pod: &Pod| &*pod.name == name && snapshot.label(pod.labels, POD_NAME) == Some(name);
    pods_behind(snapshot, service).find(|(_, pod)| is_it(pod))?;
    let mut selector = service.selector.clone()?;
    selector.requirements.push(Requirement::equals(POD_NAME, name));
    Some(selector)
}

/// Finds the Service of a host name, as pods of a namespace resolve it: `SVC`, `SVC.NS`, `SVC.NS.svc` and
/// `SVC.NS.svc.cluster.local`, and of a pod of one, which has its own name in front.
///
/// # Errors
/// A name that only a Service can have, and none has.
pub fn by_host_name(
    snapshot: &Snapshot,
    namespace: &str,
    host: &str,
) -> Result<Option<ServiceHost>, NoService> {
    let inside = host.strip_suffix(CLUSTER_DOMAIN).and_then(|rest| rest.strip_suffix('.'));
    let labels: Vec<&str> = inside.unwrap_or(host).split('.').collect();
    match *labels {
        [ref before @ .., name, namespace, "svc"] => {
            let missing = || NoService { namespace: namespace.to_owned(), name: name.to_owned() };
            let service = find(snapshot, namespace, name).ok_or_else(missing)?;
            let pod = before.last().map(|pod| (*pod).into());
            Ok(Some(ServiceHost { service, pod }))
        }
        // The domain follows the word `svc` only.
        _ if inside.is_some() => Ok(None),
        [name] | [name, _] => {
            let namespace = labels.get(1).copied().unwrap_or(namespace);
            let service = find(snapshot, namespace, name);
            Ok(service.map(|service| ServiceHost { service, pod: None }))
        }
        _ => Ok(None),
    }
}

/// Returns the name `SVC.NS.svc` of a Service that a host name is one of by its form, whether it is there or not.
pub fn in_full(host: &str, namespace: &str) -> Option<String> {
    let inside = host.strip_suffix(CLUSTER_DOMAIN).and_then(|rest| rest.strip_suffix('.'));
    let labels: Vec<&str> = inside.unwrap_or(host).split('.').collect();
    match *labels {
        [.., name, namespace, "svc"] | [name, namespace] if inside.is_none() || labels.len() > 2 => {
            Some(format!("{name}.{namespace}.svc"))
        }
        [name] if inside.is_none() => Some(format!("{name}.{namespace}.svc")),
        _ => None,
    }
}

/// Names a Service: `shop/web`.
pub fn title(snapshot: &Snapshot, service: &Service) -> String {
    format!("{}/{}", snapshot.namespaces.at(service.namespace).name, service.name)
}

/// Tells whether a Service selects a pod that has not finished.
pub fn is_behind(snapshot: &Snapshot, service: &Service, pod: &Pod) -> bool {
    pod.namespace == service.namespace
        && pod.state != PodState::Finished
        && service.selector.as_ref().is_some_and(|selector| selects(snapshot, selector, pod))
}

/// Lists the pods that a Service selects and that have not finished, ready or not.
pub fn pods_behind<'a>(
    snapshot: &'a Snapshot,
    service: &'a Service,
) -> impl Iterator<Item = (PodId, &'a Pod)> {
    snapshot.pods.iter().filter(move |(_, pod)| is_behind(snapshot, service, pod))
}

/// Returns the port of a pod to which a port of a Service leads; nothing where no port of it has the name.
///
/// Of several containers that give it, the first counts (`FindPort` of the EndpointSlice controller).
pub fn port_at_pod(snapshot: &Snapshot, pod: &Pod, port: &ServicePort) -> Option<u16> {
    match &port.target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let mut named = snapshot.ports.get(pod.ports).iter();
            let own = named
                .find(|own| own.protocol == port.protocol && *snapshot.names.get(own.name) == **name);
            own.map(|own| own.port)
        }
    }
}

/// Returns the port to which a port of a Service leads at the addresses of a slice.
pub fn port_at_slice(slice: &Slice, port: &ServicePort) -> Option<u16> {
    let mut ports = slice.ports.iter();
    let own = ports.find(|own| own.name == port.name && own.protocol == port.protocol)?;
    Some(own.port.unwrap_or(port.port))
}
