//! Objects become a snapshot: owners are found, overlays laid, names interned.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::object::{
    Condition, Container, ContainerPort, Ip, Object, ObjectKey, Objects, PodObject, PodSpec,
    WorkloadObject,
};
use super::owners::{Owners, selector};
use super::plugin as cni;
use super::routes::routing;
use super::services::{forget_slices_of_controllers, services};
use crate::model::cni::{Agent, NetworkPlugin};
use crate::model::endpoint::{
    HostPort, NamedPort, NamedPortsId, Namespace, Node, NodeId, Pod, PodState, Workload, WorkloadId,
};
use crate::model::gap::{Gap, GapReason, GapScope, Unread};
use crate::model::gateway::RouteNamespaces;
use crate::model::ips::Family;
use crate::model::labels::{LabelsId, NAMESPACE_NAME_LABEL};
use crate::model::ports::{Protocol, port_number};
use crate::model::selector::Selector;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::objects::meta::Meta;
use crate::objects::object::parse_ip;
use crate::policy::{self, NamespaceSelection, Scope};

impl Objects {
    /// Lays other objects over these, as if they were applied.
    ///
    /// A workload whose pod template changes loses its pods: the new template stands for them.
    #[must_use]
    pub fn with(mut self, overlay: Self) -> Self {
        let changed: Vec<ObjectKey> = overlay
            .items
            .iter()
            .filter(|(key, object)| match (self.items.get(key), object) {
                (Some(Object::Workload(old)), Object::Workload(new)) => !old.makes_same_pods(new),
                // The old template was not read: its pods cannot be told to be the same.
                (None | Some(Object::Owner(_)), Object::Workload(_)) => true,
                _ => false,
            })
            .map(|(key, _)| key.clone())
            .collect();
        self.remove_pods_of(&changed);
        for (key, mut object) in overlay.items {
            if let Some(old) = self.items.remove(&key) {
                object.keep_status_of(old);
            }
            self.items.insert(key, object);
        }
        forget_slices_of_controllers(&mut self.items);
        self.gaps.extend(overlay.gaps);
        self.warnings.extend(overlay.warnings);
        self.passed_over = self.passed_over.with(overlay.passed_over);
        self
    }

    /// Takes one object away, as if it were deleted; pods of a workload go with it, and so does
    /// everything in a namespace. Tells whether it was there.
    pub fn without(&mut self, key: &ObjectKey) -> bool {
        self.remove_pods_of(std::slice::from_ref(key));
        if key.kind == "Namespace" {
            self.items.retain(|item, _| item.namespace != key.name);
        }
        let was_there = self.items.remove(key).is_some();
        forget_slices_of_controllers(&mut self.items);
        was_there
    }

    /// Removes the pods that workloads own, and the ReplicaSets and Jobs between.
    fn remove_pods_of(&mut self, workloads: &[ObjectKey]) {
        if workloads.is_empty() {
            return;
        }
        let owners = Owners::new(&self.items);
        let owned = |(key, object): &(&ObjectKey, &Object)| match object {
            Object::Pod(pod) => owners.chain_of_pod(key, pod).iter().any(|own| workloads.contains(own)),
            Object::Workload(workload) => {
                owners.chain_of_workload(key, workload).iter().any(|own| workloads.contains(own))
            }
            Object::Owner(meta) => {
                owners.chain_of_owner(key, meta).iter().any(|own| workloads.contains(own))
            }
            _ => false,
        };
        let gone: Vec<ObjectKey> = self.items.iter().filter(owned).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.items.remove(&key);
        }
    }

    /// Builds the snapshot of these objects.
    pub fn assemble(self) -> Snapshot {
        let mut builder = Builder { snapshot: Snapshot::default(), nodes: HashMap::new() };
        builder.snapshot.gaps = self.gaps;
        let unseen = builder.snapshot.gaps.iter().any(|gap| gap.hides("daemonsets"));
        let version = self.server_version.as_deref().filter(|_| !unseen);
        builder.snapshot.plugin = plugin(&self.items, version);
        builder.namespaces(&self.items);
        builder.nodes(&self.items);
        builder.pods(&self.items);
        builder.snapshot.services = services(&self.items, &builder.snapshot);
        builder.snapshot.routing = routing(&self.items, &builder.snapshot);
        builder.policies(self.items);
        forget_labels_not_asked_for(&mut builder.snapshot);
        builder.snapshot
    }
}

/// Leaves out that labels of namespaces are not known where nothing selects namespaces by labels.
fn forget_labels_not_asked_for(snapshot: &mut Snapshot) {
    let is_unknown = |gap: &Gap| matches!(gap.unread, Unread::NamespaceLabels(_));
    if snapshot.gaps.iter().any(is_unknown) && !asks_for_labels(snapshot) {
        snapshot.gaps.retain(|gap| !is_unknown(gap));
    }
}

/// Tells whether a policy or a Gateway selects namespaces by another label than that of their name.
fn asks_for_labels(snapshot: &Snapshot) -> bool {
    let asks = |selector: &Selector| selector.keys().any(|key| key != NAMESPACE_NAME_LABEL);
    let rules = policy::translate(snapshot);
    let by_rules = rules.selections().any(|selection| match &selection.namespaces {
        NamespaceSelection::Matching(selector) => asks(selector),
        NamespaceSelection::Named(_) => false,
    });
    let mut listeners = snapshot.routing.gateways.iter().flat_map(|gateway| &gateway.listeners);
    by_rules
        || listeners
            .any(|own| matches!(&own.routes, RouteNamespaces::Matching(selector) if asks(selector)))
}

/// Tells the network plugin; of manifests without any agent nothing is known.
fn plugin(items: &BTreeMap<ObjectKey, Object>, server_version: Option<&str>) -> NetworkPlugin {
    let agents = items.values().filter_map(|object| match object {
        Object::Workload(workload) => workload.agent.clone(),
        Object::Agent(agent) => Some(agent.clone()),
        _ => None,
    });
    let agents: Vec<Agent> = agents.chain(server_version.and_then(cni::built_in)).collect();
    match server_version {
        None if agents.is_empty() => NetworkPlugin::Unknown,
        _ => NetworkPlugin::choose(&agents),
    }
}

struct Builder {
    snapshot: Snapshot,
    nodes: HashMap<String, NodeId>,
}

/// A pod before it is sorted, with the workload it belongs to.
type OwnedPod = (Pod, Option<ObjectKey>);

impl Builder {
    /// Adds every namespace that an object names; of one without a Namespace object only the label
    /// of its name is known.
    fn namespaces(&mut self, items: &BTreeMap<ObjectKey, Object>) {
        let mut known: BTreeMap<&str, Option<&Meta>> = BTreeMap::new();
        for (key, object) in items {
            match object {
                Object::Namespace(meta) => drop(known.insert(&key.name, Some(meta))),
                // It is no pod's namespace by itself.
                Object::Unjudged | Object::Agent(_) => {}
                _ if key.namespace.is_empty() => {}
                _ => drop(known.entry(&key.namespace).or_insert(None)),
            }
        }
        let mut unknown = Vec::new();
        for (name, meta) in known {
            let mut labels = meta.map(|meta| meta.labels.clone()).unwrap_or_default();
            labels.insert(NAMESPACE_NAME_LABEL.to_owned(), name.to_owned());
            let labels = self.labels(&labels);
            if meta.is_none() {
                unknown.push(name.into());
            }
            let labels_known = meta.is_some();
            self.snapshot.namespaces.push(Namespace { name: name.into(), labels, labels_known });
        }
        if !unknown.is_empty() {
            let unread = Unread::NamespaceLabels(unknown);
            let (reason, scope) = (GapReason::NotGiven, GapScope::Incomplete);
            self.snapshot.gaps.push(Gap { unread, reason, scope });
        }
    }

    fn nodes(&mut self, items: &BTreeMap<ObjectKey, Object>) {
        for (key, object) in items {
            let Object::Node(node) = object else { continue };
            let of_kind =
                |kind: &'static str| node.status.addresses.iter().filter(move |own| own.kind == kind);
            // Internal ones first: those are the ones that host-network pods use.
            let own = of_kind("InternalIP").chain(of_kind("ExternalIP"));
            let mut ips: Vec<IpAddr> = Vec::new();
            for ip in own.filter_map(|address| parse_ip(&address.address)) {
                if !ips.contains(&ip) {
                    ips.push(ip);
                }
            }
            self.add_node(&key.name, ips);
        }
        self.nodes_of_pods(items);
    }

    /// Adds the nodes that only pods name; what pods tell of addresses fills in what nodes do not.
    fn nodes_of_pods(&mut self, items: &BTreeMap<ObjectKey, Object>) {
        for object in items.values() {
            let Object::Pod(pod) = object else { continue };
            let name = &pod.spec.node_name;
            if name.is_empty() {
                continue;
            }
            let node = match self.nodes.get(name) {
                Some(node) => *node,
                None => self.add_node(name, Vec::new()),
            };
            let own = self.snapshot.nodes.at_mut(node);
            if own.ips.is_empty() {
                own.ips = addresses(&pod.status.host_ips, &pod.status.host_ip);
            }
            if own.ips.is_empty() && pod.spec.host_network {
                own.ips = addresses(&pod.status.pod_ips, &pod.status.pod_ip);
            }
        }
    }

    fn add_node(&mut self, name: &str, ips: Vec<IpAddr>) -> NodeId {
        let id = self.snapshot.nodes.push(Node { name: name.into(), ips });
        self.nodes.insert(name.to_owned(), id);
        id
    }

    /// Adds the pods that were read, and a template pod for every workload without any.
    fn pods(&mut self, items: &BTreeMap<ObjectKey, Object>) {
        let owners = Owners::new(items);
        let mut pods: Vec<OwnedPod> = Vec::new();
        for (key, object) in items {
            if let Object::Pod(pod) = object {
                pods.extend(self.pod(key, pod, owners.of_pod(key, pod)));
            }
        }
        // Finished pods do not stand for their workload: the next ones will be as its template says.
        let alive = pods.iter().filter(|(pod, _)| pod.state != PodState::Finished);
        let mut served: BTreeSet<ObjectKey> = alive.filter_map(|(_, owner)| owner.clone()).collect();
        for (key, object) in items {
            let Object::Workload(workload) = object else { continue };
            let owner = owners.of_workload(key, workload);
            let speaks_for_itself = owner == *key || !items.contains_key(&owner);
            let gone = workload.has_finished() || (owner != *key && workload.spec.replicas == Some(0));
            if speaks_for_itself && !gone && served.insert(owner.clone()) {
                pods.extend(self.template(key, workload, owner));
            }
        }
        let order = |(pod, owner): &OwnedPod| {
            (pod.namespace, pod.name.clone(), owner.as_ref().map(|owner| owner.kind.clone()))
        };
        pods.sort_by_cached_key(order);
        let mut workloads: HashMap<ObjectKey, WorkloadId> = HashMap::new();
        for (mut pod, owner) in pods {
            pod.workload = owner.map(|owner| {
                let workload = || Workload {
                    kind: owner.kind.as_str().into(),
                    namespace: pod.namespace,
                    name: owner.name.as_str().into(),
                    selector: match items.get(&owner) {
                        Some(Object::Workload(object)) => selector(object),
                        _ => None,
                    },
                };
                let add = || self.snapshot.workloads.push(workload());
                *workloads.entry(owner.clone()).or_insert_with(add)
            });
            self.snapshot.pods.push(pod);
        }
    }

    fn pod(&mut self, key: &ObjectKey, pod: &PodObject, owner: Option<ObjectKey>) -> Option<OwnedPod> {
        let state = match &*pod.status.phase {
            "Succeeded" | "Failed" => PodState::Finished,
            _ => PodState::Active,
        };
        let host_ips = addresses(&pod.status.host_ips, &pod.status.host_ip);
        let node = self.nodes.get(&pod.spec.node_name).copied();
        let mut ips = addresses(&pod.status.pod_ips, &pod.status.pod_ip);
        if pod.spec.host_network && ips.is_empty() {
            let of_node = node.map(|node| self.snapshot.nodes.at(node).ips.clone()).unwrap_or_default();
            ips = one_per_family(if host_ips.is_empty() { &of_node } else { &host_ips });
        }
        let pod = Pod {
            namespace: self.snapshot.namespace(&key.namespace)?,
            name: key.name.as_str().into(),
            labels: self.labels(&pod.metadata.labels),
            ports: self.named_ports(&pod.spec),
            host_ports: host_ports(&pod.spec),
            ips,
            node,
            host_network: pod.spec.host_network,
            ready: is_ready(pod),
            state,
            workload: None,
        };
        Some((pod, owner))
    }

    fn template(
        &mut self,
        key: &ObjectKey,
        workload: &WorkloadObject,
        owner: ObjectKey,
    ) -> Option<OwnedPod> {
        let template = workload.template();
        let spec = &workload.spec;
        let replicas = match &*key.kind {
            "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => {
                Some(spec.replicas.unwrap_or(1))
            }
            "Job" => Some(spec.parallelism.unwrap_or(1)),
            _ => spec.replicas,
        };
        let pod = Pod {
            namespace: self.snapshot.namespace(&key.namespace)?,
            name: owner.name.as_str().into(),
            labels: self.labels(&template.metadata.labels),
            ports: self.named_ports(&template.spec),
            host_ports: host_ports(&template.spec),
            ips: Vec::new(),
            node: None,
            host_network: template.spec.host_network,
            ready: true,
            state: PodState::Template { replicas },
            workload: None,
        };
        Some((pod, Some(owner)))
    }

    fn policies(&mut self, items: BTreeMap<ObjectKey, Object>) {
        let mut unjudged: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, object) in items {
            match object {
                Object::Policy(read) => self.snapshot.policies.push(PolicyObject {
                    namespace: match read.spec.kind().scope {
                        Scope::Namespaced => Some(key.namespace.into()),
                        Scope::Cluster => None,
                    },
                    name: key.name.into(),
                    metadata: read.metadata,
                    origin: read.origin,
                    spec: read.spec,
                }),
                Object::Unjudged => unjudged.entry(key.kind).or_default().push(key.namespace),
                _ => {}
            }
        }
        for (kind, namespaces) in unjudged {
            let count = namespaces.len();
            let scope = match namespaces.iter().any(String::is_empty) {
                true => GapScope::Cluster,
                false => GapScope::Namespaces(namespaces.into_iter().map(String::into).collect()),
            };
            let unread = Unread::Policies { kind: kind.into(), count };
            self.snapshot.gaps.push(Gap { unread, reason: GapReason::NotJudged, scope });
        }
    }

    fn labels(&mut self, labels: &BTreeMap<String, String>) -> LabelsId {
        let names = &mut self.snapshot.names;
        let mut pairs: Vec<_> =
            labels.iter().map(|(key, value)| (names.intern(key), names.intern(value))).collect();
        pairs.sort_unstable();
        self.snapshot.labels.intern(&pairs)
    }

    /// Collects the named ports of a pod, in the order of its containers.
    fn named_ports(&mut self, spec: &PodSpec) -> NamedPortsId {
        let mut named: Vec<NamedPort> = Vec::new();
        for own in container_ports(spec).filter(|own| !own.name.is_empty()) {
            let Some((protocol, port)) = container_port(own) else { continue };
            let port = NamedPort { name: self.snapshot.names.intern(&own.name), protocol, port };
            // Of a name that is given twice, a Service takes the first.
            if !named.contains(&port) {
                named.push(port);
            }
        }
        self.snapshot.ports.intern(&named)
    }
}

/// Lists the ports of containers and of sidecars (init containers that restart).
fn container_ports(spec: &PodSpec) -> impl Iterator<Item = &ContainerPort> {
    let sidecars = spec.init_containers.iter();
    let sidecars = sidecars.filter(|container| container.restart_policy == "Always");
    spec.containers.iter().chain(sidecars).flat_map(|Container { ports, .. }| ports)
}

fn container_port(port: &ContainerPort) -> Option<(Protocol, u16)> {
    Some((Protocol::given(&port.protocol)?, port_number(port.container_port)?))
}

/// Collects the ports of the node that lead to a pod; one with its node's network needs none.
fn host_ports(spec: &PodSpec) -> Box<[HostPort]> {
    let own = container_ports(spec).filter(|_| !spec.host_network);
    let built = own.filter_map(|own| {
        let (protocol, port) = container_port(own)?;
        let host_port = port_number(own.host_port)?;
        let host_ip = parse_ip(&own.host_ip).filter(|ip| !ip.is_unspecified());
        Some(HostPort { protocol, host_port, port, host_ip })
    });
    built.collect()
}

/// Tells whether a pod is ready; one without any condition is taken to be, as nobody has looked.
fn is_ready(pod: &PodObject) -> bool {
    let conditions = &pod.status.conditions;
    let is = |condition: &Condition| condition.kind == "Ready" && condition.status == "True";
    conditions.is_empty() || conditions.iter().any(is)
}

/// Reads the addresses of a status: the list, or the single field of older servers.
fn addresses(list: &[Ip], single: &str) -> Vec<IpAddr> {
    let ips: Vec<IpAddr> = list.iter().filter_map(|ip| parse_ip(&ip.ip)).collect();
    let single: Vec<IpAddr> = parse_ip(single).into_iter().collect();
    one_per_family(if ips.is_empty() { &single } else { &ips })
}

/// Keeps the first address of each family; the family that comes first is the node's own.
fn one_per_family(ips: &[IpAddr]) -> Vec<IpAddr> {
    let mut kept: Vec<IpAddr> = Vec::new();
    for ip in ips {
        if kept.iter().all(|own| Family::of(*own) != Family::of(*ip)) {
            kept.push(*ip);
        }
    }
    kept
}
