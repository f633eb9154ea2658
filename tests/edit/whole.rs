//! A model of the whole: policies with their records, name servers, writers, a clock, and a tenant of another
//! namespace who does what he may. Whatever comes after what, four laws hold.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol::edit::guard::Checked;
use netpol::edit::host::{Host, HostName};
use netpol::edit::lead;
use netpol::edit::merge::{Options, Prune};
use netpol::edit::object::Pods;
use netpol::edit::outcome::{DnsAnswer, Outcome, Resolution, Vantage, VantageClass};
use netpol::edit::plan::{self, Hosts, Learnt, Unwanted, WantedPolicy, Whose};
use netpol::edit::record::{ANNOTATION, Entry, Key, Minute, Record};
use netpol::edit::standing::{Openings, egress};
use netpol::files::manifests::{self, ReadOptions};
use netpol::model::ips::{Family, IpSet};
use netpol::model::ports::ProtocolPort;
use netpol::model::selector::Selector;
use netpol::model::snapshot::Snapshot;
use netpol::model::special::AddressClass;
use netpol::world::addresses;
use proptest::collection::{btree_set, vec};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError};
use serde_json::{Value, json};

/// The hosts of the shop, each at a port of its own.
const HOSTS: [(&str, u16); 3] =
    [("a.example.com", 443), ("b.example.com", 8443), ("_m._tcp.shop.example.com", 27017)];
/// A name of the tenant, whose name server says what he wants.
const EVIL: &str = "h.evil.example";
const EVIL_SRV: &str = "_m._tcp.evil.example";
/// What the hosts of the shop may have, and what a tenant would like to have opened.
const PUBLIC: [&str; 6] = ["8.8.8.1", "8.8.8.3", "8.8.8.5", "8.8.8.7", "2a00::1", "2a00::3"];
const WANTED: [&str; 7] =
    ["8.8.8.1", "9.9.9.9", "10.1.0.7", "10.96.0.1", "169.254.169.254", "192.168.0.9", "fd00::1"];

#[derive(Clone, Debug)]
enum Act {
    Wait(u64),
    /// A host of the shop moves.
    Move(usize, BTreeSet<usize>),
    /// Which of the two name servers fail.
    Fail([bool; 2]),
    Refresh(Prune),
    /// Somebody opens a host for the shop, or takes it back.
    Allow(usize),
    Disallow(usize),
    /// Somebody takes a block out of the policy of the shop by hand, or puts one in.
    Take(usize),
    Put(usize),
    Tenant(Deed),
}

/// What the tenant may do in his namespace, and with his names.
#[derive(Clone, Debug)]
enum Deed {
    /// His record says this of his host, and consents to what is private.
    Plant(BTreeSet<usize>),
    /// His policy opens what he wants.
    Open(usize),
    /// His name servers tell these addresses.
    Answer(BTreeSet<usize>),
    /// The SRV records of his name tell of a host of the shop at a port.
    Srv(usize, u16),
    /// He makes a Service.
    Service(usize, usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let some = |count| btree_set(0..count, 0..4_usize);
    let deed = prop_oneof![
        some(WANTED.len()).prop_map(Deed::Plant),
        (0..WANTED.len()).prop_map(Deed::Open),
        some(WANTED.len()).prop_map(Deed::Answer),
        (0..HOSTS.len(), select(vec![22_u16, 443, 8443])).prop_map(|(host, port)| Deed::Srv(host, port)),
        (0..SERVICES.len(), 0..WANTED.len()).prop_map(|(kind, ip)| Deed::Service(kind, ip)),
    ];
    let act = prop_oneof![
        3 => select(vec![1_u64, 15, 600, 1440, 5000]).prop_map(Act::Wait),
        2 => (0..HOSTS.len(), btree_set(0..PUBLIC.len(), 1..4)).prop_map(|(host, ips)| Act::Move(host, ips)),
        2 => any::<[bool; 2]>().prop_map(Act::Fail),
        5 => prop_oneof![3 => Just(Prune::AfterGrace), 1 => Just(Prune::Now)].prop_map(Act::Refresh),
        3 => (0..HOSTS.len()).prop_map(Act::Allow),
        1 => (0..HOSTS.len()).prop_map(Act::Disallow),
        1 => (0..PUBLIC.len()).prop_map(Act::Take),
        1 => (0..PUBLIC.len()).prop_map(Act::Put),
        4 => deed.prop_map(Act::Tenant),
    ];
    vec(act, 4..24)
}

/// Services that a tenant may make, with an address that he would like to be taken for the cluster's own.
const SERVICES: [&str; 5] = [
    "{type: ClusterIP, externalIPs: [IP], ports: [{port: 443}]}",
    "{type: LoadBalancer, loadBalancerIP: IP, ports: [{port: 443}]}",
    "{type: ExternalName, externalName: a.example.com}",
    "{clusterIP: None, selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP}]}",
    "{clusterIP: 10.96.3.3, clusterIPs: [10.96.3.3], ports: [{port: 443}]}",
];

/// What is there beside policies: a pod and the Services of those who run the cluster, and the tenant's.
fn snapshot(services: &BTreeMap<usize, usize>) -> Snapshot {
    let mut all = "{apiVersion: v1, kind: Namespace, metadata: {name: evil}}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {name: pg, namespace: db}\n\
         spec: {containers: [{name: main, image: x}]}\nstatus: {podIP: 10.1.0.7, phase: Running}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {name: kubernetes, namespace: default}\n\
         spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1], ports: [{port: 443}]}\n"
        .to_owned();
    for (kind, ip) in services {
        let spec =
            SERVICES[*kind].replace("externalIPs: [IP]", &format!("externalIPs: ['{}']", WANTED[*ip]));
        let spec = spec.replace("loadBalancerIP: IP", &format!("loadBalancerIP: '{}'", WANTED[*ip]));
        all += &format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{kind}, namespace: evil}}\nspec: {spec}\n\
             ---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n\
             metadata: {{name: s{kind}, namespace: evil, labels: {{kubernetes.io/service-name: s{kind}}}}}\n\
             endpoints: [{{addresses: ['{}']}}]\nports: [{{port: 443, protocol: TCP}}]\n",
            WANTED[*ip]
        );
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), all).unwrap();
    let options = ReadOptions::of("default");
    manifests::read(&[file.path().to_string_lossy().into_owned()], options).unwrap().assemble()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn name(text: &str) -> HostName {
    text.to_owned().try_into().unwrap()
}

fn key(host: &str, port: u16) -> Key {
    Key { host: Host::Name(name(host)), ports: [ProtocolPort::tcp(port)].into() }
}

fn key_of(host: usize) -> Key {
    key(HOSTS[host].0, HOSTS[host].1)
}

/// The policies of an API server, of which a write of another version than the present one is refused.
#[derive(Clone, Debug, Default)]
struct Store {
    policies: BTreeMap<&'static str, Value>,
    version: u64,
}

impl Store {
    fn get(&self, namespace: &str) -> Option<&Value> {
        self.policies.get(namespace)
    }

    /// Applies an object as the server does; tells whether it was still as it was read.
    fn apply(&mut self, namespace: &'static str, object: Checked) -> bool {
        let mut object = object.into_object();
        let live = self.policies.get(namespace);
        let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
        if version(&object) != live.map_or(Value::Null, version) {
            return false;
        }
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        object["metadata"]["uid"] = json!(namespace);
        self.policies.insert(namespace, object);
        true
    }

    /// Changes a policy as whoever may edit it does.
    fn edit(&mut self, namespace: &str, change: impl FnOnce(&mut Value)) {
        let Some(live) = self.policies.get_mut(namespace) else { return };
        change(live);
        self.version += 1;
        live["metadata"]["resourceVersion"] = json!(self.version.to_string());
    }
}

struct World {
    now: u64,
    store: Store,
    snapshot: Snapshot,
    services: BTreeMap<usize, usize>,
    /// Where the hosts of the shop are, which its pods are connected to.
    homes: [BTreeSet<IpAddr>; HOSTS.len()],
    failing: [bool; 2],
    answers: BTreeSet<IpAddr>,
    srv: BTreeSet<(HostName, u16)>,
}

impl World {
    fn new() -> Self {
        let homes = [0, 1, 2].map(|host| BTreeSet::from([ip(PUBLIC[host])]));
        let services = BTreeMap::new();
        let mut world = Self {
            now: 29_000_000,
            store: Store::default(),
            snapshot: snapshot(&services),
            services,
            homes,
            failing: [false; 2],
            answers: [ip("8.8.9.9")].into(),
            srv: BTreeSet::new(),
        };
        let entry = |host: &Key| Entry { srv: Some(name(EVIL_SRV)), ..Entry::new(&host.host) };
        let evil = key(EVIL, 443);
        let wanted = wanted("evil", [(evil.clone(), entry(&evil))].into());
        world.write("evil", &wanted, Prune::AfterGrace);
        world
    }

    /// Returns what is learnt of some records in one run.
    fn learnt(&self, records: &[Record], prune: Prune) -> Learnt {
        let mut learnt = Learnt { now: Minute(self.now), ..Learnt::default() };
        learnt.options = Options {
            prune,
            own: addresses::of_cluster(&self.snapshot),
            nodes: addresses::of_nodes(&self.snapshot),
            ..Options::default()
        };
        learnt.leads = lead::leads(&self.snapshot, records);
        if records.iter().any(|record| plan::services(record).contains(&name(EVIL_SRV))) {
            learnt.services = [(name(EVIL_SRV), self.srv.clone())].into();
        }
        let own = HOSTS.iter().zip(&self.homes).map(|((host, _), home)| (*host, home));
        // Nobody is asked for a name that no record has, or is told by SRV records.
        let asked: BTreeSet<HostName> = records.iter().flat_map(plan::names).collect();
        let told = learnt.services.values().flatten().map(|(host, _)| host.clone());
        let asked: BTreeSet<HostName> = asked.into_iter().chain(told).collect();
        let all = own.chain([(EVIL, &self.answers)]);
        for (host, ips) in all.filter(|(host, _)| asked.contains(&name(host))) {
            learnt.resolutions.insert(name(host), self.resolution(host, ips));
        }
        learnt
    }

    fn resolution(&self, host: &str, ips: &BTreeSet<IpAddr>) -> Resolution {
        let is_failing = |server: usize| self.failing[server] && host != EVIL;
        let answer = |server, family| match is_failing(server) {
            true => DnsAnswer::Failure("SERVFAIL".into()),
            false => {
                DnsAnswer::Records(ips.iter().copied().filter(|ip| Family::of(*ip) == family).collect())
            }
        };
        let outcomes = [0, 1].into_iter().flat_map(|server| {
            let vantage =
                Vantage { class: VantageClass::Cluster, server: format!("10.0.0.{server}:53").into() };
            Family::ALL.map(|family| Outcome {
                vantage: vantage.clone(),
                family,
                answer: answer(server, family),
            })
        });
        Resolution { host: name(host), outcomes: outcomes.collect(), rotates: false }
    }

    /// Writes what is wanted, as far as it is resolved and may be opened; tells whether it was.
    fn write(&mut self, namespace: &'static str, wanted: &WantedPolicy, prune: Prune) -> bool {
        let records = match wanted {
            WantedPolicy::Hosts(hosts) => vec![hosts.record()],
            _ => Vec::new(),
        };
        let learnt = self.learnt(&records, prune);
        let Ok(planned) = wanted.plan(self.store.get(namespace), &learnt) else { return false };
        let fails = planned.changes.values().any(|own| own.is_refused() || own.status.is_unresolved());
        planned.object.filter(|_| !fails).is_some_and(|object| self.store.apply(namespace, object))
    }

    fn refresh(&mut self, prune: Prune) {
        let records: Vec<Record> = self.store.policies.values().map(plan::open_hosts).collect();
        let learnt = self.learnt(&records, prune);
        for namespace in ["evil", "shop"] {
            let Some(live) = self.store.get(namespace) else { continue };
            // What a tenant damaged stays as it is.
            let planned = plan::refresh(live, &learnt).ok().and_then(|planned| planned.object);
            if let Some(object) = planned {
                assert!(self.store.apply(namespace, object));
            }
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Wait(minutes) => self.now += minutes,
            Act::Move(host, ips) => {
                self.homes[*host] = ips.iter().map(|number| ip(PUBLIC[*number])).collect();
            }
            Act::Fail(failing) => self.failing = *failing,
            Act::Refresh(prune) => self.refresh(*prune),
            Act::Allow(host) => drop(self.write("shop", &allow(*host), Prune::AfterGrace)),
            Act::Disallow(host) => drop(self.write("shop", &disallow(*host), Prune::AfterGrace)),
            Act::Take(number) => self.store.edit("shop", |live| {
                let block = block(PUBLIC[*number]);
                for rule in live["spec"]["egress"].as_array_mut().unwrap() {
                    rule["to"].as_array_mut().unwrap().retain(|peer| *peer != block);
                }
                let rules = live["spec"]["egress"].as_array_mut().unwrap();
                // A rule without peers would open every destination.
                rules.retain(|rule| rule["to"] != json!([]));
            }),
            Act::Put(number) => self.store.edit("shop", |live| {
                if let Some(rule) = live["spec"]["egress"].as_array_mut().unwrap().first_mut() {
                    rule["to"].as_array_mut().unwrap().push(block(PUBLIC[*number]));
                }
            }),
            Act::Tenant(deed) => self.deed(deed),
        }
    }

    fn deed(&mut self, deed: &Deed) {
        let wanted = |numbers: &BTreeSet<usize>| numbers.iter().map(|own| ip(WANTED[*own])).collect();
        match deed {
            Deed::Plant(ips) => {
                let ips: BTreeSet<IpAddr> = wanted(ips);
                let host = key(EVIL, 443);
                let mut entry = Entry { srv: Some(name(EVIL_SRV)), ..Entry::new(&host.host) };
                entry.allow = [AddressClass::Private, AddressClass::Metadata].into();
                entry.ips = ips.into_iter().map(|ip| (ip, None)).collect();
                let record = Record { entries: [(host, entry)].into() }.write().unwrap();
                self.store
                    .edit("evil", |live| live["metadata"]["annotations"][ANNOTATION] = json!(record));
            }
            Deed::Open(number) => self.store.edit("evil", |live| {
                let rule = json!({ "to": [block(WANTED[*number])],
                    "ports": [{ "protocol": "TCP", "port": 443 }] });
                live["spec"]["egress"].as_array_mut().unwrap().push(rule);
            }),
            Deed::Answer(ips) => self.answers = wanted(ips),
            Deed::Srv(host, port) => drop(self.srv.insert((name(HOSTS[*host].0), *port))),
            Deed::Service(kind, ip) => {
                self.services.insert(*kind, *ip);
                self.snapshot = snapshot(&self.services);
            }
        }
    }

    /// Returns what the policy of the shop opens at the port of a host.
    fn opened(&self, host: usize) -> IpSet {
        let rules = self.store.get("shop").map(egress).unwrap_or_default();
        Openings::of(rules).at(&key_of(host).ports)
    }
}

fn block(ip: &str) -> Value {
    json!({ "ipBlock": { "cidr": format!("{ip}/{}", if ip.contains(':') { 128 } else { 32 }) } })
}

fn wanted(namespace: &str, hosts: BTreeMap<Key, Entry>) -> WantedPolicy {
    let pods = Pods { namespace: namespace.into(), workload: None, selector: Selector::default() };
    let policy = "netpol-ep".to_owned();
    WantedPolicy::Hosts(Hosts { pods, policy, whose: Whose::Ours, hosts, rules: Vec::new() })
}

fn allow(host: usize) -> WantedPolicy {
    let key = key_of(host);
    let entry = Entry::new(&key.host);
    wanted("shop", [(key, entry)].into())
}

fn disallow(host: usize) -> WantedPolicy {
    let policy = "netpol-ep".to_owned();
    WantedPolicy::Without(Unwanted { namespace: "shop".into(), policy, keys: [key_of(host)].into() })
}

fn config() -> Config {
    Config { failure_persistence: None, cases: 64, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_a_tenant_does_the_policies_of_others_are_the_same_without_him(acts in acts()) {
        let (mut with, mut without) = (World::new(), World::new());
        for act in &acts {
            with.act(act);
            if !matches!(act, Act::Tenant(_)) {
                without.act(act);
            }
            let shop = |world: &World| {
                let live = world.store.get("shop")?;
                Some((live["spec"].clone(), live["metadata"]["annotations"].clone()))
            };
            prop_assert_eq!(shop(&with), shop(&without), "{:?}", act);
        }
    }

    #[test]
    fn whatever_fails_no_address_in_use_leaves_and_what_a_hand_closed_stays_closed(acts in acts()) {
        let mut world = World::new();
        let mut closed: [BTreeSet<IpAddr>; HOSTS.len()] = Default::default();
        for act in &acts {
            let before = [0, 1, 2].map(|host| world.opened(host));
            world.act(act);
            for host in 0..HOSTS.len() {
                let after = world.opened(host);
                let stays = |ip: &&IpAddr| before[host].contains(**ip);
                match act {
                    Act::Refresh(_) => {
                        let lost: Vec<_> = world.homes[host].iter().filter(stays)
                            .filter(|ip| !after.contains(**ip)).collect();
                        prop_assert!(lost.is_empty(), "{:?} lost {:?}", HOSTS[host], lost);
                        let back: Vec<_> = closed[host].iter().filter(|ip| after.contains(**ip)).collect();
                        prop_assert!(back.is_empty(), "{:?} came back: {:?}", HOSTS[host], back);
                    }
                    Act::Take(number) if before[host].contains(ip(PUBLIC[*number])) => {
                        closed[host].insert(ip(PUBLIC[*number]));
                    }
                    // Who allows a host anew, or puts an address back, opens it.
                    _ => closed[host].retain(|ip| !after.contains(*ip)),
                }
                if matches!(act, Act::Allow(own) | Act::Disallow(own) if *own == host) {
                    closed[host].clear();
                }
            }
        }
    }

    #[test]
    fn what_takes_a_host_back_restores_what_was_open_before(acts in acts(), host in 0..HOSTS.len()) {
        let mut world = World::new();
        acts.iter().for_each(|act| world.act(act));
        let knows = |world: &World| {
            let record = world.store.get("shop").and_then(|live| plan::remembered(live).ok()?);
            record.is_some_and(|record| record.entries.contains_key(&key_of(host)))
        };
        if knows(&world) {
            world.act(&Act::Disallow(host));
        }
        let before = [0, 1, 2].map(|host| world.opened(host));
        world.failing = [false; 2];
        prop_assert!(world.write("shop", &allow(host), Prune::AfterGrace) || knows(&world));
        prop_assert!(world.homes[host].iter().all(|ip| world.opened(host).contains(*ip)));
        world.act(&Act::Disallow(host));
        prop_assert_eq!([0, 1, 2].map(|host| world.opened(host)), before);
    }

    #[test]
    fn of_several_writers_none_loses_what_another_wrote(
        writers in vec(0..HOSTS.len(), 2..5),
        order in vec(any::<usize>(), 200),
    ) {
        none_is_lost(&writers, &order)?;
    }
}

/// Lets writers read, plan and write in any order; each plans anew where it comes too late.
fn none_is_lost(writers: &[usize], order: &[usize]) -> Result<(), TestCaseError> {
    let mut world = World::new();
    let mut read: Vec<Option<Option<Value>>> = vec![None; writers.len()];
    let (mut is_done, late) = (vec![false; writers.len()], Cell::new(0));
    for turn in order {
        let own = turn % writers.len();
        let host = writers[own];
        if is_done[own] {
            continue;
        }
        let Some(live) = read[own].take() else {
            read[own] = Some(world.store.get("shop").cloned());
            continue;
        };
        let WantedPolicy::Hosts(hosts) = allow(host) else { continue };
        let learnt = world.learnt(&[hosts.record()], Prune::AfterGrace);
        let planned = WantedPolicy::Hosts(hosts).plan(live.as_ref(), &learnt).unwrap();
        match planned.object {
            None => is_done[own] = true,
            Some(object) => is_done[own] = world.store.apply("shop", object),
        }
        late.set(late.get() + usize::from(!is_done[own]));
    }
    for (own, host) in writers.iter().enumerate().filter(|(own, _)| is_done[*own]) {
        let opened = world.opened(*host);
        prop_assert!(world.homes[*host].iter().all(|ip| opened.contains(*ip)), "writer {own} was lost");
    }
    prop_assert!(late.get() < order.len());
    Ok(())
}
