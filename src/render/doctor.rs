//! A checkup as text.

use std::io::{self, Write};

use super::answer::Answer;
use super::format::{Format, Formats};
use super::look::Look;
use super::machine::{self, Syntax};
use super::text::{Label, Line, padded, write_lines};
use crate::model::gap::{Gap, merged};
use crate::policy::KINDS;
use crate::report::doctor::{Checkup, NeededService, UserRight};
use crate::report::jobs::{JobState, RefreshJob};

impl Answer for Checkup {
    const FORMATS: Formats = Format::OF_EXPLANATIONS;

    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let mut lines = vec![summary(self), Line::default()];
        lines.push(row("server").plain(&self.server_version));
        lines.extend(plugin(self));
        lines.push(row("policies").plain(policies(self)));
        lines.extend(places(self, ("dns", "kube-system"), &self.dns));
        lines.extend(places(self, ("API server", "default"), &self.api_server));
        lines.extend(rights(self));
        lines.extend(self.jobs.iter().map(job));
        lines.push(Line::default());
        let marked = |word: &'static str| move |text: &String| marked(word, text);
        lines.extend(self.problems.iter().map(marked("problem")));
        lines.extend(self.notes.iter().map(marked("note")));
        if self.problems.is_empty() && self.notes.is_empty() {
            lines.pop();
        }
        write_lines(out, &lines, look.width)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        machine::write(out, self, syntax)
    }
}

fn summary(checkup: &Checkup) -> Line {
    let start = Line::new(0, 0);
    match checkup.problems.len() {
        0 if checkup.dns.is_empty() => {
            start.with(Label::Caution, "no problems were found, and no Service of DNS")
        }
        0 => start.with(Label::Heading, "no problems"),
        1 => start.with(Label::Caution, "1 problem"),
        count => start.with(Label::Caution, format!("{count} problems")),
    }
}

/// Counts the policies of each kind that were read, and says of which others nobody knows.
fn policies(checkup: &Checkup) -> String {
    let noun = |kind: &str, count| match (count, kind.strip_suffix('y')) {
        (1, _) => kind.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        (_, None) => format!("{kind}s"),
    };
    let counts = checkup.by_kind.iter().map(|(kind, count)| format!("{count} {}", noun(kind, *count)));
    let counts: Vec<String> = counts.collect();
    let count = match (checkup.policies, &*counts) {
        (None, _) => "not known".to_owned(),
        (Some(_), []) => "0 NetworkPolicies".to_owned(),
        (Some(_), counts) => counts.join(", "),
    };
    let is_policy = |gap: &&Gap| KINDS.iter().any(|kind| gap.hides(kind.resource));
    let missing = merged(checkup.gaps.iter().filter(is_policy));
    [count].into_iter().chain(missing).collect::<Vec<_>>().join(": ")
}

fn row(name: &str) -> Line {
    Line::new(2, 16).with(Label::Heading, padded(name, 15))
}

fn marked(word: &str, text: &str) -> Line {
    let label = if word == "problem" { Label::Caution } else { Label::Heading };
    Line::new(0, 9).with(label, padded(word, 8)).plain(text)
}

fn plugin(checkup: &Checkup) -> Vec<Line> {
    let Some(plugin) = &checkup.plugin else {
        return vec![row("network plugin").plain("not known")];
    };
    let version = plugin.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let enforces = if plugin.enforces { "enforces policies" } else { "enforces no policies" };
    let text = format!("{}{version}, {enforces} ({})", plugin.name, plugin.evidence);
    let mut lines = vec![row("network plugin").plain(text)];
    let differs = |text: &&str| row("").plain(format!("differs from the API: {text}"));
    lines.extend(plugin.deviations.iter().map(differs));
    lines
}

/// Says where Services are, or that those of their namespace were not read.
fn places(checkup: &Checkup, (name, namespace): (&str, &str), found: &[NeededService]) -> Vec<Line> {
    let hidden = checkup.gaps.iter().find(|gap| gap.hides_in("services", namespace));
    let unknown = hidden.filter(|_| found.is_empty());
    let unknown = unknown.map(|gap| row(name).plain(format!("not known: {gap}")));
    found.iter().map(|own| place(name, own)).chain(unknown).collect()
}

fn place(name: &str, place: &NeededService) -> Line {
    let ready = match place.backends.as_deref() {
        None => "its backends may not be read".to_owned(),
        Some([]) => "no backend is ready".to_owned(),
        Some(backends) => format!("at {}", backends.join(", ")),
    };
    row(name)
        .plain(&place.service)
        .plain(format!("({}):", place.addresses.join(", ")))
        .plain(format!("{};", place.ports.join(", ")))
        .plain(ready)
}

fn rights(checkup: &Checkup) -> Vec<Line> {
    let place = |right: &UserRight| match (right.everywhere, right.in_namespace) {
        (true, _) => "everywhere".to_owned(),
        (false, true) => format!("in {}", right.namespace.unwrap_or(&checkup.namespace)),
        (false, false) => "nowhere".to_owned(),
    };
    let mut rows: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for right in &checkup.rights {
        let place = place(right);
        match rows.iter_mut().find(|(verb, own, _)| *verb == right.verb && *own == place) {
            Some((_, _, resources)) => resources.push(right.resource),
            None => rows.push((right.verb, place, vec![right.resource])),
        }
    }
    rows.sort_by_key(|(verb, place, _)| {
        (*verb != "list", *verb, place == "nowhere", place != "everywhere")
    });
    let line = |(verb, place, resources): (&str, String, Vec<&str>)| {
        row(&format!("may {verb}")).plain(format!("{place}:")).plain(resources.join(", "))
    };
    rows.into_iter().map(line).collect()
}

fn job(job: &RefreshJob) -> Line {
    let when = |what: &str, time: &Option<String>| time.as_ref().map(|time| format!("{what} {time}"));
    let state = match job.state {
        JobState::Current => None,
        JobState::New => Some("has not run yet".to_owned()),
        JobState::Suspended => Some("is suspended".to_owned()),
        JobState::Idle => Some("does not run".to_owned()),
        JobState::Failing => Some("fails".to_owned()),
    };
    let scope = if job.all_namespaces { "all namespaces" } else { "its namespace" };
    let parts = [
        Some(format!("{}: {scope}, {}", job.job, job.schedule)),
        state,
        when("began last", &job.last_scheduled),
        when("succeeded last", &job.last_succeeded),
    ];
    row("refreshed by").plain(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
