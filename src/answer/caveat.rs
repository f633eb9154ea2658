//! What limits an answer, one sentence each.

use std::cmp::Ordering;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use crate::answer::finding::Finding;
use crate::answer::unheard::{FirstNames, Instead, Unasked, UnheardPods};
use crate::engine::decide::Doubt;
use crate::model::cni::Cni;
use crate::model::gap::{Gap, merged};

/// What limits an answer; ordered by its sentence, which is what it is serialized as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Caveat {
    /// A verdict is not certain.
    #[error("{}", doubt(*.0))]
    Doubt(Doubt),
    /// A pod has no address yet, and blocks may hold the one that it will have; with how many others.
    #[error("{first}{} no address yet: whether an ipBlock holds it is not known", and_more(*.more))]
    NoAddressYet {
        /// The first pod.
        first: String,
        /// How many others.
        more: usize,
    },
    /// The only pod of an end has finished.
    #[error("{0}: the pod has finished: no connections to or from it")]
    Finished(String),
    /// So many pods of an end have finished.
    #[error("{0}: {1} of the pods have finished: no connections to or from it")]
    SomeFinished(String, usize),
    /// An address that was asked for is that of an end.
    #[error("{0} is the address of {1}")]
    AddressOf(IpAddr, String),
    /// An address that was asked for has several holders.
    #[error("{0} is the address of {1} pods or nodes")]
    SharedAddress(IpAddr, usize),
    /// An end stands for no pod and no address.
    #[error("{0} has no pod or address")]
    NoMember(String),
    /// A namespace has no pod, and what is told is about one to come.
    #[error("{0} has no pod: this is what holds for one to come")]
    PodToCome(String),
    /// A node has no address.
    #[error("{0} has no known address")]
    NoAddress(String),
    /// Both ends are the same pod.
    #[error("{0} has only one pod now, which reaches itself: this is about a further one")]
    OnlyOnePod(String),
    /// No address of one end is of a family of the other's.
    #[error("the ends have no address family in common: no packet can pass")]
    NoCommonFamily,
    /// Only some pods of an end have a port of the name that was asked for.
    #[error("some pods of {0} name no port so: they are left out")]
    PortLeftOut(String),
    /// A pod in the network of its node may be on the node of the other end, or the other way round.
    #[error("the node of {0} is not known: ingress from a pod's own node is always allowed")]
    UnknownNode(String),
    /// A pod's own node gets in.
    #[error("ingress from the pod's own node is always allowed")]
    OwnNode,
    /// The nodes of pods get in, and no row says so.
    #[error("ingress from a pod's own node is always allowed and not listed")]
    OwnNodeNotListed,
    /// A pod may get to its own node.
    #[error("some network plugins always allow egress to the pod's own node")]
    EgressToOwnNode,
    /// A pod's address is matched by a block alone.
    #[error(
        "an ipBlock decides for a pod's address: network plugins differ (Cilium matches no pod by ipBlock)"
    )]
    BlockOfPod,
    /// So it is, and the rule names ports.
    #[error("network plugins differ on a port name beside an ipBlock")]
    PortNameBesideBlock,
    /// Blocks of pods whose addresses are not known are not listed.
    #[error(
        "pods without an address are listed as if no ipBlock held them, unless it holds every address"
    )]
    NoAddressListed,
    /// No policy governs an end.
    #[error("no policy governs {0}: it is no pod with its own network")]
    NotGoverned(String),
    /// No policy governs a target of sources.
    #[error("no policy governs {0}: nodes and addresses outside are not listed among its sources")]
    SourcesNotListed(String),
    /// No policy governs a part of a target of sources.
    #[error(
        "no policy governs some of {0}: nodes and addresses outside are not listed among its sources there"
    )]
    SomeSourcesNotListed(String),
    /// Pods that were not read may be among the sources.
    #[error("pods were not read: whether only these can connect is not known")]
    UnreadSources,
    /// Pods of which an address decides whether they can connect, by the first; with how many others.
    #[error(
        "not known of {first}{}: an ipBlock decides, and a pod has no address yet",
        if *.more == 0 { String::new() } else { format!(" and {more} more") }
    )]
    UnplacedSources {
        /// The first pod.
        first: String,
        /// How many others.
        more: usize,
    },
    /// The pods behind a Service were not read.
    #[error("the pods of the Service could not be read")]
    UnreadBackends,
    /// So many pods behind a Service are not ready.
    #[error("{0} of its pods not ready: the Service does not send there")]
    PodsNotReady(usize),
    /// So many endpoints in the EndpointSlices of a Service are not ready.
    #[error("{0} of its endpoints not ready: the Service does not send there")]
    EndpointsNotReady(usize),
    /// A port of a headless Service differs from its targetPort.
    #[error("a headless Service rewrites no port: clients of port {0} do not come to targetPort {1}")]
    Headless(u16, String),
    /// A policy's block holds the address of a Service.
    #[error(
        "{0} allows the Service's own address, which is rewritten to that of a pod before policies are \
         asked (a few network plugins ask first)"
    )]
    ServiceAddress(String),
    /// Packets from outside do not come to a Service's own address.
    #[error("{0} is reached from outside by its ways in only")]
    FromOutside(String),
    /// So it is, and the ways in were not asked for.
    #[error("{0} is reached from outside by its ways in only: explain {0} lists them")]
    AskForWaysIn(String),
    /// A Service of the answer looks wrong.
    #[error("{}", .0.message)]
    Finding(Finding),
    /// A Service hides its clients.
    #[error(
        "externalTrafficPolicy: Cluster: packets may carry the address of a node instead of the client's"
    )]
    ClientsHidden,
    /// A load balancer may be a proxy.
    #[error(
        "a load balancer that ends connections itself shows policies its own address instead of the \
         client's"
    )]
    BalancerAsProxy,
    /// A load balancer is not reached yet.
    #[error("the load balancer has no address yet")]
    NoBalancerAddress,
    /// The proxies of an Ingress or a route are not known.
    #[error("the pods that pass it on were not recognised: who sends to the destination is not known")]
    UnknownProxy,
    /// A pod is reached by the network of its node.
    #[error("no NetworkPolicy governs a pod that uses its node's network")]
    HostNetwork,
    /// Nothing was found that enforces policies.
    #[error("no network plugin was recognised: policies may not be enforced")]
    NoPlugin,
    /// What does not enforce policies, and what shows it.
    #[error("policies are NOT enforced: {0} ({1})")]
    NotEnforced(Cni, String),
    /// A network plugin differs from the Kubernetes API.
    #[error("{0}: {1}")]
    Deviation(Cni, &'static str),
    /// The labels that name a pod are those of other pods of its workload too.
    #[error("policies select by labels: it holds for other pods of {0} too")]
    OtherReplicas(String),
    /// A fix is for every port.
    #[error("every port is opened: --port gives the fix for one")]
    EveryPort,
    /// Some pods of an end are in the networks of their nodes.
    #[error("some pods of {0} are in the network of their node: no policy governs them")]
    SomeInNodeNetwork(String),
    /// The selector of an end selects pods of other workloads.
    #[error("the selector of {0} selects pods of {1} too")]
    SelectsOthers(String, String),
    /// The cluster's name servers were not asked, and others were.
    #[error(
        "{why}, so the cluster's name servers could not be asked, and names were resolved by {whose} \
         ({}): pods may see other addresses; run it in the cluster, or name a name server with \
         --resolver IP", .asked.join(", ")
    )]
    ResolvedElsewhere {
        /// Why those of the cluster were not.
        why: Unasked,
        /// Whose were.
        whose: Instead,
        /// Their addresses.
        asked: Vec<Box<str>>,
    },
    /// The user says which Service is the cluster's DNS.
    #[error("the cluster's DNS is Service {0} (--dns)")]
    NamedDns(Box<str>),
    /// The user said another before, of hosts that are remembered.
    #[error("hosts that Service {0} told lose no address without --dns for it")]
    OtherDns(Box<str>),
    /// A Service looks like the cluster's DNS, where anybody may make one.
    #[error(
        "Service {0} looks like the cluster's DNS and is not asked: anybody may make one in its \
         namespace"
    )]
    DnsClaimant(Box<str>),
    /// Some name servers of the cluster were not heard.
    #[error("{0}; until all are heard, no address leaves")]
    Unheard(UnheardPods),
    /// The machine's own name servers know other addresses of some hosts.
    #[error("this machine is told other addresses than the cluster's DNS, whose are taken, for {0}")]
    ResolvedApart(FirstNames),
    /// A host has other addresses each time.
    #[error("{0} hands out other addresses each time: a list of them will break")]
    Rotates(String),
    /// Names of one namespace that a run did not ask for.
    #[error(
        "{unasked} names of namespace {namespace} were not asked for, as one run gives each namespace a share of \
         time and questions: the next run begins with others"
    )]
    ShareUsedUp {
        /// The namespace.
        namespace: String,
        /// How many.
        unasked: usize,
    },
    /// Some addresses of the cluster itself are not known.
    #[error("{}; an answer with such an address would not be refused", merged(.0).join("; "))]
    UnknownOwnAddresses(Vec<Gap>),
    /// Something that was not read may remember hosts.
    #[error("{0}; whether it remembers hosts is not known")]
    UnknownHosts(Gap),
    /// What else a fix opens is not known.
    #[error("pods were not read: how many other connections it opens is not known")]
    UnreadOpened,
}

impl Caveat {
    /// Tells whether it says that an end stands for nobody who could open or accept a connection, or, of
    /// finished pods, may say so.
    pub const fn is_no_end(&self) -> bool {
        matches!(
            self,
            Self::NoMember(_) | Self::NoAddress(_) | Self::Finished(_) | Self::SomeFinished(..)
        )
    }
}

/// Writes the verb of one, or of one and some more.
fn and_more(more: usize) -> String {
    match more {
        0 => " has".to_owned(),
        more => format!(" and {more} more have"),
    }
}

/// Says why a verdict is not certain.
fn doubt(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Address => "a pod has no address yet: whether a rule by ipBlock matches it is not known",
        Doubt::ControllerLabels => {
            "a rule selects by labels that controllers set: pods from a template do not show them"
        }
        Doubt::NamespaceLabels => {
            "a rule selects by labels of a namespace that was not read: whether it matches is not known"
        }
        Doubt::UnreadPods => "pods were not read: an address may be that of a pod that policies govern",
        Doubt::Unjudged => "policies that were not read or judged may decide (see the gaps)",
    }
}

impl Ord for Caveat {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for Caveat {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Caveat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
