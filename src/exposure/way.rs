//! A way in from outside the cluster, as data.

use serde::{Serialize, Serializer};

use crate::answer::caveat::Caveat;
use crate::answer::endpoint::Endpoint;
use crate::answer::verdict::Verdict;

/// A way in from outside the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exposure {
    /// How: by a load balancer, a port of the nodes, an Ingress …
    pub way: Way,
    /// The object that opens it: a Service, an Ingress, a route, or the pods themselves.
    pub by: Endpoint,
    /// The Service that an Ingress or route sends to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Endpoint>,
    /// The Gateway, where the object is a route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Endpoint>,
    /// The addresses and names at which it is reached; those of every node where it is absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// The host names that lead here; every one where it is absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Who gets in, as far as the way itself decides.
    pub sources: Endpoint,
    /// The pods whose packets reach the destination, where they were recognised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proxies: Vec<Endpoint>,
    /// The part of the destination that it leads to.
    pub destination: Endpoint,
    /// The ports, one by one.
    pub ports: Vec<ExposedPort>,
    /// What policies let through, over all ports.
    pub verdict: Verdict,
    /// Limits of this answer.
    pub caveats: Vec<Caveat>,
}

/// How something gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// A Service of type LoadBalancer.
    LoadBalancer,
    /// A port of every node.
    NodePort,
    /// The `externalIPs` of a Service.
    ExternalIP,
    /// A port of the pod's node.
    HostPort,
    /// The pod uses the network of its node.
    HostNetwork,
    /// An Ingress.
    Ingress,
    /// A route of a Gateway.
    Gateway,
}

impl Way {
    /// Returns its name, as in the schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoadBalancer => "LoadBalancer",
            Self::NodePort => "NodePort",
            Self::ExternalIP => "ExternalIP",
            Self::HostPort => "HostPort",
            Self::HostNetwork => "HostNetwork",
            Self::Ingress => "Ingress",
            Self::Gateway => "Gateway",
        }
    }
}

impl Serialize for Way {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A port of a way in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExposedPort {
    /// The ports outside; not known where it is absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<String>,
    /// The port of the Service between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The port of the destination.
    pub target: String,
    /// What policies let through.
    pub verdict: Verdict,
}
