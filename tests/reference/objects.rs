//! The cluster as Kubernetes objects, in the forms in which API servers and users write them.

use std::net::IpAddr;

use netpol::model::origin::ObjectOrigin;
use netpol::model::ports::Protocol;
use netpol::model::snapshot::PolicyMeta;
use netpol::objects::meta::Meta;
use netpol::objects::object::{
    Container, ContainerPort, Ip, JobTemplate, JobTemplateSpec, NodeAddress, NodeObject, NodeStatus,
    Object, ObjectKey, Objects, PodObject, PodSpec, PodStatus, PolicyRead, Template, WorkloadObject,
    WorkloadSpec,
};

use super::cluster::{Cluster, DECOY, Labels, Life, NamedPort, Node, Pod, Policy};

impl Cluster {
    /// Writes the cluster's objects.
    pub(crate) fn objects(&self) -> Objects {
        let namespaces = self.namespaces.iter().filter_map(|(name, labels)| {
            let meta = meta("", name, labels.as_ref()?);
            Some((ObjectKey::new("", "Namespace", "", name), Object::Namespace(meta)))
        });
        let nodes = self.nodes.iter().filter(|node| !node.ghost).map(node);
        let pods = self.pods.iter().enumerate().map(|(index, pod)| match pod.life {
            Life::Template(kind) => workload(kind, pod),
            _ => self::pod(index, pod),
        });
        let policies = self.policies.iter().map(policy);
        let items = namespaces.chain(nodes).chain(pods).chain(policies).collect();
        Objects { items, ..Objects::default() }
    }
}

fn meta(namespace: &str, name: &str, labels: &Labels) -> Meta {
    let (name, namespace) = (name.to_owned(), namespace.to_owned());
    Meta { name, namespace, labels: labels.clone(), ..Meta::default() }
}

fn node(node: &Node) -> (ObjectKey, Object) {
    let address = |kind: &str, address: String| NodeAddress { kind: kind.to_owned(), address };
    let internal = node.internal.iter().map(|ip| address("InternalIP", ip.to_string()));
    let external = node.external.iter().map(|ip| address("ExternalIP", ip.to_string()));
    let addresses = external.chain(internal).chain([address("Hostname", node.name.clone())]).collect();
    let metadata = meta("", &node.name, &Labels::new());
    let object = NodeObject { metadata, status: NodeStatus { addresses } };
    (ObjectKey::new("", "Node", "", &node.name), Object::Node(object))
}

fn pod(index: usize, pod: &Pod) -> (ObjectKey, Object) {
    let mut spec = pod_spec(pod);
    spec.node_name = pod.node.as_ref().map(|node| node.name.clone()).unwrap_or_default();
    let object = PodObject {
        metadata: meta(&pod.namespace, &pod.name, &pod.labels),
        spec,
        status: pod_status(index, pod),
    };
    (ObjectKey::new("", "Pod", &pod.namespace, &pod.name), Object::Pod(Box::new(object)))
}

/// Writes the status, one pod after the other in another of its forms: lists of addresses or the
/// single fields of older servers; with or without those of the host.
fn pod_status(index: usize, pod: &Pod) -> PodStatus {
    let phase = match pod.life {
        Life::Pending => "Pending",
        Life::Succeeded => "Succeeded",
        Life::Failed => "Failed",
        Life::Running | Life::Template(_) => "Running",
    };
    let ghost = pod.node.as_ref().is_some_and(|node| node.ghost);
    let of_node = pod.node.as_ref().map_or(&[][..], |node| &node.internal);
    let own = match (pod.host_network, index.is_multiple_of(3)) {
        (false, _) => &pod.ips,
        (true, true) => of_node,
        (true, false) => &[][..],
    };
    let host = pod.node.as_ref().filter(|_| ghost || index % 3 != 2);
    let (pod_ip, pod_ips) = addresses(own, index.is_multiple_of(2));
    let (host_ip, host_ips) = addresses(host.map_or(&[][..], |node| &node.internal), false);
    let conditions = Vec::new();
    PodStatus { phase: phase.to_owned(), pod_ip, pod_ips, host_ip, host_ips, conditions }
}

fn addresses(ips: &[IpAddr], as_single: bool) -> (String, Vec<Ip>) {
    let single = ips.first().map(ToString::to_string).unwrap_or_default();
    match as_single && ips.len() < 2 {
        true => (single, Vec::new()),
        false => (single, ips.iter().map(|ip| Ip { ip: ip.to_string() }).collect()),
    }
}

/// Writes the containers: the first named port in a container, the others in a sidecar, and one in
/// an init container that ends, which does not count.
fn pod_spec(pod: &Pod) -> PodSpec {
    let container = |ports: Vec<ContainerPort>, restart_policy: &str| Container {
        ports,
        restart_policy: restart_policy.to_owned(),
    };
    let (first, rest) = pod.ports.split_at(pod.ports.len().min(1));
    PodSpec {
        host_network: pod.host_network,
        containers: vec![container(first.iter().map(container_port).collect(), "")],
        init_containers: vec![
            container(vec![container_port(&DECOY)], ""),
            container(rest.iter().map(container_port).collect(), "Always"),
        ],
        ..PodSpec::default()
    }
}

fn container_port(port: &NamedPort) -> ContainerPort {
    let protocol = match port.protocol {
        Protocol::Tcp => "",
        other => other.name(),
    };
    let (name, protocol) = (port.name.to_owned(), protocol.to_owned());
    ContainerPort { name, container_port: port.number.into(), protocol, ..ContainerPort::default() }
}

fn workload(kind: &'static str, pod: &Pod) -> (ObjectKey, Object) {
    let metadata = meta("", "", &pod.labels);
    let template = Template { metadata, spec: pod_spec(pod) };
    let spec = match kind {
        "CronJob" => WorkloadSpec {
            job_template: Some(JobTemplate {
                spec: JobTemplateSpec { template, ..JobTemplateSpec::default() },
            }),
            ..WorkloadSpec::default()
        },
        _ => WorkloadSpec { template, ..WorkloadSpec::default() },
    };
    let metadata = meta(&pod.namespace, &pod.name, &Labels::new());
    let object = WorkloadObject { metadata, spec, ..WorkloadObject::default() };
    (ObjectKey::new("apps", kind, &pod.namespace, &pod.name), Object::Workload(Box::new(object)))
}

fn policy(policy: &Policy) -> (ObjectKey, Object) {
    let origin = ObjectOrigin::Live { resource_version: "1".into() };
    let read = PolicyRead { metadata: PolicyMeta::default(), origin, spec: policy.spec.clone().into() };
    let key = ObjectKey::new("networking.k8s.io", "NetworkPolicy", &policy.namespace, &policy.name);
    (key, Object::Policy(Box::new(read)))
}
