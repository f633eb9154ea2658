//! What it takes to refresh hosts on the cluster itself: a CronJob, and the least rights for it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::admission;
use super::object::Pods;
use crate::model::selector::{Requirement, Selector};
use crate::model::snapshot::MANAGED_BY;

/// The name of every object.
pub const NAME: &str = "netpol-refresh-ips";
/// The label of its pods.
const NAME_LABEL: &str = "app.kubernetes.io/name";
/// The user of the image, who has no rights.
const USER: u32 = 65532;
/// After how many seconds a run is ended; the next one begins anew.
pub const LONGEST_RUN: u32 = 600;

/// How hosts are to be refreshed.
#[derive(Clone, Debug)]
pub struct CronJob<'a> {
    /// The namespace that it runs in.
    pub namespace: &'a str,
    /// Whose policies are refreshed.
    pub scope: CronJobScope,
    /// The image of the plugin.
    pub image: &'a str,
    /// When it runs, as cron has it.
    pub schedule: &'a str,
    /// The namespaces of the cluster's DNS; none where the arguments name the name servers.
    pub dns: &'a BTreeSet<String>,
    /// What follows `refresh-ips` on its command line, beside the scope.
    pub arguments: &'a [String],
}

/// Whose policies are refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CronJobScope {
    /// Those of its own namespace.
    Namespace,
    /// Those of every namespace.
    All,
}

/// Selects the pods of the job.
pub fn pods(namespace: &str) -> Pods {
    let labels = Requirement::equals(NAME_LABEL, NAME);
    let selector = Selector { requirements: vec![labels] };
    Pods { namespace: namespace.into(), workload: Some(format!("CronJob/{NAME}").into()), selector }
}

/// Builds the objects, in the order in which they are applied: what the account may not do comes before what
/// it may.
pub fn objects(wanted: &CronJob<'_>) -> Vec<Value> {
    // Whatever is cluster-wide has the namespace in its name: several may be there.
    let wide = format!("{NAME}-{}", wanted.namespace);
    let account = object(("v1", "ServiceAccount"), NAME, Some(wanted.namespace), json!({}));
    let limits = limits(&wide, &format!("system:serviceaccount:{}:{NAME}", wanted.namespace));
    let roles = match wanted.scope {
        CronJobScope::All => everywhere(wanted, &wide),
        CronJobScope::Namespace => in_namespace(wanted, &wide),
    };
    [limits, vec![account], roles, vec![job(wanted)]].concat()
}

/// Keeps the account from what its roles cannot.
fn limits(name: &str, account: &str) -> Vec<Value> {
    let limit = |kind, spec| object((admission::VERSION, kind), name, None, json!({ "spec": spec }));
    vec![
        limit("ValidatingAdmissionPolicy", admission::policy(account)),
        limit("ValidatingAdmissionPolicyBinding", admission::binding(name)),
    ]
}

/// Lets the account read the addresses of the whole cluster, since an answer that leads to one is refused.
fn everywhere(wanted: &CronJob<'_>, name: &str) -> Vec<Value> {
    let rules = [policies(), lists("", &["pods", "nodes", "services"]), slices()];
    role(wanted.namespace, name, None, &rules)
}

/// Lets the account read its own namespace, and where the cluster's DNS is. Whoever may create pods there can
/// use it, so that it has no right beyond: addresses elsewhere are not known to it.
fn in_namespace(wanted: &CronJob<'_>, name: &str) -> Vec<Value> {
    let own = [policies(), lists("", &["pods", "services"]), slices()];
    let own = role(wanted.namespace, NAME, Some(wanted.namespace), &own);
    let dns = [lists("", &["services"]), slices()];
    let dns = wanted.dns.iter().flat_map(|place| role(wanted.namespace, name, Some(place), &dns));
    own.into_iter().chain(dns).collect()
}

fn policies() -> Value {
    json!({
        "apiGroups": ["networking.k8s.io"],
        "resources": ["networkpolicies"],
        "verbs": ["list", "get", "patch"],
    })
}

/// Lists where Services lead: those that hosts are remembered by, and the cluster's DNS.
fn slices() -> Value {
    lists("discovery.k8s.io", &["endpointslices"])
}

fn lists(group: &str, resources: &[&str]) -> Value {
    json!({ "apiGroups": [group], "resources": resources, "verbs": ["list"] })
}

/// Builds a role and who has it.
fn role(account: &str, name: &str, namespace: Option<&str>, rules: &[Value]) -> Vec<Value> {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let version = format!("{GROUP}/v1");
    let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
    let binding = format!("{kind}Binding");
    let bound = json!({
        "roleRef": { "apiGroup": GROUP, "kind": kind, "name": name },
        "subjects": [{ "kind": "ServiceAccount", "name": NAME, "namespace": account }],
    });
    vec![
        object((&version, kind), name, namespace, json!({ "rules": rules })),
        object((&version, &binding), name, namespace, bound),
    ]
}

/// Builds an object of ours.
fn object((version, kind): (&str, &str), name: &str, namespace: Option<&str>, rest: Value) -> Value {
    let mut object = json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": { "name": name, "labels": { (MANAGED_BY.0): MANAGED_BY.1 } },
    });
    if let (Some(namespace), Some(metadata)) = (namespace, object.pointer_mut("/metadata")) {
        merge(metadata, json!({ "namespace": namespace }));
    }
    merge(&mut object, rest);
    object
}

fn merge(object: &mut Value, rest: Value) {
    if let (Value::Object(own), Value::Object(rest)) = (object, rest) {
        own.extend(rest);
    }
}

fn job(wanted: &CronJob<'_>) -> Value {
    let scope = match wanted.scope {
        CronJobScope::All => vec!["--all-namespaces".to_owned()],
        CronJobScope::Namespace => vec![format!("--namespace={}", wanted.namespace)],
    };
    let arguments = [vec!["refresh-ips".to_owned()], scope, wanted.arguments.to_vec()].concat();
    let container = json!({
        "name": "refresh-ips",
        "image": wanted.image,
        "args": arguments,
        "resources": { "requests": { "cpu": "50m", "memory": "64Mi" }, "limits": { "memory": "512Mi" } },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        },
    });
    let pod = json!({
        "serviceAccountName": NAME,
        "restartPolicy": "Never",
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": USER,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "containers": [container],
    });
    let labels = json!({ "metadata": { "labels": { (NAME_LABEL): NAME } }, "spec": pod });
    let spec = json!({
        "schedule": wanted.schedule,
        "concurrencyPolicy": "Forbid",
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": { "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": LONGEST_RUN,
            "template": labels,
        } },
    });
    object(("batch/v1", "CronJob"), NAME, Some(wanted.namespace), json!({ "spec": spec }))
}
