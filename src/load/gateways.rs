//! The Gateway API of a live cluster, where it is installed: its kinds come in several versions.

use futures_util::future::join_all;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::api::Api;
use super::failure::{ClusterError, Failure};
use super::gateway_objects::{GatewayObject, GrantObject, ROUTES, RouteObject};
use super::kinds::Named;
use super::objects::{Meta, Object, ObjectKey};
use super::unjudged::{Found, GroupVersion, Resources, gap};
use crate::model::snapshot::GapScope;

const GROUP: &str = "gateway.networking.k8s.io";

/// A group as its own document tells of it.
#[derive(Deserialize)]
struct ApiGroup {
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

/// Reads Gateways, routes and ReferenceGrants; a cluster without these kinds has none of them.
pub(super) async fn read(api: &Api) -> Result<Found, ClusterError> {
    let (mut items, mut gaps) = Found::default();
    let versions = match api.get_json::<ApiGroup>(&format!("/apis/{GROUP}")).await {
        Ok(group) => group.versions,
        Err(failure) if is_absent(&failure) => return Ok((items, gaps)),
        Err(failure) => {
            gaps.push(gap(api, GROUP, GapScope::Incomplete, failure)?);
            Vec::new()
        }
    };
    // Newer versions come first, and stand.
    for version in versions.into_iter().rev() {
        let (more, missing) = of_version(api, &version.group_version).await?;
        items.extend(more);
        for gap in missing {
            gaps.extend((!gaps.contains(&gap)).then_some(gap));
        }
    }
    Ok((items, gaps))
}

async fn of_version(api: &Api, version: &str) -> Result<Found, ClusterError> {
    let (mut items, mut gaps) = Found::default();
    let path = format!("/apis/{version}");
    let resources = match api.get_json::<Resources>(&path).await {
        Ok(resources) => resources.resources,
        Err(failure) if is_absent(&failure) => return Ok((items, gaps)),
        Err(failure) => return Ok((items, vec![gap(api, version, GapScope::Incomplete, failure)?])),
    };
    let known = |kind: &str| matches!(kind, "Gateway" | "ReferenceGrant") || ROUTES.contains(&kind);
    let is_listed = |verbs: &[String]| verbs.iter().any(|verb| verb == "list");
    let wanted: Vec<_> =
        resources.into_iter().filter(|own| known(&own.kind) && is_listed(&own.verbs)).collect();
    let lists = wanted.iter().map(|own| read_one(api, &path, &own.name, &own.kind));
    for (own, list) in wanted.iter().zip(join_all(lists).await) {
        match list {
            Ok(found) => items.extend(found),
            Err(failure) if is_absent(&failure) => {}
            Err(failure) => gaps.push(gap(api, &own.name, GapScope::Incomplete, failure)?),
        }
    }
    Ok((items, gaps))
}

async fn read_one(api: &Api, path: &str, plural: &str, kind: &str) -> Result<Vec<Named>, Failure> {
    let path = format!("{path}/{plural}");
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

/// Tells whether something is not installed, so that there is nothing of it.
fn is_absent(failure: &Failure) -> bool {
    // Of a group that is not there the API server says so in plain text.
    failure.refusal() == Some("not found") || matches!(failure, Failure::Foreign(Some(404), _))
}
