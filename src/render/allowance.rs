//! A plan to open endpoints as text: the hosts, the policies line by line, and what they would change.

use std::io::{self, Write};

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::answer::Answer;
use super::format::{Format, Formats};
use super::look::Look;
use super::machine::{Syntax, yaml};
use super::objects::ObjectsToApply;
use super::refresh::host_lines;
use super::text::{Label, Line, write_lines};
use crate::answer::verdict::Verdict;
use crate::diff::network_diff::Diff;
use crate::report::planned::{Aim, Allowance, Becomes, PlannedPolicy};

/// A plan, and the connections that it opens or cuts.
pub struct Proposed<'a> {
    /// The plan.
    pub plan: &'a Allowance,
    /// What it does.
    pub effect: &'a Diff<'a, 'a>,
}

impl Answer for Proposed<'_> {
    const FORMATS: Formats = Format::OF_EXPLANATIONS;

    fn text(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        write_lines(out, &lines(self.plan, look)?, look.width)?;
        self.effect.text(out, look)
    }

    /// Writes the policies alone, for Git.
    fn data(&self, out: &mut dyn Write, syntax: Syntax) -> io::Result<()> {
        let stay = self.plan.policies.iter().filter(|policy| policy.becomes != Becomes::Gone);
        let whole: Vec<&Value> = stay.map(|policy| &policy.whole).collect();
        ObjectsToApply(&whole).data(out, syntax)
    }
}

fn lines(plan: &Allowance, look: Look) -> io::Result<Vec<Line>> {
    let mut lines = vec![
        Line::new(0, 2)
            .with(Label::Heading, &plan.source)
            .with(Label::Heading, arrow(plan.aim))
            .with(Label::Heading, plan.destinations.join(", ")),
    ];
    lines.extend(plan.hosts.iter().flat_map(host_lines));
    for policy in &plan.policies {
        lines.push(Line::default());
        lines.extend(policy_lines(policy, look)?);
    }
    if !plan.notes.is_empty() {
        lines.push(Line::default());
    }
    lines
        .extend(plan.notes.iter().map(|note| Line::new(0, 8).with(Label::Caution, "note:").plain(note)));
    lines.push(Line::default());
    Ok(lines)
}

const fn arrow(aim: Aim) -> &'static str {
    match aim {
        Aim::Allow => "->",
        Aim::Disallow => "no more ->",
    }
}

fn policy_lines(policy: &PlannedPolicy, look: Look) -> io::Result<Vec<Line>> {
    let becomes = match policy.becomes {
        Becomes::New => "is new",
        Becomes::Changed => "changes",
        Becomes::Same => "stays as it is",
        Becomes::Gone => "is deleted",
    };
    let mut lines = vec![Line::new(0, 2).with(Label::Source, &policy.title).plain(becomes)];
    if policy.becomes == Becomes::Same {
        return Ok(lines);
    }
    let text = |object: Option<&Value>| object.map_or(Ok(String::new()), yaml);
    let (before, after) =
        (text(policy.before.as_ref())?, text(Some(&policy.after).filter(|after| !after.is_null()))?);
    let diff = TextDiff::from_lines(&before, &after);
    for change in diff.iter_all_changes() {
        let (sign, label) = match change.tag() {
            ChangeTag::Insert => ("+", Label::Verdict(Verdict::Allow)),
            ChangeTag::Delete => ("-", Label::Verdict(Verdict::Deny)),
            ChangeTag::Equal => ("\u{a0}", Label::Plain),
        };
        // Blanks of YAML have a meaning: they are no places to wrap.
        let text = shortened(change.value().trim_end_matches('\n'), look).replace(' ', "\u{a0}");
        lines.push(Line::new(2, 4).with(label, sign).plain(text));
    }
    Ok(lines)
}

/// Cuts a line that no reader could take in: what is remembered of hosts is one.
fn shortened(line: &str, look: Look) -> String {
    let room = look.width.saturating_sub(6);
    if look.wide || line.chars().count() <= room {
        return line.to_owned();
    }
    line.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}
