//! Policies of kinds that cannot be judged: that they are there is a gap in every answer about them.

use futures_util::future::join_all;
use serde::Deserialize;

use super::api::{Api, Extent};
use super::failure::{ClusterError, Failure};
use super::kinds::{Header, Named};
use crate::model::gap::{Gap, GapScope, Unread};
use crate::objects::object::{Object, ObjectKey};
use crate::policy::{self, KINDS};

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) name: String,
    preferred_version: GroupVersion,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupVersion {
    pub(crate) group_version: String,
}

#[derive(Deserialize)]
pub(crate) struct Resources {
    pub(crate) resources: Vec<Resource>,
}

#[derive(Deserialize)]
pub(crate) struct Resource {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) verbs: Vec<String>,
}

/// What was found of such policies, and what could not be looked at.
pub(crate) type Listed = (Vec<Named>, Vec<Gap>);

/// Lists the API groups that are installed.
pub(crate) async fn groups(api: &Api) -> Result<Vec<Group>, Failure> {
    Ok(api.get_json::<Groups>("/apis").await?.groups)
}

/// Reads the names of all policies of kinds that cannot be judged.
pub(crate) async fn read(api: &Api) -> Result<Listed, ClusterError> {
    let groups = match groups(api).await {
        Ok(groups) => groups,
        Err(failure) => {
            return Ok((Vec::new(), vec![gap(api, Unread::ApiGroups, GapScope::Cluster, failure)?]));
        }
    };
    let unjudged =
        |group: &&Group| KINDS.iter().any(|kind| kind.judged.is_none() && kind.group == group.name);
    let found = join_all(groups.iter().filter(unjudged).map(|group| of_group(api, group))).await;
    let (mut items, mut gaps) = Listed::default();
    for part in found {
        let (more, missing) = part?;
        items.extend(more);
        gaps.extend(missing);
    }
    Ok((items, gaps))
}

async fn of_group(api: &Api, group: &Group) -> Result<Listed, ClusterError> {
    let path = format!("/apis/{}", group.preferred_version.group_version);
    let resources = match api.get_json::<Resources>(&path).await {
        Ok(resources) => resources.resources,
        Err(failure) => {
            return Ok((
                Vec::new(),
                vec![gap(
                    api,
                    Unread::ApiGroup(group.name.as_str().into()),
                    GapScope::Cluster,
                    failure,
                )?],
            ));
        }
    };
    let (mut items, mut gaps) = Listed::default();
    for Resource { name, kind, verbs } in resources {
        if !verbs.iter().any(|verb| verb == "list") || policy::kind(&group.name, &kind).is_none() {
            continue;
        }
        let wrap = |Header { metadata }: Header| {
            (ObjectKey::new(&group.name, &kind, &metadata.namespace, &metadata.name), Object::Unjudged)
        };
        match api.list(&format!("{path}/{name}"), Extent::Metadata, wrap).await {
            Ok(found) => items.extend(found),
            Err(failure) => {
                gaps.push(gap(
                    api,
                    Unread::all(&format!("{name}.{}", group.name)),
                    GapScope::Cluster,
                    failure,
                )?);
            }
        }
    }
    Ok((items, gaps))
}

/// Turns what may not be read into a gap; anything else is an error.
pub(crate) fn gap(
    api: &Api,
    unread: Unread,
    scope: GapScope,
    failure: Failure,
) -> Result<Gap, ClusterError> {
    match failure.refusal() {
        Some(reason) => Ok(Gap { unread, reason, scope }),
        None => Err(api.error(failure)),
    }
}
