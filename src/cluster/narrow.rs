//! Only what a question about two ends needs: requests do not grow with the size of the cluster.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, join3};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::api::Api;
use super::discovery::{Listed, gap};
use super::failure::{ClusterError, Failure};
use super::kinds::{
    self, DAEMON_SET, ENDPOINT_SLICE, Filter, Kind, NETWORK_POLICY, NODE, Named, POD, REPLICA_SET,
    SERVICE,
};
use super::policies;
use crate::model::gap::{Extent, Gap, GapReason, GapScope, Unread};
use crate::objects::meta::OwnerReference;
use crate::objects::object::{Object, Objects, WorkloadObject, WorkloadSelector};
use crate::objects::services::SERVICE_NAME_LABEL;

/// One end of a connection that a user named: a pod, a workload or a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedEnd {
    /// The namespace; that of the context where it is absent.
    pub namespace: Option<String>,
    /// The kind, `Pod`, `Deployment`, `Service` …
    pub kind: String,
    /// The name.
    pub name: String,
}

/// How far around the ends to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breadth {
    /// No other pods.
    Ends,
    /// All pods and workloads of their namespaces: whom a rule between them can select.
    Namespaces,
}

/// Why only the ends were not enough.
enum Narrow {
    /// The question needs the whole cluster: something was not found, or is not usual.
    Widen,
    Failed(ClusterError),
}

/// Reads the two ends, their namespaces, the policies there and what is cluster-wide; nothing where
/// that cannot answer the question.
pub(crate) async fn read(
    api: &Api,
    ends: &[NamedEnd],
    reach: Breadth,
) -> Result<Option<Objects>, ClusterError> {
    let names: Vec<&str> =
        ends.iter().map(|end| end.namespace.as_deref().unwrap_or(api.namespace())).collect();
    answered(read_ends(api, ends, names, reach).await)
}

/// Reads the pods and the policies of namespaces and what is cluster-wide; nothing where one of them is gone.
pub(crate) async fn read_namespaces(
    api: &Api,
    names: &[String],
) -> Result<Option<Objects>, ClusterError> {
    let names = names.iter().map(String::as_str).collect();
    answered(read_ends(api, &[], names, Breadth::Namespaces).await)
}

fn answered(read: Result<Objects, Narrow>) -> Result<Option<Objects>, ClusterError> {
    match read {
        Ok(objects) => Ok(Some(objects)),
        Err(Narrow::Widen) => Ok(None),
        Err(Narrow::Failed(error)) => Err(error),
    }
}

/// Reads the ends, each in the namespace of its place, and around them.
async fn read_ends(
    api: &Api,
    ends: &[NamedEnd],
    mut names: Vec<&str>,
    reach: Breadth,
) -> Result<Objects, Narrow> {
    let found = join_all(ends.iter().zip(&names).map(|(end, namespace)| read_end(api, end, namespace)));
    names.sort_unstable();
    names.dedup();
    let around = join_all(names.iter().map(|name| read_namespace(api, name)));
    let agents = read_agents(api);
    let neighbours = join_all(names.iter().map(|name| read_neighbours(api, name, reach)));
    let (found, (around, agents), (others, neighbours)) =
        join3(found, join(around, agents), join(read_installed(api, &names), neighbours)).await;
    let mut objects = Objects::default();
    for part in around.into_iter().chain([agents, others]) {
        let (items, gaps) = part?;
        objects.items.extend(items);
        objects.gaps.extend(gaps);
    }
    // After the agents, of which one may be an end itself.
    let found: Vec<Named> = found.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    // Which family the address will have that an end waits for, the rest of the cluster tells.
    if found.iter().any(|item| has_address(item) == Some(false))
        && found.iter().any(|item| has_address(item) == Some(true))
    {
        return Err(Narrow::Widen);
    }
    objects.items.extend(found);
    let nodes = join_all(nodes(&objects).into_iter().map(|name| {
        let filter = Filter { name: Some(name), ..Filter::default() };
        read_some(api, &NODE, filter, GapScope::Incomplete)
    }));
    for part in nodes.await {
        let (items, gaps) = part?;
        objects.items.extend(items);
        objects.gaps.extend(gaps);
    }
    // Last, as their nodes are no ends.
    for (items, gaps) in neighbours.into_iter().collect::<Result<Vec<_>, Narrow>>()? {
        objects.items.extend(items);
        objects.gaps.extend(gaps);
    }
    objects.gaps.dedup();
    Ok(objects)
}

/// Reads the agents of network plugins; their DaemonSets are no workloads that are asked about.
async fn read_agents(api: &Api) -> Result<Listed, Narrow> {
    let sets = read_some(api, &DAEMON_SET, Filter::default(), GapScope::Incomplete);
    let (items, gaps) = sets.await?;
    let agent = |(key, object): Named| match object {
        Object::Workload(workload) => Some((key, Object::Agent(workload.agent?))),
        _ => None,
    };
    Ok((items.into_iter().filter_map(agent).collect(), gaps))
}

/// Reads the pods and workloads of a namespace.
async fn read_neighbours(api: &Api, name: &str, reach: Breadth) -> Result<Listed, Narrow> {
    let is_workload = |kind: &&Kind| {
        kind.namespaced && matches!(kind.group, "" | "apps" | "batch") && **kind != SERVICE
    };
    let kinds = kinds::KINDS_READ.iter().filter(|_| reach == Breadth::Namespaces).filter(is_workload);
    let reads = kinds.map(async |kind| {
        let within = Filter { namespace: Some(name), ..Filter::default() };
        let scope = if *kind == POD { GapScope::OtherPods } else { GapScope::Incomplete };
        read_some(api, kind, within, scope).await
    });
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for read in join_all(reads).await {
        let read = read?;
        items.extend(read.0);
        gaps.extend(read.1);
    }
    Ok((items, gaps))
}

/// Lists the nodes that are themselves an end, by a pod in their network.
fn nodes(objects: &Objects) -> Vec<&str> {
    let pods = objects.items.values().filter_map(|object| match object {
        Object::Pod(pod) if pod.spec.host_network => Some(&*pod.spec.node_name),
        _ => None,
    });
    let mut nodes: Vec<&str> = pods.filter(|name| !name.is_empty()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// Reads an end: a pod, a workload with its pods and what leads from them to it, or a Service with the
/// pods behind it.
async fn read_end(api: &Api, end: &NamedEnd, namespace: &str) -> Result<Vec<Named>, Narrow> {
    if end.kind == SERVICE.kind {
        return read_service(api, namespace, &end.name).await;
    }
    let failed = |failure: Failure| match failure {
        Failure::Status(status) if status.code == 404 => Narrow::Widen,
        failure => Narrow::Failed(api.error(failure)),
    };
    let kind = kinds::KINDS_READ.iter().find(|kind| kind.kind == end.kind && kind.namespaced);
    let kind = kind.ok_or(Narrow::Widen)?;
    let by_name = Filter { namespace: Some(namespace), name: Some(&end.name), labels: None };
    let mut items = kinds::read(api, kind, by_name).await.map_err(failed)?;
    let labels = match items.first() {
        Some((_, Object::Workload(workload))) => labels_of_pods(workload).ok_or(Narrow::Widen)?,
        Some((_, Object::Pod(_))) => return Ok(items),
        _ => return Err(Narrow::Widen),
    };
    let by_labels = Filter { namespace: Some(namespace), name: None, labels: Some(&labels) };
    let pods = kinds::read(api, &POD, by_labels).await.map_err(failed)?;
    // Without any, the template speaks, and the rest of the cluster tells its address family.
    if pods.is_empty() || !pods.iter().all(is_owned) {
        return Err(Narrow::Widen);
    }
    if *kind != REPLICA_SET && needs_replica_sets(&pods) {
        items.extend(kinds::read(api, &REPLICA_SET, by_labels).await.map_err(failed)?);
    }
    items.extend(pods);
    Ok(items)
}

/// Reads a Service, its EndpointSlices and the pods that it selects.
async fn read_service(api: &Api, namespace: &str, name: &str) -> Result<Vec<Named>, Narrow> {
    // What is missing or forbidden is told by reading everything.
    let failed = |failure: Failure| match failure.refusal() {
        Some(_) => Narrow::Widen,
        None => Narrow::Failed(api.error(failure)),
    };
    let within = |labels| Filter { namespace: Some(namespace), name: None, labels };
    let by_service = format!("{SERVICE_NAME_LABEL}={name}");
    let (service, slices) = join(
        kinds::read(api, &SERVICE, Filter { name: Some(name), ..within(None) }),
        kinds::read(api, &ENDPOINT_SLICE, within(Some(&by_service))),
    )
    .await;
    let (mut items, slices) = (service.map_err(failed)?, slices.map_err(failed)?);
    let labels = match items.first() {
        Some((_, Object::Service(service))) if service.spec.kind != "ExternalName" => {
            equal(&service.spec.selector)
        }
        _ => return Err(Narrow::Widen),
    };
    if labels.is_empty() {
        return Err(Narrow::Widen);
    }
    let pods = kinds::read(api, &POD, within(Some(&labels.join(",")))).await.map_err(failed)?;
    if !are_behind(&slices, &pods) {
        return Err(Narrow::Widen);
    }
    items.extend(slices);
    items.extend(pods);
    Ok(items)
}

/// Tells whether some pods are all that EndpointSlices name, none of them in its node's network: who
/// has another address, or waits behind no slice, only the whole cluster tells.
fn are_behind(slices: &[Named], pods: &[Named]) -> bool {
    let pods = || {
        pods.iter()
            .filter_map(|(_, object)| if let Object::Pod(pod) = object { Some(pod) } else { None })
    };
    let own: BTreeSet<&str> = pods()
        .flat_map(|pod| pod.status.pod_ips.iter().map(|own| &*own.ip).chain([&*pod.status.pod_ip]))
        .collect();
    let endpoints = slices.iter().filter_map(|(_, object)| match object {
        Object::EndpointSlice(slice) => Some(&slice.endpoints),
        _ => None,
    });
    let named: Vec<&String> = endpoints.flatten().flat_map(|endpoint| &endpoint.addresses).collect();
    let usual = !named.is_empty() && pods().all(|pod| !pod.spec.host_network);
    usual && named.iter().all(|ip| own.contains(&***ip))
}

/// Lists what owns a pod.
fn owners(item: &Named) -> &[OwnerReference] {
    if let Object::Pod(pod) = &item.1 { &pod.metadata.owner_references } else { &[] }
}

/// Tells whether a pod has an address; nothing of what is no pod.
fn has_address(item: &Named) -> Option<bool> {
    let Object::Pod(pod) = &item.1 else { return None };
    Some(!pod.status.pod_ip.is_empty() || !pod.status.pod_ips.is_empty())
}

/// Tells whether a controller owns a pod: of others, all workloads would have to say.
fn is_owned(pod: &Named) -> bool {
    owners(pod).iter().any(|owner| owner.controller)
}

fn needs_replica_sets(pods: &[Named]) -> bool {
    pods.iter().flat_map(owners).any(|owner| owner.kind == "ReplicaSet")
}

/// Writes the selector of a workload in the form that requests have.
fn labels_of_pods(workload: &WorkloadObject) -> Option<String> {
    let parts = match workload.spec.selector.as_ref()? {
        WorkloadSelector::Labels(labels) => equal(labels),
        WorkloadSelector::Selector(LabelSelector { match_labels, match_expressions }) => {
            // Rare, and not worth a second way to write them.
            if match_expressions.as_ref().is_some_and(|expressions| !expressions.is_empty()) {
                return None;
            }
            equal(match_labels.as_ref()?)
        }
    };
    (!parts.is_empty()).then(|| parts.join(","))
}

/// Writes labels that must be equal in the form that requests have.
fn equal(labels: &BTreeMap<String, String>) -> Vec<String> {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

/// Reads a namespace and the policies in it.
async fn read_namespace(api: &Api, name: &str) -> Result<Listed, Narrow> {
    let within = Filter { namespace: Some(name), ..Filter::default() };
    let policies = read_some(api, &NETWORK_POLICY, within, of_namespace(name));
    let (namespace, policies) = join(kinds::read_namespace(api, name), policies).await;
    let (mut items, mut gaps) = policies?;
    match namespace {
        Ok(namespace) => items.extend(namespace),
        Err(failure) if failure.refusal() == Some(GapReason::Forbidden) => gaps.push(Gap {
            unread: Unread::Namespace(name.into()),
            reason: GapReason::Forbidden,
            scope: GapScope::Incomplete,
        }),
        Err(failure) if failure.refusal().is_some() => return Err(Narrow::Widen),
        Err(failure) => return Err(Narrow::Failed(api.error(failure))),
    }
    Ok((items, gaps))
}

/// Reads the policies of kinds that not every server has: those of some namespaces, and of no namespace.
async fn read_installed(api: &Api, namespaces: &[&str]) -> Result<Listed, Narrow> {
    let installed = policies::installed(api).await.map_err(Narrow::Failed)?;
    let reads = installed.judged.iter().flat_map(|kind| {
        let within = |name| (Filter { namespace: Some(name), ..Filter::default() }, of_namespace(name));
        let reads = match kind.namespaced {
            true => namespaces.iter().copied().map(within).collect(),
            false => vec![(Filter::default(), GapScope::Cluster)],
        };
        reads.into_iter().map(async |(filter, scope)| read_some(api, kind, filter, scope).await)
    });
    let (reads, unjudged) = join(join_all(reads), installed.unjudged(api)).await;
    let (mut items, mut gaps) = unjudged.map_err(Narrow::Failed)?;
    for read in reads {
        let read = read?;
        items.extend(read.0);
        // A kind that was taken away in between is not missing.
        gaps.extend(read.1.into_iter().filter(|gap| gap.reason != GapReason::NotFound));
    }
    Ok((items, gaps))
}

fn of_namespace(name: &str) -> GapScope {
    GapScope::Namespaces([name.into()].into())
}

async fn read_some(
    api: &Api,
    kind: &Kind,
    filter: Filter<'_>,
    scope: GapScope,
) -> Result<Listed, Narrow> {
    match kinds::read(api, kind, filter).await {
        Ok(items) => Ok((items, Vec::new())),
        Err(failure) => {
            let extent =
                filter.namespace.map_or(Extent::Everywhere, |namespace| Extent::In(namespace.into()));
            let unread = Unread::Objects { resource: kind.resource.into(), extent };
            let gap = gap(api, unread, scope, failure).map_err(Narrow::Failed)?;
            Ok((Vec::new(), vec![gap]))
        }
    }
}
