//! What becomes of a policy that somebody else changed, or that cannot hold what is new.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use netpol::edit::host::{Host, HostName};
use netpol::edit::merge::Status;
use netpol::edit::object::{self, Pods};
use netpol::edit::outcome::{DnsAnswer, Outcome, Resolution, Vantage, VantageClass};
use netpol::edit::plan::{Learnt, refresh, remembered};
use netpol::edit::record::{Entry, Key, Minute, Record};
use netpol::model::ips::Family;
use netpol::model::selector::Selector;
use serde_json::{Value, json};

const NOW: Minute = Minute(29_000_000);

fn name(text: &str) -> HostName {
    text.to_owned().try_into().unwrap()
}

fn key(text: &str) -> Key {
    Key { host: Host::Name(name(text)), ports: [443].into() }
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
        (name(host), Resolution { host: name(host), outcomes })
    };
    let resolutions: BTreeMap<_, _> = hosts.iter().map(resolution).collect();
    Learnt { resolutions, now: NOW, ..Learnt::default() }
}

#[test]
fn a_rule_that_was_taken_away_comes_back() {
    let hosts = [("a.test", ips(0, 2)), ("b.test", ips(8, 2))];
    let mut live = live(&hosts);
    let current = refresh(&live, &learnt(&hosts)).unwrap();
    assert!(current.object.is_none() && !current.restores);
    let rules = live["spec"]["egress"].as_array_mut().unwrap();
    let lost = rules.remove(0);
    let theirs = json!({ "to": [{ "ipBlock": { "cidr": "8.8.8.8/32" } }] });
    rules.push(theirs.clone());
    let kept = rules[0].clone();
    let planned = refresh(&live, &learnt(&hosts)).unwrap();
    assert!(planned.restores);
    let object = planned.object.unwrap().into_object();
    assert_eq!(object["spec"]["egress"], json!([kept, theirs, lost]));
    assert!(refresh(&object, &learnt(&hosts)).unwrap().object.is_none(), "and once only");
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
