//! Names are resolved as pods see them, from outside: by port-forward through a real API server and a
//! stand-in of a kubelet to name servers that do as they are told.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use netpol::answer::caveat::Caveat;
use netpol::cluster::forward::PodPort;
use netpol::cluster::read::ConnectOptions;
use netpol::dns::patience::Patience;
use netpol::dns::resolve::{self, Asking, DnsPods, NameServers};
use netpol::dns::session::Session;
use netpol::dns::share::{Share, ShareBounds};
use netpol::edit::host::HostName;
use netpol::edit::outcome::{DnsAnswer, Resolution, VantageClass};
use netpol::model::ips::Family;
use serde_json::{Value, json};

use super::assets::need_kubelet;
use super::harness::ControlPlane;
use super::name_server::{NameServer, Reply, Transport};
use super::process::{Output, Server, free_ports};
use super::refresh::{FIRST, SECOND, blocks, ip, policy, remember_as};
use super::rights::grant;
use super::{Shared, plugin};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    let trial = |name: &str, test: fn(&ControlPlane)| {
        shared.trial_with(&format!("forward::{name}"), need_kubelet, test)
    };
    vec![
        trial("every_dns_pod_is_asked_by_tcp", union),
        trial("a_pod_that_refuses_is_told_and_lets_no_address_leave", one_refuses),
        trial("a_pod_whose_kubelet_is_gone_is_told", unreachable),
        trial("without_the_rights_that_are_documented_this_machine_is_asked", rights),
        trial("where_no_dns_is_known_this_machine_is_asked", no_dns),
        trial("a_service_of_a_tenant_that_looks_like_dns_is_told_and_not_asked", tenant),
        trial("a_name_server_that_lies_alone_opens_nothing_that_is_refused", lies),
        trial("what_this_machine_is_told_instead_is_said_and_not_taken", apart),
        trial("a_server_that_closes_after_each_answer_is_asked_again", closes),
        trial("a_silent_pod_takes_no_longer_than_it_may", silent),
        trial("a_kubelet_that_hangs_takes_no_longer_than_it_may", hangs),
        trial("a_machine_without_dns_takes_no_longer_than_once", no_comparison),
        trial("a_pod_that_goes_in_between_fails_for_the_rest", goes),
        trial("one_connection_is_enough_and_is_closed_at_the_end", one_connection),
    ]
}

const HOST: &str = "api.example.test";
/// A name that no resolver asks anybody for (RFC 6761).
const NOWHERE: &str = "api.invalid";
const THIRD: &str = "192.5.5.241";

/// The cluster has one DNS: trials that change it come one after the other.
static TURN: Mutex<()> = Mutex::new(());

/// Holds the cluster's DNS of one trial, and takes it away when dropped.
struct Dns<'a> {
    plane: &'a ControlPlane,
    pods: Vec<PodPort>,
    _held: (Server, TcpListener, MutexGuard<'static, ()>),
}

impl Drop for Dns<'_> {
    fn drop(&mut self) {
        let mut args = vec!["--namespace=kube-system", "delete", "--force", "--grace-period=0", "pod"];
        args.extend(self.pods.iter().map(|pod| &*pod.name));
        let _ = self.plane.kubectl(&args, None);
    }
}

/// Makes a pod of the cluster's DNS for each server, on a node whose kubelet forwards to it.
fn dns<'a>(plane: &'a ControlPlane, servers: &[(&str, u16)]) -> Dns<'a> {
    dns_on(plane, &servers.iter().map(|(name, port)| (*name, *port, "forwarding")).collect::<Vec<_>>())
}

fn dns_on<'a>(plane: &'a ControlPlane, servers: &[(&str, u16, &str)]) -> Dns<'a> {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (kubelet, port) = plane.start_kubelet();
    let [closed] = free_ports().expect("a free port");
    // The system accepts for it; nobody answers.
    let hanging = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let hangs = hanging.local_addr().expect("its address").port();
    for (node, port) in [("forwarding", port), ("gone", closed), ("hanging", hangs)] {
        plane.apply(&format!("{{apiVersion: v1, kind: Node, metadata: {{name: {node}}}}}"));
        let status = json!({
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        });
        plane.set_node_status(node, &status);
    }
    let labels = json!({"k8s-app": "kube-dns"});
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": labels},
        "spec": {"selector": labels, "clusterIP": "10.96.0.10", "ports": [
            {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "dns"},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": "dns-tcp"},
        ]},
    });
    plane.apply(&service.to_string());
    for (name, port, node) in servers {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "kube-system", "labels": labels},
            "spec": {"nodeName": node, "containers": [{"name": "dns", "image": "example.test/dns", "ports": [
                {"name": "dns", "containerPort": port, "protocol": "UDP"},
                {"name": "dns-tcp", "containerPort": port, "protocol": "TCP"},
            ]}]},
        });
        plane.apply(&pod.to_string());
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let status = json!({"phase": "Running", "podIPs": [{"ip": "10.1.0.9"}], "conditions": ready});
        plane.set_pod_status("kube-system", name, &status);
    }
    let pod = |(name, port, _): &(&str, u16, &str)| PodPort {
        namespace: "kube-system".to_owned(),
        name: (*name).to_owned(),
        port: *port,
    };
    Dns { plane, pods: servers.iter().map(pod).collect(), _held: (kubelet, hanging, turn) }
}

/// Starts a name server that has these addresses of every host.
fn server(addresses: &'static [&str]) -> NameServer {
    NameServer::start(|_, _| Reply::Addresses(addresses.iter().map(|text| ip(text)).collect()))
}

/// Runs the plugin; `machine` is a name server that stands in for that of this machine.
fn run(plane: &ControlPlane, namespace: &str, machine: &NameServer, args: &[&str]) -> Output {
    run_as(plane, "admin", namespace, machine, args)
}

fn run_as(
    plane: &ControlPlane,
    user: &str,
    namespace: &str,
    machine: &NameServer,
    args: &[&str],
) -> Output {
    let machine = machine.address.to_string();
    let own = ["refresh-ips", "-n", namespace, "--resolver", "auto", "--resolver", &machine];
    plugin::ask(plane, user, &[&own, args].concat())
}

/// Remembers the host with the first address, as the cluster's DNS gave it.
fn remember(plane: &ControlPlane, namespace: &str) -> String {
    remember_as(plane, namespace, &[HOST], VantageClass::Cluster)
}

/// Returns the addresses that the only rule of the policy allows.
fn allowed(plane: &ControlPlane, namespace: &str, name: &str) -> Vec<String> {
    let rules = blocks(&policy(plane, namespace, name));
    assert_eq!(rules.len(), 1);
    rules[0].iter().map(|block| block.trim_end_matches("/32").to_owned()).collect()
}

fn union(plane: &ControlPlane) {
    let namespace = "forward-union";
    let (one, other, machine) = (server(&[SECOND]), server(&[THIRD, SECOND]), server(&[SECOND]));
    let [closed] = free_ports().expect("a free port");
    let pods = [("dns-a", one.address.port()), ("dns-b", other.address.port()), ("dns-c", closed)];
    let _dns = dns(plane, &pods);
    // Nobody is sent to one that is not ready.
    let starting = json!({"conditions": [{"type": "Ready", "status": "False"}]});
    plane.set_pod_status("kube-system", "dns-c", &starting);
    let name = remember(plane, namespace);
    let output = run(plane, namespace, &machine, &["--prune-now"]);
    let expected = format!(
        "1 host in 1 policy, 2 added, 1 pending removal\n\n\
         {namespace}/{name} was written\n  {HOST}:443\n    \
         added {THIRD}, {SECOND}\n    pending {FIRST}, leaves after "
    );
    assert_eq!((output.stdout.starts_with(&expected), output.code), (true, Some(0)), "{output:#?}");
    assert_eq!(allowed(plane, namespace, &name), [THIRD, FIRST, SECOND]);
    for server in [&one, &other] {
        assert!(server.asked(HOST, Transport::Tcp) >= 2);
        assert_eq!(server.asked(HOST, Transport::Udp), 0);
    }
}

fn one_refuses(plane: &ControlPlane) {
    let namespace = "forward-refuses";
    let (one, machine) = (server(&[SECOND]), server(&[SECOND]));
    let [closed] = free_ports().expect("a free port");
    let name = remember(plane, namespace);
    let dns = dns(plane, &[("dns-a", one.address.port()), ("dns-b", closed)]);
    // For good, and no run fails.
    for _ in 0..2 {
        let output = run(plane, namespace, &machine, &["--prune-now", "-o", "json"]);
        assert_eq!(output.code, Some(0), "{output:#?}");
        let answer: Value = serde_json::from_str(&output.stdout).expect("JSON");
        let why = format!("dial tcp 127.0.0.1:{closed}: connect: connection refused");
        let caveat =
            format!("port-forward to kube-system/dns-b: {why}; until all are heard, no address leaves");
        assert_eq!(answer["caveats"], json!([caveat]));
        let host = &answer["policies"][0]["hosts"][0];
        assert_eq!(host["status"], "partly");
        assert_eq!(
            host["failures"],
            json!([format!("kube-system/dns-b:{closed}: port-forward: {why}")])
        );
        assert_eq!(allowed(plane, namespace, &name), [FIRST, SECOND]);
    }
    drop(dns);
    let _dns = self::dns(plane, &[("dns-a", one.address.port())]);
    let output = run(plane, namespace, &machine, &["--prune-now"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert_eq!(allowed(plane, namespace, &name), [FIRST, SECOND]);
}

fn unreachable(plane: &ControlPlane) {
    let namespace = "forward-unreachable";
    let (one, machine) = (server(&[SECOND]), server(&[SECOND]));
    let port = one.address.port();
    let name = remember(plane, namespace);
    let _dns = dns_on(plane, &[("dns-a", port, "forwarding"), ("dns-b", port, "gone")]);
    let output = run(plane, namespace, &machine, &["-o", "json"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let start = "port-forward to kube-system/dns-b: error dialing backend: dial tcp 127.0.0.1:";
    assert!(output.stdout.contains(start), "{output:#?}");
    assert_eq!(allowed(plane, namespace, &name), [FIRST, SECOND]);
}

fn rights(plane: &ControlPlane) {
    let (namespace, user) = ("forward-rights", "without-forwards");
    let (one, machine) = (server(&[SECOND]), server(&[THIRD]));
    let name = remember(plane, namespace);
    let _dns = dns(plane, &[("dns-a", one.address.port())]);
    let read = json!(["pods", "nodes", "namespaces", "services", "networkpolicies"]);
    let rules = json!([
        {"apiGroups": ["*"], "resources": read, "verbs": ["get", "list"]},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["patch"]},
    ]);
    grant(plane, user, None, &rules);
    plane.wait_for_right(user, &["patch", "networkpolicies.networking.k8s.io", "-n", namespace]);

    let why = "port-forward to kube-system/dns-a: forbidden";
    let caveat = format!(
        "{why}, so the cluster's name servers could not be asked, and names were resolved by those that \
         --resolver names ({}): pods may see other addresses; run it in the cluster, or name a name \
         server with --resolver IP",
        machine.address
    );
    for verbs in [&[][..], &["get"], &["create"]] {
        may_forward(plane, user, verbs);
        let output = run_as(plane, user, namespace, &machine, &["--check", "-o", "json"]);
        assert_eq!(output.code, Some(1), "{output:#?}");
        let answer: Value = serde_json::from_str(&output.stdout).expect("JSON");
        assert_eq!(answer["caveats"], json!([caveat]));
        assert_eq!(answer["policies"][0]["hosts"][0]["added"], json!([THIRD]));
        assert_eq!(one.asked(HOST, Transport::Tcp), 0);
    }
    // Those of this machine, for a name that nobody is asked for.
    let nowhere = remember_as(plane, "forward-nowhere", &[NOWHERE], VantageClass::Cluster);
    let output = plugin::ask(plane, user, &["refresh-ips", "-n", "forward-nowhere"]);
    let told = format!("{}{}", output.stdout, output.stderr).replace("\n        ", " ");
    assert!(told.contains(why), "{output:#?}");
    assert_eq!(allowed(plane, "forward-nowhere", &nowhere), [FIRST]);

    may_forward(plane, user, &["get", "create"]);
    let output = run_as(plane, user, namespace, &machine, &[]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert_eq!(allowed(plane, namespace, &name), [FIRST, SECOND]);
}

/// Lets a user do this with port-forwards of the DNS, and nothing else, and waits until it is so.
fn may_forward(plane: &ControlPlane, user: &str, verbs: &[&str]) {
    let rules = json!([{"apiGroups": [""], "resources": ["pods/portforward"], "verbs": verbs}]);
    let rules = if verbs.is_empty() { json!([]) } else { rules };
    grant(plane, user, Some("kube-system"), &rules);
    for verb in ["get", "create"] {
        let question = ["auth", "can-i", verb, "pods/dns-a", "--subresource=portforward"];
        let question = [&question[..], &["--namespace=kube-system"]].concat();
        let start = Instant::now();
        while plane.kubectl_as(user, &question, None).is_success() != verbs.contains(&verb) {
            assert!(start.elapsed() < Duration::from_secs(60), "{user} has not heard of {verbs:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn no_dns(plane: &ControlPlane) {
    let namespace = "forward-none";
    let machine = server(&[SECOND]);
    let name = remember(plane, namespace);
    let _dns = dns(plane, &[]);
    let output = run(plane, namespace, &machine, &["--prune-now"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let told = output.stdout.replace("\n        ", " ");
    let caveat = format!(
        "caveat: no pod of the cluster's DNS is known, so the cluster's name servers could not be asked, \
         and names were resolved by those that --resolver names ({}): pods may see other addresses;",
        machine.address
    );
    assert!(told.contains(&caveat), "{output:#?}");
    // What pods were told stays.
    assert_eq!(allowed(plane, namespace, &name), [FIRST, SECOND]);
}

fn tenant(plane: &ControlPlane) {
    let (namespace, tenant) = ("forward-tenant", "forward-tenants-own");
    let (one, fake, machine) = (server(&[SECOND]), server(&[THIRD]), server(&[SECOND]));
    let name = remember(plane, namespace);
    let _dns = dns(plane, &[("dns-a", one.address.port())]);
    plane.apply(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {tenant}}}}}"));
    let labels = json!({"k8s-app": "kube-dns"});
    let port = fake.address.port();
    for object in [
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", "namespace": tenant},
            "spec": {"selector": labels, "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": port},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": port},
            ]},
        }),
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "fake", "namespace": tenant, "labels": labels},
            "spec": {"nodeName": "forwarding", "containers": [{"name": "dns", "image": "example.test/dns"}]},
        }),
    ] {
        plane.apply(&object.to_string());
    }
    let ready = json!([{"type": "Ready", "status": "True"}]);
    let status = json!({"phase": "Running", "podIPs": [{"ip": "10.1.0.66"}], "conditions": ready});
    plane.set_pod_status(tenant, "fake", &status);

    let output = run(plane, namespace, &machine, &[]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    let told = output.stdout.replace("\n        ", " ");
    let claim = format!("Service {tenant}/kube-dns looks like the cluster's DNS and is not asked");
    assert!(told.contains(&claim), "{output:#?}");
    assert_eq!((one.asked(HOST, Transport::Tcp) > 0, fake.asked(HOST, Transport::Tcp)), (true, 0));
    assert_eq!(allowed(plane, namespace, &name), [FIRST, SECOND]);

    // Whoever runs it may say otherwise.
    let named = format!("--dns={tenant}/svc/kube-dns");
    let output = run(plane, namespace, &machine, &[&named]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(output.stdout.contains(&format!("the cluster's DNS is Service {tenant}/kube-dns (--dns)")));
    assert_eq!(allowed(plane, namespace, &name), [THIRD, FIRST, SECOND]);
    let gone =
        ["--namespace", tenant, "delete", "--force", "--grace-period=0", "service/kube-dns", "pod/fake"];
    plane.kubectl(&gone, None);
}

fn lies(plane: &ControlPlane) {
    let namespace = "forward-lies";
    let (honest, liar, machine) = (server(&[SECOND]), server(&["10.0.0.5"]), server(&[SECOND]));
    let name = remember(plane, namespace);
    let _dns = dns(plane, &[("dns-a", honest.address.port()), ("dns-b", liar.address.port())]);
    let output = run(plane, namespace, &machine, &["--prune-now"]);
    assert_eq!(output.code, Some(5), "{output:#?}");
    let refusal = "refused 10.0.0.5: it is private, and the host was public until now";
    assert!(output.stdout.contains(refusal), "{output:#?}");
    // What the honest one says is new, and nothing leaves on the word of both.
    assert_eq!(allowed(plane, namespace, &name), [FIRST, SECOND]);
}

fn apart(plane: &ControlPlane) {
    let namespace = "forward-apart";
    let (one, machine, alike) = (server(&[SECOND]), server(&[THIRD]), server(&[THIRD, SECOND]));
    let name = remember(plane, namespace);
    let _dns = dns(plane, &[("dns-a", one.address.port())]);
    let caveats = |machine: &NameServer| {
        let output = run(plane, namespace, machine, &["-o", "json"]);
        assert_eq!(output.code, Some(0), "{output:#?}");
        let answer: Value = serde_json::from_str(&output.stdout).expect("JSON");
        answer["caveats"].clone()
    };
    let what = "this machine is told other addresses than the cluster's DNS, whose are taken, for";
    assert_eq!(caveats(&machine), json!([format!("{what} {HOST}")]));
    assert_eq!(caveats(&alike), json!([]));
    assert_eq!(allowed(plane, namespace, &name), [FIRST, SECOND]);
}

/// Starts a server that closes after each answer of another, and returns its port.
fn closing(server: &NameServer) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let (port, server) = (listener.local_addr().expect("its address").port(), server.address);
    let relay = move |client: &mut TcpStream| -> io::Result<()> {
        let mut server = TcpStream::connect(server)?;
        message(client, &mut server)?;
        message(&mut server, client)
    };
    // It ends with the tests.
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = relay(&mut client);
        }
    });
    port
}

/// Passes one message on.
fn message(from: &mut TcpStream, to: &mut TcpStream) -> io::Result<()> {
    let mut length = [0; 2];
    from.read_exact(&mut length)?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    from.read_exact(&mut message)?;
    to.write_all(&[&length[..], &message].concat())
}

fn closes(plane: &ControlPlane) {
    let namespace = "forward-closes";
    let (one, machine) = (server(&[SECOND]), server(&[SECOND]));
    let name = remember(plane, namespace);
    let _dns = dns(plane, &[("dns-a", closing(&one))]);
    let output = run(plane, namespace, &machine, &["--prune-now"]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert_eq!(allowed(plane, namespace, &name), [FIRST, SECOND]);
}

/// Says whom the plugin asks, with less patience; `machine` stands in for this machine's.
fn asking(dns: &Dns<'_>, machine: &[SocketAddr]) -> Asking {
    let kubeconfig = Some(dns.plane.kubeconfig("admin"));
    let pods = DnsPods {
        pods: dns.pods.clone(),
        connection: ConnectOptions { kubeconfig, ..ConnectOptions::default() },
        otherwise: NameServers::Named(machine.to_vec()),
    };
    let ms = Duration::from_millis;
    let patience =
        Patience { answer: ms(400), host: ms(3000), pause: ms(1), longest_pause: Duration::ZERO };
    let servers = NameServers::Forwarded(Box::new(pods));
    Asking { servers, families: vec![Family::V4], patience }
}

/// What was heard of all hosts.
struct Answers {
    hosts: Vec<Resolution>,
    caveats: Vec<Caveat>,
}

fn ask(asking: &Asking, hosts: usize) -> Answers {
    let host = |number| HostName::try_from(format!("h{number}.example.test")).expect("a host name");
    let hosts: BTreeSet<HostName> = (0..hosts).map(host).collect();
    let (session, share) = (Session::new(asking.clone()), Share::new(ShareBounds::alone()));
    let hosts = resolve::run(session.addresses(&hosts, &share, || {})).expect("name servers");
    Answers { hosts, caveats: session.caveats() }
}

/// Asserts that all hosts were resolved.
#[track_caller]
fn assert_all(answers: &Answers, hosts: usize) {
    let records = DnsAnswer::Records(vec![ip(FIRST)]);
    let failed = answers.hosts.iter().find(|host| host.outcomes[0].answer != records);
    assert_eq!((answers.hosts.len(), failed), (hosts, None));
}

fn silent(plane: &ControlPlane) {
    let silent = NameServer::start(|_, _| Reply::Silence);
    let honest = server(&[FIRST]);
    let dns = dns(plane, &[("dns-a", honest.address.port()), ("dns-b", silent.address.port())]);
    let start = Instant::now();
    let answers = ask(&asking(&dns, &[]), 1);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let outcomes = &answers.hosts[0].outcomes;
    let said: Vec<(&str, &DnsAnswer)> =
        outcomes.iter().map(|outcome| (&*outcome.vantage.server, &outcome.answer)).collect();
    let [one, other] = [&honest, &silent].map(|server| server.address.port());
    let expected = [
        (format!("kube-system/dns-a:{one}"), DnsAnswer::Records(vec![ip(FIRST)])),
        (format!("kube-system/dns-b:{other}"), DnsAnswer::Failure("timeout".into())),
    ];
    assert!(said.into_iter().eq(expected.iter().map(|(server, answer)| (&**server, answer))));
    assert!(outcomes.iter().all(|outcome| outcome.vantage.class == VantageClass::Cluster));
    assert_eq!(answers.caveats, []);
}

fn hangs(plane: &ControlPlane) {
    let honest = server(&[FIRST]);
    let port = honest.address.port();
    let dns = dns_on(plane, &[("dns-a", port, "forwarding"), ("dns-b", port, "hanging")]);
    let start = Instant::now();
    let answers = ask(&asking(&dns, &[]), 1);
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    let caveat = "port-forward to kube-system/dns-b: timeout; until all are heard, no address leaves";
    let told: Vec<String> = answers.caveats.iter().map(ToString::to_string).collect();
    assert_eq!(told, [caveat]);
}

fn no_comparison(plane: &ControlPlane) {
    let (honest, silent) = (server(&[FIRST]), NameServer::start(|_, _| Reply::Silence));
    let dns = dns(plane, &[("dns-a", honest.address.port())]);
    let answers = ask(&asking(&dns, &[silent.address]), 640);
    assert_all(&answers, 640);
    // The first 64 hosts are asked for at the same time.
    let asked = (0..640).filter(|n| silent.asked(&format!("h{n}.example.test"), Transport::Udp) > 0);
    assert_eq!(asked.count(), 64);
}

/// Passes on what one client asks, until it closes or has asked so often.
fn relay(listener: &TcpListener, server: SocketAddr, questions: usize) {
    let (mut client, _) = listener.accept().expect("a connection");
    let mut server = TcpStream::connect(server).expect("the server");
    for _ in 0..questions {
        let passed = message(&mut client, &mut server);
        if passed.and_then(|()| message(&mut server, &mut client)).is_err() {
            return;
        }
    }
}

fn goes(plane: &ControlPlane) {
    let honest = server(&[FIRST]);
    let (port, address) = (honest.address.port(), honest.address);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let going = listener.local_addr().expect("its address").port();
    // It answers when it is tried out, and some hosts.
    let relay = std::thread::spawn(move || relay(&listener, address, 10));
    let dns = dns(plane, &[("dns-a", port), ("dns-b", going)]);
    let answers = ask(&asking(&dns, &[]), 200);
    relay.join().expect("the relay ended");
    assert_all(&answers, 200);
    let said: Vec<&DnsAnswer> = answers.hosts.iter().map(|host| &host.outcomes[1].answer).collect();
    let why = format!("port-forward: dial tcp 127.0.0.1:{going}: connect: connection refused");
    assert_eq!(said[199], &DnsAnswer::Failure(why.into()));
    let failed = said.iter().filter(|answer| matches!(answer, DnsAnswer::Failure(_)));
    assert!((190..200).contains(&failed.count()), "{said:#?}");
}

fn one_connection(plane: &ControlPlane) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    // Most servers answer what comes by one connection one by one.
    let slow = NameServer::start(|_, _| {
        std::thread::sleep(Duration::from_millis(12));
        Reply::Addresses(vec![ip(FIRST)])
    });
    let address = slow.address;
    let relay = std::thread::spawn(move || {
        relay(&listener, address, usize::MAX);
        listener
    });
    let dns = dns(plane, &[("dns-a", port)]);
    let mut asking = asking(&dns, &[]);
    asking.patience.host = Duration::from_secs(20);
    assert_all(&ask(&asking, 64), 64);
    let start = Instant::now();
    while !relay.is_finished() {
        assert!(start.elapsed() < Duration::from_secs(30), "the connection is still open");
        std::thread::sleep(Duration::from_millis(50));
    }
    let listener = relay.join().expect("the relay ended");
    listener.set_nonblocking(true).expect("a listener");
    assert!(listener.accept().is_err(), "a second connection was made");
}
