//! Records and URLs as nobody would write them: each is read or refused, nothing of them is opened that was not,
//! and no error repeats what could be secret. How many were tried is told.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use netpol::edit::host::Host;
use netpol::edit::object::{Pods, dedicated};
use netpol::edit::outcome::{DnsAnswer, Outcome, Resolution, Vantage, VantageClass};
use netpol::edit::plan::{Learnt, refresh};
use netpol::edit::record::{ANNOTATION, Entry, Key, Minute, Record, RecordError, Streak};
use netpol::edit::standing::{Openings, egress};
use netpol::edit::url::parse;
use netpol::model::ips::{Family, IpSet};
use netpol::model::ports::ProtocolPort;
use netpol::model::selector::Selector;
use netpol::model::special::AddressClass;
use serde_json::{Value, json};

use super::rotation::Dice;

/// As many as there is time for, and no more than this.
const MOST: usize = 20_000;
const LONGEST: Duration = Duration::from_secs(8);

/// What is put between the characters of a text.
const PIECES: [&str; 24] = [
    "\"",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "-1",
    "0",
    "1e999",
    "18446744073709551616",
    "true",
    "\\u0000",
    "@",
    "/",
    "?",
    "#",
    "%00",
    "::",
    "..",
    "é",
    "\u{202e}",
    " ",
];

/// Changes a text at a few places: something is left out, put in, said twice, or taken from another.
fn mangled(dice: &mut Dice, text: &str, others: &[String]) -> String {
    let mut all: Vec<char> = text.chars().collect();
    for _ in 0..1 + dice.below(3) {
        let at = dice.below(all.len() + 1);
        let end = (at + dice.below(12)).min(all.len());
        let new: Vec<char> = match dice.below(4) {
            0 => Vec::new(),
            1 => PIECES[dice.below(PIECES.len())].chars().collect(),
            2 => [&all[at..end], &all[at..end]].concat(),
            _ => {
                let other: Vec<char> = others[dice.below(others.len())].chars().collect();
                let from = dice.below(other.len());
                other[from..(from + 12).min(other.len())].to_vec()
            }
        };
        all.splice(at..end, new);
    }
    all.into_iter().collect()
}

/// Tries texts while there is time, and tells how many ended in each way; this is not kept back, as what tests
/// print is.
fn fuzz(what: &str, seeds: &[String], mut ends: impl FnMut(&str) -> &'static str) {
    let (mut dice, begun) = (Dice(0x5eed), Instant::now());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..MOST {
        if begun.elapsed() > LONGEST {
            break;
        }
        let text = mangled(&mut dice, &seeds[number % seeds.len()], seeds);
        *counts.entry(ends(&text)).or_default() += 1;
    }
    let tried: usize = counts.values().sum();
    let _ = writeln!(std::io::stderr(), "fuzzing {what}: {tried} tried, {counts:?}");
    assert!(tried > 200 && counts.len() > 1, "{tried} {what} ended in {counts:?}");
}

fn host(text: &str) -> Host {
    Host::parse(text).unwrap()
}

/// Records as this version writes them, with every field.
fn records() -> Vec<Record> {
    let streak = Streak { since: Minute(29_000_000), last: Minute(29_000_060), runs: 2, shown: 40 };
    let key = |text: &str, ports: &[u16]| Key {
        host: host(text),
        ports: ports.iter().copied().map(ProtocolPort::tcp).collect(),
    };
    let named = key("api.example.com", &[443, 8443]);
    let mut entry = Entry::new(&named.host);
    entry.scheme = Some("https".into());
    (entry.vantage, entry.dns) = (Some(VantageClass::Cluster), Some("dns/resolver".into()));
    (entry.ok, entry.fails) = (Some(Minute(29_000_000)), Some(streak));
    (entry.gone4, entry.gone6) = (Some(streak), Some(streak));
    (entry.rotates, entry.closed) = (true, ["8.8.4.4".parse().unwrap()].into());
    entry.allow = [AddressClass::Private].into();
    entry.ips = [("8.8.8.8".parse().unwrap(), None), ("2a00::1".parse().unwrap(), Some(streak))].into();
    let mut service = Entry::new(&host("legacy.db.svc"));
    service.service = Some(ProtocolPort::tcp(23));
    service.ips = [("9.9.9.9".parse().unwrap(), None)].into();
    let literal = (key("8.8.8.8", &[80]), Entry::new(&host("8.8.8.8")));
    let all = [(named, entry), (key("legacy.db.svc", &[992]), service), literal];
    let one = |own: &(Key, Entry)| Record { entries: [own.clone()].into() };
    all.iter().map(one).chain([Record { entries: all.clone().into() }]).collect()
}

fn texts() -> Vec<String> {
    records().iter().map(|record| record.write().unwrap()).collect()
}

#[test]
fn any_record_is_read_as_it_is_written_or_refused() {
    fuzz("records", &texts(), |text| match Record::parse(text) {
        Ok(record) => {
            let written = record.write().unwrap();
            assert_eq!(Record::parse(&written).unwrap(), record, "{text}");
            "read"
        }
        Err(RecordError::Damaged(_)) => "damaged",
        Err(RecordError::Newer(_)) => "newer",
        Err(RecordError::TooLarge(_)) => "too large",
    });
}

#[test]
fn whatever_a_record_says_a_refresh_opens_what_was_open_or_is_told() {
    let record = records().pop().unwrap();
    let pods = Pods { namespace: "shop".into(), workload: None, selector: Selector::default() };
    let mut live = json!(dedicated(&pods, "ours", &record, &[]).unwrap().unwrap());
    let told = "8.8.7.7".parse().unwrap();
    let vantage = Vantage { class: VantageClass::Cluster, server: "10.0.0.1:53".into() };
    let mut learnt = Learnt { now: Minute(29_010_000), ..Learnt::default() };
    let name = "api.example.com".to_owned().try_into().unwrap();
    let answer = DnsAnswer::Records(vec![told]);
    let outcomes = vec![Outcome { vantage, family: Family::V4, answer }];
    learnt.resolutions.insert(
        name,
        Resolution { host: "api.example.com".to_owned().try_into().unwrap(), outcomes, rotates: false },
    );
    let may_be = |live: &Value, port| {
        Openings::of(egress(live)).at(&[ProtocolPort::tcp(port)].into()).union(&IpSet::from_iter([told]))
    };
    fuzz("records that are refreshed", &texts(), |text| {
        live["metadata"]["annotations"][ANNOTATION] = json!(text);
        let Ok(planned) = refresh(&live, &learnt) else { return "refused" };
        let Some(object) = planned.object else { return "current" };
        for port in [443, 8443, 992, 80, 23, 22, 1] {
            let opened = Openings::of(egress(object.object())).at(&[ProtocolPort::tcp(port)].into());
            assert!(opened.is_subset(&may_be(&live, port)), "{text} opens {opened:?} at {port}");
        }
        "written"
    });
}

#[test]
fn any_url_is_read_or_refused_and_no_error_repeats_its_secret() {
    const SECRET: &str = "hunter2correcthorse";
    let seeds = [
        "https://user:SECRET@api.example.com/p?token=SECRET#SECRET",
        "jdbc:postgresql://a.example.com:5432,b.example.com/db?password=SECRET",
        "mongodb+srv://u:SECRET@cluster0.example.net/db",
        "amqp://u:SECRET@[2a00::1]:5671/v",
        "kafka://a.example.com:9092,b.example.com:9093",
        "udp://8.8.8.8:514",
        "api.example.com:443/UDP",
        "redis://:SECRET@cache.example.com",
    ];
    let seeds = seeds.map(|text| text.replace("SECRET", SECRET));
    fuzz("URLs", &seeds, |text| match parse(text) {
        Ok(found) => {
            assert!(!found.places.is_empty(), "{text}");
            "read"
        }
        Err(error) => {
            let told = format!("{error} {error:?}");
            assert!(!told.contains(SECRET), "{text}: {told}");
            "refused"
        }
    });
}
