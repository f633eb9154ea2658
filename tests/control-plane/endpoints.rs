//! Ten thousand remembered hosts: one run refreshes them all, without asking for all at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use libtest_mimic::Trial;
use netpol::cluster::apply::{Applied, ApplyManner, DryRun, Force, PolicyName, Writer};
use netpol::cluster::read::{ClusterError, ConnectOptions};
use netpol::edit::guard::{self, Plan};
use netpol::edit::host::{Host, HostName};
use netpol::edit::name::of_policy;
use netpol::edit::object::{Pods, dedicated};
use netpol::edit::outcome::VantageClass;
use netpol::edit::record::{Entry, Key, Minute, Record};
use netpol::model::ports::ProtocolPort;
use netpol::model::selector::Selector;
use serde_json::{Value, json};

use super::Shared;
use super::harness::ControlPlane;
use super::name_server::{NameServer, Reply};
use super::plugin::PLUGIN;
use super::process::{Output, run_watched};

/// Lists the trial of this file; the control plane is for it alone, as so many policies slow it down.
pub(crate) fn trials(alone: &Arc<Shared>) -> Vec<Trial> {
    vec![alone.trial("endpoints::ten_thousand_are_refreshed_by_one_bounded_run", ten_thousand)]
}

const NAMESPACE: &str = "endpoints";
const POLICIES: usize = 1000;
const HOSTS_EACH: usize = 10;
/// Hosts that may be asked for at once, each for two families.
const MOST_QUESTIONS: usize = 2 * 64;
const MOST_MEMORY: u64 = 150_000_000;

fn ten_thousand(plane: &ControlPlane) {
    plane.apply(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {NAMESPACE}}}}}"));
    remember(plane);
    let (under_way, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let server = NameServer::start(move |question, _| {
        let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
        seen.fetch_max(now, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(2));
        under_way.fetch_sub(1, Ordering::SeqCst);
        let number = question.name.trim_start_matches('h').split('.').next();
        let number = number.and_then(|number| number.parse().ok()).expect("a number");
        Reply::Addresses(vec![address(number), address(number + 1)])
    });

    let (output, memory) = refresh(plane, &server);
    let first = format!("{} hosts in {POLICIES} policies, ", POLICIES * HOSTS_EACH);
    let line = format!("{first}{} added\n", POLICIES * HOSTS_EACH);
    assert!(output.stdout.starts_with(&line), "{}", head(&output));
    assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{}", head(&output));
    let most = most.load(Ordering::SeqCst);
    assert!((16..=MOST_QUESTIONS).contains(&most), "{most} questions were under way at once");
    assert!(memory < MOST_MEMORY, "{} MB", memory / 1_000_000);

    let written = versions(plane);
    assert_eq!(written.len(), POLICIES);
    let (output, memory) = refresh(plane, &server);
    assert_eq!((&*output.stdout, output.code), (&*format!("{first}all current\n"), Some(0)));
    assert!(memory < MOST_MEMORY, "{} MB", memory / 1_000_000);
    assert!(versions(plane) == written, "a run that learns nothing writes nothing");
}

fn refresh(plane: &ControlPlane, server: &NameServer) -> (Output, u64) {
    let mut command = plane.command("admin", PLUGIN);
    command.args(["refresh-ips", "-n", NAMESPACE, "--resolver", &server.address.to_string()]);
    run_watched(command)
}

/// Returns the first lines of a long answer.
fn head(output: &Output) -> String {
    let lines: Vec<&str> = output.stderr.lines().chain(output.stdout.lines()).take(20).collect();
    lines.join("\n")
}

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0b00_0000 + number * 7).into()
}

/// Writes policies as `allow-endpoint` would, whose hosts have one address each.
fn remember(plane: &ControlPlane) {
    let options =
        ConnectOptions { kubeconfig: Some(plane.kubeconfig("admin")), ..ConnectOptions::default() };
    let writer = Writer::open(&options).expect("a writer");
    let planned = (0..POLICIES).map(|policy| {
        let numbers = policy * HOSTS_EACH..(policy + 1) * HOSTS_EACH;
        let record = Record { entries: numbers.map(entry).collect() };
        let pods = Pods { namespace: NAMESPACE.into(), workload: None, selector: Selector::default() };
        let name = of_policy("", record.entries.keys());
        let object = dedicated(&pods, &name, &record, &[]).expect("a record").expect("a policy");
        let checked = guard::check(&json!(object), Plan { record: Some(&record), ..Plan::default() });
        (PolicyName { namespace: NAMESPACE.to_owned(), name }, checked.expect("as planned"))
    });
    let planned: Vec<_> = planned.collect();
    let manner = ApplyManner { dry_run: DryRun::None, force: Force::No };
    let changes = planned.iter().map(|(name, object)| {
        let plan = |_: Option<&Value>| -> Result<_, ClusterError> { Ok(Some(object.clone())) };
        writer.change(name, manner, plan)
    });
    for applied in writer.run(join_all(changes)) {
        assert_eq!(applied.expect("applied"), Applied::Done { changed: true });
    }
}

fn entry(number: usize) -> (Key, Entry) {
    let host = HostName::try_from(format!("h{number}.example.test")).expect("a host name");
    let host = Host::Name(host);
    let mut entry = Entry::new(&host);
    entry.vantage = Some(VantageClass::Named);
    entry.ips = BTreeMap::from([(address(u32::try_from(number).expect("a small number")), None)]);
    entry.ok = Some(Minute(u64::MAX / 4));
    (Key { host, ports: BTreeSet::from([ProtocolPort::tcp(443)]) }, entry)
}

/// Returns the version of each policy, all of which open two addresses for each host.
fn versions(plane: &ControlPlane) -> BTreeMap<String, String> {
    let list = plane.get(&["--namespace", NAMESPACE, "networkpolicies"]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let version = |policy: &Value| {
        let rules = policy["spec"]["egress"].as_array().expect("rules");
        assert_eq!(rules.len(), HOSTS_EACH, "{policy}");
        assert!(rules.iter().all(|rule| rule["to"].as_array().expect("blocks").len() == 2), "{policy}");
        let metadata = &policy["metadata"];
        assert_eq!(metadata["labels"]["app.kubernetes.io/managed-by"], json!("kubectl-netpol"));
        (text(&metadata["name"]), text(&metadata["resourceVersion"]))
    };
    list["items"].as_array().expect("policies").iter().map(version).collect()
}
