//! The CronJobs that refresh hosts on a cluster.

use serde::Deserialize;

use super::api::Api;
use super::discovery::gap;
use super::kinds::{Filter, Kind};
use super::read::ClusterError;
use crate::model::gap::{Extent, Gap, GapScope, Unread};
use crate::model::snapshot::MANAGED_BY;

/// What is read of such a CronJob; whoever may write it chooses all but its status.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FoundJob {
    /// Who it is.
    pub metadata: JobMeta,
    /// When it is to run, and as what.
    pub spec: JobSpec,
    /// When it ran.
    pub status: JobStatus,
}

/// Who a CronJob is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobMeta {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub creation_timestamp: Option<String>,
}

/// When a CronJob is to run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobSpec {
    /// Its schedule.
    pub schedule: String,
    /// Whether it is held.
    pub suspend: bool,
    job_template: JobTemplate,
}

/// When a CronJob ran.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobStatus {
    /// When its last run began.
    pub last_schedule_time: Option<String>,
    /// When the last run that succeeded ended.
    pub last_successful_time: Option<String>,
}

/// A container of its pods.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct JobContainer {
    /// Its image.
    pub image: String,
    /// Its command line.
    pub args: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct JobTemplate {
    spec: JobTemplateSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct JobTemplateSpec {
    template: JobPods,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct JobPods {
    spec: JobPodSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct JobPodSpec {
    containers: Vec<JobContainer>,
}

impl JobSpec {
    /// Lists the containers of its pods.
    pub fn containers(&self) -> &[JobContainer] {
        &self.job_template.spec.template.spec.containers
    }
}

/// Reads those that this program printed; those of the context's namespace alone where not all may be read.
pub(crate) async fn read(api: &Api) -> Result<(Vec<FoundJob>, Option<Gap>), ClusterError> {
    let Some(kind) = Kind::of_key("CronJob") else { return Ok((Vec::new(), None)) };
    let labels = format!("{}={}", MANAGED_BY.0, MANAGED_BY.1);
    let everywhere = Filter { labels: Some(&labels), ..Filter::default() };
    let failure = match api.list_json(&kind.path(everywhere), |read: FoundJob| read).await {
        Ok(found) => return Ok((found, None)),
        Err(failure) => failure,
    };
    let here = Filter { namespace: Some(api.namespace()), ..everywhere };
    let found = api.list_json(&kind.path(here), |read: FoundJob| read).await;
    let extent = match &found {
        Ok(_) => Extent::outside(&[api.namespace().into()].into()),
        Err(_) => Extent::Everywhere,
    };
    let unread = Unread::Objects { resource: kind.resource.into(), extent };
    let gap = gap(api, unread, GapScope::Incomplete, failure)?;
    Ok((found.unwrap_or_default(), Some(gap)))
}
