//! A refresh of remembered hosts as text.

use std::io::{self, Write};
use std::net::IpAddr;

use super::answer::Answer;
use super::format::{Format, Formats};
use super::look::Look;
use super::machine::{self, Syntax};
use super::text::{Label, Line, write_lines};
use crate::answer::caveat::Caveat;
use crate::report::refresh::{
    HostStatus, PolicyOutcome, RecordedConsent, Refresh, RefreshedHost, RefreshedPolicy,
};

impl Answer for Refresh {
    const FORMATS: Formats = Format::OF_EXPLANATIONS;

    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let mut lines = vec![summary(self)];
        let has_news = |policy: &&RefreshedPolicy| {
            let is_quiet = policy.outcome == PolicyOutcome::Current && policy.problem.is_none();
            look.wide || !is_quiet || policy.hosts.iter().any(is_news)
        };
        for policy in self.policies.iter().filter(has_news) {
            lines.push(Line::default());
            lines.push(head(policy));
            if let Some(problem) = &policy.problem {
                lines.push(Line::new(2, 2).with(Label::Caution, problem));
            }
            lines.extend(
                policy.hosts.iter().filter(|host| look.wide || is_news(host)).flat_map(host_lines),
            );
        }
        if !(self.caveats.is_empty() && self.unresolved.is_empty()) {
            lines.push(Line::default());
        }
        let failed = |text: &String| Line::new(0, 8).with(Label::Caution, "unresolved:").plain(text);
        lines.extend(self.unresolved.iter().map(failed));
        let caveat =
            |own: &Caveat| Line::new(0, 8).with(Label::Caution, "caveat:").plain(own.to_string());
        lines.extend(self.caveats.iter().map(caveat));
        write_lines(out, &lines, look.width)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        machine::write(out, self, syntax)
    }
}

fn is_news(host: &RefreshedHost) -> bool {
    let known = matches!(host.status, HostStatus::Resolved | HostStatus::Static);
    let is_listed = [host.pending.is_empty(), host.refused.is_empty(), host.closed.is_empty()];
    !known || host.changes() || is_listed.contains(&false) || !host.consents.is_empty()
}

fn consent(consent: &RecordedConsent) -> Line {
    let RecordedConsent { class, confirmed, flag } = consent;
    let line = Line::new(4, 2).plain(format!("its record consents to {class} addresses"));
    match confirmed {
        true => line.plain("and so does this run"),
        false => line.plain(format!("and this run does not: {flag} lets new ones in")),
    }
}

fn summary(refresh: &Refresh) -> Line {
    let policies = refresh.policies.len();
    let mut parts = vec![match refresh.hosts().count() {
        0 => "no hosts are remembered here".to_owned(),
        hosts => format!("{} in {}", plural(hosts, "host", "s"), plural(policies, "polic", "y|ies")),
    }];
    let failed = |policy: &&RefreshedPolicy| policy.outcome == PolicyOutcome::Failed;
    let addresses = |of: fn(&RefreshedHost) -> usize| refresh.hosts().map(of).sum::<usize>();
    // What was to come or to go, and did not as its policy was not written, is not counted.
    let changed = |of: fn(&RefreshedHost) -> usize| {
        let written = refresh.policies.iter().filter(|policy| !failed(policy));
        written.flat_map(|policy| &policy.hosts).map(of).sum::<usize>()
    };
    let unresolved = refresh.hosts().filter(|host| host.is_unresolved()).count();
    let counts = [
        (changed(|host| host.added.len()), "added"),
        (changed(|host| host.removed.len()), "removed"),
        (changed(|host| host.open.len()), "forgotten but open"),
        (addresses(|host| host.pending.len()), "pending removal"),
        (addresses(|host| host.refused.len()), "refused"),
        (addresses(|host| host.closed.len()), "closed"),
        (unresolved, "unresolved"),
        (refresh.policies.iter().filter(failed).count(), "not written"),
    ];
    parts.extend(
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")),
    );
    let is_current = counts.iter().all(|(count, _)| *count == 0) && policies > 0;
    parts.extend(is_current.then(|| "all current".to_owned()));
    Line::new(0, 2).with(Label::Heading, parts.join(", "))
}

/// Counts in words; `ends` is the end of the plural, or those of both.
fn plural(count: usize, noun: &str, ends: &str) -> String {
    let (one, many) = ends.split_once('|').unwrap_or(("", ends));
    format!("{count} {noun}{}", if count == 1 { one } else { many })
}

fn head(policy: &RefreshedPolicy) -> Line {
    let name = format!("{}/{}", policy.namespace, policy.name);
    let line = Line::new(0, 2).with(Label::Source, name);
    let line = policy.file.iter().fold(line, |line, file| line.plain(format!("({file})")));
    match policy.outcome {
        PolicyOutcome::Current => line.plain("is current"),
        PolicyOutcome::Written => line.plain("was written"),
        PolicyOutcome::Due => line.plain("would be written"),
        PolicyOutcome::Failed => line.with(Label::Caution, "was not written"),
    }
}

pub(crate) fn host_lines(host: &RefreshedHost) -> Vec<Line> {
    let ports: Vec<String> = host.ports.iter().map(ToString::to_string).collect();
    let mut lines =
        vec![Line::new(2, 2).with(Label::Heading, format!("{}:{}", host.host, ports.join(",")))];
    let row = || Line::new(4, 2);
    let status = match host.status {
        HostStatus::Static | HostStatus::Resolved => None,
        HostStatus::Partly => Some("resolved by some name servers only, so nothing leaves:"),
        HostStatus::Failed => Some("not resolved, its addresses stay:"),
        HostStatus::Gone if !host.removed.is_empty() || !host.open.is_empty() => {
            Some("gone, and forgotten")
        }
        HostStatus::Gone => Some("name servers say that it has no address; its addresses stay"),
        HostStatus::Refused => Some("refused, its addresses stay as they are"),
        HostStatus::Closed => {
            Some("closed: the policy has no rule for it; allow-endpoint opens it again")
        }
    };
    let failures = host.failures.join("; ");
    lines.extend(status.map(|text| row().with(Label::Caution, text).plain(failures)));
    let listed = |word: &str, ips: &[IpAddr]| {
        let text: Vec<String> = ips.iter().map(IpAddr::to_string).collect();
        (!ips.is_empty()).then(|| row().plain(format!("{word} {}", text.join(", "))))
    };
    lines.extend(listed("added", &host.added));
    lines.extend(listed("removed", &host.removed));
    let why = "by another rule of the policy";
    lines.extend(listed("stays open", &host.open).map(|line| line.with(Label::Caution, why)));
    lines.extend(host.pending.iter().map(|pending| {
        row().plain(format!("pending {}, leaves after {}", pending.address, pending.until))
    }));
    lines.extend(host.refused.iter().map(|refused| {
        row().with(Label::Caution, format!("refused {}:", refused.address)).plain(&refused.reason)
    }));
    lines.extend(listed("closed", &host.closed).map(|line| match host.status {
        HostStatus::Closed => line,
        _ => line.with(Label::Caution, "not in its rule any more; allow-endpoint opens it again"),
    }));
    lines.extend(host.consents.iter().map(consent));
    lines.extend(listed("kept", &host.kept));
    lines
}
