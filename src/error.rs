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

/// What is wrong, as whoever found it has it: an error of its own type, or a sentence.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// A command that could not answer: what is wrong, and what to do.
#[derive(Debug)]
pub struct Error {
    /// What keeps it from answering.
    pub kind: ErrorKind,
    /// What is wrong and where, one line for each problem.
    pub source: Source,
    /// What to do.
    pub hints: Vec<String>,
}

impl Error {
    /// Says what is wrong.
    pub fn new(kind: ErrorKind, source: impl Into<Source>) -> Self {
        Self { kind, source: source.into(), hints: Vec::new() }
    }

    /// Says that the command line or the input is wrong.
    pub fn usage(source: impl Into<Source>) -> Self {
        Self::new(ErrorKind::Usage, source)
    }

    /// Says that the input is wrong, in one line whatever the names in it hold.
    pub fn one_line(source: impl Into<Source>) -> Self {
        Self::usage(OneLine(source.into()))
    }

    /// Says that the cluster cannot be read or written as it was asked for.
    pub fn cluster(source: impl Into<Source>) -> Self {
        Self::new(ErrorKind::Cluster, source)
    }

    /// Adds to what is wrong.
    #[must_use]
    pub fn followed_by(mut self, text: &str) -> Self {
        self.source = format!("{}{text}", self.source).into();
        self
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
        self.source = format!("{source}: {}", self.source).into();
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
        write!(f, "{prefix}{}", self.source)?;
        self.hints.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for Error {
    /// Returns what is behind the source, which is told already.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.source()
    }
}

/// An error that is told in one line whatever the names in it hold.
#[derive(Debug)]
struct OneLine(Source);

impl fmt::Display for OneLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string().replace('\n', "\\n"))
    }
}

impl std::error::Error for OneLine {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

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

    #[test]
    fn an_error_in_one_line_keeps_what_it_is_made_of() {
        let reworded = std::io::Error::other("two\nlines");
        let error = Error::one_line(reworded);
        assert_eq!(error.to_string(), "error: two\\nlines");
        let source = std::error::Error::source(&error);
        assert!(source.is_some_and(|source| source.is::<std::io::Error>()));
    }
}
