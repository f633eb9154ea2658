//! A plan on the command line: it is printed for Git, or shown, consented to and written.

use serde_json::Value;

use super::flags::WriteFlags;
use super::global::Global;
use super::output;
use super::terminal::{Terminal, tell};
use crate::diff::joint::JointEnds;
use crate::diff::network_diff::Diff;
use crate::diff::sides::Sides;
use crate::edit::url::{self, Destination};
use crate::engine::network::Network;
use crate::error::{Error, ExitCode};
use crate::plan::proposal::{Ended, Proposal};
use crate::plan::writing::Writing;
use crate::render::allowance::Proposed;
use crate::render::objects::ObjectsToApply;
use crate::report::planned::Becomes;

/// Reads a URL of the command line.
pub(crate) fn parse_url(word: &str) -> Result<Destination, Error> {
    // What was written may hold a password: it is not repeated.
    url::parse(word).map_err(|error| Error::usage(format!("--url: {error}")))
}

/// Returns how a plan is written; nothing where it is only printed or shown. Manifests are not written to.
pub(crate) fn writing(global: &Global, flags: &WriteFlags) -> Result<Option<Writing>, Error> {
    let prints = global.format().is_data();
    if prints && flags.writing().is_some_and(|writing| writing.yes) {
        tell("note: nothing is written: -o yaml and -o json print the policies, whatever --yes says");
    }
    let writing = flags.writing().filter(|_| !prints);
    let is_copy = global.cluster().is_none() || global.has_overlay();
    if is_copy && writing.is_some() {
        return Err(Error::usage("manifests are not written to: -o yaml prints the policies for Git")
            .hint("--dry-run=client shows the plan"));
    }
    Ok(writing)
}

/// Plans until it is known how the command ends: what was confirmed and is another by the time it is
/// written is planned, shown and asked about again.
pub(crate) fn until_decided(
    mut plan: impl FnMut() -> Result<Option<ExitCode>, Error>,
) -> Result<ExitCode, Error> {
    loop {
        if let Some(code) = plan()? {
            return Ok(code);
        }
    }
}

/// Prints a plan, or shows it and writes it once the user consents; nothing where it is to be planned anew.
pub(crate) fn conclude(
    global: &Global,
    before: &Network<'_>,
    plan: &Proposal,
    writing: Option<Writing>,
) -> Result<Option<ExitCode>, Error> {
    if global.format().is_data() {
        plan.check_cuts()?;
        print(global, plan)?;
        return Ok(Some(ExitCode::Success));
    }
    let after = plan.changes.network(before.snapshot);
    let networks = Sides { before, after: &after };
    let ends = JointEnds::build(networks);
    let effect = &Diff::new(networks, &ends, None);
    output::write(global, &Proposed { plan: &plan.answer, effect })?;
    plan.check_cuts()?;
    let ended = writing.map_or(Ok(Ended::Written), |writing| plan.write(writing, &Terminal))?;
    Ok(match ended {
        Ended::Written => Some(ExitCode::Success),
        Ended::Declined => Some(ExitCode::Unexpected),
        Ended::Outdated => None,
    })
}

/// Prints the policies for Git; what is not of them is told beside.
fn print(global: &Global, plan: &Proposal) -> Result<(), Error> {
    plan.answer.notes.iter().for_each(|note| tell(&format!("note: {note}")));
    let mut objects: Vec<&Value> = Vec::new();
    for policy in &plan.answer.policies {
        match policy.becomes {
            Becomes::Gone => tell(&format!("note: {} is to be deleted", policy.title)),
            _ => objects.push(&policy.whole),
        }
    }
    output::write(global, &ObjectsToApply(&objects))
}
