//! A tenant wants that nobody else is refreshed: by names that never answer, and by policies that are large.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use netpol::edit::host::Host;
use netpol::edit::object::{Pods, dedicated};
use netpol::edit::record::{Entry, Key, Record};
use netpol::model::ports::ProtocolPort;
use netpol::model::selector::Selector;
use prost::Message;
use serde_json::{Value, json};

use super::Shared;
use super::bounds::ask;
use super::failures::{plain, secretive};
use super::fake::{Fake, object};
use super::harness::ControlPlane;
use super::lies::{answered, otherwise, protobuf};
use super::name_server::{NameServer, Reply};
use super::plugin::PLUGIN;
use super::refresh::{FIRST, SECOND, blocks, ip, policy, remember};

/// Lists the trials of this file.
pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        shared.trial("starving::names_that_never_answer_keep_no_other_from_being_written", silent),
        plain("starving::large_annotations_of_others_take_no_memory", annotations),
    ]
}

const TEAM: &str = "starving";
const HONEST: usize = 5;

fn silent(plane: &ControlPlane) {
    let remembered = |namespace: &str, hosts: &[&str]| {
        let name = remember(plane, namespace, hosts);
        let label = format!("team={TEAM}");
        plane
            .kubectl(&["label", "-n", namespace, "networkpolicy", &name, &label], None)
            .expect_success();
        (namespace.to_owned(), name)
    };
    // Before the others by its name.
    let names: Vec<String> = (0..1_000).map(|number| format!("h{number}.never.test")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let hostile: Vec<_> = names.chunks(100).map(|own| remembered("starving-a", own)).collect();
    let honest: Vec<_> = (0..HONEST)
        .map(|number| remembered(&format!("starving-{number}"), &["a.example.test", "b.example.test"]))
        .collect();
    let server = NameServer::start(|question, _| match question.name.ends_with("never.test") {
        true => Reply::Silence,
        false => Reply::Addresses(vec![ip(FIRST), ip(SECOND)]),
    });
    let mut command = plane.command("admin", PLUGIN);
    command.args(["refresh-ips", "-A", "-l", &format!("team={TEAM}")]);
    command.args(["--resolver", &server.address.to_string()]);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the plugin runs");
    let of = |(namespace, name): &(String, String)| blocks(&policy(plane, namespace, name));
    let both = vec![vec![format!("{FIRST}/32"), format!("{SECOND}/32")]; 2];
    let begun = Instant::now();
    while !honest.iter().all(|own| of(own) == both) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the others are written");
        assert_eq!(run.try_wait().expect("its state"), None, "it goes on");
    }
    // It is ended as the Job is at its deadline: what was written is.
    assert_eq!(run.try_wait().expect("its state"), None, "the names that never answer are not done");
    assert_eq!(terminated(run), Some(15));
    assert!(honest.iter().all(|own| of(own) == both));
    for own in &hostile {
        assert!(of(own).iter().all(|blocks| *blocks == [format!("{FIRST}/32")]), "nothing is lost");
    }
}

/// Ends a program as the kubelet does; returns the signal that ended it.
fn terminated(mut run: Child) -> Option<i32> {
    let killed = Command::new("kill").args(["-TERM", &run.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
    run.wait().expect("it ended").signal()
}

/// meta/v1 PartialObjectMetadata.
#[derive(Clone, PartialEq, Message)]
struct Item {
    #[prost(message, required, tag = "1")]
    metadata: ItemMeta,
}

#[derive(Clone, PartialEq, Message)]
struct ItemMeta {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "3")]
    namespace: String,
    #[prost(btree_map = "string, string", tag = "12")]
    annotations: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
struct Items {
    #[prost(message, required, tag = "1")]
    metadata: Next,
    #[prost(message, repeated, tag = "2")]
    items: Vec<Item>,
}

#[derive(Clone, PartialEq, Message)]
struct Next {
    #[prost(string, tag = "3")]
    next: String,
}

const POLICIES: usize = 2_000;
/// As much as the API allows for all annotations of an object, nearly.
const LARGE: usize = 250_000;

fn annotations() {
    let server = Fake::start(|path| {
        let (place, query) = path.split_once('?').unwrap_or((path, ""));
        let policies = place.strip_prefix("/apis/networking.k8s.io/v1/");
        match policies.and_then(|rest| rest.split_once("networkpolicies")) {
            Some((_, "")) => page(query),
            Some((_, name)) => object("200 OK", &sound(name.trim_start_matches('/'))).into_bytes(),
            None => otherwise(path),
        }
    });
    let output = ask(&secretive(&server.url()), &["refresh-ips", "-A", "--resolver", "127.0.0.1"]);
    let text = format!("{POLICIES} hosts in {POLICIES} policies, all current\n");
    assert_eq!((output.code, &*output.stdout), (Some(0), &*text), "{}", output.stderr);
}

/// Answers with some of the policies; 500 of them are more than one answer may have.
fn page(query: &str) -> Vec<u8> {
    let number = |field: &str| query.split('&').find_map(|own| own.strip_prefix(field)?.parse().ok());
    let (limit, first): (usize, usize) =
        (number("limit=").expect("a limit"), number("continue=").unwrap_or(0));
    let last = (first + limit).min(POLICIES);
    let item = |number: usize| {
        let annotations = [("team.example/notes".to_owned(), "x".repeat(LARGE))].into();
        let (name, namespace) = (format!("p{number}"), format!("ns-{}", number % 100));
        Item { metadata: ItemMeta { name, namespace, annotations } }
    };
    let next = if last == POLICIES { String::new() } else { last.to_string() };
    let list = Items { metadata: Next { next }, items: (first..last).map(item).collect() };
    answered(&protobuf("PartialObjectMetadataList", list.encode_to_vec()))
}

/// Returns a policy that remembers one address, which needs no refresh.
fn sound(name: &str) -> Value {
    let host = Host::from(ip(FIRST));
    let key = Key { host: host.clone(), ports: [ProtocolPort::tcp(443)].into() };
    let record = Record { entries: [(key, Entry::new(&host))].into() };
    let pods = Pods { namespace: "ns".into(), workload: None, selector: Selector::default() };
    let policy = dedicated(&pods, name, &record, &[]).expect("a record").expect("a policy");
    let mut policy = json!(policy);
    // Each is read by itself too: a few are enough for what that takes.
    if name.ends_with('0') {
        policy["metadata"]["annotations"]["team.example/notes"] = json!("x".repeat(LARGE));
    }
    policy["metadata"]["uid"] = json!(name);
    policy
}
