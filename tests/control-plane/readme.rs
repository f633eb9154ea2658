//! The README's examples of a live cluster are what the plugin prints about one.
//!
//! `UPDATE_README=1 cargo test --test control-plane readme` writes the outputs anew.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hickory_proto::op::ResponseCode;
use libtest_mimic::Trial;

use super::Shared;
use super::harness::ControlPlane;
use super::name_server::{NameServer, Reply};
use super::plugin::{PLUGIN, ask};
use super::process::run;

/// Lists the trials of this file; the control plane is for them alone, as they show all of it.
pub(crate) fn trials(alone: &Arc<Shared>) -> Vec<Trial> {
    vec![alone.trial("readme::live_examples_print_what_the_readme_shows", examples)]
}

/// What the cluster of the examples has beside the manifests of `examples/shop`.
const BESIDE: &str = "
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec:
  clusterIP: 10.96.0.10
  selector: {k8s-app: kube-dns}
  ports:
  - {name: dns, port: 53, protocol: UDP, targetPort: 53}
  - {name: dns-tcp, port: 53, protocol: TCP, targetPort: 53}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kube-dns, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.2]}, {addresses: [10.0.0.3]}]
ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: calico-node, namespace: kube-system, labels: {k8s-app: calico-node}}
spec:
  selector: {matchLabels: {k8s-app: calico-node}}
  template:
    metadata: {labels: {k8s-app: calico-node}}
    spec: {containers: [{name: calico-node, image: 'example.test/calico/node:v3.31.2'}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
- apiGroups: ['', apps, batch, networking.k8s.io, discovery.k8s.io]
  resources: ['*']
  verbs: [list, get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: limited}]
";

const PROMPT: &str = "$ kubectl netpol ";

fn examples(plane: &ControlPlane) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for namespace in ["shop", "db", "monitoring"] {
        plane.kubectl(&["create", "namespace", namespace], None).expect_success();
    }
    let shop = root.join("examples/shop");
    plane.kubectl(&["apply", "--filename", &shop.to_string_lossy()], None).expect_success();
    plane.apply(BESIDE);
    plane.wait_for_right("limited", &["list", "networkpolicies", "--namespace=shop"]);

    let path = root.join("README.md");
    let text = fs::read_to_string(&path).expect("the README");
    let fresh = refreshed(plane, &Names::start(), &text);
    assert!(fresh.matches("```console live").count() >= 2, "the README has too few live examples");
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, fresh).expect("a written README");
        return;
    }
    for (line, (shown, printed)) in text.lines().zip(fresh.lines()).enumerate() {
        assert_eq!(shown, printed, "README.md:{}: UPDATE_README=1 writes it anew", line + 1);
    }
    assert_eq!(text.lines().count(), fresh.lines().count());
}

/// The name server of the examples; one of its hosts fails where that is shown.
struct Names {
    server: NameServer,
    fails: Arc<AtomicBool>,
}

impl Names {
    fn start() -> Self {
        let fails = Arc::new(AtomicBool::new(false));
        let is_failing = Arc::clone(&fails);
        let ip = |text: &str| -> IpAddr { text.parse().expect("an address") };
        let server = NameServer::start(move |question, _| match question.name.as_str() {
            "api.example.com" if is_failing.load(Ordering::SeqCst) => {
                Reply::Addresses(vec![ip("13.107.42.16"), ip("13.107.43.16"), ip("13.107.44.16")])
            }
            "api.example.com" => Reply::Addresses(vec![ip("13.107.42.16"), ip("13.107.43.16")]),
            "mail.example.com" if is_failing.load(Ordering::SeqCst) => {
                Reply::Code(ResponseCode::ServFail)
            }
            "mail.example.com" => Reply::Addresses(vec![ip("52.85.123.45")]),
            _ => Reply::Addresses(vec![ip("52.85.123.46")]),
        });
        Self { server, fails }
    }

    /// Prepares what is shown of a refresh: a second host is remembered, and fails then.
    fn before(&self, plane: &ControlPlane, arguments: &str) {
        if arguments.starts_with("refresh-ips") && !self.fails.load(Ordering::SeqCst) {
            let resolver = self.server.address.to_string();
            let url = "smtps://mail.example.com";
            let other = ["allow-endpoint", "deploy/api", "-n", "shop", "--url", url, "--yes"];
            let output = ask(plane, "admin", &[&other[..], &["--resolver", &resolver]].concat());
            assert_eq!(output.code, Some(0), "{output:#?}");
            self.fails.store(true, Ordering::SeqCst);
        }
    }
}

/// Returns the README with the output of every live example as the plugin prints it now.
fn refreshed(plane: &ControlPlane, names: &Names, text: &str) -> String {
    let mut fresh = String::new();
    let mut lines = text.lines();
    let mut live = false;
    while let Some(line) = lines.next() {
        fresh.push_str(line);
        fresh.push('\n');
        live = if line.starts_with("```") { line == "```console live" } else { live };
        if let Some(arguments) = line.strip_prefix(PROMPT).filter(|_| live) {
            names.before(plane, arguments);
            fresh.push_str(&output(plane, names, arguments));
            fresh.push_str("```\n");
            let _ = lines.by_ref().find(|line| *line == "```");
        }
    }
    fresh
}

/// Runs the plugin and returns what a terminal would show, and the exit code unless it is 0.
fn output(plane: &ControlPlane, names: &Names, arguments: &str) -> String {
    // What goes to a file is not shown.
    let (arguments, file) = match arguments.split_once(" > ") {
        Some((arguments, file)) => (arguments, Some(file)),
        None => (arguments, None),
    };
    let mut command = plane.command("admin", PLUGIN);
    command.args(arguments.split_whitespace()).env_remove("COLUMNS");
    // What `-k` renders lies in the repository, and is rendered by the kubectl of the trials.
    let programs = plane.kubectl_path();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("PATH", programs.parent().expect("a folder"));
    // No DNS pod runs here: the tests' own name server stands for the cluster's.
    let resolver = names.server.address.to_string();
    if arguments.starts_with("allow-endpoint") || arguments.starts_with("refresh-ips") {
        command.args(["--resolver", &resolver]);
    }
    let output = run(command, None);
    let code = output.code.expect("an exit code");
    let stdout = if file.is_some() { String::new() } else { output.stdout };
    let code = if code == 0 { String::new() } else { format!("(exit code {code})\n") };
    // The tests' server listens on a free port.
    let own_port = format!(" {}", plane.port());
    // A plan comes before what becomes of it, warnings before an answer.
    let is_plan = arguments.starts_with("allow-endpoint");
    let both = match is_plan {
        true => stdout + &output.stderr,
        false => output.stderr + &stdout,
    };
    let shown = both.replace(&own_port, " 6443");
    shown.replace(&resolver, "kube-system/coredns-5d4b8:53") + &code
}
