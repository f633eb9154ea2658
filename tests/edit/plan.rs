//! What becomes of a policy that somebody else changed, or that cannot hold what is new.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use netpol::edit::host::{Host, HostName};
use netpol::edit::lead::Lead;
use netpol::edit::merge::Status;
use netpol::edit::object::{self, Pods};
use netpol::edit::outcome::{DnsAnswer, Outcome, Resolution, Vantage, VantageClass};
use netpol::edit::plan::{Learnt, Planned, open_hosts, refresh, remembered};
use netpol::edit::record::{ANNOTATION, Entry, Key, Minute, Record};
use netpol::edit::special::Refusal;
use netpol::model::ips::{Family, IpSet};
use netpol::model::ports::ProtocolPort;
use netpol::model::selector::Selector;
use netpol::model::special::AddressClass;
use serde_json::{Value, json};

const NOW: Minute = Minute(29_000_000);

fn name(text: &str) -> HostName {
    text.to_owned().try_into().unwrap()
}

fn key(text: &str) -> Key {
    Key { host: Host::Name(name(text)), ports: [ProtocolPort::tcp(443)].into() }
}

/// Distinct addresses, of which no two are neighbours.
fn ips(start: u32, count: u32) -> Vec<IpAddr> {
    let ip = |number| Ipv6Addr::from_bits((0x2a00_1234_5678_9abc << 64) + (u128::from(number) << 33));
    (start..start + count).map(|number| ip(number).into()).collect()
}

fn live(hosts: &[(&str, Vec<IpAddr>)]) -> Value {
    let entry = |(host, ips): &(&str, Vec<IpAddr>)| {
        let mut entry = Entry::new(&key(host).host);
        (entry.vantage, entry.ok) = (Some(VantageClass::Cluster), Some(NOW));
        entry.ips = ips.iter().map(|ip| (*ip, None)).collect();
        (key(host), entry)
    };
    let record = Record { entries: hosts.iter().map(entry).collect() };
    let pods = Pods { namespace: "shop".into(), workload: None, selector: Selector::default() };
    json!(object::dedicated(&pods, "ours", &record, &[]).unwrap().unwrap())
}

fn learnt(hosts: &[(&str, Vec<IpAddr>)]) -> Learnt {
    let resolution = |(host, ips): &(&str, Vec<IpAddr>)| {
        let vantage = Vantage { class: VantageClass::Cluster, server: "10.0.0.1:53".into() };
        let answer = DnsAnswer::Records(ips.clone());
        let outcomes = vec![Outcome { vantage, family: Family::V6, answer }];
        (name(host), Resolution { host: name(host), outcomes, rotates: false })
    };
    let resolutions: BTreeMap<_, _> = hosts.iter().map(resolution).collect();
    Learnt { resolutions, now: NOW, ..Learnt::default() }
}

fn rules(policy: &mut Value) -> &mut Vec<Value> {
    policy["spec"]["egress"].as_array_mut().unwrap()
}

/// Refreshes and returns what would be there then; the same again changes nothing.
fn refreshed(live: &Value, learnt: &Learnt) -> (Planned, Value) {
    let planned = refresh(live, learnt).unwrap();
    let object = planned.object.as_ref().map_or_else(|| live.clone(), |object| object.object().clone());
    assert!(refresh(&object, learnt).unwrap().object.is_none(), "and once only");
    (planned, object)
}

#[test]
fn what_a_hand_took_away_stays_away_and_is_told() {
    let hosts = [("a.test", ips(0, 2)), ("b.test", ips(8, 2))];
    let mut live = live(&hosts);
    assert!(refresh(&live, &learnt(&hosts)).unwrap().object.is_none());
    let by_hand = json!({ "to": [{ "ipBlock": { "cidr": "8.8.8.8/32" } }] });
    rules(&mut live).remove(0);
    rules(&mut live).push(by_hand);
    rules(&mut live)[0]["to"].as_array_mut().unwrap().remove(0);
    let left = live["spec"].clone();
    let (planned, object) = refreshed(&live, &learnt(&hosts));
    assert_eq!(object["spec"], left);
    assert_eq!(planned.changes[&key("a.test")].status, Status::Closed);
    assert_eq!(planned.changes[&key("a.test")].closed, ips(0, 2).into_iter().collect());
    assert_eq!(planned.changes[&key("b.test")].closed, ips(8, 1).into_iter().collect());
    // What is new of a host whose rule is there comes, and what is new of the other does not.
    let more = [("a.test", ips(0, 3)), ("b.test", ips(8, 3))];
    let (planned, object) = refreshed(&object, &learnt(&more));
    assert_eq!(planned.changes[&key("b.test")].added, ips(10, 1).into_iter().collect());
    assert_eq!(object["spec"]["egress"][0]["to"].as_array().unwrap().len(), 2);
    assert_eq!(object["spec"]["egress"].as_array().unwrap().len(), 2);
    // Who puts it back by hand has opened it again.
    let mut back = object;
    let peer = json!({ "ipBlock": { "cidr": format!("{}/128", ips(8, 1)[0]) } });
    back["spec"]["egress"][0]["to"].as_array_mut().unwrap().push(peer);
    let (planned, _) = refreshed(&back, &learnt(&more));
    assert_eq!(planned.changes[&key("b.test")].closed, BTreeSet::new());
}

#[test]
fn what_a_hand_put_into_a_rule_of_ours_stays_in_it() {
    let mut live = live(&[("a.test", ips(0, 2))]);
    let theirs = [
        json!({ "ipBlock": { "cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"] } }),
        json!({ "podSelector": {} }),
        json!({ "ipBlock": { "cidr": "169.254.169.254/32" } }),
    ];
    live["spec"]["egress"][0]["to"].as_array_mut().unwrap().extend(theirs.clone());
    let (_, object) = refreshed(&live, &learnt(&[("a.test", ips(1, 2))]));
    let to = object["spec"]["egress"][0]["to"].as_array().unwrap();
    assert_eq!(to.len(), 6);
    assert!(theirs.iter().all(|peer| to.contains(peer)), "{to:#?}");
    assert_eq!(object["spec"]["egress"].as_array().unwrap().len(), 1);
}

#[test]
fn what_a_record_says_and_its_policy_does_not_open_is_not_opened() {
    let planted = |host: &str, ips: &[&str], allow: &[AddressClass]| {
        let host = Host::parse(host).unwrap();
        let mut entry = Entry::new(&host);
        entry.ips = ips.iter().map(|ip| (ip.parse().unwrap(), None)).collect();
        entry.allow = allow.iter().copied().collect();
        (Key { host, ports: [ProtocolPort::tcp(443)].into() }, entry)
    };
    let metadata = "169.254.169.254";
    for (own, entry) in [
        planted(metadata, &[metadata], &[AddressClass::Metadata]),
        planted("10.1.2.3", &["10.1.2.3"], &[]),
        planted("8.8.8.8", &["8.8.8.8"], &[]),
        planted("evil.test", &["8.8.8.8"], &[]),
        planted("evil.test", &[], &[AddressClass::Metadata]),
    ] {
        let mut live = live(&[("a.test", ips(0, 1))]);
        let mut record = remembered(&live).unwrap().unwrap();
        record.entries.insert(own.clone(), entry);
        live["metadata"]["annotations"][ANNOTATION] = record.write().unwrap().into();
        let all = [("a.test", ips(0, 1)), ("evil.test", vec![metadata.parse().unwrap()])];
        let mut learnt = learnt(&all);
        learnt.options.consent = [AddressClass::Metadata, AddressClass::Private].into();
        let (planned, object) = refreshed(&live, &learnt);
        assert_eq!(planned.changes[&own].status, Status::Closed, "{own:?}");
        assert_eq!(object["spec"], live["spec"], "{own:?}");
        assert!(!open_hosts(&live).entries.contains_key(&own), "nobody is asked for it");
    }
}

#[test]
fn a_consent_of_a_record_counts_for_new_addresses_only_where_the_run_consents_too() {
    let mut live = live(&[("a.test", ips(0, 1))]);
    let mut record = remembered(&live).unwrap().unwrap();
    record.entries.values_mut().for_each(|entry| entry.allow = [AddressClass::Private].into());
    live["metadata"]["annotations"][ANNOTATION] = record.write().unwrap().into();
    let private: IpAddr = "fd00::7".parse().unwrap();
    let mut learnt = learnt(&[("a.test", [ips(0, 1), vec![private]].concat())]);
    let (planned, object) = refreshed(&live, &learnt);
    let refused = Refusal::Unconfirmed(AddressClass::Private);
    assert_eq!(planned.changes[&key("a.test")].refused, BTreeMap::from([(private, refused)]));
    assert_eq!(object["spec"], live["spec"]);
    learnt.options.consent = [AddressClass::Private].into();
    let (planned, object) = refreshed(&live, &learnt);
    assert_eq!(planned.changes[&key("a.test")].added, [private].into());
    // What is open stays so, whoever refreshes it later.
    learnt.options.consent.clear();
    let (planned, _) = refreshed(&object, &learnt);
    assert_eq!(planned.changes[&key("a.test")].kept.len(), 2);
}

#[test]
fn a_host_for_which_there_is_no_room_stops_no_other() {
    let old = [
        ("a.test", ips(0, 240)),
        ("b.test", ips(1000, 240)),
        ("c.test", ips(2000, 240)),
        ("d.test", ips(3000, 240)),
        ("hostile.test", ips(4000, 1)),
    ];
    let mut new = old.clone();
    new[0].1.extend(ips(900, 1));
    new[4].1.extend(ips(4001, 200));
    let planned = refresh(&live(&old), &learnt(&new)).unwrap();
    assert_eq!(planned.changes[&key("hostile.test")].status, Status::NoRoom);
    assert_eq!(planned.changes[&key("a.test")].added.len(), 1);
    let record = remembered(planned.object.unwrap().object()).unwrap().unwrap();
    assert_eq!(record.entries[&key("a.test")].ips.len(), 241);
    assert_eq!(record.entries[&key("hostile.test")].ips.len(), 1);
}

/// A name whose SRV records tell of hosts, one of which is remembered at two ports.
#[test]
fn what_a_hand_closed_does_not_come_back_by_srv_records() {
    const SRV: &str = "_mongodb._tcp.example.com";
    let [one, other] = [0, 1].map(|number| ips(number, 1)[0]);
    let both = Key {
        host: Host::Name(name("db.example.com")),
        ports: [ProtocolPort::tcp(27017), ProtocolPort::tcp(27018)].into(),
    };
    let entry = |key: &Key, ips: &[IpAddr]| {
        let mut entry = Entry { srv: Some(name(SRV)), ..Entry::new(&key.host) };
        (entry.vantage, entry.ok) = (Some(VantageClass::Cluster), Some(NOW));
        entry.ips = ips.iter().map(|ip| (*ip, None)).collect();
        (key.clone(), entry)
    };
    let record =
        Record { entries: [entry(&both, &[one, other]), entry(&key("a.example.com"), &[one])].into() };
    let pods = Pods { namespace: "shop".into(), workload: None, selector: Selector::default() };
    let live = json!(object::dedicated(&pods, "ours", &record, &[]).unwrap().unwrap());
    let mut learnt = learnt(&[("a.example.com", vec![one]), ("db.example.com", vec![one, other])]);
    let told = [27017, 27018, 27019].map(|port| (name("db.example.com"), port));
    learnt.services = [(name(SRV), told.into())].into();
    let opened = |mut live: Value, change: &dyn Fn(&mut Vec<Value>)| {
        change(rules(&mut live));
        let (_, mut object) = refreshed(&live, &learnt);
        let ports = |rule: &Value| rule["ports"][0]["port"].as_u64().unwrap();
        let peers = |rule: &Value| rule["to"].as_array().unwrap().len();
        rules(&mut object).iter().map(|rule| (ports(rule), peers(rule))).collect::<BTreeSet<_>>()
    };
    // Only the port that is new comes.
    assert_eq!(opened(live.clone(), &|_| {}), [(443, 1), (27017, 2), (27019, 2)].into());
    let whole = |rules: &mut Vec<Value>| rules.retain(|rule| rule["ports"][0]["port"] == 443);
    assert_eq!(opened(live.clone(), &whole), [(443, 1)].into(), "nor at another port");
    let one_of_two = |rules: &mut Vec<Value>| {
        let rule = rules.iter_mut().find(|rule| rule["ports"][0]["port"] == 27017).unwrap();
        rule["to"].as_array_mut().unwrap().pop();
    };
    assert_eq!(opened(live, &one_of_two), [(443, 1), (27017, 1), (27019, 1)].into());
}

/// A policy that remembers a Service without pods, as it was allowed at its port 443.
fn of_service(host: &str, target: u16, ips: &[&str]) -> Value {
    let host = Host::parse(host).unwrap();
    let mut entry = Entry::new(&host);
    (entry.service, entry.vantage, entry.ok) =
        (Some(ProtocolPort::tcp(443)), Some(VantageClass::Cluster), Some(NOW));
    entry.allow = [AddressClass::Private].into();
    entry.ips = ips.iter().map(|ip| (ip.parse().unwrap(), None)).collect();
    let record =
        Record { entries: [(Key { host, ports: [ProtocolPort::tcp(target)].into() }, entry)].into() };
    let pods = Pods { namespace: "shop".into(), workload: None, selector: Selector::default() };
    json!(object::dedicated(&pods, "ours", &record, &[]).unwrap().unwrap())
}

fn leads(host: &str, lead: Lead, later: u64) -> Learnt {
    let leads = [((name(host), ProtocolPort::tcp(443)), lead)].into();
    Learnt { leads, now: NOW.after(later), ..Learnt::default() }
}

fn at(port: u16, ips: &[&str]) -> Lead {
    Lead::Addresses([(port, ips.iter().map(|ip| ip.parse().unwrap()).collect())].into())
}

#[test]
fn a_service_is_followed_to_the_addresses_of_its_slices() {
    let host = "legacy.shop.svc";
    let mut live = of_service(host, 992, &["8.8.8.8"]);
    let mut last = None;
    for day in 1..=3 {
        let (planned, object) = refreshed(&live, &leads(host, at(992, &["9.9.9.9"]), day * 1440));
        (live, last) = (object, Some(planned));
    }
    let change = last.unwrap().changes.into_values().next().unwrap();
    assert_eq!(change.removed, ["8.8.8.8".parse().unwrap()].into());
    assert_eq!(live["spec"]["egress"][0]["to"], json!([{ "ipBlock": { "cidr": "9.9.9.9/32" } }]));
    // What cannot be read, or is not there any more, takes nothing away.
    for lead in [Lead::Unknown("forbidden".into()), Lead::Gone] {
        let (planned, object) = refreshed(&live, &leads(host, lead, 99 * 1440));
        assert!(planned.changes.values().all(|change| change.status.is_unresolved()));
        assert_eq!(object["spec"], live["spec"]);
    }
    // It sends to another port by now.
    let (_, object) = refreshed(&live, &leads(host, at(993, &["9.9.9.9"]), 5 * 1440));
    let ports = |rule: &Value| rule["ports"][0]["port"].as_u64().unwrap();
    let rules = object["spec"]["egress"].as_array().unwrap();
    assert_eq!(rules.iter().map(ports).collect::<Vec<_>>(), [992, 993]);
}

#[test]
fn a_name_that_a_service_stands_for_is_followed() {
    let host = "mail.shop.svc";
    let live = of_service(host, 443, &["8.8.8.8"]);
    let mut learnt = leads(host, Lead::Name(name("mx.test")), 15);
    learnt.resolutions = self::learnt(&[("mx.test", ips(0, 1))]).resolutions;
    let (planned, _) = refreshed(&live, &learnt);
    assert_eq!(planned.changes.values().next().unwrap().added, ips(0, 1).into_iter().collect());
}

#[test]
fn the_api_server_is_where_the_cluster_says_and_other_services_need_consent() {
    let node = "10.0.0.5";
    let set = |ips: &[&str]| ips.iter().map(|ip| ip.parse::<IpAddr>().unwrap()).collect::<IpSet>();
    let learnt = |host: &str, ip: &str| {
        let mut learnt = leads(host, at(6443, &["8.8.8.8", ip]), 15);
        (learnt.options.own, learnt.options.nodes) = (set(&[node, "10.1.0.9"]), set(&[node]));
        learnt
    };
    let added = |host: &str, ip: &str| {
        let (planned, _) = refreshed(&of_service(host, 6443, &["8.8.8.8"]), &learnt(host, ip));
        let change = planned.changes.into_values().next().unwrap();
        (change.added.len(), change.refused.into_values().next())
    };
    assert_eq!(added("kubernetes.default.svc", node), (1, None));
    assert_eq!(added("kubernetes.default.svc", "10.1.0.9"), (0, Some(Refusal::Cluster)));
    let metadata = Refusal::Special(AddressClass::Metadata);
    assert_eq!(added("kubernetes.default.svc", "169.254.169.254"), (0, Some(metadata)));
    assert_eq!(added("legacy.shop.svc", node), (0, Some(Refusal::Cluster)));
    let unconfirmed = Refusal::Unconfirmed(AddressClass::Private);
    assert_eq!(added("legacy.shop.svc", "10.0.0.6"), (0, Some(unconfirmed)));
}

/// Many hosts that grow by as much: as many as there is room for, and no fewer.
#[test]
fn of_many_hosts_that_grow_no_more_are_left_than_have_no_room() {
    let hosts: Vec<String> = (0..300).map(|number| format!("h{number}.example.com")).collect();
    let named = |count: u32| -> Vec<(&str, Vec<IpAddr>)> {
        hosts.iter().zip(0..).map(|(host, number)| (&**host, ips(number * 200, count))).collect()
    };
    let live = live(&named(1));
    // A policy holds 1,000 addresses: three hosts grow by 199.
    for (count, left) in [(2, 0), (200, 297)] {
        let (planned, _) = refreshed(&live, &learnt(&named(count)));
        let no_room = planned.changes.values().filter(|own| own.status == Status::NoRoom);
        assert_eq!(no_room.count(), left);
    }
}
