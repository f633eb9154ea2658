//! What name servers say of hosts, as plans take it.

use std::collections::BTreeSet;

use crate::cmd::resolver::{resolve, resolve_services};
use crate::dns::resolve::{Answers, Asking};
use crate::edit::host::HostName;
use crate::edit::merge::Options;
use crate::edit::plan;
use crate::edit::plan::{Learnt, Services};
use crate::edit::record::{Minute, Record};
use crate::error::{Error, ErrorKind};

/// What was learnt, and what that leaves open.
pub(crate) struct Lesson {
    /// What was learnt.
    pub(crate) learnt: Learnt,
    /// What the user should know, one sentence each.
    pub(crate) caveats: Vec<String>,
    /// SRV records that could not be had, each in one line.
    pub(crate) failed: Vec<String>,
}

/// Asks for every name of some records; none without asking anybody.
pub(crate) fn learn(records: &[Record], asking: &Asking, options: Options) -> Result<Lesson, Error> {
    let mut lesson = Lesson {
        learnt: Learnt { options, now: now(), ..Learnt::default() },
        caveats: Vec::new(),
        failed: Vec::new(),
    };
    let names: BTreeSet<HostName> = records.iter().flat_map(plan::services).collect();
    for (name, found) in resolve_services(&names, asking)? {
        match found {
            Ok(targets) => drop(lesson.learnt.services.insert(name, targets)),
            Err(error) => lesson.failed.push(error.to_string()),
        }
    }
    let services: &Services = &lesson.learnt.services;
    let all = records.iter().map(|record| plan::with_services(record, services));
    let hosts: BTreeSet<HostName> = all.flat_map(|record| plan::names(&record)).collect();
    let Answers { hosts, caveats } = resolve(&hosts, asking)?;
    lesson.caveats = caveats;
    for resolved in hosts {
        let host = resolved.resolution.host.clone();
        if resolved.rotates {
            let text = "hands out other addresses each time: a list of them will break";
            lesson.caveats.push(format!("{host} {text}"));
        }
        lesson.learnt.resolutions.insert(host, resolved.resolution);
    }
    Ok(lesson)
}

fn now() -> Minute {
    Minute(u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default() / 60)
}

/// Says that a host could not be resolved.
pub(crate) fn unresolved(error: impl std::fmt::Display) -> Error {
    let hint = "--resolver IP asks another name server";
    Error::new(ErrorKind::Unresolved, error).hint(hint)
}
