//! Ways in by the Gateway API, by the real definitions of its kinds: what is found, and what is missing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::crds::{EXPERIMENTAL_GATEWAY_API, GATEWAY_API};
use super::harness::ControlPlane;
use super::live::{difference, put};
use super::plugin::answer;
use super::rights::{gaps, grant, wait_until_may};

/// Lists the trials of this file; the control plane is for them alone, as kinds are everybody's.
pub(crate) fn trials(alone: &Arc<Shared>) -> Vec<Trial> {
    vec![alone.trial_with("gateways::real_kinds_are_found_read_and_missed", download, real_kinds)]
}

/// Downloads what the trial needs: both channels are of one module.
fn download() -> Result<(), String> {
    GATEWAY_API.download().map(drop)
}

/// Who may read everything but the Gateway API.
const LIMITED: &str = "without-gateways";

/// The kinds that are read of the standard channel, and those that the experimental one adds.
const STANDARD: [&str; 5] = ["gateways", "grpcroutes", "httproutes", "referencegrants", "tlsroutes"];
const EXPERIMENTAL: [&str; 2] = ["tcproutes", "udproutes"];

/// The pods of the case, each with the port of the Gateway and its own; none where no route leads.
const WAYS: [(&str, Option<(&str, &str)>); 9] = [
    ("shop/pod/http", Some(("TCP/80", "TCP/8080"))),
    ("shop/pod/grpc", Some(("TCP/80", "TCP/8080"))),
    ("shop/pod/tls", Some(("TCP/8443", "TCP/8080"))),
    ("shop/pod/tcp", Some(("TCP/5432", "TCP/8080"))),
    ("shop/pod/udp", Some(("UDP/53", "UDP/8080"))),
    ("shop/pod/granted", Some(("TCP/80", "TCP/8080"))),
    ("labelled/pod/web", Some(("TCP/81", "TCP/80"))),
    ("shop/pod/same", None),
    ("shop/pod/other", None),
];

fn case() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/gateways-admit-routes-of-every-kind")
}

fn real_kinds(plane: &ControlPlane) {
    let groups = ["", "apps", "batch", "networking.k8s.io", "discovery.k8s.io"];
    let rules = json!([{"apiGroups": groups, "resources": ["*"], "verbs": ["get", "list"]}]);
    grant(plane, LIMITED, None, &rules);
    wait_until_may(plane, LIMITED, "list", "pods", &["-A"]);
    // Nothing is missing where nothing is installed.
    assert_gaps(plane, &[]);

    let folder = GATEWAY_API.download().expect("the module");
    GATEWAY_API.install(plane, &folder);
    assert_gaps(plane, &STANDARD);
    EXPERIMENTAL_GATEWAY_API.install(plane, &folder);
    assert_gaps(plane, &[&STANDARD[..], &EXPERIMENTAL].concat());

    put(plane, &case());
    let mut wrong = Vec::new();
    for (pod, way) in WAYS {
        let told = answer(plane, "admin", &["explain", pod]);
        assert_eq!(told["gaps"], json!([]), "{pod}");
        let found = told["exposures"].as_array().into_iter().flatten();
        let mut ports = found.filter(|own| own["way"] == "Gateway").flat_map(ports_of);
        let is_right = match way {
            None => ports.next().is_none(),
            Some((at, target)) => ports.any(|own| own == (at.to_owned(), target.to_owned())),
        };
        if !is_right {
            wrong.push(format!("{pod}: not {way:?}: {}", told["exposures"]));
        }
        for question in [format!("explain {pod}"), format!("who-can-reach {pod}")] {
            wrong.extend(difference(plane, &case(), &question));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // Who may not read routes is told of none, and why.
    let told = answer(plane, "admin", &["explain", "shop/pod/http", "--as", LIMITED]);
    assert_eq!(told.get("exposures"), None);
    assert!(gaps(&told).contains("could not list httproutes: forbidden"), "{told:#}");
    let told = answer(plane, "admin", &["who-can-reach", "shop/pod/http", "--as", LIMITED]);
    assert!(gaps(&told).contains("could not list gateways: forbidden"), "{told:#}");
}

/// Lists the ports of a way: outside, and inside.
fn ports_of(exposure: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a port").to_owned();
    let ports = exposure["ports"].as_array().expect("ports").iter();
    let pairs = ports.flat_map(|port| {
        let at = port["at"].as_array().expect("ports outside").iter();
        at.map(|at| (text(at), text(&port["target"]))).collect::<Vec<_>>()
    });
    pairs.collect()
}

/// Asserts that nothing is missing for who may read everything, and these kinds for who may not.
#[track_caller]
fn assert_gaps(plane: &ControlPlane, kinds: &[&str]) {
    let list = ["list", "-A"];
    assert_eq!(answer(plane, "admin", &list)["gaps"], json!([]));
    let told = answer(plane, "admin", &[&list[..], &["--as", LIMITED]].concat());
    let expected: Vec<String> =
        kinds.iter().map(|kind| format!("could not list {kind}: forbidden")).collect();
    assert_eq!(gaps(&told), expected.iter().map(String::as_str).collect());
}
