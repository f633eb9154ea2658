//! What `refresh-ips` does for ten thousand hosts: names are resolved, policies planned.

#[path = "../tests/dns/server.rs"]
#[expect(dead_code, reason = "the figures need less of it than the tests of names")]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use netpol::dns::patience::Patience;
use netpol::dns::resolve::{self, Asking, NameServers};
use netpol::dns::session::Session;
use netpol::dns::share::{Share, ShareBounds};
use netpol::edit::host::{Host, HostName};
use netpol::edit::name::of_policy;
use netpol::edit::object::{Pods, dedicated};
use netpol::edit::outcome::{DnsAnswer, Outcome, Resolution, Vantage, VantageClass};
use netpol::edit::plan::{self, Learnt};
use netpol::edit::record::{Entry, Key, Minute, Record};
use netpol::model::ips::Family;
use netpol::model::ports::ProtocolPort;
use netpol::model::selector::Selector;
use serde_json::{Value, json};
use server::{NameServer, Reply};

use super::{api_server, peak, report};

const POLICIES: u32 = 1_000;
const HOSTS_EACH: u32 = 10;
/// Policies of a namespace, where there are several.
const POLICIES_EACH: u32 = 10;
/// Hosts that a name server is asked for.
const ASKED: u32 = 1_000;
/// How long the name server takes for one answer.
const DELAY: Duration = Duration::from_millis(20);
const NOW: Minute = Minute(30_000_000);

/// Plans policies to which every host brings a new address.
pub(crate) fn plans() {
    let lives: Vec<Value> = (0..POLICIES).map(live).collect();
    let resolutions = (0..POLICIES * HOSTS_EACH).map(|number| (host(number), answers(number)));
    let learnt = Learnt { resolutions: resolutions.collect(), now: NOW, ..Learnt::default() };
    let start = Instant::now();
    for live in &lives {
        assert!(black_box(plan::refresh(live, &learnt)).unwrap().object.is_some());
    }
    let what = "plan for 10,000 endpoints in 1,000 policies, answers ready";
    report(what, start.elapsed(), peak("self"));
}

/// Resolves hosts by a name server that takes its time for each answer.
pub(crate) fn resolves() {
    let server = NameServer::start(|question, _| {
        std::thread::sleep(DELAY);
        let number = number_of(&question.name);
        Reply::Addresses(vec![address_of(number), address_of(number + 1)])
    });
    let asking = Asking {
        servers: NameServers::Named(vec![server.address]),
        families: Family::ALL.to_vec(),
        patience: Patience::default(),
    };
    let hosts: BTreeSet<HostName> = (0..ASKED).map(host).collect();
    let start = Instant::now();
    let (session, share) = (Session::new(asking), Share::new(ShareBounds::alone()));
    let resolved = resolve::run(session.addresses(&hosts, &share, || {})).unwrap();
    let took = start.elapsed();
    let found = |outcome: &Outcome| matches!(outcome.answer, DnsAnswer::Records(_));
    assert!(resolved.iter().all(|own| own.outcomes.iter().any(found)));
    let what = "one-shot refresh of 1,000 hosts, a name server of 20 ms";
    report(what, took, peak("self"));
}

/// Refreshes 10,000 hosts in 100 namespaces, the names of one of which never answer; tells when the others are
/// written.
pub(crate) fn starves() {
    let policies = (0..POLICIES).map(|policy| {
        let mut policy_of = live(policy);
        policy_of["metadata"]["namespace"] = json!(format!("ns-{}", policy / POLICIES_EACH));
        policy_of
    });
    let (address, stored) = api_server::start(policies);
    let server = NameServer::start(|question, _| {
        let number = number_of(&question.name);
        if number < HOSTS_EACH * POLICIES_EACH {
            return Reply::Silence;
        }
        std::thread::sleep(DELAY);
        Reply::Addresses(vec![address_of(number), address_of(number + 1)])
    });
    let folder = std::env::temp_dir().join(format!("netpol-bench-starves-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let kubeconfig = folder.join("config");
    std::fs::write(
        &kubeconfig,
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "clusters": [{ "name": "bench", "cluster": { "server": format!("http://{address}") } }],
            "contexts": [{ "name": "bench", "context": { "cluster": "bench", "user": "bench" } }],
            "users": [{ "name": "bench", "user": {} }],
        })
        .to_string(),
    )
    .unwrap();
    let start = Instant::now();
    let mut run = Command::new(env!("CARGO_BIN_EXE_kubectl-netpol"))
        .args(["refresh-ips", "-A", "--resolver", &server.address.to_string()])
        .env("KUBECONFIG", &kubeconfig)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let others = (POLICIES - POLICIES_EACH) as usize;
    let written = || stored.lock().unwrap().values().filter(|(_, writes)| *writes > 0).count();
    while written() < others {
        assert!(run.try_wait().unwrap().is_none(), "it ended before {others} policies were written");
        std::thread::sleep(Duration::from_millis(10));
    }
    let what = "refresh of 10,000 hosts in 100 namespaces, one silent: the 99 others";
    report(what, start.elapsed(), peak(&run.id().to_string()));
    run.kill().unwrap();
    run.wait().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Reads the number of a host out of its name.
fn number_of(name: &str) -> u32 {
    let number = name.trim_start_matches('h').split('.').next();
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn host(number: u32) -> HostName {
    HostName::try_from(format!("h{number}.example.com")).unwrap()
}

fn address_of(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0b00_0000 + number * 7).into()
}

fn answers(number: u32) -> Resolution {
    let vantage = Vantage { class: VantageClass::Cluster, server: "10.0.0.7:53".into() };
    let outcome = |(family, answer)| Outcome { vantage: vantage.clone(), family, answer };
    let both = DnsAnswer::Records(vec![address_of(number), address_of(number + 1)]);
    let outcomes = [(Family::V4, both), (Family::V6, DnsAnswer::NoData)].map(outcome);
    Resolution { host: host(number), outcomes: outcomes.into(), rotates: false }
}

/// Builds a policy as it is read, whose hosts have one address each.
fn live(policy: u32) -> Value {
    let entry = |number| {
        let host = Host::Name(host(number));
        let mut entry = Entry::new(&host);
        entry.vantage = Some(VantageClass::Cluster);
        entry.ips = BTreeMap::from([(address_of(number), None)]);
        entry.ok = Some(NOW);
        (Key { host, ports: BTreeSet::from([ProtocolPort::tcp(443)]) }, entry)
    };
    let record =
        Record { entries: (policy * HOSTS_EACH..).take(HOSTS_EACH as usize).map(entry).collect() };
    let pods = Pods { namespace: "shop".into(), workload: None, selector: Selector::default() };
    let name = of_policy("", record.entries.keys());
    let mut object = json!(dedicated(&pods, &name, &record, &[]).unwrap().unwrap());
    object["metadata"]["uid"] = json!(format!("{policy}"));
    object["metadata"]["resourceVersion"] = json!("1");
    object
}
