//! What kubectl gives a plugin: its arguments, the context's namespace, the developer's `PATH`.

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::Value;

use super::Shared;
use super::harness::ControlPlane;
use super::kubeconfig::Written;
use super::plugin::{self, PLUGIN, answer, ask, ask_by, assert_fails};
use super::process::{Output, run};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("context::kubectl_runs_the_plugin", through_kubectl),
        shared.trial("context::its_namespace_is_that_of_names_without_one", namespaces),
        shared.trial("context::a_name_that_is_not_found_tells_where_it_is", elsewhere),
    ]
}

const THROUGH_KUBECTL: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: through-kubectl}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: through-kubectl, labels: {app: web}}
spec: {containers: [{name: main, image: example.test/web}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: through-kubectl}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress]}
";

fn through_kubectl(plane: &ControlPlane) {
    plane.apply(THROUGH_KUBECTL);
    let explain = ["explain", "web", "--to", "internet", "--port", "443", "-n", "through-kubectl"];
    let kubectl = |args: &[&str]| -> Output {
        let mut command = plane.kubectl_command("admin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folder = Path::new(PLUGIN).parent().expect("the folder of the plugin").to_owned();
        let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders).expect("a PATH")).arg("netpol").args(args);
        run(command, None)
    };
    let told = plugin::parse(kubectl(&[&explain[..], &["-o", "json"]].concat()));
    assert_eq!(told, answer(plane, "admin", &explain));
    assert_eq!(told["verdict"], "deny");
    let policy = plane.get(&["networkpolicy", "closed", "--namespace=through-kubectl"]);
    let decided = &told["groups"][0]["egress"]["tiers"][0]["isolatedBy"][0];
    assert_eq!(decided["origin"]["live"], policy["metadata"]["resourceVersion"]);

    // The exit code comes through too.
    assert_eq!(kubectl(&[&explain[..], &["--expect", "deny"]].concat()).code, Some(0));
    assert_eq!(kubectl(&[&explain[..], &["--expect", "allow"]].concat()).code, Some(1));
    assert_eq!(kubectl(&["explain", "pod/nobody"]).code, Some(2));
}

const TWO_NAMESPACES: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: context-a}
---
apiVersion: v1
kind: Namespace
metadata: {name: context-b}
---
apiVersion: v1
kind: Pod
metadata: {name: same, namespace: context-a, labels: {app: same}}
spec: {containers: [{name: main, image: example.test/same}]}
---
apiVersion: v1
kind: Pod
metadata: {name: same, namespace: context-b, labels: {app: same}}
spec: {containers: [{name: main, image: example.test/same}]}
---
apiVersion: v1
kind: Pod
metadata: {name: context-open, namespace: context-b, labels: {app: open}}
spec: {containers: [{name: main, image: example.test/open}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: same, namespace: context-b}
spec: {podSelector: {matchLabels: {app: same}}, policyTypes: [Ingress, Egress]}
";

fn namespaces(plane: &ControlPlane) {
    plane.apply(TWO_NAMESPACES);
    let here = |namespace| {
        let token = ControlPlane::token("admin");
        Written::of(&plane.url(), Some(&plane.certificate_authority()), &token, namespace)
    };
    let ask = |kubeconfig: &Written, args: &[&str]| -> Value {
        plugin::parse(ask_by(&kubeconfig.path(), &[args, &["-o", "json"]].concat()))
    };
    let subject = |kubeconfig: &Written, args: &[&str]| ask(kubeconfig, args)["subject"].clone();

    let in_b = here(Some("context-b"));
    assert_eq!(subject(&in_b, &["explain", "same"])["namespace"], "context-b");
    assert_eq!(subject(&in_b, &["explain", "same", "-n", "context-a"])["namespace"], "context-a");
    let away = subject(&in_b, &["explain", "context-a/pod/same", "-n", "context-b"]);
    assert_eq!(away["namespace"], "context-a");
    // Peers are read from everywhere.
    assert_eq!(
        ask(&in_b, &["explain", "context-open", "--to", "context-a/pod/same"])["verdict"],
        "allow"
    );

    // A list is of the context's namespace; the other end may be anywhere.
    let rows = ask(&in_b, &["list", "--pods"]);
    let rows = rows["connections"].as_array().expect("rows");
    let inside = |end: &Value| end["namespace"] == "context-b";
    assert!(rows.iter().all(|row| inside(&row["source"]) || inside(&row["destination"])));
    assert!(rows.iter().any(|row| row["source"]["namespace"] == "context-a"));
    assert!(rows.iter().all(|row| row["source"]["name"] != "same" || !inside(&row["source"])));

    // None, or an empty one, is `default`, which has no such pod.
    for kubeconfig in [here(None), here(Some(""))] {
        let output = ask_by(&kubeconfig.path(), &["explain", "context-open"]);
        let sentence = "error: pod `context-open` not found in namespace `default`; it exists in namespace \
                        `context-b`\n";
        assert_fails(&output, 2, sentence);
    }
}

const ELSEWHERE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: elsewhere-a}
---
apiVersion: v1
kind: Namespace
metadata: {name: elsewhere-b}
---
apiVersion: v1
kind: Namespace
metadata: {name: elsewhere-c}
---
apiVersion: v1
kind: Pod
metadata: {name: elsewhere-pod, namespace: elsewhere-a}
spec: {containers: [{name: main, image: example.test/web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: elsewhere-pod, namespace: elsewhere-b}
spec: {containers: [{name: main, image: example.test/web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: elsewhere-web, namespace: elsewhere-b}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: example.test/web}]}
";

fn elsewhere(plane: &ControlPlane) {
    plane.apply(ELSEWHERE);
    let expected = [
        (
            &["explain", "elsewhere-pod", "-n", "elsewhere-c"][..],
            "error: pod `elsewhere-pod` not found in namespace `elsewhere-c`; it exists in namespace \
             `elsewhere-a`, `elsewhere-b`\n",
        ),
        (
            &["list", "--to", "deploy/elsewhere-web", "-n", "elsewhere-a"],
            "error: deploy `elsewhere-web` not found in namespace `elsewhere-a`; it exists in \
             namespace `elsewhere-b`\n",
        ),
        (
            &["explain", "deploy/elsewhere-wep", "-n", "elsewhere-b"],
            "error: deploy `elsewhere-wep` not found in namespace `elsewhere-b`; did you mean \
             `elsewhere-web`?\n",
        ),
        (&["explain", "x", "-n", "qqqqq"], "error: namespace `qqqqq` not found\n"),
    ];
    for (args, sentence) in expected {
        assert_fails(&ask(plane, "admin", args), 2, sentence);
    }
}
