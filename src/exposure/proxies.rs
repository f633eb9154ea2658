//! Which pods are the proxies of Ingresses and Gateways, by the labels that their charts give them.

use std::collections::BTreeSet;

use crate::answer::endpoint::Endpoint;
use crate::ends::end::{End, push_pod};
use crate::ends::naming::{pod_endpoint, workload_endpoint};
use crate::engine::network::Network;
use crate::model::endpoint::{Pod, PodId, PodState};
use crate::model::gateway::Gateway;
use crate::model::ingress::Ingress;
use crate::model::ips::IpSet;
use crate::model::labels::value_of;

/// An ingress controller whose pods pass traffic on themselves.
struct Controller {
    /// What its `IngressClass.spec.controller` begins with.
    controller: &'static str,
    /// The name that classes of it mostly have.
    class: &'static str,
    /// The labels of its pods.
    labels: &'static [(&'static str, &'static str)],
}

const NAME: &str = "app.kubernetes.io/name";
const COMPONENT: &str = "app.kubernetes.io/component";

const CONTROLLERS: [Controller; 7] = [
    Controller {
        controller: "k8s.io/ingress-nginx",
        class: "nginx",
        labels: &[(NAME, "ingress-nginx"), (COMPONENT, "controller")],
    },
    Controller {
        controller: "nginx.org/ingress-controller",
        class: "nginx",
        labels: &[(NAME, "nginx-ingress")],
    },
    Controller {
        controller: "traefik.io/ingress-controller",
        class: "traefik",
        labels: &[(NAME, "traefik")],
    },
    Controller {
        controller: "haproxy-ingress.github.io/controller",
        class: "haproxy",
        labels: &[(NAME, "haproxy-ingress")],
    },
    Controller {
        controller: "haproxy.org/ingress-controller",
        class: "haproxy",
        labels: &[(NAME, "kubernetes-ingress")],
    },
    Controller {
        controller: "projectcontour.io/",
        class: "contour",
        labels: &[(NAME, "contour"), (COMPONENT, "envoy")],
    },
    Controller {
        controller: "ingress-controllers.konghq.com/kong",
        class: "kong",
        labels: &[(NAME, "kong")],
    },
];

/// Finds the pods that pass the traffic of an Ingress on; none where they are not recognised.
pub(crate) fn of_ingress(network: &Network<'_>, ingress: &Ingress) -> Vec<PodId> {
    let classes = &network.snapshot.routing.classes;
    let own = match &ingress.class {
        Some(name) => classes.iter().find(|class| class.name == *name),
        None => classes.iter().find(|class| class.is_default),
    };
    let is_own = |known: &&Controller| match (own, &ingress.class) {
        (Some(class), _) => class.controller.starts_with(known.controller),
        (None, Some(name)) => **name == *known.class,
        (None, None) => true,
    };
    let found = CONTROLLERS.iter().filter(is_own).map(|known| labelled(network, known.labels));
    let mut found = found.filter(|pods| !pods.is_empty());
    let first = found.next().unwrap_or_default();
    // Of several controllers nobody knows which one serves it.
    if found.next().is_some() { Vec::new() } else { first }
}

/// Finds the pods of a Gateway; none where they are not recognised.
pub(crate) fn of_gateway(network: &Network<'_>, gateway: &Gateway) -> Vec<PodId> {
    let namespace = &*network.snapshot.namespaces.at(gateway.namespace).name;
    let by_name = [("gateway.networking.k8s.io/gateway-name", &*gateway.name)];
    let own = labelled(network, &by_name).into_iter();
    let own: Vec<PodId> =
        own.filter(|pod| network.snapshot.pods.at(*pod).namespace == gateway.namespace).collect();
    if !own.is_empty() {
        return own;
    }
    let by_owner = [
        ("gateway.envoyproxy.io/owning-gateway-name", &*gateway.name),
        ("gateway.envoyproxy.io/owning-gateway-namespace", namespace),
    ];
    let own = labelled(network, &by_owner);
    let mut known =
        CONTROLLERS.iter().filter(|known| *gateway.class == *known.class && known.class == "traefik");
    match (own.is_empty(), known.next()) {
        (true, Some(controller)) => labelled(network, controller.labels),
        _ => own,
    }
}

/// Finds the pods that have all of some labels.
fn labelled(network: &Network<'_>, labels: &[(&str, &str)]) -> Vec<PodId> {
    let snapshot = network.snapshot;
    let pairs: Option<Vec<_>> = labels
        .iter()
        .map(|(key, value)| Some((snapshot.names.find(*key)?, snapshot.names.find(*value)?)))
        .collect();
    let Some(pairs) = pairs else { return Vec::new() };
    let has = |pod: &Pod| {
        let labels = snapshot.labels.get(pod.labels);
        pairs.iter().all(|(key, value)| value_of(labels, *key) == Some(*value))
    };
    let alive = snapshot.pods.iter().filter(|(_, pod)| pod.state != PodState::Finished);
    alive.filter(|(_, pod)| has(pod)).map(|(id, _)| id).collect()
}

/// Returns pods as the source of connections; nothing for none.
pub(crate) fn end_of(network: &Network<'_>, pods: &[PodId]) -> Option<End> {
    let mut members = Vec::new();
    for pod in pods {
        push_pod(network, *pod, &IpSet::everything(), &mut members);
    }
    Some(End::new(names(network, pods).into_iter().next()?, members))
}

/// Names pods by their workloads.
pub(crate) fn names(network: &Network<'_>, pods: &[PodId]) -> Vec<Endpoint> {
    let name = |pod: &PodId| match network.snapshot.pods.at(*pod).workload {
        Some(workload) => workload_endpoint(network.snapshot, workload),
        None => pod_endpoint(network.snapshot, *pod),
    };
    pods.iter().map(name).collect::<BTreeSet<_>>().into_iter().collect()
}
