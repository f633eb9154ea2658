//! The plugin as a pod's own account runs it: the files of the account, and DNS at the addresses of its pods.
//!
//! Addresses of pods and the folder of the account are those of no machine. So the trial runs itself anew in a
//! network and a file system of its own, with a control plane of its own.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::process::{Command, ExitCode};

use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;

use super::assets;
use super::harness::ControlPlane;
use super::name_server::{NameServer, Reply};
use super::plugin::{PLUGIN, ask};
use super::process::{Output, run};
use super::refresh::{SECOND, blocks, policy, remember_as};
use netpol::edit::outcome::VantageClass;

/// Says that this process is in a network of its own.
const INSIDE: &str = "NETPOL_TRIAL_INSIDE";
/// Where Kubernetes puts the files of a pod's account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The address of the pod that answers for DNS.
const DNS: &str = "10.244.0.10";
const NAMESPACE: &str = "in-cluster";

/// What the cluster has: DNS behind its Service, at a pod's address.
const CLUSTER: &str = "
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  clusterIP: 10.96.0.10
  selector: {k8s-app: kube-dns}
  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kube-dns, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
addressType: IPv4
endpoints: [{addresses: [10.244.0.10]}]
ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
";

/// The ways to a network and a file system of one's own, as machines allow them.
const WAYS: [&[&str]; 3] = [
    &["unshare", "--mount", "--net"],
    &["unshare", "--map-root-user", "--mount", "--net"],
    &["sudo", "--non-interactive", "--preserve-env", "unshare", "--mount", "--net"],
];

/// Lists the trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::ignorable_test(
        "in_cluster::a_pods_account_refreshes_by_dns_at_the_addresses_of_pods",
        outside,
    )]
}

/// Runs what is inside, if this process is; tells how it went.
pub(crate) fn inside() -> Option<ExitCode> {
    std::env::var_os(INSIDE)?;
    refreshed();
    Some(ExitCode::SUCCESS)
}

fn outside() -> Result<Completion, Failed> {
    let way = WAYS
        .into_iter()
        .find(|way| command(way).arg("true").output().is_ok_and(|own| own.status.success()));
    let missing = match (assets::find(), way) {
        (Ok(assets), Some(way)) => {
            let mut own = command(way);
            own.arg(std::env::current_exe()?).env(INSIDE, "1").env("KUBEBUILDER_ASSETS", assets);
            let output = run(own, None);
            assert!(output.is_success(), "{output:#?}");
            return Ok(Completion::Completed);
        }
        (Err(reason), _) => reason,
        (Ok(_), None) => "no network of one's own is allowed here: unshare --mount --net".to_owned(),
    };
    match std::env::var("CI").is_ok_and(|ci| ci == "true") {
        true => Err(Failed::from(format!("not ignored, as CI=true: {missing}"))),
        false => Ok(Completion::ignored_with(missing)),
    }
}

fn command(way: &[&str]) -> Command {
    let mut command = Command::new(way[0]);
    command.args(&way[1..]);
    command
}

/// Prepares the network and the folders of a pod.
fn prepare() {
    let script = format!(
        "set -e; ip link set lo up; ip address add {DNS}/32 dev lo; \
         mount -t tmpfs tmpfs \"$(readlink -f /var/run)\"; mkdir -p {ACCOUNT}"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]);
    run(shell, None).expect_success();
}

/// Runs the plugin as the CronJob's account would, where a pod is.
fn as_pod(plane: &ControlPlane, args: &[&str]) -> Output {
    let mut command = Command::new(PLUGIN);
    command
        .args(args)
        .env_remove("KUBECONFIG")
        .env("HOME", "/nowhere")
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", plane.port().to_string());
    run(command, None)
}

fn refreshed() {
    prepare();
    let assets = assets::find().expect("the programs of a control plane");
    let plane = ControlPlane::start(&assets).expect("a control plane");
    let place = (DNS, 53);
    let sockets = (
        TcpListener::bind(place).expect("the port of DNS"),
        UdpSocket::bind(place).expect("the port of DNS"),
    );
    let answer = SECOND.parse().expect("an address");
    let server = NameServer::on(sockets, move |_, _| Reply::Addresses(vec![answer]));
    plane.apply(CLUSTER);
    let name = remember_as(&plane, NAMESPACE, &["api.example.test"], VantageClass::Cluster);

    let job = ["refresh-ips", "--print-cronjob", "--image", "example.test/netpol:1", "-n", NAMESPACE];
    plane.apply(&ask(&plane, "admin", &job).expect_success());
    let token = plane.kubectl(&["create", "token", "netpol-refresh-ips", "-n", NAMESPACE], None);
    fs::write(format!("{ACCOUNT}/token"), token.expect_success().trim()).expect("a token");
    fs::write(format!("{ACCOUNT}/namespace"), NAMESPACE).expect("a namespace");
    fs::copy(plane.certificate_authority(), format!("{ACCOUNT}/ca.crt")).expect("certificates");

    // The namespace is that of the account, and no port is forwarded.
    let told: Value =
        serde_json::from_str(&as_pod(&plane, &["refresh-ips", "-o", "json"]).expect_success())
            .expect("JSON");
    assert_eq!(told["policies"][0]["hosts"][0]["added"][0], SECOND, "{told:#}");
    assert!(server.asked("api.example.test", super::name_server::Transport::Udp) > 0);
    let open = blocks(&policy(&plane, NAMESPACE, &name)).concat();
    assert!(open.contains(&format!("{SECOND}/32")), "{open:?}");
    // It may do nothing else.
    let denied = as_pod(&plane, &["refresh-ips", "-A"]);
    assert_eq!(denied.code, Some(3), "{denied:#?}");
}
