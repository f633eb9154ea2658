//! Name servers of the cluster that were not heard, and who was asked instead.

use std::collections::BTreeMap;
use std::fmt;

/// Why none of the cluster's name servers was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// No pod of them is known.
    NoPod,
    /// The cluster forwards nothing, for a reason.
    NoForward(Box<str>),
    /// None of their pods is reached.
    Pods(UnheardPods),
}

/// Pods that are not reached, by the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnheardPods(BTreeMap<Box<str>, Vec<String>>);

/// Whose name servers were asked instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Those that the user names.
    Named,
    /// Those of the pod that the command runs in.
    OwnPod,
    /// Those of the machine that it runs on.
    Machine,
}

/// Names of which only the first are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstNames(pub Vec<String>);

impl UnheardPods {
    /// Adds a pod, `kube-system/coredns-abc`.
    pub fn push(&mut self, pod: String, why: &str) {
        self.0.entry(why.into()).or_default().push(pod);
    }

    /// Tells whether every pod is reached.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Unasked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPod => f.write_str("no pod of the cluster's DNS is known"),
            Self::NoForward(why) => write!(f, "port-forward: {why}"),
            Self::Pods(pods) => pods.fmt(f),
        }
    }
}

impl fmt::Display for UnheardPods {
    /// Writes the pods of one reason together.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (why, pods)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "; " };
            write!(f, "{comma}port-forward to {}: {why}", FirstNames(pods.clone()))?;
        }
        Ok(())
    }
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Named => "those that --resolver names",
            Self::OwnPod => "this pod's own",
            Self::Machine => "this machine",
        })
    }
}

impl fmt::Display for FirstNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        let Self(all) = self;
        let mut shown: Vec<String> = all.iter().take(SHOWN).cloned().collect();
        let more = all.len().saturating_sub(SHOWN);
        shown.extend((more > 0).then(|| format!("{more} more")));
        f.write_str(&shown.join(", "))
    }
}
