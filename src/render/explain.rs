//! One connection as text: the verdict first, then what decided each half.

use std::io::{self, Write};

use super::answer::Answer;
use super::fix::fix;
use super::format::{Format, Formats};
use super::limits::limits;
use super::look::Look;
use super::machine::{self, Syntax};
use super::text::{Label, Line, headline, padded, word, write_lines};
use crate::answer::finding::Finding;
use crate::answer::rule_ref::{RuleAction, RuleRef};
use crate::answer::verdict::Verdict;
use crate::ends::naming::name_of;
use crate::ends::place::{named, title};
use crate::explain::explanation::{
    Clause, Explanation, Half, Miss, Need, PairGroup, PortMapping, Reason, RuleMiss, RuleUse,
};
use crate::model::gap::merged;
use crate::render::place::place_of;

/// Near misses that are shown of each half unless every detail is asked for.
const SHOWN: usize = 5;

impl Answer for Explanation {
    const FORMATS: Formats = Format::OF_EXPLANATIONS;

    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let ends = format!("{} -> {}", name_of(&self.source), named(&self.destination));
        let mut first = Line::new(0, 4)
            .with(Label::Verdict(self.verdict), padded(headline(self.verdict), 8))
            .with(Label::Heading, ends);
        if let Some(asked) = &self.port {
            first = first.plain(asked);
        }
        let one = if let [group] = &*self.groups { Some(group) } else { None };
        if let Some(group) = one
            && self.verdict != Verdict::Allow
            && self.verdict != Verdict::Deny
        {
            first = first.plain(ports(&group.allowed));
        }
        let mut lines = vec![first];
        for group in &self.groups {
            lines.push(Line::default());
            if one.is_none() {
                lines.push(group_line(group));
            }
            if !group.service_ports.is_empty() {
                lines.push(service_ports(&group.service_ports));
            }
            lines.extend(half("egress", &group.egress, look));
            lines.extend(half("ingress", &group.ingress, look));
        }
        if !self.findings.is_empty() {
            lines.push(Line::default());
            lines.extend(self.findings.iter().map(finding));
        }
        lines.extend(fix(self)?);
        lines.extend(limits(&self.caveats, &merged(&self.gaps)));
        write_lines(out, &lines, look.width)
    }

    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        machine::write(out, self, syntax)
    }
}

/// Writes one finding.
pub fn finding(finding: &Finding) -> Line {
    let line = Line::new(2, 4).with(Label::Caution, format!("{}:", finding.id));
    let line = match &finding.rule {
        None => line,
        Some(rule) => {
            // A policy as a whole has its name only.
            let path = if rule.action == RuleAction::Isolate { "" } else { &rule.path };
            line.with(Label::Source, rule.object()).plain(path).plain(format!("{}:", place(rule)))
        }
    };
    line.plain(&finding.message)
}

/// Writes where the ports of a Service lead: `svc 80 -> TCP/8080`.
fn service_ports(ports: &[PortMapping]) -> Line {
    let mut line = Line::new(2, 9).plain(padded("ports", 8));
    for (index, port) in ports.iter().enumerate() {
        let comma = if index + 1 < ports.len() { "," } else { "" };
        line = line.plain(format!("{}{comma}", service_port(port)).replace(' ', "\u{a0}"));
    }
    line
}

/// Writes where a port of a Service leads: `svc 80 (web) -> TCP/8080`.
pub(crate) fn service_port(port: &PortMapping) -> String {
    let number = port.port.trim_start_matches("TCP/");
    let name = port.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("svc {number}{name} -> {}", port.target)
}

fn ports(items: &[String]) -> String {
    items.join(" ")
}

fn group_line(group: &PairGroup) -> Line {
    let ends = format!("{} -> {}", title(&group.source), title(&group.destination));
    let count = match group.source.pods.len() * group.destination.pods.len().max(1) {
        0 | 1 => String::new(),
        count => format!("({count} pairs)"),
    };
    let line = Line::new(2, 4)
        .with(Label::Verdict(group.verdict), word(group.verdict))
        .with(Label::Heading, ends)
        .plain(count);
    match group.verdict {
        Verdict::Partial => line.plain(ports(&group.allowed)),
        Verdict::Depends => line.plain(format!("open for certain: {}", or_none(&group.allowed))),
        Verdict::Allow | Verdict::Deny => line,
    }
}

fn or_none(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { ports(items) }
}

fn half(name: &str, half: &Half, look: Look) -> Vec<Line> {
    let start = Line::new(2, 18)
        .plain(padded(name, 8))
        .with(Label::Verdict(half.verdict), padded(word(half.verdict), 8));
    let rules = || half.tiers.iter().flat_map(|tier| &tier.rules);
    let hits: Vec<&RuleUse> = rules().filter(|rule| rule.hit).collect();
    let isolated: Vec<&RuleRef> = half.tiers.iter().flat_map(|tier| &tier.isolated_by).collect();
    let refer = |line: Line, used: &&RuleUse| reference(line, &used.rule);
    let name_policy = |line: Line, rule: &&RuleRef| policy(line, rule);
    let mut lines = match half.reason {
        Reason::Exempt => vec![start.plain(half.note.clone().unwrap_or_default())],
        Reason::Default if isolated.is_empty() => vec![start.plain(match half.verdict {
            Verdict::Depends => "no policy that was judged isolates it",
            _ => "no policy isolates it",
        })],
        Reason::Default if hits.is_empty() => {
            let one = isolated.get(..1).unwrap_or_default();
            first_and_more(start.plain("may be isolated by"), one, name_policy, look)
        }
        Reason::Rule if hits.is_empty() => {
            vec![start.plain("a rule matches, however the unknown turns out")]
        }
        Reason::Rule | Reason::Default => first_and_more(start, &hits, refer, look),
        Reason::Isolated => first_and_more(start.plain("isolated by"), &isolated, name_policy, look),
    };
    lines.extend(
        half.tiers
            .iter()
            .flat_map(|tier| &tier.rules)
            .filter(|rule| rule.unsure)
            .map(|rule| reference(Line::new(20, 2).plain("not known whether it matches:"), &rule.rule)),
    );
    // What nothing isolates needs no rule.
    let needs_a_rule = matches!(half.reason, Reason::Rule | Reason::Isolated) || !isolated.is_empty();
    if half.verdict != Verdict::Allow && needs_a_rule {
        lines.extend(near_misses(
            name,
            rules().filter(|rule| !rule.misses.is_empty()).collect(),
            hits.is_empty(),
            look,
        ));
    }
    lines
}

/// Writes the first of some items on a line, and the others on lines below.
fn first_and_more<T>(
    start: Line,
    items: &[T],
    write: impl Fn(Line, &T) -> Line,
    look: Look,
) -> Vec<Line> {
    let Some((first, more)) = items.split_first() else { return vec![start] };
    let more = more.iter().take(if look.wide { usize::MAX } else { SHOWN });
    let more = more.map(|item| write(Line::new(20, 2).plain("and"), item));
    [write(start, first)].into_iter().chain(more).collect()
}

fn near_misses(direction: &str, mut missed: Vec<&RuleUse>, none: bool, look: Look) -> Vec<Line> {
    missed.sort_by_key(|rule| rule.misses.len());
    let count = missed.len();
    if count == 0 {
        let text = format!("no rule allows {direction}");
        return if none { vec![Line::new(20, 2).plain(text)] } else { Vec::new() };
    }
    let text = match (count, none) {
        (1, true) => format!("1 rule allows {direction}, it does not match:"),
        (_, true) => format!("{count} rules allow {direction}, none matches:"),
        (1, false) => "1 other rule does not match:".to_owned(),
        (_, false) => format!("{count} other rules do not match:"),
    };
    let mut lines = vec![Line::new(4, 2).plain(text)];
    let shown = if look.wide { count } else { SHOWN };
    for rule in missed.iter().take(shown) {
        let line = Line::new(6, 4).with(Label::Source, rule.rule.object());
        lines.push(line.plain(&rule.rule.path).plain(place(&rule.rule)));
        lines.extend(rule.misses.iter().map(|miss| Line::new(8, 2).plain(sentence(miss))));
    }
    if let Some(rest) = count.checked_sub(shown).filter(|rest| *rest > 0) {
        lines.push(Line::new(6, 2).plain(format!("and {rest} more (-o wide)")));
    }
    lines
}

/// Names a rule: object, path, place.
pub fn reference(line: Line, rule: &RuleRef) -> Line {
    line.plain(rule.kind).with(Label::Source, rule.object()).plain(&rule.path).plain(place(rule))
}

/// Names a policy: object and place.
pub fn policy(line: Line, rule: &RuleRef) -> Line {
    line.plain(rule.kind).with(Label::Source, rule.object()).plain(place(rule))
}

/// Writes where a rule stands: `(file:line)`, or `(live)`.
pub fn place(rule: &RuleRef) -> String {
    place_of(&rule.origin)
}

/// Says what a rule asks for and the connection does not have.
fn sentence(RuleMiss { miss, service_port }: &RuleMiss) -> String {
    let Miss { clause, needs, has } = miss;
    if let Some(port) = service_port {
        return format!("port: allows {port}; the Service sends to {has}");
    }
    match (clause, needs) {
        (Clause::PodSelector, Need::Pod) => {
            format!("peer: the podSelector selects pods only, not {has}")
        }
        (Clause::NamespaceSelector, Need::Pod) => {
            format!("peer: the namespaceSelector selects pods only, not {has}")
        }
        (Clause::PodSelector, _) => format!("peer: needs pod {needs}, has {has}"),
        (Clause::NamespaceSelector, _) => format!("peer: needs namespace {needs}, has {has}"),
        (Clause::IpBlock, _) => format!("peer: needs an address in {needs}, has {has}"),
        (Clause::Except, _) => format!("peer: {has} is in the except {needs}"),
        (Clause::NamedPort, _) => format!("port: needs {needs}, but {has}"),
        (Clause::Port, _) => format!("port: allows {needs}, not {has}"),
        (Clause::Protocol, _) => format!("protocol: allows {needs}, not {has}"),
        (Clause::PolicyTypes, _) => {
            format!("no effect: {needs} is not in policyTypes, which has {has}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{finding, sentence};
    use crate::answer::finding::Finding;
    use crate::answer::rule_ref::{OriginRef, RuleAction, RuleRef};
    use crate::explain::explanation::{Clause, Miss, Need, RuleMiss};

    #[test]
    fn what_a_rule_needs_is_told_by_its_type_not_by_its_words() {
        let told = |needs| {
            let miss = Miss { clause: Clause::PodSelector, needs, has: "10.0.0.1".to_owned() };
            sentence(&RuleMiss { miss, service_port: None })
        };
        assert_eq!(told(Need::Pod), "peer: the podSelector selects pods only, not 10.0.0.1");
        let text = Need::Text(Need::Pod.to_string());
        assert_eq!(told(text), "peer: needs pod a pod, has 10.0.0.1");
    }

    #[test]
    fn a_policy_as_a_whole_is_told_by_what_it_does_whatever_its_path() {
        let told = |action, path: &str| {
            let rule = RuleRef {
                kind: "NetworkPolicy",
                namespace: Some("shop".to_owned()),
                name: "web".to_owned(),
                path: path.to_owned(),
                origin: OriginRef::Generated,
                action,
            };
            finding(&Finding { id: "id", message: String::new(), rule: Some(rule) }).text()
        };
        assert!(!told(RuleAction::Isolate, "reworded").contains("reworded"));
        assert!(told(RuleAction::Allow, "spec").contains(" spec "));
    }
}
