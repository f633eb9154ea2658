//! How long name servers are waited for.

use std::time::Duration;

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one answer.
    pub answer: Duration,
    /// For all that is asked about one host.
    pub host: Duration,
    /// Between two rounds at least.
    pub pause: Duration,
    /// Between two rounds at most, where an answer holds as long: a cache would only repeat it.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(3),
            host: Duration::from_secs(15),
            pause: Duration::from_millis(30),
            longest_pause: Duration::from_millis(1100),
        }
    }
}
