//! Ends of connections, ports and policies, as the command line names them.

use crate::ends::target::{self, EndWord, PortQuery, Target, TargetError};
use crate::error::Error;
use crate::policy::{self, Scope, network_policy};

/// A type of policies, as `TYPE/NAME` names it.
pub(crate) struct PolicyType {
    /// The kind, as keys of objects name it.
    pub(crate) key: &'static str,
    /// kubectl's names of it, short ones first.
    pub(crate) words: &'static [&'static str],
    /// Whether its objects stand in a namespace.
    pub(crate) is_namespaced: bool,
}

/// Lists the types of policies.
pub(crate) fn policy_types() -> impl Iterator<Item = PolicyType> {
    policy::KINDS.into_iter().map(|kind| PolicyType {
        key: kind.key,
        words: kind.words,
        is_namespaced: kind.scope == Scope::Namespaced,
    })
}

/// Reads the name of a NetworkPolicy, before which its type may stand, as in kubectl.
pub(crate) fn parse_policy(word: &str) -> Result<String, String> {
    match word.rsplit_once('/') {
        None if word.is_empty() => Err("it names no policy".to_owned()),
        None => Ok(word.to_owned()),
        Some((kind, name)) if network_policy::KIND.words.contains(&kind) && !name.is_empty() => {
            Ok(name.to_owned())
        }
        Some(_) => Err("use NAME or netpol/NAME, without its namespace".to_owned()),
    }
}

/// Reads one end of a connection.
pub(crate) fn parse_target(word: &str) -> Result<EndWord, Error> {
    target::parse(word).map_err(Error::usage)
}

/// Reads one end of a connection that is given as TARGET or as TYPE NAME.
pub(crate) fn parse_words(words: &[String]) -> Result<EndWord, Error> {
    target::parse(&words.join("/")).map_err(|error| match (words, error) {
        ([first, second], TargetError::Parts(_)) => Error::usage(format!(
            "`{first}` and `{second}` are two targets: give one, as TYPE/NAME or TYPE NAME"
        )),
        (_, error) => Error::usage(error),
    })
}

/// Takes a source, behind which no port stands.
pub(crate) fn source(word: EndWord) -> Result<Target, Error> {
    match word.port {
        None => Ok(word.target),
        Some(_) => Err(Error::usage("a port stands at the destination, not at the source")),
    }
}

/// Reads the flag `--port`.
pub(crate) fn parse_port(word: Option<&String>) -> Result<Option<PortQuery>, Error> {
    let port = word.map(|word| target::parse_port(word)).transpose();
    port.map_err(|error| Error::usage(format!("--port: {error}")))
}

/// Takes the one port that is given, behind the end that is asked about or by `--port`.
pub(crate) fn one_port(
    behind: Option<PortQuery>,
    flag: Option<PortQuery>,
    end: &str,
) -> Result<Option<PortQuery>, Error> {
    if behind.is_some() && flag.is_some() {
        return Err(Error::usage(format!("--port and a port behind the {end}: give one")));
    }
    Ok(behind.or(flag))
}
