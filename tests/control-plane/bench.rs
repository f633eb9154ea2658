//! Figures of reading a large cluster; only with `NETPOL_BENCH=PODS`, and never a test.
//!
//! `NETPOL_BENCH=20000 cargo test --release --test control-plane bench -- --nocapture`

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use http_body_util::BodyExt;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::plugin::PLUGIN;

/// Lists the trial of this file, where it is asked for.
pub(crate) fn trials(alone: &Arc<Shared>) -> Vec<Trial> {
    let asked = std::env::var_os("NETPOL_BENCH").is_some();
    asked.then(|| alone.trial("bench::a_large_cluster", bench)).into_iter().collect()
}

/// Requests that write at the same time.
const WRITERS: usize = 6;
const NAMESPACES: usize = 50;
/// Deployments of a namespace.
const WORKLOADS: usize = 40;

fn bench(plane: &ControlPlane) {
    let pods: usize =
        std::env::var("NETPOL_BENCH").ok().and_then(|text| text.parse().ok()).unwrap_or(500);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let begun = Instant::now();
    runtime.block_on(fill(plane, pods));
    println!("{pods} pods written in {:.1} s", begun.elapsed().as_secs_f64());
    let (bytes, pages) = runtime.block_on(pages(plane));
    let raw = (0..3).map(|_| measure(curl(plane, &pages), &[])).min().expect("three runs").0;
    println!(
        "{:<44} {:>8.2} s {:>14}",
        "raw protobuf pages, by curl",
        raw.as_secs_f64(),
        megabytes(bytes)
    );

    // Another build may be measured than the one beside these tests.
    let plugin = std::env::var("NETPOL_PLUGIN").unwrap_or_else(|_| PLUGIN.to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("snapshot.json");
    let (a, b) = ("ns-0/pod/pod-0", "ns-1/pod/pod-1");
    let rows: [(&str, Vec<&str>); 5] = [
        ("snapshot", vec!["snapshot", file.to_str().expect("a path")]),
        ("list -n ns-0", vec!["list", "-n", "ns-0"]),
        ("list -A", vec!["list", "-A"]),
        ("list -A -o json", vec!["list", "-A", "-o", "json"]),
        ("explain A --to B", vec!["explain", a, "--to", b, "--port", "80"]),
    ];
    for (name, args) in rows {
        let runs = (0..3).map(|_| measure(plane.command("admin", &plugin), &args));
        let (took, peak) = runs.min().expect("three runs");
        println!("{name:<44} {:>8.2} s {:>14}", took.as_secs_f64(), megabytes(peak));
    }
    let saved = fs::metadata(&file).expect("a saved snapshot").len();
    println!("{:<44} {:>10} {:>14}", "the snapshot file", "", megabytes(saved));
    println!("{:<44} {:>10} {:>14}", "the API server's peak until here", "", megabytes(plane.peak()));
    for (name, args) in [
        ("kubectl get pods -A", vec!["get", "pods", "-A"]),
        ("kubectl get pods -A -o json", vec!["get", "pods", "-A", "-o", "json"]),
    ] {
        let (took, peak) = measure(plane.kubectl_command("admin"), &args);
        println!("{name:<44} {:>8.2} s {:>14}", took.as_secs_f64(), megabytes(peak));
    }
    println!("{:<44} {:>10} {:>14}", "the API server's peak after kubectl", "", megabytes(plane.peak()));
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}

async fn client(plane: &ControlPlane) -> Client {
    let read = Kubeconfig::read_from(plane.kubeconfig("admin")).expect("the kubeconfig");
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await;
    let mut config = config.expect("a configuration");
    config.disable_compression = true;
    Client::try_from(config).expect("a client")
}

async fn send(client: &Client, method: &str, path: &str, body: &Value) {
    let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
    let request = request.body(body.to_string().into_bytes()).expect("a request");
    client.request_text(request).await.expect("a write");
}

async fn fill(plane: &ControlPlane, pods: usize) {
    let client = client(plane).await;
    for index in 0..NAMESPACES {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("ns-{index}")}});
        send(&client, "POST", "/api/v1/namespaces", &namespace).await;
        let policy = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "web"},
            "spec": {"podSelector": {"matchLabels": {"app": "app-0"}}, "policyTypes": ["Ingress"],
                     "ingress": [{"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "app-1"}}}],
                                  "ports": [{"port": 80}]}]},
        });
        let path = format!("/apis/networking.k8s.io/v1/namespaces/ns-{index}/networkpolicies");
        send(&client, "POST", &path, &policy).await;
    }
    let writes = (0..pods).map(|index| write_pod(&client, index));
    stream::iter(writes).buffer_unordered(WRITERS).collect::<Vec<()>>().await;
}

/// Writes a pod of an ordinary size: two containers of twelve variables each, and its status.
async fn write_pod(client: &Client, index: usize) {
    let env: Vec<Value> = (0..12)
        .map(|own| json!({"name": format!("VARIABLE_NUMBER_{own}"), "value": format!("the value of {own} in {index}")}))
        .collect();
    let container = |name: &str| {
        json!({"name": name, "image": "example.test/team/application:v1.2.3", "env": env,
               "ports": [{"name": format!("{name}-http"), "containerPort": 8080}],
               "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
               "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}}})
    };
    let app = format!("app-{}", index / NAMESPACES % WORKLOADS);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("pod-{index}"), "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{app}-6d4cf56db6"), "controller": true,
            "uid": "5f9a3a0e-7b0e-4a35-9a3b-3d1c9f1b2a77"}], "labels": {
            "app": app, "app.kubernetes.io/part-of": "bench", "pod-template-hash": "6d4cf56db6"}},
        "spec": {"nodeName": format!("node-{}", index % 100), "containers": [container("main"), container("side")]},
    });
    let path = format!("/api/v1/namespaces/ns-{}/pods", index % NAMESPACES);
    send(client, "POST", &path, &pod).await;
    let ip = format!("10.{}.{}.{}", index >> 16, (index >> 8) & 255, index & 255);
    let status = json!({"status": {
        "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "hostIP": "192.0.2.1",
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
    }});
    send(client, "PATCH", &format!("{path}/pod-{index}/status"), &status).await;
}

/// Fetches all pods as the plugin does; returns their bytes and the paths of the pages.
async fn pages(plane: &ControlPlane) -> (u64, Vec<String>) {
    let client = client(plane).await;
    let (mut bytes, mut paths) = (0, vec!["/api/v1/pods?limit=500".to_owned()]);
    loop {
        let request = http::Request::get(paths.last().expect("a path"));
        let request =
            request.header("accept", "application/vnd.kubernetes.protobuf").body(Body::empty());
        let answer = client.send(request.expect("a request")).await.expect("a page");
        assert!(answer.status().is_success(), "{}", answer.status());
        let body = answer.into_body().collect().await.expect("a whole page").to_bytes();
        bytes += body.len() as u64;
        match continuation(&body) {
            Some(token) => paths.push(format!("/api/v1/pods?limit=500&continue={token}")),
            None => return (bytes, paths),
        }
    }
}

/// Fetches pages one after the other on one connection, and throws them away.
fn curl(plane: &ControlPlane, paths: &[String]) -> Command {
    let mut command = Command::new("curl");
    let token = format!("authorization: Bearer {}", ControlPlane::token("admin"));
    command.args(["--silent", "--fail", "--header", "accept: application/vnd.kubernetes.protobuf"]);
    command.args(["--header", &token, "--cacert"]).arg(plane.certificate_authority());
    for path in paths {
        command.args(["--output", "/dev/null", &format!("{}{path}", plane.url())]);
    }
    command
}

/// Finds the token of the next page, which stands in the metadata at the beginning of the list.
fn continuation(body: &[u8]) -> Option<String> {
    let head = &body[..body.len().min(2000)];
    // Base64 of JSON that begins with `{"v":`.
    let begin = head.windows(6).position(|window| window == b"eyJ2Ij")?;
    let token: Vec<u8> = head[begin..]
        .iter()
        .copied()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(byte))
        .collect();
    String::from_utf8(token).ok()
}

/// Runs a program and returns its time and its peak memory in bytes.
fn measure(mut command: Command, args: &[&str]) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = command.args(args).stdout(Stdio::null()).spawn().expect("the program runs");
    let mut peak = 0;
    let status = loop {
        peak = peak.max(super::process::peak(child.id()));
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "{args:?}: {status}");
    (begun.elapsed(), peak)
}
