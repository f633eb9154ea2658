//! Whether a connection is allowed, and what would allow it: no more is read than that takes.

use super::find::find;
use super::input::Input;
use crate::answer::verdict::Verdict;
use crate::cluster::read::{NamedEnd, Question};
use crate::ends::target::{PortQuery, Target};
use crate::engine::network::Network;
use crate::error::Error;
use crate::explain::connection::explain;
use crate::explain::explanation::Explanation;
use crate::fix::proposal;

/// What is asked of a connection.
#[derive(Clone, Debug)]
pub struct Connecting {
    /// Who opens it.
    pub source: Target,
    /// Who accepts it.
    pub destination: Target,
    /// The port; every port where it is absent.
    pub port: Option<PortQuery>,
    /// Whether a denial is to come with what would allow it.
    pub wants_fix: bool,
}

/// Explains a connection, for which `read` reads what it is asked for.
///
/// # Errors
/// Those of reading, an end that is not there, or a question that cannot be asked.
pub fn explain_connection(
    asked: &Connecting,
    read: impl Fn(Question<'_>) -> Result<Input, Error>,
) -> Result<Explanation, Error> {
    let targets = [&asked.source, &asked.destination];
    let ends: Option<Vec<NamedEnd>> = targets.into_iter().map(named_end).collect();
    let Some(ends) = ends else {
        let named: Vec<String> = targets.iter().filter_map(|target| target.namespace()).collect();
        return explained(&read(Question::Everything(&named))?, asked);
    };
    let input = read(Question::Ends(&ends))?;
    let answer = explained(&input, asked)?;
    if asked.wants_fix && input.only_ends && is_denied(&answer) {
        // Whom else a rule selects, only their namespaces tell.
        return explained(&read(Question::Around(&ends))?, asked);
    }
    Ok(answer)
}

/// Returns the object that an end is, where it is one.
fn named_end(target: &Target) -> Option<NamedEnd> {
    let (namespace, kind, name) = match target.clone() {
        Target::Pod { namespace, name } => (namespace, "Pod".to_owned(), name),
        Target::Workload { namespace, kind, name } => (namespace, kind, name),
        Target::Service { namespace, name } => (namespace, "Service".to_owned(), name),
        _ => return None,
    };
    Some(NamedEnd { namespace, kind, name })
}

/// Tells whether a fix can be wanted.
fn is_denied(answer: &Explanation) -> bool {
    matches!(answer.verdict, Verdict::Deny | Verdict::Partial)
}

/// Answers, with a fix if one is wanted and all that it takes was read.
fn explained(input: &Input, asked: &Connecting) -> Result<Explanation, Error> {
    let Connecting { source, destination, port, wants_fix } = asked;
    let network = Network::of(&input.snapshot);
    let [from, to] = [source, destination].map(|target| find(&network, target, &input.namespace));
    let (port, namespace) = (port.as_ref(), &*input.namespace);
    let mut answer = explain(&network, &from?, &to?, port).map_err(Error::one_line)?;
    if *wants_fix && !(input.only_ends && is_denied(&answer)) {
        let question = proposal::ConnectionQuestion { source, destination, port, namespace };
        match proposal::propose(&network, question) {
            Ok(fix) => answer.fix = fix,
            Err(reason) => answer.no_fix = Some(reason),
        }
    }
    Ok(answer)
}
