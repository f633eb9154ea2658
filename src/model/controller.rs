//! The labels that controllers add to the pods that they make from a template.

/// A controller, as far as it decides which labels it adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Controller {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 StatefulSet.
    StatefulSet,
    /// apps/v1 DaemonSet.
    DaemonSet,
    /// batch/v1 Job and CronJob.
    Job,
    /// apps/v1 ReplicaSet and core/v1 ReplicationController.
    ReplicaSet,
    /// Of another kind, of which nothing is known.
    Other,
    /// None that is known: any pod, whose labels nobody knows.
    Any,
}

/// Whether the pods of a controller have a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelPresence {
    /// It adds the label, with a value of its own.
    Added,
    /// It does not add the label: what the template says is so.
    AsInTemplate,
    /// It may add the label: versions differ, or nothing is known of the controller.
    Unknown,
}

impl Controller {
    /// Returns the controller of workloads of a kind.
    pub fn of(kind: &str) -> Self {
        match kind {
            "Deployment" => Self::Deployment,
            "StatefulSet" => Self::StatefulSet,
            "DaemonSet" => Self::DaemonSet,
            "Job" | "CronJob" => Self::Job,
            "ReplicaSet" | "ReplicationController" => Self::ReplicaSet,
            _ => Self::Other,
        }
    }

    /// Tells whether its pods have a label, beside what their template says.
    pub fn adds(self, key: &str) -> LabelPresence {
        let (always, sometimes): (&[&str], &[&str]) = match self {
            Self::Deployment => (&["pod-template-hash"], &[]),
            Self::StatefulSet => (
                &["controller-revision-hash", "statefulset.kubernetes.io/pod-name"],
                // Since Kubernetes 1.28.
                &["apps.kubernetes.io/pod-index"],
            ),
            Self::DaemonSet => (&["controller-revision-hash", "pod-template-generation"], &[]),
            Self::Job => (
                &["controller-uid", "job-name"],
                // Since Kubernetes 1.27; the index for Indexed Jobs only.
                &[
                    "batch.kubernetes.io/controller-uid",
                    "batch.kubernetes.io/job-name",
                    "batch.kubernetes.io/job-completion-index",
                ],
            ),
            Self::ReplicaSet => (&[], &[]),
            Self::Other if set_by_controllers(key) => return LabelPresence::Unknown,
            Self::Other => return LabelPresence::AsInTemplate,
            Self::Any => return LabelPresence::Unknown,
        };
        match (always.contains(&key), sometimes.contains(&key)) {
            (true, _) => LabelPresence::Added,
            (false, true) => LabelPresence::Unknown,
            (false, false) => LabelPresence::AsInTemplate,
        }
    }
}

/// Tells whether some controller sets the label, so that a pod template does not show its value.
pub fn set_by_controllers(key: &str) -> bool {
    matches!(key, "pod-template-hash" | "controller-revision-hash" | "pod-template-generation")
        || matches!(key, "apps.kubernetes.io/pod-index" | "controller-uid" | "job-name")
        || key.starts_with("statefulset.kubernetes.io/")
        || key.starts_with("batch.kubernetes.io/")
}
