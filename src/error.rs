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

/// A command that could not answer: what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// How the process ends.
    pub code: ExitCode,
    /// What is wrong and where, one line for each problem.
    pub message: String,
    /// What to do.
    pub hints: Vec<String>,
}

impl Error {
    /// Says that the command line or the input is wrong.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { code: ExitCode::Usage, message: message.to_string(), hints: Vec::new() }
    }

    /// Says that the cluster could not be reached, or refused.
    pub fn cluster(message: impl fmt::Display) -> Self {
        Self { code: ExitCode::Cluster, message: message.to_string(), hints: Vec::new() }
    }

    /// Adds advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Error {
    /// Writes kubectl's form: `error: …`, unless the message begins so itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = ["Error from server", "The connection to the server", "Unable to connect", "error:"];
        let prefix = if own.iter().any(|own| self.message.starts_with(own)) { "" } else { "error: " };
        write!(f, "{prefix}{}", self.message)?;
        self.hints.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for Error {}
