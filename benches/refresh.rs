//! What `refresh-ips` does for ten thousand hosts: names are resolved, policies planned.

#[path = "../tests/dns/server.rs"]
#[expect(dead_code, reason = "the figures need less of it than the tests of names")]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
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

use super::{peak, report};

const POLICIES: u32 = 1_000;
const HOSTS_EACH: u32 = 10;
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
        let number = question.name.trim_start_matches('h').split('.').next();
        let number = number.and_then(|number| number.parse().ok()).unwrap_or_default();
        Reply::Addresses(vec![address(number), address(number + 1)])
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

fn host(number: u32) -> HostName {
    HostName::try_from(format!("h{number}.example.com")).unwrap()
}

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0b00_0000 + number * 7).into()
}

fn answers(number: u32) -> Resolution {
    let vantage = Vantage { class: VantageClass::Cluster, server: "10.0.0.7:53".into() };
    let outcome = |(family, answer)| Outcome { vantage: vantage.clone(), family, answer };
    let both = DnsAnswer::Records(vec![address(number), address(number + 1)]);
    let outcomes = [(Family::V4, both), (Family::V6, DnsAnswer::NoData)].map(outcome);
    Resolution { host: host(number), outcomes: outcomes.into(), rotates: false }
}

/// Builds a policy as it is read, whose hosts have one address each.
fn live(policy: u32) -> Value {
    let entry = |number| {
        let host = Host::Name(host(number));
        let mut entry = Entry::new(&host);
        entry.vantage = Some(VantageClass::Cluster);
        entry.ips = BTreeMap::from([(address(number), None)]);
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
