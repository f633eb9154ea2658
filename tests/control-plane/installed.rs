//! Policies of kinds that a server has only where they are installed: in whatever version, none is unseen.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::failures::{ask, plain, secretive};
use super::fake::{Fake, object};

/// Lists the trials of this file; none needs a control plane.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        plain("installed::a_kind_of_another_version_than_the_preferred_is_seen", versions),
        plain("installed::a_kind_of_two_versions_is_one", twice),
        plain("installed::a_version_that_cannot_be_looked_at_is_a_gap", half),
    ]
}

const GROUP: &str = "policy.networking.k8s.io";

fn resources(kinds: &[(&str, &str)]) -> Value {
    let each =
        |(name, kind): &(&str, &str)| json!({"name": name, "kind": kind, "verbs": ["get", "list"]});
    json!({"kind": "APIResourceList", "resources": kinds.iter().map(each).collect::<Vec<_>>()})
}

/// Starts a server with pods, and a group of policies in two versions.
fn server(newer: Value, older: Option<Value>) -> Fake {
    let version =
        |version: &str| json!({"groupVersion": format!("{GROUP}/{version}"), "version": version});
    let (newest, oldest) = (version("v1alpha2"), version("v1alpha1"));
    let groups = json!([{"name": GROUP, "preferredVersion": newest, "versions": [newest, oldest]}]);
    Fake::start(move |path| {
        let path = path.split('?').next().unwrap_or_default();
        let answer = match path.strip_prefix("/apis/policy.networking.k8s.io/") {
            Some("v1alpha2") => newer.clone(),
            Some("v1alpha1") => match &older {
                Some(older) => older.clone(),
                None => {
                    let no = json!({"kind": "Status", "apiVersion": "v1", "code": 403, "reason": "Forbidden"});
                    return object("403 Forbidden", &no);
                }
            },
            Some(_) => json!({"metadata": {}, "items": [{"metadata": {"name": "one"}}]}),
            None => match path {
                "/apis" => json!({"groups": groups}),
                "/version" => json!({"gitVersion": "v1.36.3"}),
                "/api/v1/namespaces" => {
                    json!({"metadata": {}, "items": [{"metadata": {"name": "default"}}]})
                }
                "/api/v1/namespaces/default" => json!({"metadata": {"name": "default"}}),
                _ if path.ends_with("/pods") => {
                    json!({"metadata": {}, "items": [pod("one"), pod("two")]})
                }
                _ => json!({"metadata": {}, "items": []}),
            },
        };
        object("200 OK", &answer)
    })
}

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "default"}})
}

/// Asserts what is missing of a small question and of a large one.
#[track_caller]
fn assert_gaps(server: &Fake, gaps: &Value) {
    for question in [&["explain", "pod/one", "-o", "json"][..], &["list", "-A", "-o", "json"]] {
        let output = ask(&secretive(&server.url()), question);
        let told: Value = serde_json::from_str(&output.stdout).expect("JSON");
        assert_eq!(told["gaps"], *gaps, "{question:?}: {output:#?}");
    }
}

const CLUSTER: (&str, &str) = ("clusternetworkpolicies", "ClusterNetworkPolicy");
const ADMIN: (&str, &str) = ("adminnetworkpolicies", "AdminNetworkPolicy");

fn gap(kind: &str) -> String {
    format!("1 object of kind {kind}.{GROUP} is not judged by this version")
}

fn versions() {
    let server = server(resources(&[CLUSTER]), Some(resources(&[ADMIN])));
    assert_gaps(&server, &json!([gap("AdminNetworkPolicy"), gap("ClusterNetworkPolicy")]));
}

fn twice() {
    let server = server(resources(&[CLUSTER]), Some(resources(&[CLUSTER])));
    assert_gaps(&server, &json!([gap("ClusterNetworkPolicy")]));
    let requests = server.take_requests();
    let lists = requests.iter().filter(|request| request.path.contains(CLUSTER.0));
    let paths: Vec<&str> = lists.filter_map(|request| request.path.split('?').next()).collect();
    assert_eq!(paths, vec!["/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies"; 2]);
}

fn half() {
    let server = server(resources(&[CLUSTER]), None);
    let missing = format!("could not list {GROUP}: forbidden");
    assert_gaps(&server, &json!([missing, gap("ClusterNetworkPolicy")]));
}
