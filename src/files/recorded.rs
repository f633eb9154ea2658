//! Which fields of which kinds a snapshot file has.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::gap::{Gap, GapReason, GapScope, Unread};
use crate::objects::object::{Object, ObjectKey};
use crate::objects::unread::scope;
use crate::policy::KINDS;
use crate::policy::kinds::unjudged_groups;

/// By kind, as keys of objects name it, or by `*` and a group: the paths of the fields that were read.
///
/// A path stands for all that is below it, the key of an annotation for its value.
pub(crate) type Recorded = BTreeMap<String, BTreeSet<String>>;

/// The objects of a file.
type Items = BTreeMap<ObjectKey, Object>;

/// What an analysis reads of a kind beside the metadata of all.
struct Row {
    kind: &'static str,
    resource: &'static str,
    fields: &'static [&'static str],
    /// Where it has specifications of pods.
    pod_specs: &'static [&'static str],
}

const fn row(kind: &'static str, resource: &'static str, fields: &'static [&'static str]) -> Row {
    Row { kind, resource, fields, pod_specs: &[] }
}

const fn workload(kind: &'static str, resource: &'static str) -> Row {
    let fields = &[
        "netpol/agent",
        "spec.jobTemplate.spec.parallelism",
        "spec.jobTemplate.spec.template.metadata.labels",
        "spec.parallelism",
        "spec.replicas",
        "spec.selector",
        "spec.template.metadata.labels",
        "status.conditions",
    ];
    Row {
        kind,
        resource,
        fields,
        pod_specs: &["spec.template.spec", "spec.jobTemplate.spec.template.spec"],
    }
}

const fn route(kind: &'static str, resource: &'static str) -> Row {
    row(
        kind,
        resource,
        &[
            "spec.hostnames",
            "spec.parentRefs",
            "spec.rules.backendRefs",
            "spec.rules.filters.requestMirror.backendRef",
        ],
    )
}

const METADATA: [&str; 6] = [
    "metadata.generateName",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.ownerReferences",
    "metadata.resourceVersion",
];
const POD_SPEC: [&str; 6] = [
    "containers.ports",
    "containers.restartPolicy",
    "hostNetwork",
    "initContainers.ports",
    "initContainers.restartPolicy",
    "nodeName",
];
/// Of a policy that cannot be judged only counts that it is there.
const IDENTITY: [&str; 2] = ["metadata.name", "metadata.namespace"];

/// The kinds that are no policies.
const ROWS: [Row; 21] = [
    Row {
        kind: "Pod",
        resource: "pods",
        fields: &[
            "status.conditions",
            "status.hostIP",
            "status.hostIPs",
            "status.phase",
            "status.podIP",
            "status.podIPs",
        ],
        pod_specs: &["spec"],
    },
    row("Namespace", "namespaces", &[]),
    row("Node", "nodes", &["status.addresses"]),
    row(
        "Service",
        "services",
        &[
            "spec.allocateLoadBalancerNodePorts",
            "spec.clusterIP",
            "spec.clusterIPs",
            "spec.externalIPs",
            "spec.externalName",
            "spec.externalTrafficPolicy",
            "spec.ipFamilies",
            "spec.ipFamilyPolicy",
            "spec.loadBalancerIP",
            "spec.loadBalancerSourceRanges",
            "spec.ports",
            "spec.publishNotReadyAddresses",
            "spec.selector",
            "spec.type",
            "status.loadBalancer.ingress",
        ],
    ),
    row(
        "EndpointSlice",
        "endpointslices",
        &["addressType", "endpoints.addresses", "endpoints.conditions.ready", "ports"],
    ),
    workload("ReplicaSet", "replicasets"),
    workload("DaemonSet", "daemonsets"),
    workload("ReplicationController", "replicationcontrollers"),
    workload("Deployment", "deployments"),
    workload("StatefulSet", "statefulsets"),
    workload("Job", "jobs"),
    workload("CronJob", "cronjobs"),
    row(
        "Ingress",
        "ingresses",
        &[
            "kubernetes.io/ingress.class",
            "spec.defaultBackend.service",
            "spec.ingressClassName",
            "spec.rules.host",
            "spec.rules.http.paths.backend.service",
            "spec.tls.hosts",
            "status.loadBalancer.ingress",
        ],
    ),
    row(
        "IngressClass",
        "ingressclasses",
        &["ingressclass.kubernetes.io/is-default-class", "spec.controller"],
    ),
    row(
        "Gateway.gateway.networking.k8s.io",
        "gateways",
        &["spec.addresses", "spec.gatewayClassName", "spec.listeners", "status.addresses"],
    ),
    route("HTTPRoute.gateway.networking.k8s.io", "httproutes"),
    route("GRPCRoute.gateway.networking.k8s.io", "grpcroutes"),
    route("TLSRoute.gateway.networking.k8s.io", "tlsroutes"),
    route("TCPRoute.gateway.networking.k8s.io", "tcproutes"),
    route("UDPRoute.gateway.networking.k8s.io", "udproutes"),
    row("ReferenceGrant.gateway.networking.k8s.io", "referencegrants", &["spec.from", "spec.to"]),
];

impl Row {
    fn fields(&self) -> BTreeSet<String> {
        let pod_specs = self.pod_specs.iter();
        let of_pods = pod_specs.flat_map(|path| POD_SPEC.map(|field| format!("{path}.{field}")));
        let others = METADATA.iter().chain(self.fields).map(|field| (*field).to_owned());
        others.chain(of_pods).collect()
    }
}

/// Lists the policy kinds that are judged.
fn policies() -> impl Iterator<Item = Row> {
    KINDS.into_iter().map(|kind| row(kind.key, kind.resource, kind.fields))
}

/// Lists what this version reads of a cluster.
pub(crate) fn by_this_version() -> Recorded {
    let kinds = policies().chain(ROWS).map(|row| (row.kind.to_owned(), row.fields()));
    let groups = unjudged_groups().into_iter();
    kinds.chain(groups.map(of_unjudged)).collect()
}

/// Returns that some fields of a kind were read, beside the metadata.
pub(super) fn all_of(kind: &'static str, fields: &'static [&'static str]) -> (String, BTreeSet<String>) {
    (kind.to_owned(), row(kind, "", fields).fields())
}

/// Returns what is read of the kinds of a group that are not judged.
pub(super) fn of_unjudged(group: &str) -> (String, BTreeSet<String>) {
    (format!("*.{group}"), IDENTITY.map(str::to_owned).into())
}

/// Lists what this version reads and a file does not have: kinds, and fields of objects that it has.
pub(crate) fn gaps(recorded: &Recorded, items: &Items) -> Vec<Gap> {
    let others = ROWS.iter().filter_map(|row| gap(row, recorded, items));
    judged(recorded, items).chain(others).chain(unjudged(recorded)).collect()
}

/// Lists what this version reads of policies and a file does not have.
pub(crate) fn gaps_of_policies(recorded: &Recorded, items: &Items) -> Vec<Gap> {
    judged(recorded, items).chain(unjudged(recorded)).collect()
}

fn judged(recorded: &Recorded, items: &Items) -> impl Iterator<Item = Gap> {
    // A kind that was not judged was not skipped: the file says of each policy that it is there.
    let is_named = |row: &Row| {
        let group = row.kind.split_once('.').map(|(_, group)| format!("*.{group}"));
        !recorded.contains_key(row.kind) && group.is_some_and(|group| recorded.contains_key(&group))
    };
    policies().filter(move |row| !is_named(row)).filter_map(|row| gap(&row, recorded, items))
}

fn unjudged(recorded: &Recorded) -> impl Iterator<Item = Gap> {
    let missing = |group: &&str| !recorded.contains_key(&format!("*.{group}"));
    let of_group = |group: &str| not_recorded(Unread::ApiGroup(group.into()), GapScope::Cluster);
    unjudged_groups().into_iter().filter(missing).map(of_group)
}

/// Says what a file lacks of a kind.
fn gap(row: &Row, recorded: &Recorded, items: &Items) -> Option<Gap> {
    let Some(known) = recorded.get(row.kind) else {
        let scope = scope(row.kind, &BTreeSet::new());
        return Some(not_recorded(Unread::all(row.resource), scope));
    };
    let fields: Vec<Box<str>> = row.fields().difference(known).map(|field| (**field).into()).collect();
    let matters = !fields.is_empty() && items.keys().any(|key| key.kind == row.kind);
    // Which answers turn on a field is not known here: any may.
    let unread = || Unread::Fields { kind: row.kind.into(), fields };
    matters.then(|| not_recorded(unread(), GapScope::Cluster))
}

const fn not_recorded(unread: Unread, scope: GapScope) -> Gap {
    Gap { unread, reason: GapReason::NotRecorded, scope }
}
