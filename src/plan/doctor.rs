//! The CronJobs that refresh hosts, as `doctor` judges them.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::answer::verdict::Verdict;
use crate::cluster::jobs::FoundJob;
use crate::edit::cronjob::LONGEST_RUN;
use crate::edit::{image, name, schedule};
use crate::ends::find::find_end;
use crate::ends::target::{PortQuery, Target};
use crate::engine::network::Network;
use crate::explain::connection::explain;
use crate::model::gap::Gap;
use crate::model::ports::{Protocol, ProtocolPort};
use crate::model::service::Service;
use crate::model::snapshot::Snapshot;
use crate::report::jobs::{JobNeed, JobState, JobsFound, RefreshJob};
use crate::world::servers;

/// How long a job that runs each day may be late.
const LATE: SignedDuration = SignedDuration::from_hours(25);
/// What a run may take beside its deadline: its pod has to start, and its end to be noticed.
const AROUND_A_RUN: SignedDuration = SignedDuration::from_mins(5);

/// Lists the namespaces that have to be read, so that it can be judged what the jobs reach.
pub fn namespaces(jobs: &[FoundJob]) -> Vec<String> {
    let own = jobs.iter().map(|job| job.metadata.namespace.clone());
    own.chain([servers::SYSTEM, servers::API_SERVER.0].map(str::to_owned)).collect()
}

/// Judges jobs; `read` is what was read to judge what they reach, or why it was not.
pub fn jobs(
    examined: &Snapshot,
    (found, unread): (&[FoundJob], Option<Gap>),
    read: Option<Result<&Snapshot, String>>,
    now: Timestamp,
) -> JobsFound {
    let labelled =
        examined.policies.iter().filter(|own| own.metadata.labels.contains_key(name::ENDPOINT));
    let remembering: BTreeSet<String> =
        labelled.filter_map(|policy| policy.namespace.as_deref().map(str::to_owned)).collect();
    let (network, unjudged) = match read {
        Some(Ok(snapshot)) => (Some(Network::of(snapshot)), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    let judge = |job: &FoundJob| {
        let needs = network.iter().flat_map(|network| needs(network, job)).collect();
        RefreshJob { needs, ..told(job, now) }
    };
    let mut jobs: Vec<RefreshJob> = found.iter().map(judge).collect();
    jobs.sort_by(|one, other| one.job.cmp(&other.job));
    JobsFound { jobs, unread, unjudged, remembering }
}

fn told(job: &FoundJob, now: Timestamp) -> RefreshJob {
    let FoundJob { metadata, spec, status } = job;
    let image = |own: &str| image::check(own).err().map(|error| format!("its image: {error}"));
    let images = spec.containers().iter().filter_map(|own| image(&own.image));
    let wrong = schedule::check(&spec.schedule).err().map(|error| format!("its schedule: {error}"));
    RefreshJob {
        job: format!("{}/cronjob/{}", metadata.namespace, metadata.name),
        namespace: metadata.namespace.clone(),
        all_namespaces: arguments(job).any(|word| word == "--all-namespaces" || word == "-A"),
        is_partial: arguments(job).any(is_choice),
        schedule: spec.schedule.clone(),
        state: state(job, now),
        last_scheduled: status.last_schedule_time.clone(),
        last_succeeded: status.last_successful_time.clone(),
        faults: images.chain(wrong).collect(),
        needs: Vec::new(),
    }
}

fn arguments(job: &FoundJob) -> impl Iterator<Item = &str> {
    job.spec.containers().iter().flat_map(|own| &own.args).map(String::as_str)
}

/// Tells whether a word after `refresh-ips` keeps it to some policies: a name, or labels.
fn is_choice(word: &str) -> bool {
    word.starts_with("--selector") || !(word.starts_with('-') || word == "refresh-ips")
}

/// Says whether a job runs; a time that cannot be read is none.
fn state(FoundJob { metadata, spec, status }: &FoundJob, now: Timestamp) -> JobState {
    let time = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<Timestamp>().ok());
    let age = |time: Timestamp| now.duration_since(time);
    let (began, succeeded) = (time(&status.last_schedule_time), time(&status.last_successful_time));
    let longest = SignedDuration::from_secs(LONGEST_RUN.into()) + AROUND_A_RUN;
    let is_daily = schedule::is_daily(&spec.schedule);
    match (began, time(&metadata.creation_timestamp)) {
        _ if spec.suspend => JobState::Suspended,
        (Some(began), _) if age(began) > longest && succeeded.is_none_or(|end| end < began) => {
            JobState::Failing
        }
        (Some(began), _) if is_daily && age(began) > LATE => JobState::Idle,
        (Some(_), _) => JobState::Current,
        (None, Some(made)) if is_daily && age(made) > LATE => JobState::Idle,
        (None, _) => JobState::New,
    }
}

/// Judges whether the pods of a job reach the API server, and the cluster's DNS unless it asks others.
fn needs(network: &Network<'_>, job: &FoundJob) -> Vec<JobNeed> {
    let snapshot = network.snapshot;
    let asks_others =
        arguments(job).any(|word| word.strip_prefix("--resolver=").is_some_and(|which| which != "auto"));
    let dns = servers::dns_services(snapshot).filter(|_| !asks_others);
    let dns = dns.map(|own| (own, ProtocolPort { protocol: Protocol::Udp, number: servers::DNS_PORT }));
    let api = snapshot.services.values().filter(|own| servers::is_api_server(snapshot, own));
    let api = api.flat_map(|own| own.ports.first().map(|port| (own, ProtocolPort::tcp(port.port))));
    api.chain(dns).map(|(service, port)| need(network, job, (service, port))).collect()
}

fn need(
    network: &Network<'_>,
    FoundJob { metadata, .. }: &FoundJob,
    (service, port): (&Service, ProtocolPort),
) -> JobNeed {
    let source = Target::Workload {
        namespace: Some(metadata.namespace.clone()),
        kind: "CronJob".to_owned(),
        name: metadata.name.clone(),
    };
    let namespace = network.snapshot.namespaces.at(service.namespace).name.to_string();
    let port = PortQuery::from(port);
    let title = format!("{namespace}/svc/{}", service.name);
    let destination = Target::Service { namespace: Some(namespace), name: service.name.to_string() };
    let ends =
        find_end(network, &source, "").and_then(|from| Ok((from, find_end(network, &destination, "")?)));
    let verdict = ends.ok().and_then(|(from, to)| explain(network, &from, &to, Some(&port)).ok());
    JobNeed {
        service: title,
        port: port.to_string(),
        verdict: verdict.map_or(Verdict::Depends, |answer| answer.verdict),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{JobState, state};

    #[test]
    fn a_job_is_told_by_when_it_began_and_when_it_succeeded() {
        let told = |schedule: &str, suspend: bool, began: Option<&str>, succeeded: Option<&str>| {
            let job = json!({
                "metadata": { "namespace": "shop", "name": "job", "creationTimestamp": "2026-01-01T00:00:00Z" },
                "spec": { "schedule": schedule, "suspend": suspend },
                "status": { "lastScheduleTime": began, "lastSuccessfulTime": succeeded },
            });
            let now = "2026-01-10T12:00:00Z".parse().unwrap_or_default();
            serde_json::from_value(job).ok().map(|job| state(&job, now))
        };
        let often = "*/15 * * * *";
        let (early, late) = (Some("2026-01-10T11:30:00Z"), Some("2026-01-10T11:31:00Z"));
        assert_eq!(told(often, false, early, late), Some(JobState::Current));
        assert_eq!(told(often, true, early, late), Some(JobState::Suspended));
        // The run before succeeded, this one did not.
        assert_eq!(told(often, false, late, early), Some(JobState::Failing));
        assert_eq!(told(often, false, early, None), Some(JobState::Failing));
        // It may still be running.
        assert_eq!(told(often, false, Some("2026-01-10T11:50:00Z"), None), Some(JobState::Current));
        let old = (Some("2026-01-08T11:30:00Z"), Some("2026-01-08T11:31:00Z"));
        assert_eq!(told(often, false, old.0, old.1), Some(JobState::Idle));
        assert_eq!(told("@weekly", false, old.0, old.1), Some(JobState::Current));
        assert_eq!(told("0 3 * * 1", false, old.0, old.1), Some(JobState::Current));
        assert_eq!(told(often, false, None, None), Some(JobState::Idle));
        assert_eq!(told("@monthly", false, None, None), Some(JobState::New));
    }
}
