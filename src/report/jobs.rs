//! The CronJobs that refresh hosts: whether they run, and whether policies let them.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::answer::verdict::Verdict;
use crate::model::gap::Gap;

/// A CronJob that refreshes hosts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefreshJob {
    /// `shop/cronjob/netpol-refresh-ips`.
    pub job: String,
    /// Its namespace.
    pub namespace: String,
    /// Whether it refreshes the policies of every namespace.
    pub all_namespaces: bool,
    /// Whether it refreshes some of these policies only.
    #[serde(skip)]
    pub is_partial: bool,
    /// Its schedule.
    pub schedule: String,
    /// Whether it runs.
    pub state: JobState,
    /// When its last run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scheduled: Option<String>,
    /// When the last run that succeeded ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_succeeded: Option<String>,
    /// What is wrong with its image or its schedule.
    pub faults: Vec<String>,
    /// Whether policies let it reach what it needs.
    pub needs: Vec<JobNeed>,
}

/// What a CronJob has to reach.
#[derive(Clone, Debug, Serialize)]
pub struct JobNeed {
    /// The Service: `default/svc/kubernetes`.
    pub service: String,
    /// Its port: `UDP/53`.
    pub port: String,
    /// Whether policies let its pods reach it.
    pub verdict: Verdict,
}

/// Whether a CronJob runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Its last run succeeded, or still goes on.
    Current,
    /// It is too new to have run.
    New,
    /// It is held.
    Suspended,
    /// It has not begun a run for longer than its schedule has it.
    Idle,
    /// Its last run did not succeed.
    Failing,
}

/// What was found of the jobs of a cluster.
#[derive(Clone, Debug, Default)]
pub struct JobsFound {
    /// The jobs.
    pub jobs: Vec<RefreshJob>,
    /// Which could not be read.
    pub unread: Option<Gap>,
    /// Why it is not known what they reach.
    pub unjudged: Option<String>,
    /// The namespaces with policies that remember hosts.
    pub remembering: BTreeSet<String>,
}

impl JobsFound {
    /// Tells what is wrong with them: problems.
    pub fn problems(&self) -> Vec<String> {
        let of_job = |job: &RefreshJob| {
            let faults = job.faults.iter().map(|fault| format!("{}: {fault}", job.job));
            let needs = job.needs.iter();
            let cut = needs.filter(|own| matches!(own.verdict, Verdict::Deny | Verdict::Partial));
            state(job)
                .into_iter()
                .chain(faults)
                .chain(cut.map(|own| cut_off(job, own)))
                .collect::<Vec<_>>()
        };
        self.jobs.iter().flat_map(of_job).collect()
    }

    /// Tells what of them is not known, and whose hosts none refreshes.
    pub fn notes(&self) -> Vec<String> {
        let unsure = |job: &RefreshJob| {
            let needs = job.needs.iter().filter(|own| own.verdict == Verdict::Depends);
            needs.map(|own| unsure(job, own)).collect::<Vec<_>>()
        };
        let unjudged = self.unjudged.iter();
        let unjudged = unjudged.map(|why| format!("what the CronJob reaches is not known: {why}"));
        self.jobs.iter().flat_map(unsure).chain(unjudged).chain(self.uncovered()).collect()
    }

    fn uncovered(&self) -> Option<String> {
        let works = |job: &RefreshJob, name: &str| {
            !job.is_partial && (job.all_namespaces || job.namespace == name)
        };
        let is_covered = |name: &str| self.jobs.iter().any(|job| works(job, name));
        let others = self.remembering.iter().filter(|name| !is_covered(name));
        let others: Vec<String> = others.map(|name| format!("ns/{name}")).collect();
        let unread = self.unread.as_ref().map(|gap| format!(" of those that could be read ({gap})"));
        (!others.is_empty()).then(|| {
            format!(
                "no CronJob{} refreshes the remembered hosts of {}: refresh-ips --print-cronjob prints one",
                unread.unwrap_or_default(),
                others.join(", ")
            )
        })
    }
}

fn state(job: &RefreshJob) -> Option<String> {
    let RefreshJob { job: name, namespace, last_scheduled, .. } = job;
    let last = last_scheduled.as_deref().unwrap_or("never");
    match job.state {
        JobState::Current | JobState::New => None,
        JobState::Suspended => Some(format!("{name} is suspended: its hosts are not refreshed")),
        JobState::Idle => Some(format!("{name} has not begun a run for a day (last: {last})")),
        JobState::Failing => Some(format!(
            "{name} did not succeed when it ran last ({last}): kubectl logs -n {namespace} -l \
             app.kubernetes.io/name=netpol-refresh-ips says why"
        )),
    }
}

fn cut_off(job: &RefreshJob, need: &JobNeed) -> String {
    let (name, JobNeed { service, port, .. }) = (&job.job, need);
    format!(
        "policies keep {name} from {service} at {port}: explain {name} --to {service} says which, and the \
         NetworkPolicy that --print-cronjob prints opens it"
    )
}

fn unsure(job: &RefreshJob, need: &JobNeed) -> String {
    let (name, JobNeed { service, port, .. }) = (&job.job, need);
    format!(
        "whether {name} reaches {service} at {port} is not known: explain {name} --to {service} says why"
    )
}
