//! What name servers, API servers and other writers do to a refresh: nothing is lost, and the next run
//! repairs what this one left.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use ipnet::IpNet;
use libtest_mimic::Trial;
use netpol::cluster::apply::{PolicyName, Writer};
use netpol::cluster::read::ConnectOptions;
use netpol::edit::plan::remembered;
use netpol::edit::record::ANNOTATION;
use netpol::model::ips::IpSet;
use serde_json::{Value, json};

use super::Shared;
use super::fake::Request;
use super::harness::ControlPlane;
use super::kubeconfig::Written;
use super::name_server::{NameServer, Reply, address, alias};
use super::plugin::{PLUGIN, ask, ask_by, assert_fails};
use super::process::Output;
use super::refresh::{FIRST, SECOND, blocks, policy, remember, server};
use super::relay::{Fate, Relay, send};

/// Lists the trials of this file; one needs a control plane without any address, as the families that pods
/// and nodes have are those that are asked for.
pub(crate) fn trials(shared: &Arc<Shared>, empty: &Arc<Shared>) -> Vec<Trial> {
    vec![
        empty.trial("faults::whatever_name_servers_say_no_address_is_lost", name_servers),
        shared.trial("faults::killed_at_every_step_leaves_old_or_new", killed),
        shared.trial("faults::server_errors_and_resets_in_the_middle_are_outlived", outlived),
        shared.trial("faults::a_policy_that_cannot_be_written_stops_no_other", one_fails),
        shared.trial("faults::a_token_that_expired_is_told_in_one_line", expired),
        shared.trial("faults::a_token_that_expires_in_the_middle_is_told_of_each_policy", expires),
        shared.trial("faults::a_policy_deleted_in_between_stays_deleted", deleted),
        shared.trial("faults::a_hundred_changes_in_between_are_kept", races),
        shared.trial("faults::what_goes_to_the_wire_opens_nothing_unplanned", wire),
        shared.trial("faults::a_record_of_another_version_is_told_and_stays", versions),
    ]
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Returns an address by its number.
fn nth(number: usize) -> IpAddr {
    let [.., high, low] = number.to_be_bytes();
    IpAddr::from([11, 2, high, low])
}

fn refresh(plane: &ControlPlane, server: &NameServer, namespace: &str, args: &[&str]) -> Output {
    let resolver = server.address.to_string();
    ask(plane, "admin", &[&["refresh-ips", "-n", namespace, "--resolver", &resolver], args].concat())
}

/// Replies to a host as the first part of its name says.
fn faulty(question: &super::name_server::Question, before: usize) -> Reply {
    let name = &*question.name;
    let number = |text: &str| text.strip_prefix("link").and_then(|rest| rest.parse::<usize>().ok());
    match name.split('.').next().unwrap_or_default() {
        "servfail" => Reply::Code(ResponseCode::ServFail),
        "refused" => Reply::Code(ResponseCode::Refused),
        "silent" => Reply::Silence,
        "truncated" => Reply::Truncated,
        "nxdomain" => Reply::Code(ResponseCode::NXDomain),
        "back" if before == 0 => Reply::Code(ResponseCode::NXDomain),
        "empty" => Reply::Empty,
        "family" if question.kind == RecordType::A => Reply::Code(ResponseCode::ServFail),
        "family" => Reply::Addresses(vec![ip("2600::1")]),
        "rotation" => Reply::Addresses((0..10).map(|index| nth((before * 10 + index) % 40)).collect()),
        "loop" => Reply::Records(vec![alias(name, "loop2.example.test")]),
        "loop2" => Reply::Records(vec![alias(name, "loop.example.test")]),
        "chain" => {
            let link = |number: usize| format!("link{number}.example.test");
            let mut all: Vec<_> =
                (1..12).map(|number| alias(&link(number), &link(number + 1))).collect();
            all.insert(0, alias(name, &link(1)));
            all.push(address(&link(12), ip(SECOND)));
            Reply::Records(all)
        }
        other if number(other).is_some() => Reply::Addresses(vec![ip(SECOND)]),
        "many" => Reply::Addresses((0..300).map(nth).collect()),
        "private" => Reply::Addresses(vec![ip("10.0.0.5"), ip(SECOND)]),
        _ => Reply::Addresses(vec![ip(SECOND)]),
    }
}

/// What is told of each host, and whether it gets an address.
const TOLD: [(&str, &str, usize); 15] = [
    ("back", "resolved", 1),
    ("chain", "resolved", 1),
    ("empty", "gone", 0),
    ("family", "partly", 1),
    ("loop", "failed", 0),
    ("lying", "resolved", 1),
    ("many", "refused", 0),
    ("nxdomain", "gone", 0),
    ("private", "resolved", 1),
    ("refused", "failed", 0),
    ("rotation", "resolved", 40),
    ("servfail", "failed", 0),
    ("silent", "failed", 0),
    ("sound", "resolved", 1),
    ("truncated", "failed", 0),
];

fn name_servers(plane: &ControlPlane) {
    let namespace = "faults-names";
    let hosts = TOLD.map(|(host, ..)| format!("{host}.example.test"));
    let name = remember(plane, namespace, &hosts.each_ref().map(|host| &**host));
    let honest = NameServer::start(faulty);
    // It lies about one host, and agrees on all others.
    let liar = NameServer::start(|question, before| match &*question.name {
        "lying.example.test" => Reply::Code(ResponseCode::NXDomain),
        _ => faulty(question, before),
    });
    let other = liar.address.to_string();
    let args = ["--prune-now", "--remove-dead", "--resolver", &other, "-o", "json"];
    let output = refresh(plane, &honest, namespace, &args);
    // One was refused, which is worse than those that could not be resolved.
    assert_eq!(output.code, Some(5), "{output:#?}");
    let answer: Value = serde_json::from_str(&output.stdout).expect("JSON");
    opened(plane, namespace, std::slice::from_ref(&name));
    let record = remembered(&policy(plane, namespace, &name)).expect("sound").expect("a record");
    let told = answer["policies"][0]["hosts"].as_array().expect("hosts");
    assert_eq!((told.len(), record.entries.len()), (TOLD.len(), TOLD.len()));
    for (((host, status, added), told), entry) in TOLD.iter().zip(told).zip(record.entries.values()) {
        assert_eq!(told["host"], format!("{host}.example.test"));
        let added_now = told["added"].as_array().expect("addresses").len();
        assert_eq!((told["status"].as_str(), added_now), (Some(*status), *added), "{told:#}");
        // Whatever was asked for, an address leaves after three runs, and this is the first.
        assert!(entry.ips.contains_key(&ip(FIRST)), "{host}: {entry:?}");
    }
}

/// Returns the addresses that each policy opens, and remembers.
fn opened(plane: &ControlPlane, namespace: &str, names: &[String]) -> Vec<BTreeSet<String>> {
    let options =
        ConnectOptions { kubeconfig: Some(plane.kubeconfig("admin")), ..ConnectOptions::default() };
    let writer = Writer::open(&options).expect("a client");
    let each = names.iter().map(|name| {
        let place = PolicyName { namespace: namespace.to_owned(), name: name.clone() };
        let policy = writer.read(&place).expect("an answer").expect("a policy");
        let record = remembered(&policy).expect("a sound record").expect("a record");
        let text = |ips: &BTreeMap<IpAddr, _>| {
            let blocks = ips.keys().copied().collect::<IpSet>().cidrs();
            blocks.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let remembered: BTreeSet<String> =
            record.entries.values().flat_map(|entry| text(&entry.ips)).collect();
        let opened: BTreeSet<String> = blocks(&policy).concat().into_iter().collect();
        assert_eq!(opened, remembered, "half of it was written: {policy:#}");
        opened
    });
    each.collect()
}

/// A child that any thread can kill.
type Victim = Arc<Mutex<Option<Child>>>;

fn kill(victim: &Victim) {
    if let Some(child) = victim.lock().expect("the child").as_mut() {
        let _ = child.kill();
    }
}

/// Waits for the end of a child, and lets others kill it meanwhile.
fn wait(victim: &Victim) -> ExitStatus {
    loop {
        let ended = victim.lock().expect("the child").as_mut().map(Child::try_wait);
        match ended.expect("a child").expect("its state") {
            Some(status) => return status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn killed(plane: &ControlPlane) {
    let namespace = "faults-killed";
    let names: Vec<String> =
        (0..4).map(|number| remember(plane, namespace, &[&format!("h{number}.example.test")])).collect();
    let generation = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&generation);
    let server = NameServer::start(move |_, _| Reply::Addresses(vec![nth(now.load(Ordering::SeqCst))]));
    // What was there before stays for three runs.
    let block = |number: usize| {
        let all: IpSet = (0..=number).map(nth).chain([ip(FIRST)]).collect();
        all.cidrs().iter().map(ToString::to_string).collect::<BTreeSet<String>>()
    };
    refresh(plane, &server, namespace, &["--prune-now"]).expect_success();
    assert!(opened(plane, namespace, &names).iter().all(|own| *own == block(0)));

    let (mut old, mut new, mut ended) = (0, 0, false);
    for step in 0.. {
        if ended {
            break;
        }
        // Before the API server hears of the request, and after it has answered.
        for before in [true, false] {
            let next = generation.fetch_add(1, Ordering::SeqCst) + 1;
            let victim = Victim::default();
            let (first, last) = (Arc::clone(&victim), Arc::clone(&victim));
            let relay = Relay::start(
                plane,
                namespace,
                move |number, _| {
                    if number != step || !before {
                        return Fate::Pass;
                    }
                    kill(&first);
                    Fate::Break
                },
                move |number| {
                    if number == step {
                        kill(&last);
                    }
                },
            );
            let mut command = plane.command("admin", PLUGIN);
            command
                .env("KUBECONFIG", relay.kubeconfig.path())
                .args(["refresh-ips", "--prune-now", "--resolver", &server.address.to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            *victim.lock().expect("the child") = Some(command.spawn().expect("the plugin runs"));
            ended = wait(&victim).success();
            for own in opened(plane, namespace, &names) {
                let is_new = own == block(next);
                assert!(is_new || own == block(next - 1), "{own:?} at step {step}");
                assert!(is_new || !ended, "it said that it was written");
                *(if is_new { &mut new } else { &mut old }) += 1;
            }
            let repaired = refresh(plane, &server, namespace, &["--prune-now"]);
            assert_eq!(repaired.code, Some(0), "{repaired:#?}");
            assert!(opened(plane, namespace, &names).iter().all(|own| *own == block(next)));
        }
    }
    assert!(old > 8 && new > 8, "{old} were old, {new} new");
}

fn is_write(request: &Request) -> bool {
    request.method == "PATCH"
}

fn ask_relay(relay: &Relay, server: &NameServer) -> Output {
    let resolver = server.address.to_string();
    ask_by(&relay.kubeconfig.path(), &["refresh-ips", "--resolver", &resolver])
}

fn outlived(plane: &ControlPlane) {
    let (namespace, server) = ("faults-outlived", server());
    for (number, fate) in
        [Fate::Fail(500), Fate::Fail(503), Fate::Break, Fate::Lose].into_iter().enumerate()
    {
        let hosts = [0, 1, 2].map(|host| format!("h{number}{host}.example.test"));
        let names = hosts.map(|host| remember(plane, namespace, &[&*host]));
        // Every fourth request of those that read or write one policy; a lost answer may be of a write
        // that was carried out.
        let seen = AtomicUsize::new(0);
        let relay = Relay::start(
            plane,
            namespace,
            move |_, request| {
                let is_one = request.path.contains("/networkpolicies/");
                let is_hit = is_one && seen.fetch_add(1, Ordering::SeqCst) % 4 == 1;
                if is_hit { fate } else { Fate::Pass }
            },
            |_| {},
        );
        let output = ask_relay(&relay, &server);
        assert_eq!(output.code, Some(0), "{fate:?}: {output:#?}");
        assert!(opened(plane, namespace, &names).iter().all(|own| own.len() == 2), "{fate:?}");
    }
}

fn one_fails(plane: &ControlPlane) {
    let (namespace, server) = ("faults-one", server());
    let names: Vec<String> =
        (0..3).map(|number| remember(plane, namespace, &[&format!("h{number}.example.test")])).collect();
    let failing = names[1].clone();
    let relay = Relay::start(
        plane,
        namespace,
        move |_, request| match is_write(request) && request.path.contains(&failing) {
            true => Fate::Fail(500),
            false => Fate::Pass,
        },
        |_| {},
    );
    let output = ask_relay(&relay, &server);
    assert_eq!(output.code, Some(3), "{output:#?}");
    let text = format!(
        "{namespace}/{} was not written\n  Error from server (InternalError): the relay fails\n",
        names[1]
    );
    assert!(output.stdout.contains(&text), "{output:#?}");
    let first = "3 hosts in 3 policies, 2 added, 1 not written\n";
    assert!(output.stdout.starts_with(first), "{output:#?}");
    let lens: Vec<usize> = opened(plane, namespace, &names).iter().map(BTreeSet::len).collect();
    assert_eq!(lens, [2, 1, 2]);
    refresh(plane, &server, namespace, &[]).expect_success();
    assert!(opened(plane, namespace, &names).iter().all(|own| own.len() == 2));
}

const UNAUTHORIZED: &str = "error: You must be logged in to the server (Unauthorized)";

fn expired(plane: &ControlPlane) {
    let server = server();
    let authority = plane.certificate_authority();
    let kubeconfig = Written::of(&plane.url(), Some(&authority), "an-expired-token", Some("default"));
    let resolver = server.address.to_string();
    let output = ask_by(&kubeconfig.path(), &["refresh-ips", "--resolver", &resolver]);
    assert_fails(&output, 3, &format!("{UNAUTHORIZED}\n"));
}

fn expires(plane: &ControlPlane) {
    let (namespace, server) = ("faults-expires", server());
    let names: Vec<String> =
        (0..2).map(|number| remember(plane, namespace, &[&format!("h{number}.example.test")])).collect();
    let fate = |_, request: &Request| if is_write(request) { Fate::Fail(401) } else { Fate::Pass };
    let relay = Relay::start(plane, namespace, fate, |_| {});
    let output = ask_relay(&relay, &server);
    assert_eq!(output.code, Some(3), "{output:#?}");
    assert_eq!(output.stdout.matches(UNAUTHORIZED).count(), 2, "{output:#?}");
    assert!(opened(plane, namespace, &names).iter().all(|own| own.len() == 1));
}

/// Runs kubectl once, when the name server is asked: after policies were read, before they are written.
fn meanwhile(plane: &ControlPlane, args: &[&str]) -> NameServer {
    let mut command = plane.kubectl_command("admin");
    command.args(args).stdout(Stdio::null());
    let command = Mutex::new(Some(command));
    NameServer::start(move |_, _| {
        if let Some(mut command) = command.lock().expect("the command").take() {
            assert!(command.status().expect("kubectl runs").success());
        }
        Reply::Addresses(vec![ip(FIRST), ip(SECOND)])
    })
}

fn deleted(plane: &ControlPlane) {
    let namespace = "faults-deleted";
    let [gone, stays] =
        ["a", "b"].map(|host| remember(plane, namespace, &[&format!("{host}.example.test")]));
    let server = meanwhile(plane, &["delete", "--namespace", namespace, "networkpolicy", &gone]);
    let output = refresh(plane, &server, namespace, &[]);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(output.stdout.contains("it was deleted meanwhile"), "{output:#?}");
    assert!(output.stdout.starts_with("1 host in 2 policies, 1 added\n"), "{output:#?}");
    let left = plane.get(&["--namespace", namespace, "networkpolicies"]);
    let left: Vec<&Value> =
        left["items"].as_array().expect("items").iter().map(|own| &own["metadata"]["name"]).collect();
    assert_eq!(left, [&*stays]);
}

/// Another writer changes each policy four times between its being read and written.
fn races(plane: &ControlPlane) {
    const TIMES: usize = 4;
    let (namespace, server) = ("faults-races", server());
    let names: Vec<String> = (0..25)
        .map(|number| remember(plane, namespace, &[&format!("h{number}.example.test")]))
        .collect();
    let (admin, seen) = (plane.kubeconfig("admin"), Mutex::new(BTreeMap::<String, usize>::new()));
    let relay = Relay::start(
        plane,
        namespace,
        move |_, request| {
            if is_write(request) && !request.path.contains("dryRun") {
                let (path, _) = request.path.split_once('?').expect("a query");
                let before = {
                    let mut seen = seen.lock().expect("what was seen");
                    let times = seen.entry(path.to_owned()).or_default();
                    *times += 1;
                    *times - 1
                };
                if before < TIMES {
                    let label = json!({"metadata": {"labels": {format!("race-{before}"): "another"}}});
                    let headers = [
                        ("content-type", "application/merge-patch+json"),
                        ("accept", "application/json"),
                    ];
                    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
                    let label = Request {
                        method: "PATCH".to_owned(),
                        path: path.to_owned(),
                        headers: headers.into(),
                        body: label.to_string().into_bytes(),
                        ..Request::default()
                    };
                    assert!(send(&admin, &label).starts_with(b"HTTP/1.1 200"));
                }
            }
            Fate::Pass
        },
        |_| {},
    );
    let output = ask_relay(&relay, &server);
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(opened(plane, namespace, &names).iter().all(|own| own.len() == 2));
    let list = plane.get(&["--namespace", namespace, "networkpolicies"]);
    let policies = list["items"].as_array().expect("items");
    let kept = policies.iter().map(|policy| {
        let kept = |number: &usize| policy["metadata"]["labels"][format!("race-{number}")] == "another";
        (0..TIMES).filter(kept).count()
    });
    assert_eq!(kept.sum::<usize>(), 100);
}

/// Reads what is sent, byte for byte, while name servers do their worst.
fn wire(plane: &ControlPlane) {
    let namespace = "faults-wire";
    for (host, ..) in TOLD {
        remember(plane, namespace, &[&format!("{host}.example.test")]);
    }
    let server = NameServer::start(faulty);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&sent);
    let relay = Relay::start(
        plane,
        namespace,
        move |_, request| {
            if is_write(request) {
                told.lock().expect("what was sent").push(request.body.clone());
            }
            Fate::Pass
        },
        |_| {},
    );
    let resolver = server.address.to_string();
    let args = ["refresh-ips", "--prune-now", "--remove-dead", "--resolver", &resolver];
    let output = ask_by(&relay.kubeconfig.path(), &args);
    assert_eq!(output.code, Some(5), "{output:#?}");
    let sent = sent.lock().expect("what was sent");
    assert!(sent.len() > TOLD.len(), "{} requests write", sent.len());
    let planned: IpSet =
        [FIRST, SECOND, "2600::1"].map(ip).into_iter().chain((0..40).map(nth)).collect();
    for body in &*sent {
        let object: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!(object["spec"]["policyTypes"], json!(["Egress"]));
        assert_eq!(object["spec"].get("ingress"), None);
        assert!(object["metadata"]["resourceVersion"].is_string(), "{object}");
        let rules = object["spec"]["egress"].as_array().expect("rules");
        assert_eq!(rules.len(), 1, "{object}");
        for rule in rules {
            assert_eq!(rule["ports"], json!([{"protocol": "TCP", "port": 443}]));
            let to = rule["to"].as_array().expect("peers");
            let block = |peer: &Value| {
                peer["ipBlock"]["cidr"].as_str().and_then(|text| text.parse().ok()).expect("a block")
            };
            let opened: IpSet = to.iter().map(block).collect::<Vec<IpNet>>().into_iter().collect();
            assert!(!to.is_empty() && opened.is_subset(&planned), "{object}");
        }
    }
}

fn versions(plane: &ControlPlane) {
    let (namespace, server) = ("faults-versions", server());
    let texts = BTreeMap::from([
        ("newer", r#"{"v":3,"hosts":[],"more":"of it"}"#),
        ("older", r#"{"v":0,"hosts":[]}"#),
        ("none", r#"{"hosts":[]}"#),
    ]);
    let sound = remember(plane, namespace, &["sound.example.test"]);
    let names: BTreeMap<&str, String> = texts
        .iter()
        .map(|(host, text)| {
            let name = remember(plane, namespace, &[&format!("{host}.example.test")]);
            let text = format!("{ANNOTATION}={text}");
            let args = ["annotate", "--overwrite", "-n", namespace, "networkpolicy", &name, &text];
            plane.kubectl(&args, None).expect_success();
            (*host, name)
        })
        .collect();
    let output = refresh(plane, &server, namespace, &[]);
    assert_eq!(output.code, Some(3), "{output:#?}");
    for (host, text) in texts {
        let after = policy(plane, namespace, &names[host]);
        assert_eq!(after["metadata"]["annotations"][ANNOTATION], text);
        assert_eq!(blocks(&after), [[format!("{FIRST}/32")]]);
        assert!(output.stdout.contains(&format!("{namespace}/{} was not written", names[host])));
    }
    assert!(output.stdout.contains("(version 3): use that one"), "{output:#?}");
    assert_eq!(blocks(&policy(plane, namespace, &sound))[0].len(), 2);
}
