//! Which API groups, versions and resources a server has, and how what it refuses becomes a gap.

use serde::Deserialize;

use super::api::Api;
use super::failure::{ClusterError, Failure};
use super::kinds::Named;
use crate::model::gap::{Gap, GapReason, GapScope, Unread};

/// An API group.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) name: String,
    preferred_version: GroupVersion,
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

/// A version of an API group.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupVersion {
    pub(crate) group_version: String,
}

/// What a version of a group has.
#[derive(Deserialize)]
pub(crate) struct Resources {
    pub(crate) resources: Vec<Resource>,
}

/// A kind, as a version of a group has it.
#[derive(Clone, Deserialize)]
pub(crate) struct Resource {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) verbs: Vec<String>,
}

/// What was found of some kinds, and what could not be looked at.
pub(crate) type Listed = (Vec<Named>, Vec<Gap>);

/// Lists the API groups that are installed.
pub(crate) async fn groups(api: &Api) -> Result<Vec<Group>, Failure> {
    #[derive(Deserialize)]
    struct Groups {
        groups: Vec<Group>,
    }
    Ok(api.get_json::<Groups>("/apis").await?.groups)
}

/// Lists what a version of a group has.
pub(crate) async fn resources(api: &Api, version: &GroupVersion) -> Result<Vec<Resource>, Failure> {
    Ok(api.get_json::<Resources>(&format!("/apis/{}", version.group_version)).await?.resources)
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

/// Tells whether something is not installed, so that there is nothing of it.
pub(crate) fn is_absent(failure: &Failure) -> bool {
    // Of a group that is not there the API server says so in plain text.
    failure.refusal() == Some(GapReason::NotFound) || matches!(failure, Failure::Foreign(Some(404), _))
}

impl Group {
    /// Lists its versions, the one that the server prefers first.
    pub(crate) fn versions(&self) -> Vec<GroupVersion> {
        let others = self.versions.iter().filter(|version| **version != self.preferred_version);
        [&self.preferred_version].into_iter().chain(others).cloned().collect()
    }
}

impl GroupVersion {
    /// Returns the version alone.
    pub(crate) fn version(&self) -> &str {
        self.group_version.rsplit('/').next().unwrap_or_default()
    }
}

impl Resource {
    /// Tells whether its objects can be listed.
    pub(crate) fn is_listed(&self) -> bool {
        self.verbs.iter().any(|verb| verb == "list")
    }
}
