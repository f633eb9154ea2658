//! Policies of kinds that a server has only where they are installed: which of them it has, in which
//! version each is read, and of kinds that cannot be judged that their objects are there.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::api::{Api, Extent};
use super::discovery::{self, Group, GroupVersion, Listed, Resource, gap};
use super::failure::ClusterError;
use super::kinds::{Header, Kind};
use crate::model::gap::{Gap, GapScope, Unread};
use crate::objects::object::{Object, ObjectKey};
use crate::policy::kinds::UNJUDGED;
use crate::policy::{self, KINDS, KnownKind, PolicyKind, Presence};

/// The kinds of policies that a server has, beside those of every server.
#[derive(Default)]
pub(crate) struct Installed {
    /// Those that are judged, each in the version that is read.
    pub(crate) judged: Vec<Kind>,
    unjudged: Vec<UnjudgedResource>,
    gaps: Vec<Gap>,
}

/// A kind that is not judged, or is served in no version that is read.
struct UnjudgedResource {
    group: String,
    version: GroupVersion,
    resource: Resource,
}

/// The policies of a group: in which version which resource is.
type Found = Vec<(GroupVersion, Resource)>;

/// Asks which kinds of policies a server has.
pub(crate) async fn installed(api: &Api) -> Result<Installed, ClusterError> {
    let mut installed = Installed::default();
    let groups = match discovery::groups(api).await {
        Ok(groups) => groups,
        Err(failure) => {
            installed.gaps.push(gap(api, Unread::ApiGroups, GapScope::Cluster, failure)?);
            return Ok(installed);
        }
    };
    let groups: Vec<&Group> = groups.iter().filter(|group| has_policies(&group.name)).collect();
    let found = join_all(groups.iter().map(|group| of_group(api, group))).await;
    for (group, found) in groups.into_iter().zip(found) {
        let (found, gap) = found?;
        installed.add(&group.name, &found);
        installed.gaps.extend(gap);
    }
    Ok(installed)
}

/// Tells whether a group may have policies that not every server has.
fn has_policies(group: &str) -> bool {
    let mut judged = KINDS.into_iter().filter(|kind| kind.presence == Presence::WhereInstalled);
    judged.any(|kind| kind.group == group) || UNJUDGED.iter().any(|kind| kind.group == group)
}

/// Lists what each version of a group has of policies.
async fn of_group(api: &Api, group: &Group) -> Result<(Found, Option<Gap>), ClusterError> {
    let versions = group.versions();
    let lists = join_all(versions.iter().map(|version| discovery::resources(api, version))).await;
    let (mut found, mut missing) = (Vec::new(), None);
    for (version, list) in versions.into_iter().zip(lists) {
        match list {
            Ok(resources) => {
                let is_policy = |own: &Resource| policy::kind(&group.name, &own.kind).is_some();
                let policies = resources.into_iter().filter(|own| own.is_listed() && is_policy(own));
                found.extend(policies.map(|resource| (version.clone(), resource)));
            }
            Err(failure) => {
                let unread = Unread::ApiGroup(group.name.as_str().into());
                missing = Some(gap(api, unread, GapScope::Cluster, failure)?);
            }
        }
    }
    Ok((found, missing))
}

impl Installed {
    /// Adds the policies of a group, each kind once: every version of it has all of its objects.
    fn add(&mut self, group: &str, found: &Found) {
        let serves = |(version, resource): &(GroupVersion, Resource), kind: &PolicyKind, wanted| {
            resource.kind == kind.name && version.version() == wanted
        };
        let best = |kind: &PolicyKind| {
            let mut versions = kind.versions.iter().copied();
            versions.find(|wanted| found.iter().any(|own| serves(own, kind, *wanted)))
        };
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for (version, resource) in found {
            if !names.insert(&resource.kind) {
                continue;
            }
            let judged = match policy::kind(group, &resource.kind) {
                Some(KnownKind::Judged(kind)) => {
                    best(kind).map(|version| Kind::of_policy(kind, version))
                }
                Some(KnownKind::Unjudged(_)) | None => None,
            };
            match judged {
                Some(kind) => self.judged.push(kind),
                None => self.unjudged.push(UnjudgedResource {
                    group: group.to_owned(),
                    version: version.clone(),
                    resource: resource.clone(),
                }),
            }
        }
    }

    /// Reads the names of all policies of kinds that cannot be judged.
    pub(crate) async fn unjudged(&self, api: &Api) -> Result<Listed, ClusterError> {
        let lists = join_all(self.unjudged.iter().map(|kind| kind.read(api))).await;
        let (mut items, mut gaps) = (Vec::new(), self.gaps.clone());
        for list in lists {
            let (more, missing) = list?;
            items.extend(more);
            gaps.extend(missing);
        }
        Ok((items, gaps))
    }
}

impl UnjudgedResource {
    async fn read(&self, api: &Api) -> Result<Listed, ClusterError> {
        let Self { group, version, resource: Resource { name, kind, .. } } = self;
        let path = format!("/apis/{}/{name}", version.group_version);
        let wrap = |Header { metadata }: Header| {
            (ObjectKey::new(group, kind, &metadata.namespace, &metadata.name), Object::Unjudged)
        };
        match api.list(&path, Extent::Metadata, wrap).await {
            Ok(found) => Ok((found, Vec::new())),
            Err(failure) => {
                let unread = Unread::all(&format!("{name}.{group}"));
                Ok((Vec::new(), vec![gap(api, unread, GapScope::Cluster, failure)?]))
            }
        }
    }
}
