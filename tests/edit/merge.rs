//! The laws of merging, on random histories of answers, and its rules one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol::edit::host::{Host, HostName};
use netpol::edit::merge::{Dead, Merged, Options, Prune, Status, merge};
use netpol::edit::outcome::{DnsAnswer, Outcome, Resolution, Vantage, VantageClass};
use netpol::edit::record::{Entry, GRACE, Key, Minute, Record};
use netpol::edit::special::Refusal;
use netpol::model::ips::{Family, IpSet};
use netpol::model::ports::ProtocolPort;
use netpol::model::special::AddressClass;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{select, subsequence};

const HOSTS: [&str; 3] = ["a.example.com", "b.example.com", "c.example.com"];
const V4: [&str; 5] = ["8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.9.1", "10.0.0.1"];
const V6: [&str; 4] = ["2a00::1", "2a00::2", "2a00::3", "fd00::1"];
const START: u64 = 29_000_000;

fn name(text: &str) -> HostName {
    text.to_owned().try_into().unwrap()
}

fn key(text: &str) -> Key {
    Key { host: Host::Name(name(text)), ports: [ProtocolPort::tcp(443)].into() }
}

fn ips(list: &[&str]) -> Vec<IpAddr> {
    list.iter().map(|ip| ip.parse().unwrap()).collect()
}

/// A record of hosts of which nothing is known yet.
fn fresh(hosts: &[&str]) -> Record {
    let entry = |host: &&str| (key(host), Entry::new(&key(host).host));
    Record { entries: hosts.iter().map(entry).collect() }
}

fn outcome(server: u8, family: Family, answer: DnsAnswer) -> Outcome {
    let vantage = Vantage { class: VantageClass::Cluster, server: format!("10.0.0.{server}:53").into() };
    Outcome { vantage, family, answer }
}

/// What one name server says of both families.
fn said(host: &str, v4: DnsAnswer, v6: DnsAnswer) -> Vec<Resolution> {
    let outcomes = vec![outcome(1, Family::V4, v4), outcome(1, Family::V6, v6)];
    vec![Resolution { host: name(host), outcomes, rotates: false }]
}

fn found(list: &[&str]) -> DnsAnswer {
    DnsAnswer::Records(ips(list))
}

fn failed() -> DnsAnswer {
    DnsAnswer::Failure("SERVFAIL".into())
}

/// One run: how much later it is, and what is said of each host.
type Run = (u64, Vec<Resolution>);

fn answers(pool: &'static [&'static str]) -> impl Strategy<Value = DnsAnswer> {
    prop_oneof![
        6 => subsequence(pool.to_vec(), 0..=pool.len()).prop_map(|list| found(&list)),
        1 => Just(DnsAnswer::NoData),
        1 => Just(DnsAnswer::NxDomain),
        2 => Just(failed()),
    ]
}

fn resolutions() -> impl Strategy<Value = Vec<Resolution>> {
    let outcomes = || {
        let v4 = vec(answers(&V4), 0..3);
        (v4, vec(answers(&V6), 0..3)).prop_map(|(v4, v6)| {
            let of = |family, answers: Vec<DnsAnswer>| {
                answers.into_iter().zip(1..).map(move |(answer, server)| outcome(server, family, answer))
            };
            of(Family::V4, v4).chain(of(Family::V6, v6)).collect::<Vec<_>>()
        })
    };
    vec(outcomes(), HOSTS.len()).prop_map(|all| {
        let own = HOSTS.iter().zip(all);
        own.map(|(host, outcomes)| Resolution { host: name(host), outcomes, rotates: false }).collect()
    })
}

fn runs() -> impl Strategy<Value = Vec<Run>> {
    vec((select(vec![0u64, 1, 15, 60, 600, 1440, 5000]), resolutions()), 1..12)
}

/// Tells whether all name servers gave public addresses of a family, and which.
fn complete(resolution: &Resolution, family: Family) -> Option<BTreeSet<IpAddr>> {
    let public = |ip: &IpAddr| !["10.0.0.1", "fd00::1"].contains(&&*ip.to_string());
    let all = resolution.outcomes.iter().all(|outcome| match &outcome.answer {
        DnsAnswer::Records(ips) => ips.iter().all(public),
        _ => true,
    });
    let own = resolution.outcomes.iter().filter(|outcome| outcome.family == family);
    let each: Option<Vec<&Vec<IpAddr>>> = own
        .map(|outcome| match &outcome.answer {
            DnsAnswer::Records(ips) if !ips.is_empty() => Some(ips),
            _ => None,
        })
        .collect();
    let seen: BTreeSet<IpAddr> = each?.into_iter().flatten().copied().collect();
    (all && !seen.is_empty()).then_some(seen)
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn an_address_leaves_only_after_grace_and_three_full_answers_without_it(runs in runs()) {
        let mut record = fresh(&HOSTS);
        let mut now = START;
        let mut last_seen: BTreeMap<(usize, IpAddr), u64> = BTreeMap::new();
        let mut misses: BTreeMap<(usize, IpAddr), u32> = BTreeMap::new();
        for (later, resolutions) in &runs {
            now += later;
            let Merged { record: new, changes } = merge(&record, resolutions, Minute(now), &Options::default());
            for (index, resolution) in resolutions.iter().enumerate() {
                for outcome in &resolution.outcomes {
                    let DnsAnswer::Records(seen) = &outcome.answer else { continue };
                    for ip in seen {
                        last_seen.insert((index, *ip), now);
                        misses.remove(&(index, *ip));
                    }
                }
                let own = key(HOSTS[index]);
                let (before, after) = (&record.entries[&own].ips, &new.entries[&own].ips);
                for family in Family::ALL {
                    let Some(seen) = complete(resolution, family) else { continue };
                    for ip in before.keys().filter(|ip| Family::of(**ip) == family && !seen.contains(*ip)) {
                        *misses.entry((index, *ip)).or_default() += 1;
                    }
                }
                prop_assert!(before.is_empty() || !after.is_empty(), "one address stays");
                let gone: BTreeSet<IpAddr> = before.keys().copied().filter(|ip| !after.contains_key(ip)).collect();
                prop_assert_eq!(&changes[&own].removed, &gone);
                for ip in gone {
                    prop_assert!(complete(resolution, Family::of(ip)).is_some(), "{} left on a failure", ip);
                    prop_assert!(now - last_seen[&(index, ip)] >= GRACE, "{} left within grace", ip);
                    prop_assert!(misses[&(index, ip)] >= 3, "{} left after {} runs", ip, misses[&(index, ip)]);
                }
                for ip in after.keys() {
                    prop_assert!(!["10.0.0.1", "fd00::1"].contains(&&*ip.to_string()), "{} was let in", ip);
                }
            }
            record = new;
        }
    }

    #[test]
    fn applying_twice_changes_nothing(runs in runs()) {
        let mut record = fresh(&HOSTS);
        let mut now = START;
        for (later, resolutions) in &runs {
            now += later;
            for options in [Options::default(), Options { prune: Prune::Now, dead: Dead::Remove, ..Options::default() }] {
                let once = merge(&record, resolutions, Minute(now), &options);
                let twice = merge(&once.record, resolutions, Minute(now), &options);
                prop_assert_eq!(&twice.record, &once.record);
                prop_assert!(twice.changes.values().all(|change| change.added.is_empty() && change.removed.is_empty()));
            }
            record = merge(&record, resolutions, Minute(now), &Options::default()).record;
            let text = record.write().unwrap();
            prop_assert_eq!(&Record::parse(&text).unwrap(), &record);
        }
    }

    #[test]
    fn hosts_do_not_touch_each_other_and_have_no_order(runs in runs()) {
        let mut record = fresh(&HOSTS);
        let mut now = START;
        for (later, resolutions) in &runs {
            now += later;
            let all = merge(&record, resolutions, Minute(now), &Options::default());
            let mut turned: Vec<Resolution> = resolutions.iter().rev().cloned().collect();
            turned.iter_mut().for_each(|resolution| resolution.outcomes.reverse());
            prop_assert_eq!(&merge(&record, &turned, Minute(now), &Options::default()), &all);
            for (own, entry) in &record.entries {
                let alone = Record { entries: [(own.clone(), entry.clone())].into() };
                let alone = merge(&alone, resolutions, Minute(now), &Options::default());
                prop_assert_eq!(&alone.record.entries[own], &all.record.entries[own]);
                prop_assert_eq!(&alone.changes[own], &all.changes[own]);
            }
            record = all.record;
        }
    }

    #[test]
    fn a_run_that_learns_nothing_writes_nothing(first in resolutions(), later in 0u64..1440) {
        let options = Options::default();
        let record = merge(&fresh(&HOSTS), &first, Minute(START), &options).record;
        let again = merge(&record, &first, Minute(START + later), &options).record;
        for (own, entry) in &again.entries {
            let answered = entry.fails.is_none();
            prop_assert!(!answered || *entry == record.entries[own], "{:?}", entry);
        }
    }
}

/// Merges one host's answers, one run after the other, each so many minutes later.
fn history(steps: &[(u64, DnsAnswer, DnsAnswer)], options: &Options) -> Merged {
    let mut now = START;
    let mut merged = Merged { record: fresh(&["a.example.com"]), changes: BTreeMap::new() };
    for (later, v4, v6) in steps {
        now += later;
        let resolutions = said("a.example.com", v4.clone(), v6.clone());
        merged = merge(&merged.record, &resolutions, Minute(now), options);
    }
    merged
}

fn addresses(merged: &Merged) -> Vec<String> {
    merged.record.entries.values().flat_map(|entry| entry.ips.keys()).map(ToString::to_string).collect()
}

fn status(merged: &Merged) -> &Status {
    &merged.changes.values().next().unwrap().status
}

#[test]
fn a_missing_address_leaves_after_a_day_and_three_runs() {
    let (both, one) = (found(&["8.8.8.1", "8.8.8.2"]), found(&["8.8.8.1"]));
    let none = || DnsAnswer::NoData;
    let run = |later, answer: &DnsAnswer| (later, answer.clone(), none());
    let keep = [run(0, &both), run(60, &one), run(1440, &one)];
    assert_eq!(addresses(&history(&keep, &Options::default())).len(), 2, "two runs are not three");
    let keep = [run(0, &both), run(60, &one), run(60, &one), run(60, &one), run(1319, &one)];
    let merged = history(&keep, &Options::default());
    assert_eq!(addresses(&merged).len(), 2, "a minute is missing");
    let pending = &merged.changes.values().next().unwrap().pending;
    assert_eq!(pending.values().collect::<Vec<_>>(), [&Minute(START + 60 + 1440)]);
    let mut leave = keep.to_vec();
    leave.push(run(1, &one));
    assert_eq!(addresses(&history(&leave, &Options::default())), ["8.8.8.1"]);
    let seen_again = [run(0, &both), run(60, &one), run(600, &one), run(600, &both), run(600, &one)];
    assert_eq!(addresses(&history(&seen_again, &Options::default())).len(), 2, "seen in between");
    let now = Options { prune: Prune::Now, ..Options::default() };
    let soon = [run(0, &both), run(60, &one), run(10, &one), run(10, &one)];
    assert_eq!(addresses(&history(&soon[..3], &now)).len(), 2, "two runs are not three");
    assert_eq!(addresses(&history(&soon, &now)), ["8.8.8.1"], "three are enough, without grace");
    assert_eq!(addresses(&history(&[run(0, &both), (60, failed(), none())], &now)).len(), 2);
}

#[test]
fn nothing_leaves_where_another_dns_was_named() {
    let (both, one) = (found(&["8.8.8.1", "8.8.8.2"]), found(&["8.8.8.1"]));
    let run = |later, answer: &DnsAnswer| (later, answer.clone(), DnsAnswer::NoData);
    let leave = [run(0, &both), run(60, &one), run(700, &one), run(700, &one), run(60, &one)];
    assert_eq!(addresses(&history(&leave, &Options::default())), ["8.8.8.1"]);
    // What was allowed without --dns is not forgotten on the word of the DNS that it names now.
    let named = Options { dns: Some("dns/resolver".into()), ..Options::default() };
    assert_eq!(addresses(&history(&leave, &named)).len(), 2);
}

#[test]
fn runs_within_ten_minutes_count_as_one() {
    let (both, one) = (found(&["8.8.8.1", "8.8.8.2"]), found(&["8.8.8.1"]));
    let run = |later, answer: &DnsAnswer| (later, answer.clone(), DnsAnswer::NoData);
    let close = [run(0, &both), run(60, &one), run(1, &one), run(1, &one), run(1440, &one)];
    assert_eq!(addresses(&history(&close, &Options::default())).len(), 2);
}

#[test]
fn nothing_leaves_where_a_name_server_fails() {
    let one = |host: &str, second: DnsAnswer| {
        let mut resolutions = said(host, found(&["8.8.8.1"]), DnsAnswer::NoData);
        resolutions[0].outcomes.push(outcome(2, Family::V4, second));
        resolutions
    };
    let mut record =
        history(&[(0, found(&["8.8.8.1", "8.8.8.2"]), DnsAnswer::NoData)], &Options::default()).record;
    for day in 1..20 {
        let merged = merge(
            &record,
            &one("a.example.com", failed()),
            Minute(START + day * 1440),
            &Options::default(),
        );
        let failures = BTreeSet::from(["10.0.0.2:53: SERVFAIL".into()]);
        assert_eq!(*status(&merged), Status::Partly(failures));
        record = merged.record;
        assert_eq!(record.entries[&key("a.example.com")].ips.len(), 2);
    }
}

#[test]
fn a_family_that_fails_is_kept_and_the_other_goes_on() {
    let v4 = |later, list: &[&str], v6: DnsAnswer| (later, found(list), v6);
    let start = v4(0, &["8.8.8.1", "8.8.8.2"], found(&["2a00::1"]));
    let day = |list: &[&str]| v4(1440, list, failed());
    let steps = [start, day(&["8.8.8.1"]), day(&["8.8.8.1"]), day(&["8.8.8.1"])];
    assert_eq!(addresses(&history(&steps, &Options::default())), ["8.8.8.1", "2a00::1"]);
}

#[test]
fn a_host_that_is_gone_is_told_after_a_day_and_forgotten_only_when_asked() {
    let gone = || (720, DnsAnswer::NxDomain, DnsAnswer::NxDomain);
    let start = (0, found(&["8.8.8.1"]), DnsAnswer::NoData);
    let held = |steps: &[_], options: &Options| {
        let merged = history(steps, options);
        (status(&merged).clone(), addresses(&merged).len())
    };
    let forget = Options { dead: Dead::Remove, ..Options::default() };
    let two = [start.clone(), gone(), gone()];
    assert_eq!(held(&two, &forget), (Status::Gone { held: false }, 1));
    let three = [start.clone(), gone(), gone(), gone()];
    assert_eq!(held(&three, &Options::default()), (Status::Gone { held: true }, 1));
    assert_eq!(held(&three, &forget), (Status::Gone { held: true }, 0));
    assert!(history(&three, &forget).record.entries.is_empty());
    let back = [start.clone(), gone(), gone(), start.clone(), gone()];
    assert_eq!(held(&back, &forget), (Status::Gone { held: false }, 1), "it came back in between");
    let elsewhere = [start, gone(), gone(), (720, DnsAnswer::NxDomain, failed())];
    assert_eq!(history(&elsewhere, &forget).record.entries.len(), 1, "one server does not know");
}

#[test]
fn a_family_that_is_gone_is_forgotten_only_when_asked() {
    let start = (0, found(&["8.8.8.1"]), found(&["2a00::1"]));
    let gone = || (720, found(&["8.8.8.1"]), DnsAnswer::NoData);
    let steps = [start, gone(), gone(), gone()];
    assert_eq!(addresses(&history(&steps, &Options::default())), ["8.8.8.1", "2a00::1"]);
    let forget = Options { dead: Dead::Remove, ..Options::default() };
    assert_eq!(addresses(&history(&steps, &forget)), ["8.8.8.1"]);
    assert_eq!(addresses(&history(&steps[..3], &forget)).len(), 2, "two runs are not three");
}

#[test]
fn a_host_that_turns_private_is_refused_and_loses_nothing() {
    let steps =
        [(0, found(&["8.8.8.1"]), DnsAnswer::NoData), (60, found(&["10.0.0.1"]), DnsAnswer::NoData)];
    let merged = history(&steps, &Options::default());
    let change = merged.changes.values().next().unwrap();
    assert_eq!(change.refused, BTreeMap::from([("10.0.0.1".parse().unwrap(), Refusal::Rebound)]));
    assert!(change.is_refused() && change.added.is_empty() && change.removed.is_empty());
    assert_eq!(addresses(&merged), ["8.8.8.1"]);
    let first = history(&[(0, found(&["10.0.0.1", "8.8.8.1"]), DnsAnswer::NoData)], &Options::default());
    assert_eq!(addresses(&first), ["8.8.8.1"]);
    let mut consent = fresh(&["a.example.com"]);
    consent.entries.values_mut().for_each(|entry| entry.allow = [AddressClass::Private].into());
    let resolutions = said("a.example.com", found(&["10.0.0.1"]), DnsAnswer::NoData);
    let merged = merge(&consent, &resolutions, Minute(START), &Options::default());
    let unconfirmed = Refusal::Unconfirmed(AddressClass::Private);
    let change = merged.changes.values().next().unwrap();
    assert_eq!(change.refused, BTreeMap::from([("10.0.0.1".parse().unwrap(), unconfirmed)]));
    assert_eq!(change.consents, BTreeMap::from([(AddressClass::Private, false)]));
    let confirmed = Options { consent: [AddressClass::Private].into(), ..Options::default() };
    let merged = merge(&consent, &resolutions, Minute(START), &confirmed);
    assert_eq!(addresses(&merged), ["10.0.0.1"]);
    let later = merge(&merged.record, &resolutions, Minute(START), &Options::default());
    assert_eq!(later.record, merged.record, "what is open by consent stays without another");
    let alone = merge(&fresh(&["a.example.com"]), &resolutions, Minute(START), &confirmed);
    assert_eq!(addresses(&alone), Vec::<String>::new(), "a run does not consent for a host");
    let own = Options { own: IpSet::from_iter(ips(&["10.0.0.1"])), ..confirmed };
    let merged = merge(&merged.record, &resolutions, Minute(START), &own);
    assert_eq!(*status(&merged), Status::Refused, "an address that the cluster took since");
}

#[test]
fn another_class_of_name_server_adds_and_takes_nothing() {
    let mut record = history(&[(0, found(&["8.8.8.1"]), DnsAnswer::NoData)], &Options::default()).record;
    for day in 1..9 {
        let mut laptop = said("a.example.com", found(&["8.8.8.2"]), DnsAnswer::NoData);
        laptop[0].outcomes.iter_mut().for_each(|outcome| outcome.vantage.class = VantageClass::System);
        record = merge(&record, &laptop, Minute(START + day * 1440), &Options::default()).record;
    }
    let entry = &record.entries[&key("a.example.com")];
    assert_eq!(entry.ips.keys().map(ToString::to_string).collect::<Vec<_>>(), ["8.8.8.1", "8.8.8.2"]);
    assert_eq!(entry.vantage, Some(VantageClass::Cluster));
}

#[test]
fn the_clusters_name_servers_take_over_from_a_laptop() {
    let by = |class, ips: &[&str]| {
        let mut said = said("a.example.com", found(ips), DnsAnswer::NoData);
        said[0].outcomes.iter_mut().for_each(|outcome| outcome.vantage.class = class);
        said
    };
    let day = |record: &Record, day: u64, said: &[Resolution]| {
        merge(record, said, Minute(START + day * 1440), &Options::default()).record
    };
    let laptop = by(VantageClass::System, &["8.8.8.1"]);
    let mut record = day(&fresh(&["a.example.com"]), 0, &laptop);
    let entry = |record: &Record| record.entries[&key("a.example.com")].clone();
    assert_eq!(entry(&record).vantage, Some(VantageClass::System));
    // What the laptop saw leaves after a day and three answers of the cluster without it.
    for number in 1..4 {
        record = day(&record, number, &by(VantageClass::Cluster, &["8.8.8.2"]));
        assert_eq!(entry(&record).ips.len(), if number < 3 { 2 } else { 1 }, "day {number}");
    }
    assert_eq!(entry(&record).vantage, Some(VantageClass::Cluster));
    // The laptop does not take it back.
    record = day(&record, 4, &laptop);
    assert_eq!((entry(&record).vantage, entry(&record).ips.len()), (Some(VantageClass::Cluster), 2));
}

#[test]
fn a_host_of_three_hundred_addresses_stops_no_other() {
    let many: Vec<IpAddr> =
        (0..300u32).map(|low| std::net::Ipv4Addr::from_bits(0x0808_0000 + low).into()).collect();
    let mut resolutions = said("a.example.com", DnsAnswer::Records(many), DnsAnswer::NoData);
    resolutions.extend(said("b.example.com", found(&["8.8.8.1"]), DnsAnswer::NoData));
    let merged = merge(
        &fresh(&["a.example.com", "b.example.com"]),
        &resolutions,
        Minute(START),
        &Options::default(),
    );
    assert_eq!(merged.changes[&key("a.example.com")].status, Status::TooMany(300));
    assert!(merged.record.entries[&key("a.example.com")].ips.is_empty());
    assert_eq!(merged.record.entries[&key("b.example.com")].ips.len(), 1);
}

#[test]
fn a_host_with_too_many_goes_on_to_lose_what_is_missing() {
    let block = |start: u32, count: u32| -> DnsAnswer {
        let ip = |low| std::net::Ipv4Addr::from_bits(start + low).into();
        DnsAnswer::Records((0..count).map(ip).collect())
    };
    let (old, new) = (block(0x0808_0000, 200), block(0x0909_0000, 100));
    let merged = history(
        &[
            (0, old, DnsAnswer::NoData),
            (15, new.clone(), DnsAnswer::NoData),
            (720, new.clone(), DnsAnswer::NoData),
            (720, new, DnsAnswer::NoData),
        ],
        &Options::default(),
    );
    assert_eq!(*status(&merged), Status::Resolved);
    assert_eq!(addresses(&merged).len(), 100, "none of those that are a day old");
}
