//! A live cluster, read through its API: what a question needs, all kinds at once.

use futures_util::future::{join, join_all, join3};
use serde::Deserialize;

use super::api::Api;
use super::discovery::{Listed, is_absent};
pub use super::failure::ClusterError;
use super::failure::Failure;
use super::kinds::{self, Filter, KINDS_OF_ADDRESSES, KINDS_READ, Kind, NAMESPACE, Named};
pub use super::kubeconfig::ConnectOptions;
pub use super::narrow::NamedEnd;
use super::narrow::{self, Breadth};
use super::{gateways, policies, rights};
use crate::model::gap::GapReason;
use crate::objects::object::{Object, Objects};

/// A cluster's objects, and the namespace that its context names.
#[derive(Debug)]
pub struct Cluster {
    /// What was read.
    pub objects: Objects,
    /// The context's namespace, `default` where it names none.
    pub namespace: String,
    /// Whether only the ends of a connection were read.
    pub only_ends: bool,
}

/// What is asked of a cluster.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// Anything; these namespaces are tried too where not all may be read.
    Everything(&'a [String]),
    /// Whether these ends may talk.
    Ends(&'a [NamedEnd]),
    /// Whether these ends may talk, and who else in their namespaces.
    Around(&'a [NamedEnd]),
    /// Which addresses are the cluster's own, and where its DNS is; in these namespaces too where not all may be
    /// read.
    Addresses(&'a [String]),
}

/// Reads what a question needs; what may not be read becomes a gap.
///
/// # Errors
/// A kubeconfig that cannot be used, a server that cannot be reached, credentials it rejects, an end
/// that may not be read.
pub fn read(options: &ConnectOptions, question: Question<'_>) -> Result<Cluster, ClusterError> {
    block_on(async {
        let api = Api::new(options)?;
        // At the same time, so that a server that is silent is waited for once.
        let read = async {
            let narrowed = match question {
                Question::Ends(ends) => narrow::read(&api, ends, Breadth::Ends).await?,
                Question::Around(ends) => narrow::read(&api, ends, Breadth::Namespaces).await?,
                Question::Everything(_) | Question::Addresses(_) => None,
            };
            let only_ends = narrowed.is_some() && matches!(question, Question::Ends(_));
            match narrowed {
                Some(objects) => Ok((objects, only_ends)),
                None => read_all(&api, question).await.map(|objects| (objects, only_ends)),
            }
        };
        let (read, version) = join(read, version(&api)).await;
        let (mut objects, only_ends) = read?;
        objects.server_version = Some(version?);
        objects.warnings = api.warnings();
        Ok(Cluster { objects, namespace: api.namespace().to_owned(), only_ends })
    })
}

/// Asks for the server's version.
///
/// # Errors
/// A kubeconfig that cannot be used, a server that cannot be reached.
pub fn server_version(options: &ConnectOptions) -> Result<String, ClusterError> {
    block_on(async { version(&Api::new(options)?).await })
}

/// Runs requests to their end.
pub(crate) fn block_on<T>(
    requests: impl Future<Output = Result<T, ClusterError>>,
) -> Result<T, ClusterError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| ClusterError::Config(error.to_string()))?.block_on(requests)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Version {
    git_version: String,
}

/// Asks for the server's version; unknown to a user who may not even ask that.
pub(crate) async fn version(api: &Api) -> Result<String, ClusterError> {
    match api.get_json::<Version>("/version").await {
        Ok(version) => Ok(version.git_version),
        Err(failure) if failure.refusal().is_some() => Ok("unknown".to_owned()),
        Err(failure) => Err(api.error(failure)),
    }
}

async fn read_all(api: &Api, question: Question<'_>) -> Result<Objects, ClusterError> {
    let addresses_only = matches!(question, Question::Addresses(_));
    let kinds: &[Kind] = if addresses_only { &KINDS_OF_ADDRESSES } else { &KINDS_READ };
    let (lists, policies, gateways) = match addresses_only {
        true => (lists(api, kinds).await, Ok(Policies::default()), Ok(Listed::default())),
        false => join3(lists(api, kinds), policies(api), gateways::read(api)).await,
    };
    let (mut objects, mut refused) = (Objects::default(), Vec::new());
    let mut keep = |lists: Lists| {
        for (kind, list) in lists {
            match list {
                Ok(items) => objects.items.extend(items),
                Err(failure) => match failure.refusal() {
                    Some(reason) => refused.push((kind, reason)),
                    None => return Err(api.error(failure)),
                },
            }
        }
        Ok(())
    };
    keep(lists)?;
    let policies = policies?;
    keep(policies.judged)?;
    let mut missing = Vec::new();
    for (items, gaps) in [policies.unjudged, gateways?] {
        objects.items.extend(items);
        missing.extend(gaps);
    }
    if !refused.is_empty() {
        let namespaces = namespaces(api, question, &objects, &refused);
        let kinds: Vec<Kind> = refused.iter().map(|(kind, _)| *kind).collect();
        let found = rights::by_namespace(api, &kinds, &namespaces).await?;
        objects.gaps.extend(found.gaps(&refused));
        objects.items.extend(found.items);
    }
    objects.gaps.extend(missing);
    Ok(objects)
}

/// What became of the lists of some kinds.
type Lists = Vec<(Kind, Result<Vec<Named>, Failure>)>;

/// The policies of kinds that not every server has.
#[derive(Default)]
struct Policies {
    judged: Lists,
    unjudged: Listed,
}

async fn lists(api: &Api, kinds: &[Kind]) -> Lists {
    let read = join_all(kinds.iter().map(|kind| kinds::read(api, kind, Filter::default())));
    kinds.iter().copied().zip(read.await).collect()
}

async fn policies(api: &Api) -> Result<Policies, ClusterError> {
    let installed = policies::installed(api).await?;
    let (mut judged, unjudged) = join(lists(api, &installed.judged), installed.unjudged(api)).await;
    // One that was taken away in between is not missing.
    judged.retain(|(_, list)| !list.as_ref().is_err_and(is_absent));
    Ok(Policies { judged, unjudged: unjudged? })
}

/// Lists the namespaces that are worth trying: all, or where they may not be listed those that the
/// context and the question name.
fn namespaces(
    api: &Api,
    question: Question<'_>,
    objects: &Objects,
    refused: &[(Kind, GapReason)],
) -> Vec<String> {
    let unknown =
        matches!(question, Question::Addresses(_)) || refused.iter().any(|(kind, _)| *kind == NAMESPACE);
    let mut names: Vec<String> = if unknown {
        let named: Vec<String> = match question {
            Question::Ends(ends) | Question::Around(ends) => {
                ends.iter().filter_map(|end| end.namespace.clone()).collect()
            }
            Question::Everything(names) | Question::Addresses(names) => names.to_vec(),
        };
        named.into_iter().chain([api.namespace().to_owned()]).collect()
    } else {
        let is_namespace = |object: &Object| matches!(object, Object::Namespace(_));
        let found = objects.items.iter().filter(|(_, object)| is_namespace(object));
        found.map(|(key, _)| key.name.clone()).collect()
    };
    names.sort_unstable();
    names.dedup();
    names
}
