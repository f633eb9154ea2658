//! `kubectl netpol explain` of a connection: what is read for it, and what would allow it.

use super::global::Global;
use super::input::{self, Input};
use super::output;
use super::target::{find, named_end};
use super::terminal::tell;
use crate::answer::verdict::Verdict;
use crate::cluster::read::{NamedEnd, Question};
use crate::ends::naming::name_of;
use crate::ends::target::{PortQuery, Target};
use crate::engine::network::Network;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::explain::connection::explain;
use crate::explain::explanation::{Explanation, Fix};
use crate::fix::proposal;
use crate::render::objects::ObjectsToApply;

/// A connection as the command line names it.
pub(crate) struct ConnectionWords {
    pub(crate) source: Target,
    pub(crate) destination: Target,
    /// The port; every port where it is absent.
    pub(crate) port: Option<PortQuery>,
}

/// Explains a connection between two ends, of which no more is read than it takes.
pub(crate) fn answer(
    global: &Global,
    asked: &ConnectionWords,
    wants_fix: bool,
) -> Result<Explanation, Error> {
    let targets = [&asked.source, &asked.destination];
    let ends: Option<Vec<NamedEnd>> = targets.into_iter().map(named_end).collect();
    let Some(ends) = ends else {
        return explained(&input::read(global, true, &targets)?, asked, wants_fix);
    };
    let input = input::read_for(global, true, Question::Ends(&ends))?;
    let answer = explained(&input, asked, wants_fix)?;
    if wants_fix && input.only_ends && is_denied(&answer) {
        // Whom else a rule selects, only their namespaces tell.
        let input = input::read_for(global, true, Question::Around(&ends))?;
        return explained(&input, asked, wants_fix);
    }
    Ok(answer)
}

/// Tells whether a fix can be wanted.
fn is_denied(answer: &Explanation) -> bool {
    matches!(answer.verdict, Verdict::Deny | Verdict::Partial)
}

/// Answers, with a fix if one is wanted and all that it takes was read.
fn explained(
    input: &Input,
    ConnectionWords { source, destination, port }: &ConnectionWords,
    wants_fix: bool,
) -> Result<Explanation, Error> {
    let network = Network::of(&input.snapshot);
    let [from, to] = [source, destination].map(|target| find(&network, target, &input.namespace));
    let (port, namespace) = (port.as_ref(), &*input.namespace);
    let mut answer = explain(&network, &from?, &to?, port).map_err(Error::one_line)?;
    if wants_fix && !(input.only_ends && is_denied(&answer)) {
        let question = proposal::ConnectionQuestion { source, destination, port, namespace };
        match proposal::propose(&network, question) {
            Ok(fix) => answer.fix = fix,
            Err(reason) => answer.no_fix = Some(reason),
        }
    }
    Ok(answer)
}

/// Writes the objects of the fix; where nothing is denied, none.
pub(crate) fn write_fix(global: &Global, answer: Explanation) -> Result<ExitCode, Error> {
    if let Some(reason) = answer.no_fix {
        return Err(Error::new(ErrorKind::Unexpected, format!("there is no fix: {reason}")));
    }
    let Some(Fix { objects, .. }) = answer.fix else {
        let (source, destination) = (name_of(&answer.source), name_of(&answer.destination));
        tell(&format!("{source} -> {destination} is allowed: there is nothing to fix"));
        return Ok(ExitCode::Success);
    };
    output::write(global, &ObjectsToApply(&objects))?;
    Ok(ExitCode::Success)
}
