//! The Gateway API of a live cluster, where it is installed: its kinds come in several versions.

use futures_util::future::join_all;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::api::Api;
use super::discovery::{GroupVersion, Listed, Resource, gap, is_absent, resources};
use super::failure::{ClusterError, Failure};
use super::kinds::Named;
use crate::model::gap::{GapScope, Unread};
use crate::objects::gateway::{GatewayObject, GrantObject, ROUTES, RouteObject};
use crate::objects::meta::Meta;
use crate::objects::object::{Object, ObjectKey};

const GROUP: &str = "gateway.networking.k8s.io";

/// A group as its own document tells of it.
#[derive(Deserialize)]
struct ApiGroup {
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

/// Reads Gateways, routes and ReferenceGrants; a cluster without these kinds has none of them.
pub(crate) async fn read(api: &Api) -> Result<Listed, ClusterError> {
    let (mut items, mut gaps) = Listed::default();
    let versions = match api.get_json::<ApiGroup>(&format!("/apis/{GROUP}")).await {
        Ok(group) => group.versions,
        Err(failure) if is_absent(&failure) => return Ok((items, gaps)),
        Err(failure) => {
            gaps.push(gap(api, Unread::ApiGroup(GROUP.into()), GapScope::Incomplete, failure)?);
            Vec::new()
        }
    };
    let resources = join_all(versions.iter().map(|version| resources(api, version))).await;
    // Every version of a kind has all of its objects; the first is the newest, which no server warns of.
    let mut wanted: Vec<(String, Resource)> = Vec::new();
    for (version, found) in versions.iter().zip(resources) {
        match found {
            Err(failure) if is_absent(&failure) => {}
            Err(failure) => {
                gaps.push(gap(
                    api,
                    Unread::ApiGroup(version.group_version.as_str().into()),
                    GapScope::Incomplete,
                    failure,
                )?);
            }
            Ok(found) => {
                for own in found.into_iter().filter(is_read) {
                    if wanted.iter().all(|(_, known)| known.kind != own.kind) {
                        wanted.push((version.group_version.clone(), own));
                    }
                }
            }
        }
    }
    let lists = wanted.iter().map(|(version, own)| read_one(api, version, own));
    for ((_, own), list) in wanted.iter().zip(join_all(lists).await) {
        match list {
            Ok(found) => items.extend(found),
            Err(failure) if is_absent(&failure) => {}
            Err(failure) => gaps.push(gap(api, Unread::all(&own.name), GapScope::Incomplete, failure)?),
        }
    }
    Ok((items, gaps))
}

fn is_read(own: &Resource) -> bool {
    let is_known = matches!(&*own.kind, "Gateway" | "ReferenceGrant") || ROUTES.contains(&&*own.kind);
    is_known && own.is_listed()
}

async fn read_one(api: &Api, version: &str, own: &Resource) -> Result<Vec<Named>, Failure> {
    let (path, kind) = (format!("/apis/{version}/{}", own.name), &*own.kind);
    match kind {
        "Gateway" => {
            all_of(api, &path, kind, |read: GatewayObject| {
                (read.metadata.clone(), Object::Gateway(Box::new(read)))
            })
            .await
        }
        "ReferenceGrant" => {
            all_of(api, &path, kind, |read: GrantObject| {
                (read.metadata.clone(), Object::ReferenceGrant(Box::new(read)))
            })
            .await
        }
        _ => {
            all_of(api, &path, kind, |read: RouteObject| {
                (read.metadata.clone(), Object::Route(Box::new(read)))
            })
            .await
        }
    }
}

async fn all_of<T: DeserializeOwned>(
    api: &Api,
    path: &str,
    kind: &str,
    wrap: impl Fn(T) -> (Meta, Object),
) -> Result<Vec<Named>, Failure> {
    let named = |read: T| {
        let (meta, object) = wrap(read);
        (ObjectKey::new(GROUP, kind, &meta.namespace, &meta.name), object)
    };
    api.list_json(path, named).await
}
