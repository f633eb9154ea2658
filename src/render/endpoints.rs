//! What policies remember of hosts: as text, as records, as a table of Markdown.

use std::io::{self, Write};
use std::net::IpAddr;

use super::answer::{Answer, Listing, WriteRecord};
use super::format::{Format, Formats};
use super::limits::{Limits, limits};
use super::look::Look;
use super::machine::{self, Syntax};
use super::markdown;
use super::sanitize::sanitize;
use super::text::{Label, Line, write_lines};
use crate::ends::naming::name_of;
use crate::model::gap::merged;
use crate::report::endpoints::{
    EndpointList, MissingAddress, RecordStatus, RememberedHost, RememberingPolicy,
};

/// Items of a list that are shown unless every detail is asked for.
const SHOWN: usize = 5;
const COLUMNS: [&str; 13] = [
    "namespace",
    "policy",
    "pods",
    "host",
    "ports",
    "status",
    "resolved",
    "open",
    "pending",
    "closed",
    "refused",
    "consents",
    "problem",
];

impl Answer for EndpointList {
    const FORMATS: Formats = Format::OF_LISTS;

    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let mut lines = vec![Line::new(0, 2).with(Label::Heading, summary(self))];
        for policy in &self.policies {
            lines.push(Line::default());
            lines.push(head(policy, look));
            let problem = |text: &String| Line::new(2, 2).with(Label::Caution, text);
            lines.extend(policy.problems.iter().map(problem));
            lines.extend(policy.hosts.iter().flat_map(|own| host(own, look)));
            let text = "open beside its record, and no refresh changes that:";
            let blocks: Vec<String> = policy.unrecorded.iter().map(ToString::to_string).collect();
            lines.extend(
                listed(&blocks, look).map(|own| Line::new(2, 2).with(Label::Caution, text).plain(own)),
            );
        }
        lines.extend(limits(&[], &merged(&self.gaps)));
        write_lines(out, &lines, look.width)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        machine::write(out, self, syntax)
    }

    fn rows(&self) -> Option<&dyn Listing> {
        Some(self)
    }
}

impl Listing for EndpointList {
    /// Hands over a record for each host, and one for each policy of which none is known.
    fn records(&self, look: Look, record: &mut WriteRecord<'_>) -> io::Result<()> {
        if look.headers {
            record(&COLUMNS)?;
        }
        for policy in &self.policies {
            for fields in fields(policy) {
                record(&fields.each_ref().map(String::as_str))?;
            }
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.policies.is_empty() {
            writeln!(out, "{}", nothing(self))?;
        } else {
            markdown::header(out, &["Policy", "Host", "Status", "Addresses", "To look at"])?;
        }
        for policy in &self.policies {
            let name = markdown::code(&name(policy));
            if policy.hosts.is_empty() {
                markdown::row(out, &[&name, "", "", "", &markdown::prose(&policy.problems.join("; "))])?;
            }
            for own in &policy.hosts {
                let addresses: Vec<String> =
                    texts(&own.open).iter().map(|ip| markdown::code(ip)).collect();
                let look_at = markdown::prose(&to_look_at(policy, own).join("; "));
                let host = markdown::code(&title(own));
                markdown::row(out, &[&name, &host, &status(own), &addresses.join(", "), &look_at])?;
            }
        }
        markdown::limits(out, &self.limits())
    }

    fn limits(&self) -> Limits {
        Limits::of(Vec::new(), &self.gaps)
    }
}

fn nothing(list: &EndpointList) -> String {
    let place = list.namespace.as_ref().map(|name| format!(" in namespace {}", sanitize(name)));
    let place = place.unwrap_or_default();
    match list.gaps.is_empty() {
        true => format!("No hosts are remembered{place}."),
        false => format!("No remembered hosts were found{place}; see the gaps."),
    }
}

fn summary(list: &EndpointList) -> String {
    if list.policies.is_empty() {
        return nothing(list);
    }
    let count = |of: fn(&RememberedHost) -> usize| list.hosts().map(of).sum::<usize>();
    let has = |wanted: RecordStatus| list.hosts().filter(|host| host.status == wanted).count();
    let (hosts, policies) = (list.hosts().count(), list.policies.len());
    let counts = [
        (count(|host| host.pending.len()), "pending removal"),
        (count(|host| host.closed.len()), "closed"),
        (count(|host| host.refused.len()), "open without consent"),
        (has(RecordStatus::Failed) + has(RecordStatus::Gone), "unresolved"),
        (list.policies.iter().filter(|policy| !policy.problems.is_empty()).count(), "with a problem"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, what)| format!("{count} {what}"));
    let hosts = format!("{hosts} {}", if hosts == 1 { "host" } else { "hosts" });
    let policies = format!("{policies} {}", if policies == 1 { "policy" } else { "policies" });
    [format!("{hosts} in {policies}")].into_iter().chain(counts).collect::<Vec<_>>().join(", ")
}

fn name(policy: &RememberingPolicy) -> String {
    format!("{}/{}", policy.namespace, policy.name)
}

fn head(policy: &RememberingPolicy, look: Look) -> Line {
    let names: Vec<String> = policy.pods.iter().map(name_of).collect();
    let pods = listed(&names, look).unwrap_or_else(|| "no pods that were read".to_owned());
    Line::new(0, 2).with(Label::Source, name(policy)).plain("for").plain(pods)
}

fn title(host: &RememberedHost) -> String {
    let ports: Vec<String> = host.ports.iter().map(ToString::to_string).collect();
    format!("{}:{}", host.host, ports.join(","))
}

/// Says how it went with a host last.
fn status(host: &RememberedHost) -> String {
    let resolved = host.resolved.as_ref().map(|date| format!("resolved {date}"));
    let since = host.since.as_deref().unwrap_or_default();
    let bad = |what: &str| {
        let last = resolved.as_ref().map(|resolved| format!(", last {resolved}"));
        format!("{what} since {since}{}", last.unwrap_or_default())
    };
    let families: Vec<String> = host.gone.iter().map(ToString::to_string).collect();
    match host.status {
        RecordStatus::Static => "an address".to_owned(),
        RecordStatus::Resolved => resolved.unwrap_or_default(),
        RecordStatus::New => "never resolved".to_owned(),
        RecordStatus::Failed => bad("not resolved"),
        RecordStatus::Gone => bad(&format!("without {} addresses", families.join(" and "))),
        RecordStatus::Closed => "closed: the policy has no rule for it".to_owned(),
    }
}

fn host(own: &RememberedHost, look: Look) -> Vec<Line> {
    let label = match own.status {
        RecordStatus::Static | RecordStatus::Resolved => Label::Plain,
        RecordStatus::New | RecordStatus::Failed | RecordStatus::Gone | RecordStatus::Closed => {
            Label::Caution
        }
    };
    let row = || Line::new(4, 2);
    let mut lines = vec![Line::new(2, 2).with(Label::Heading, title(own)).with(label, status(own))];
    lines.extend(listed(&texts(&own.open), look).map(|ips| row().plain("open").plain(ips)));
    lines.extend(own.pending.iter().map(|own| row().plain(pending(own))));
    lines.extend(listed(&texts(&own.closed), look).map(|ips| {
        let why = "(not in its rule any more; allow-endpoint opens it again)";
        row().with(Label::Caution, "closed").plain(ips).with(Label::Caution, why)
    }));
    lines.extend(own.refused.iter().map(|own| {
        let text = format!("open without consent {}:", own.address);
        row().with(Label::Caution, text).plain(&own.reason)
    }));
    lines.extend(consents(own).map(|text| row().plain(text)));
    lines.extend(own.rotates.then(|| row().plain("its name servers show a few addresses at a time")));
    lines
}

fn pending(own: &MissingAddress) -> String {
    let MissingAddress { address, since, runs, until } = own;
    let runs = if *runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    format!("pending {address}, missing since {since} in {runs}, leaves after {until}")
}

/// Says what a record consents to, and that this alone opens nothing.
fn consents(own: &RememberedHost) -> Option<String> {
    let classes: Vec<&str> = own.consents.iter().map(|class| class.name()).collect();
    let text = "its record consents to";
    (!classes.is_empty()).then(|| {
        format!("{text} {} addresses; a refresh opens new ones if its flags do too", classes.join(", "))
    })
}

/// Lists what somebody should look at of a host and its policy.
fn to_look_at(policy: &RememberingPolicy, own: &RememberedHost) -> Vec<String> {
    let with =
        |word: &str, ips: Vec<String>| (!ips.is_empty()).then(|| format!("{word} {}", ips.join(" ")));
    let refused = own.refused.iter().map(|own| own.address.to_string()).collect();
    let parts = [
        with("closed", texts(&own.closed)),
        with("open without consent", refused),
        with("open beside the record", policy.unrecorded.iter().map(ToString::to_string).collect()),
    ];
    let pending = own.pending.iter().map(pending);
    policy.problems.iter().cloned().chain(pending).chain(parts.into_iter().flatten()).collect()
}

fn texts(ips: &[IpAddr]) -> Vec<String> {
    ips.iter().map(IpAddr::to_string).collect()
}

/// Writes the first of some items, all where every detail is asked for; nothing for none.
fn listed(items: &[String], look: Look) -> Option<String> {
    let shown = if look.wide { items.len() } else { SHOWN };
    let text = items.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
    match items.len().checked_sub(shown).filter(|rest| *rest > 0) {
        _ if items.is_empty() => None,
        None => Some(text),
        Some(rest) => Some(format!("{text} and {rest} more (-o wide)")),
    }
}

/// Returns the fields of each host of a policy; of one without any, its problem.
fn fields(policy: &RememberingPolicy) -> Vec<[String; COLUMNS.len()]> {
    let pods: Vec<String> = policy.pods.iter().map(name_of).collect();
    let start = || [policy.namespace.clone(), policy.name.clone(), pods.join(" ")];
    let problem = policy.problems.join("; ");
    let of_host = |own: &RememberedHost| {
        let ports: Vec<String> = own.ports.iter().map(ToString::to_string).collect();
        let pending: Vec<IpAddr> = own.pending.iter().map(|own| own.address).collect();
        let refused: Vec<IpAddr> = own.refused.iter().map(|own| own.address).collect();
        let consents: Vec<&str> = own.consents.iter().map(|class| class.name()).collect();
        let lists = [&own.open, &pending, &own.closed, &refused].map(|ips| texts(ips).join(" "));
        let [namespace, name, pods] = start();
        let [open, pending, closed, refused] = lists;
        let (host, ports, status) = (own.host.clone(), ports.join(" "), word(own.status).to_owned());
        let resolved = own.resolved.clone().unwrap_or_default();
        let (consents, problem) = (consents.join(" "), problem.clone());
        [
            namespace, name, pods, host, ports, status, resolved, open, pending, closed, refused,
            consents, problem,
        ]
    };
    if !policy.hosts.is_empty() {
        return policy.hosts.iter().map(of_host).collect();
    }
    let mut alone = [const { String::new() }; COLUMNS.len()];
    for (field, text) in alone.iter_mut().zip(start()) {
        *field = text;
    }
    if let Some(last) = alone.last_mut() {
        *last = problem;
    }
    vec![alone]
}

/// Returns the word for a status, as the schema has it.
const fn word(status: RecordStatus) -> &'static str {
    match status {
        RecordStatus::Static => "static",
        RecordStatus::Resolved => "resolved",
        RecordStatus::New => "new",
        RecordStatus::Failed => "failed",
        RecordStatus::Gone => "gone",
        RecordStatus::Closed => "closed",
    }
}
