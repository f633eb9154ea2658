//! A question about a Service reads that Service, and answers as if everything had been read.

use std::fs;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::plugin::ask;

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![shared.trial("ways::a_question_about_a_service_reads_that_service", service)]
}

const NAMESPACE: &str = "ways-of-a-service";

fn object(version: &str, kind: &str, name: &str, rest: &Value) -> Value {
    let mut object = json!({
        "apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE},
    });
    for (key, value) in rest.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

fn pod(name: &str, ip: &str) -> Value {
    let mut pod = object(
        "v1",
        "Pod",
        name,
        &json!({
            "spec": {"containers": [{
                "name": "c", "image": "example.test/c", "ports": [{"name": "web", "containerPort": 8080}],
            }]},
            "status": {"podIP": ip, "podIPs": [{"ip": ip}]},
        }),
    );
    pod["metadata"]["labels"] = json!({"app": name});
    pod
}

fn slice(name: &str, ip: &str) -> Value {
    let mut slice = object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        name,
        &json!({
            "addressType": "IPv4",
            "ports": [{"name": "", "protocol": "TCP", "port": 8080}],
            "endpoints": [{"addresses": [ip], "conditions": {"ready": true}}],
        }),
    );
    slice["metadata"]["labels"] = json!({"kubernetes.io/service-name": name});
    slice
}

fn put(plane: &ControlPlane, objects: &[Value]) {
    plane.apply(&json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string());
}

/// The Services, and whether reading them alone is enough.
const SERVICES: [(&str, bool); 6] = [
    ("usual", true),
    ("without-slices", false),
    ("without-selector", false),
    ("to-others", false),
    ("elsewhere", false),
    ("of-nobody", false),
];

fn service(plane: &ControlPlane) {
    let selected = |name: &str, app: &str| {
        let spec = json!({"selector": {"app": app}, "ports": [{"port": 80, "targetPort": "web"}]});
        object("v1", "Service", name, &json!({"spec": spec}))
    };
    let spec = |name: &str, spec: Value| object("v1", "Service", name, &json!({"spec": spec}));
    put(plane, &[json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})]);
    put(
        plane,
        &[
            selected("usual", "server"),
            slice("usual", "10.99.0.2"),
            selected("without-slices", "server"),
            spec("without-selector", json!({"ports": [{"port": 80, "targetPort": 8080}]})),
            slice("without-selector", "10.99.0.2"),
            selected("to-others", "server"),
            slice("to-others", "198.51.100.7"),
            spec("elsewhere", json!({"type": "ExternalName", "externalName": "example.test"})),
            selected("of-nobody", "nobody"),
            object(
                "networking.k8s.io/v1",
                "NetworkPolicy",
                "server",
                &json!({"spec": {
                    "podSelector": {"matchLabels": {"app": "server"}},
                    "ingress": [{
                        "from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"port": 80}],
                    }],
                }}),
            ),
        ],
    );
    let pods = [pod("client", "10.99.0.1"), pod("server", "10.99.0.2")];
    put(plane, &pods);
    for pod in &pods {
        let name = pod["metadata"]["name"].as_str().expect("a name");
        plane.set_pod_status(NAMESPACE, name, &pod["status"]);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let overlay = folder.path().join("other.json");
    let other = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "one-more"}});
    fs::write(&overlay, other.to_string()).expect("a written overlay");
    for (name, is_enough) in SERVICES {
        let to = format!("svc/{name}");
        let question = ["explain", "pod/client", "--to", &to, "-n", NAMESPACE];
        let narrow = ask(plane, "admin", &[&question[..], &["-v", "6"]].concat());
        // With an overlay everything is read.
        let overlay = overlay.to_str().expect("a path");
        let whole = ask(plane, "admin", &[&question[..], &["--with", overlay]].concat());
        assert!(narrow.is_success() && whole.is_success(), "{narrow:#?}\n{whole:#?}");
        assert_eq!(narrow.stdout, whole.stdout, "{name}");
        let requests: Vec<&str> =
            narrow.stderr.lines().filter(|line| line.starts_with("GET ")).collect();
        let lists_all = requests.iter().any(|line| line.contains("/api/v1/pods?"));
        assert_eq!(lists_all, !is_enough, "{name}: {requests:#?}");
    }
    // Who expects a denial does not ask for its fix, which reads the namespace.
    let question = ["explain", "pod/client", "--to", "svc/usual:80", "-n", NAMESPACE];
    let usual = ask(plane, "admin", &[&question[..], &["--expect", "deny", "-v", "6"]].concat());
    assert!(usual.is_success() && usual.stdout.starts_with("DENIED"), "{usual:#?}");
    assert!(usual.stdout.contains("allows TCP/80; the Service sends to TCP/8080"), "{usual:#?}");
    let requests = usual.stderr.lines().filter(|line| line.starts_with("GET ")).count();
    assert!((3..15).contains(&requests), "{usual:#?}");
}
