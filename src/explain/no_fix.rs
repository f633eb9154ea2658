//! Why nothing is proposed that would allow a connection.

use serde::{Serialize, Serializer};

use super::question::ExplainError;
use crate::ends::not_found::NotFound;

/// Why there is no fix; serialized as its sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFix {
    /// An end that is not there.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The question cannot be asked.
    #[error(transparent)]
    Question(#[from] ExplainError),
    /// A Service that sends nowhere.
    #[error("{0} leads to no pod that is known")]
    LeadsNowhere(String),
    /// The verdict is not certain.
    #[error("something that is not known decides")]
    Unknown,
    /// The verdict would not be certain with it.
    #[error("something that is not known would still decide")]
    StillUnknown,
    /// The port is not the same at all pods, and has no name.
    #[error("no rule can name the port")]
    Port,
    /// No half of the connection is denied.
    #[error("no policy stands in the way")]
    NothingDenied,
    /// What was tried does not allow all of it.
    #[error("no rule for these ends allows all of it")]
    NotEnough,
    /// A new policy would isolate pods that nothing isolates.
    #[error("a policy of its own would isolate other pods with the same labels")]
    IsolatesOthers,
    /// A new policy might isolate pods of which nothing is known.
    #[error("a policy of its own might isolate pods that were not read")]
    MayIsolateUnread,
    /// An end without any pod.
    #[error("{0} has no pods")]
    NoPods(String),
    /// An end whose pods are all in the networks of their nodes.
    #[error("{0} has no pod that policies govern")]
    NoGovernedPod(String),
    /// Addresses of pods of several workloads.
    #[error("{0} holds pods of several workloads: ask for one of them")]
    SeveralWorkloads(String),
    /// Addresses of pods of several namespaces.
    #[error("{0} holds pods of several namespaces: ask for those of one")]
    SeveralNamespaces(String),
    /// A pod without a label that lasts.
    #[error("{0} has no label by which a policy could name it")]
    NoLabel(String),
    /// Pods without a label in common.
    #[error("the pods of {0} have no label in common")]
    NoCommonLabel(String),
    /// A member of an end can be named by its address only, which is not known.
    #[error("the address of {0} is not known")]
    NoAddress(String),
    /// An end of which nothing is left in the other one's address families.
    #[error("no rule can name {0}")]
    Peer(String),
}

impl Serialize for NoFix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
