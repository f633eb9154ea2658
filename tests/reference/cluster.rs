//! A cluster in its plainest form, and the packets that can be sent in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use netpol::model::ips::Family;
use netpol::model::ports::Protocol;

/// The label that every Namespace carries.
pub(crate) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A port of an init container that ends, which every pod has; it is no named port of the pod.
pub(crate) const DECOY: NamedPort = NamedPort { name: "http", protocol: Protocol::Tcp, number: 9999 };

pub(crate) type Labels = BTreeMap<String, String>;

#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// The labels of every namespace; nothing where its Namespace object was not read.
    pub(crate) namespaces: BTreeMap<String, Option<Labels>>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) policies: Vec<Policy>,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) internal: Vec<IpAddr>,
    pub(crate) external: Option<IpAddr>,
    /// Whether only pods name it: there is no Node object.
    pub(crate) ghost: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) ports: Vec<NamedPort>,
    /// At most one per family; of a host-network pod all of its node.
    pub(crate) ips: Vec<IpAddr>,
    pub(crate) node: Option<Node>,
    pub(crate) host_network: bool,
    pub(crate) life: Life,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Pending,
    Running,
    Succeeded,
    Failed,
    /// There is no pod, only the template of a workload of this kind.
    Template(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedPort {
    pub(crate) name: &'static str,
    pub(crate) protocol: Protocol,
    pub(crate) number: u16,
}

#[derive(Clone)]
pub(crate) struct Policy {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) spec: NetworkPolicySpec,
}

/// The direction of a packet, seen from the pod that policies govern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Way {
    In,
    Out,
}

/// Which selectors are asked: those of namespaces, or those of pods, of peers and subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerSelectors {
    Namespaces,
    Pods,
}

/// One rule of a policy; ingress and egress rules differ only in the name of the peers' field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApiRule<'a> {
    pub(crate) peers: &'a [NetworkPolicyPeer],
    pub(crate) ports: &'a [NetworkPolicyPort],
}

/// One end of a packet, with the address that the packet carries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End<'a> {
    /// A pod, with one of its addresses.
    Pod(&'a Pod, PodAddress),
    /// A node, or an address outside the cluster.
    Address(IpAddr),
}

/// The address that a pod's packets carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PodAddress {
    Known(IpAddr),
    /// It has none yet, and will have one of this family; nothing where the cluster shows none.
    Unknown(Option<Family>),
}

/// What a packet asks for at its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Port {
    Number(Protocol, u16),
    /// ICMP and all else that has no port.
    Other,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet<'a> {
    pub(crate) source: End<'a>,
    pub(crate) destination: End<'a>,
    pub(crate) port: Port,
}

/// Shows the specification as JSON.
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = serde_json::to_string(&self.spec).map_err(|_| fmt::Error)?;
        write!(f, "{}/{} {spec}", self.namespace, self.name)
    }
}

impl Way {
    pub(crate) const BOTH: [Self; 2] = [Self::In, Self::Out];
}

impl Policy {
    /// Lists the rules of one direction.
    pub(crate) fn rules(&self, way: Way) -> Vec<ApiRule<'_>> {
        fn rule<'a>(
            peers: &'a Option<Vec<NetworkPolicyPeer>>,
            ports: &'a Option<Vec<NetworkPolicyPort>>,
        ) -> ApiRule<'a> {
            let (peers, ports) = (peers.as_deref(), ports.as_deref());
            ApiRule { peers: peers.unwrap_or_default(), ports: ports.unwrap_or_default() }
        }
        let (ingress, egress) = (self.spec.ingress.iter().flatten(), self.spec.egress.iter().flatten());
        match way {
            Way::In => ingress.map(|item| rule(&item.from, &item.ports)).collect(),
            Way::Out => egress.map(|item| rule(&item.to, &item.ports)).collect(),
        }
    }
}

impl Pod {
    pub(crate) fn has_finished(&self) -> bool {
        matches!(self.life, Life::Succeeded | Life::Failed)
    }

    pub(crate) fn is_template(&self) -> bool {
        matches!(self.life, Life::Template(_))
    }
}

impl<'a> End<'a> {
    pub(crate) fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Pod(_, PodAddress::Unknown(_)) => None,
            Self::Pod(_, PodAddress::Known(ip)) | Self::Address(ip) => Some(ip),
        }
    }

    /// Returns the family of its packets.
    pub(crate) fn family(self) -> Option<Family> {
        match self {
            Self::Pod(_, PodAddress::Unknown(family)) => family,
            Self::Pod(_, PodAddress::Known(ip)) | Self::Address(ip) => Some(Family::of(ip)),
        }
    }

    /// Returns the pod that policies govern and match by labels: a host-network pod is its node,
    /// and a finished one is nobody.
    pub(crate) fn managed_pod(self) -> Option<&'a Pod> {
        match self {
            Self::Pod(pod, _) => Some(pod).filter(|pod| !pod.host_network && !pod.has_finished()),
            Self::Address(_) => None,
        }
    }

    /// Tells whether a packet can have these ends: its addresses are of one family.
    pub(crate) fn can_reach(self, other: End<'_>) -> bool {
        let families = self.family().zip(other.family());
        families.is_none_or(|(own, other)| own == other)
    }
}

impl Cluster {
    /// Lists everything that can send or receive, each of its addresses apart.
    pub(crate) fn ends(&self, outside: &[IpAddr]) -> Vec<End<'_>> {
        let held: Vec<IpAddr> = self.living_pods().flat_map(|pod| pod.ips.iter().copied()).collect();
        let pods = self
            .living_pods()
            .flat_map(|pod| self.addresses(pod).into_iter().map(move |address| End::Pod(pod, address)));
        let nodes = self.nodes.iter().flat_map(|node| node.internal.iter().chain(&node.external));
        let addresses = nodes.chain(outside.iter().filter(|ip| !held.contains(ip)));
        pods.chain(addresses.map(|ip| End::Address(*ip))).collect()
    }

    /// Lists the addresses that a pod's packets can carry: where it has none yet, one of each family that
    /// the cluster shows.
    fn addresses(&self, pod: &Pod) -> Vec<PodAddress> {
        let pods = self.pods.iter().flat_map(|pod| &pod.ips);
        let nodes = self.nodes.iter().flat_map(|node| node.internal.iter().chain(&node.external));
        let shown: BTreeSet<Family> = pods.chain(nodes).map(|ip| Family::of(*ip)).collect();
        match (pod.ips.is_empty(), shown.is_empty()) {
            (false, _) => pod.ips.iter().map(|ip| PodAddress::Known(*ip)).collect(),
            (true, true) => vec![PodAddress::Unknown(None)],
            (true, false) => shown.into_iter().map(|family| PodAddress::Unknown(Some(family))).collect(),
        }
    }

    /// Returns the family that comes first in the lists of addresses: of the pods, else of the nodes.
    pub(crate) fn primary_family(&self) -> Family {
        let mut pods: Vec<&Pod> = self.living_pods().collect();
        pods.sort_by_key(|pod| (&pod.namespace, &pod.name));
        let pods = pods.into_iter().filter_map(|pod| pod.ips.first());
        let nodes =
            self.nodes.iter().filter_map(|node| node.internal.iter().chain(&node.external).next());
        pods.chain(nodes).next().map_or(Family::V4, |ip| Family::of(*ip))
    }

    fn living_pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|pod| !pod.has_finished())
    }

    /// Lists every CIDR that a policy mentions, exceptions included.
    pub(crate) fn blocks(&self) -> Vec<IpNet> {
        let blocks = self.rules().flat_map(|rule| rule.peers).filter_map(|peer| peer.ip_block.as_ref());
        let texts = blocks
            .flat_map(|IPBlock { cidr, except }| [cidr].into_iter().chain(except.iter().flatten()));
        texts.filter_map(|text| text.parse().ok()).collect()
    }

    /// Lists addresses of which each lies in other blocks: one for each set of blocks around it.
    pub(crate) fn places(&self) -> Vec<IpAddr> {
        let blocks = self.blocks();
        let any = Family::ALL.map(|family| family.everything().network());
        let mut places: BTreeMap<(Family, Vec<bool>), IpAddr> = BTreeMap::new();
        for ip in self.bounds().into_iter().chain(any) {
            let around = blocks.iter().map(|block| block.contains(&ip)).collect();
            places.entry((Family::of(ip), around)).or_insert(ip);
        }
        places.into_values().collect()
    }

    /// Lists the values that selectors ask of some labels.
    pub(crate) fn asked_labels(
        &self,
        is_asked: impl Fn(&str) -> bool,
        of: PeerSelectors,
    ) -> BTreeMap<String, BTreeSet<String>> {
        let peers = self.rules().flat_map(|rule| rule.peers);
        let peers = peers.filter_map(|peer| match of {
            PeerSelectors::Namespaces => peer.namespace_selector.as_ref(),
            PeerSelectors::Pods => peer.pod_selector.as_ref(),
        });
        let subjects = self.policies.iter().filter(|_| of == PeerSelectors::Pods);
        let subjects = subjects.filter_map(|policy| policy.spec.pod_selector.as_ref());
        let mut words: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for selector in peers.chain(subjects) {
            for (key, value) in selector.match_labels.iter().flatten() {
                words.entry(key.clone()).or_default().insert(value.clone());
            }
            for one in selector.match_expressions.iter().flatten() {
                words.entry(one.key.clone()).or_default().extend(one.values.iter().flatten().cloned());
            }
        }
        words.retain(|key, _| is_asked(key));
        words
    }

    fn rules(&self) -> impl Iterator<Item = ApiRule<'_>> {
        let rules = |policy| Way::BOTH.into_iter().flat_map(move |way| Policy::rules(policy, way));
        self.policies.iter().flat_map(rules)
    }

    /// Lists the addresses at which a verdict can change: the bounds of every block and the
    /// addresses beside them.
    pub(crate) fn bounds(&self) -> BTreeSet<IpAddr> {
        let bounds = |block: IpNet| {
            let (low, high) = (block.network(), block.broadcast());
            [Some(low), Some(high), neighbour(low, -1), neighbour(high, 1)].into_iter().flatten()
        };
        self.blocks().into_iter().flat_map(bounds).collect()
    }

    /// Lists the ports at which a verdict can change, `Other` and the ends of the line among them.
    pub(crate) fn interesting_ports(&self) -> Vec<Port> {
        let mut numbers = BTreeSet::from([1, 65535, i32::from(DECOY.number)]);
        for port in self.rules().flat_map(|rule| rule.ports) {
            if let Some(IntOrString::Int(low)) = port.port {
                let high = port.end_port.unwrap_or(low);
                numbers.extend([low - 1, low, high, high + 1]);
            }
        }
        numbers.extend(self.pods.iter().flat_map(|pod| &pod.ports).map(|port| i32::from(port.number)));
        let numbers =
            numbers.into_iter().filter_map(|number| u16::try_from(number).ok().filter(|n| *n > 0));
        let of = |number| Protocol::ALL.map(|protocol| Port::Number(protocol, number));
        numbers.flat_map(of).chain([Port::Other]).collect()
    }
}

fn neighbour(ip: IpAddr, step: i8) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(ip) => {
            ip.to_bits().checked_add_signed(step.into()).map(|bits| IpAddr::V4(bits.into()))
        }
        IpAddr::V6(ip) => {
            ip.to_bits().checked_add_signed(step.into()).map(|bits| IpAddr::V6(bits.into()))
        }
    }
}
