//! What a command ends with when it does not answer.

use std::fmt;

/// How a command ends, the same for every subcommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// It answered, and everything is as expected.
    Success = 0,
    /// An expectation failed.
    Unexpected = 1,
    /// The command line or the input is wrong.
    Usage = 2,
    /// The cluster could not be reached, or refused.
    Cluster = 3,
    /// Some host names could not be resolved; nothing was taken away.
    Unresolved = 4,
    /// Something was refused for safety.
    Refused = 5,
}

/// What keeps a command from answering; the exit code and how the message begins follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line or the input is wrong.
    Usage,
    /// What was asked for is not there.
    Unexpected,
    /// The cluster cannot be read or written as it was asked for.
    Cluster,
    /// The cluster could not be reached, or refused; worded in full as kubectl words it.
    Server,
    /// A host name could not be resolved.
    Unresolved,
    /// Something was refused for safety.
    Refused,
}

/// A command that could not answer: what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What keeps it from answering.
    pub kind: ErrorKind,
    /// What is wrong and where, one line for each problem.
    pub message: String,
    /// What to do.
    pub hints: Vec<String>,
}

impl Error {
    /// Says what is wrong.
    pub fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string(), hints: Vec::new() }
    }

    /// Says that the command line or the input is wrong.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Says that the input is wrong, in one line whatever the names in it hold.
    pub fn one_line(message: impl fmt::Display) -> Self {
        Self::usage(message.to_string().replace('\n', "\\n"))
    }

    /// Says that the cluster cannot be read or written as it was asked for.
    pub fn cluster(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Cluster, message)
    }

    /// Adds advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says of which of several sources it tells.
    #[must_use]
    pub fn of_source(mut self, source: &str) -> Self {
        // It does not begin with kubectl's words any more.
        if self.kind == ErrorKind::Server {
            self.kind = ErrorKind::Cluster;
        }
        self.message = format!("{source}: {}", self.message);
        self
    }

    /// Tells how the process ends.
    pub const fn code(&self) -> ExitCode {
        match self.kind {
            ErrorKind::Usage => ExitCode::Usage,
            ErrorKind::Unexpected => ExitCode::Unexpected,
            ErrorKind::Cluster | ErrorKind::Server => ExitCode::Cluster,
            ErrorKind::Unresolved => ExitCode::Unresolved,
            ErrorKind::Refused => ExitCode::Refused,
        }
    }
}

impl fmt::Display for Error {
    /// Writes kubectl's form: `error: …`, unless the message is worded in full.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.kind == ErrorKind::Server { "" } else { "error: " };
        write!(f, "{prefix}{}", self.message)?;
        self.hints.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_decides_how_an_error_begins_and_ends_whatever_its_words() {
        for words in ["Error from server (Gone): it is gone", "error: no", "reworded"] {
            let of = |kind| {
                let error = Error::new(kind, words);
                (error.to_string(), error.code())
            };
            assert_eq!(of(ErrorKind::Server), (words.to_owned(), ExitCode::Cluster));
            assert_eq!(of(ErrorKind::Cluster), (format!("error: {words}"), ExitCode::Cluster));
            assert_eq!(of(ErrorKind::Usage), (format!("error: {words}"), ExitCode::Usage));
            let named = Error::new(ErrorKind::Server, words).of_source("live");
            let expected = (format!("error: live: {words}"), ExitCode::Cluster);
            assert_eq!((named.to_string(), named.code()), expected);
        }
    }
}
