//! What `doctor` looks at: policies, agents of network plugins, DNS, the API server and rights.

use futures_util::future::{join, join_all, join3};
use serde::{Deserialize, Serialize};

use super::api::Api;
use super::discovery::{Listed, gap};
use super::jobs::{self, FoundJob};
use super::kinds::{
    self, DAEMON_SET, ENDPOINT_SLICE, Filter, KINDS_READ, Kind, NETWORK_POLICY, POD, SERVICE,
};
use super::policies::{self, Installed};
use super::read::{ClusterError, ConnectOptions, block_on, version};
use super::rights;
use crate::model::gap::{Extent, Gap, GapScope, Unread};
use crate::model::rights::Right;
use crate::objects::object::{ObjectKey, Objects};
use crate::world::servers::{API_SERVER, DNS_LABEL, OPENSHIFT_DNS, SYSTEM};

/// What was looked at.
#[derive(Debug)]
pub struct Examined {
    /// The policies, the DaemonSets, and the Services of DNS and of the API server, with what is
    /// behind them.
    pub objects: Objects,
    /// What the user may do.
    pub rights: Vec<Right>,
    /// The namespace that rights are about that are not given everywhere.
    pub namespace: String,
    /// The CronJobs that refresh hosts.
    pub jobs: Vec<FoundJob>,
    /// Which of them could not be read.
    pub unread_jobs: Option<Gap>,
}

/// The Services among which are those whose place matters, with what is behind them.
const PLACES: [Filter<'static>; 3] = [
    Filter { namespace: Some(SYSTEM), name: None, labels: None },
    Filter { namespace: Some(OPENSHIFT_DNS.0), name: Some(OPENSHIFT_DNS.1), labels: None },
    Filter { namespace: Some(API_SERVER.0), name: Some(API_SERVER.1), labels: None },
];

/// What edits do with policies.
const OF_EDITS: [&str; 4] = ["get", "create", "patch", "delete"];

/// Looks at a cluster.
///
/// # Errors
/// A kubeconfig that cannot be used, a server that cannot be reached.
pub fn examine(options: &ConnectOptions) -> Result<Examined, ClusterError> {
    block_on(async {
        let api = Api::new(options)?;
        let installed = policies::installed(&api).await?;
        let objects = join3(version(&api), read(&api, &installed), rights_of_user(&api, &installed));
        let ((server_version, objects, rights), jobs) = join(objects, jobs::read(&api)).await;
        let (mut objects, mut rights) = (objects?, rights?);
        let (jobs, unread_jobs) = jobs?;
        rights.push(forwards(&api, &objects).await?);
        objects.server_version = Some(server_version?);
        objects.warnings = api.warnings();
        Ok(Examined { objects, rights, namespace: api.namespace().to_owned(), jobs, unread_jobs })
    })
}

async fn read(api: &Api, installed: &Installed) -> Result<Objects, ClusterError> {
    let policies = [&NETWORK_POLICY].into_iter().chain(&installed.judged);
    let policies = join_all(policies.map(|kind| policies_of(api, kind)));
    let agents = some(api, &DAEMON_SET, Filter::default());
    let services = PLACES.map(|filter| some(api, &SERVICE, filter));
    let slices = PLACES.map(|filter| slices(api, filter));
    let lists = join3(join(policies, agents), join_all(services), join_all(slices));
    let labels = format!("{}={}", DNS_LABEL.0, DNS_LABEL.1);
    // Those of other namespaces are told, and not believed.
    let labelled = Filter { labels: Some(&labels), ..Filter::default() };
    let pods = some(api, &POD, Filter { namespace: Some(SYSTEM), ..labelled });
    let beside = join3(some(api, &SERVICE, labelled), installed.unjudged(api), pods);
    let (((policies, agents), services, slices), (labelled, others, pods)) = join(lists, beside).await;
    let mut objects = Objects::default();
    let lists = policies.into_iter().chain(services).chain(slices);
    for found in lists.chain([agents, labelled, others, pods]) {
        let (items, gaps) = found?;
        objects.items.extend(items);
        objects.gaps.extend(gaps);
    }
    objects.gaps.dedup();
    Ok(objects)
}

/// Reads the policies of a kind; those of the context's namespace alone where not all may be read.
async fn policies_of(api: &Api, kind: &Kind) -> Result<Listed, ClusterError> {
    let failure = match kinds::read(api, kind, Filter::default()).await {
        Ok(items) => return Ok((items, Vec::new())),
        Err(failure) => failure,
    };
    let Some(reason) = failure.refusal() else { return Err(api.error(failure)) };
    let namespaces: Vec<String> =
        kind.namespaced.then(|| api.namespace().to_owned()).into_iter().collect();
    let found = rights::by_namespace(api, &[*kind], &namespaces).await?;
    // The rights say whether it is a problem.
    let gaps = found.gaps(&[(*kind, reason)]).into_iter();
    let gaps = gaps.map(|gap| Gap { scope: GapScope::Incomplete, ..gap }).collect();
    Ok((found.items, gaps))
}

/// Reads the EndpointSlices behind Services.
async fn slices(api: &Api, services: Filter<'_>) -> Result<Listed, ClusterError> {
    let labels = services.name.map(|name| format!("kubernetes.io/service-name={name}"));
    let filter = Filter { name: None, labels: labels.as_deref(), ..services };
    some(api, &ENDPOINT_SLICE, filter).await
}

async fn some(api: &Api, kind: &Kind, filter: Filter<'_>) -> Result<Listed, ClusterError> {
    match kinds::read(api, kind, filter).await {
        Ok(items) => Ok((items, Vec::new())),
        Err(failure) => {
            let extent = filter.namespace.map_or(Extent::Everywhere, |name| Extent::In(name.into()));
            let unread = Unread::Objects { resource: kind.resource.into(), extent };
            let gap = gap(api, unread, GapScope::Incomplete, failure)?;
            Ok((Vec::new(), vec![gap]))
        }
    }
}

/// Asks for every right that answers and edits need.
async fn rights_of_user(api: &Api, installed: &Installed) -> Result<Vec<Right>, ClusterError> {
    let listed = KINDS_READ.iter().chain(&installed.judged).map(|kind| ("list", kind));
    let all = listed.chain(OF_EDITS.map(|verb| (verb, &NETWORK_POLICY)));
    let asked = join_all(all.map(|(verb, kind)| right(api, verb, kind))).await;
    asked.into_iter().collect()
}

async fn right(api: &Api, verb: &'static str, kind: &Kind) -> Result<Right, ClusterError> {
    let about = |namespace| Attributes {
        namespace,
        verb,
        group: kind.group,
        resource: kind.plural(),
        subresource: "",
    };
    let everywhere = may(api, about("")).await?;
    let in_namespace = match everywhere || !kind.namespaced {
        true => everywhere,
        false => may(api, about(api.namespace())).await?,
    };
    Ok(Right { verb, resource: kind.resource, everywhere, in_namespace, namespace: None })
}

/// Asks for the right to forward ports to the pods of the cluster's DNS, by which hosts are resolved from outside.
async fn forwards(api: &Api, objects: &Objects) -> Result<Right, ClusterError> {
    let is_openshift = |key: &ObjectKey| (&*key.namespace, &*key.name) == OPENSHIFT_DNS;
    let namespace = if objects.items.keys().any(is_openshift) { OPENSHIFT_DNS.0 } else { SYSTEM };
    let about = |namespace| Attributes {
        namespace,
        verb: "create",
        group: "",
        resource: "pods",
        subresource: "portforward",
    };
    let everywhere = may(api, about("")).await?;
    let in_namespace = everywhere || may(api, about(namespace)).await?;
    let (verb, resource) = ("create", "pods/portforward");
    Ok(Right { verb, resource, everywhere, in_namespace, namespace: Some(namespace) })
}

/// authorization.k8s.io/v1 SelfSubjectAccessReview.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    spec: ReviewSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReviewSpec<'a> {
    resource_attributes: Attributes<'a>,
}

#[derive(Serialize)]
struct Attributes<'a> {
    namespace: &'a str,
    verb: &'a str,
    group: &'a str,
    resource: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subresource: &'a str,
}

#[derive(Deserialize)]
struct Reviewed {
    status: ReviewStatus,
}

#[derive(Deserialize)]
struct ReviewStatus {
    allowed: bool,
}

async fn may(api: &Api, attributes: Attributes<'_>) -> Result<bool, ClusterError> {
    let review = Review {
        api_version: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: ReviewSpec { resource_attributes: attributes },
    };
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer: Result<Reviewed, _> = api.post(path, &review).await;
    answer.map(|reviewed| reviewed.status.allowed).map_err(|failure| api.error(failure))
}
