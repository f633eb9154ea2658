//! What it takes to refresh hosts on the cluster itself: a CronJob, and the least rights for it.

use serde_json::{Value, json};

use crate::model::snapshot::MANAGED_BY;

/// The name of every object.
const NAME: &str = "netpol-refresh-ips";
/// The user of the image, who has no rights.
const USER: u32 = 65532;
/// After how many seconds a run is ended; the next one goes on where it ended.
const LONGEST_RUN: u32 = 600;

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
    /// Who resolves names there.
    pub names: Names,
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

/// Who resolves names on the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// The cluster's DNS, which EndpointSlices tell of.
    Cluster,
    /// Name servers that the arguments name.
    Named,
}

/// Builds the objects, in the order in which they are applied.
///
/// Policies are listed, read and patched. The addresses of pods, nodes and Services are read cluster-wide,
/// since an answer that leads to one of them is refused; EndpointSlices tell where the cluster's DNS is.
pub fn objects(wanted: &CronJob<'_>) -> Vec<Value> {
    let policies = json!({
        "apiGroups": ["networking.k8s.io"],
        "resources": ["networkpolicies"],
        "verbs": ["list", "get", "patch"],
    });
    let slices =
        json!({ "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list"] });
    let mut addresses = vec![
        json!({ "apiGroups": [""], "resources": ["pods", "nodes", "services"], "verbs": ["list"] }),
    ];
    addresses.extend((wanted.names == Names::Cluster).then_some(slices));
    let own = Some(wanted.namespace);
    // Whatever is cluster-wide has the namespace in its name: several may be there.
    let wide = format!("{NAME}-{}", wanted.namespace);
    let account = object(("v1", "ServiceAccount"), NAME, own, json!({}));
    let roles = match wanted.scope {
        CronJobScope::All => {
            let rules: Vec<Value> = [policies].into_iter().chain(addresses).collect();
            role(wanted.namespace, &wide, None, &rules)
        }
        CronJobScope::Namespace => [
            role(wanted.namespace, NAME, own, &[policies]),
            role(wanted.namespace, &wide, None, &addresses),
        ]
        .concat(),
    };
    [vec![account], roles, vec![job(wanted)]].concat()
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
    let labels = json!({ "metadata": { "labels": { "app.kubernetes.io/name": NAME } }, "spec": pod });
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
