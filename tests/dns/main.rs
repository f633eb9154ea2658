//! What is learnt of a host from name servers that fail, lie, rotate and fall silent.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends by a panic"
)]

mod fuzz;
mod server;
mod shares;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use netpol::dns::patience::Patience;
use netpol::dns::resolve::{self, Asking, NameServers, ResolveError};
use netpol::dns::session::{Session, resolve_srv};
use netpol::dns::share::{Share, ShareBounds};
use netpol::edit::host::{Host, HostName};
use netpol::edit::merge::{Options, merge};
use netpol::edit::outcome::{DnsAnswer, Resolution, VantageClass};
use netpol::edit::record::{Entry, Key, Minute, Record};
use netpol::edit::special::Refusal;
use netpol::model::ips::Family;
use netpol::model::ports::ProtocolPort;
use netpol::model::special::AddressClass;
use server::{NameServer, Reply, Transport, address, alias, service};

const HOST: &str = "api.example.test";

fn host(name: &str) -> HostName {
    HostName::try_from(name.to_owned()).expect("a host name")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Returns an address by its number.
fn nth(number: usize) -> IpAddr {
    let number = u32::try_from(number).expect("a small number");
    Ipv4Addr::from(u32::from(Ipv4Addr::new(203, 0, 113, 0)) + number).into()
}

fn asking(servers: &[SocketAddr]) -> Asking {
    let ms = Duration::from_millis;
    let patience =
        Patience { answer: ms(400), host: ms(2500), pause: ms(1), longest_pause: Duration::ZERO };
    Asking { servers: NameServers::Cluster(servers.to_vec()), families: Family::ALL.to_vec(), patience }
}

/// Asks for hosts as if nobody else did.
fn resolve(hosts: &BTreeSet<HostName>, asking: &Asking) -> Result<Vec<Resolution>, ResolveError> {
    let (session, share) = (Session::new(asking.clone()), Share::new(ShareBounds::alone()));
    resolve::run(session.addresses(hosts, &share, || {}))
}

fn ask(servers: &[&NameServer]) -> Resolution {
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    let hosts = BTreeSet::from([host(HOST)]);
    let resolved = resolve(&hosts, &asking(&addresses)).expect("name servers");
    resolved.into_iter().next().expect("one host")
}

/// Returns what the only server said of IPv4 and IPv6.
fn said(server: &NameServer) -> [DnsAnswer; 2] {
    let outcomes = ask(&[server]).outcomes;
    assert_eq!(outcomes.len(), 2);
    Family::ALL.map(|family| {
        let own = outcomes.iter().find(|outcome| outcome.family == family);
        own.expect("an outcome of each family").answer.clone()
    })
}

fn records(ips: &[&str]) -> DnsAnswer {
    DnsAnswer::Records(ips.iter().map(|text| ip(text)).collect())
}

fn failure(text: &str) -> DnsAnswer {
    DnsAnswer::Failure(text.into())
}

#[test]
fn addresses_of_both_families_are_asked_for_by_absolute_names() {
    let server = NameServer::start(|_, _| {
        Reply::Addresses(vec![ip("203.0.113.7"), ip("203.0.113.5"), ip("2001:db8::1")])
    });
    assert_eq!(said(&server), [records(&["203.0.113.5", "203.0.113.7"]), records(&["2001:db8::1"])]);
    let vantage = &ask(&[&server]).outcomes[0].vantage;
    assert_eq!((vantage.class, &*vantage.server), (VantageClass::Cluster, &*server.address.to_string()));
}

#[test]
fn servfail_is_a_failure() {
    let server = NameServer::start(|_, _| Reply::Code(ResponseCode::ServFail));
    assert_eq!(said(&server), [failure("SERVFAIL"), failure("SERVFAIL")]);
}

#[test]
fn servfail_that_passes_is_forgotten() {
    let server = NameServer::start(|_, before| match before {
        0 => Reply::Code(ResponseCode::ServFail),
        _ => Reply::Addresses(vec![nth(1)]),
    });
    assert_eq!(said(&server)[0], records(&["203.0.113.1"]));
}

#[test]
fn a_failure_behind_an_answer_leaves_open_what_else_there_is() {
    let server = NameServer::start(|_, before| match before {
        0 => Reply::Addresses(vec![nth(1)]),
        _ => Reply::Code(ResponseCode::ServFail),
    });
    let outcomes = ask(&[&server]).outcomes;
    let of_ipv4 = outcomes.iter().filter(|outcome| outcome.family == Family::V4);
    let answers: Vec<&DnsAnswer> = of_ipv4.map(|outcome| &outcome.answer).collect();
    assert_eq!(answers, [&records(&["203.0.113.1"]), &failure("SERVFAIL")]);
}

#[test]
fn refused_is_a_failure() {
    let server = NameServer::start(|_, _| Reply::Code(ResponseCode::Refused));
    assert_eq!(said(&server), [failure("REFUSED"), failure("REFUSED")]);
}

#[test]
fn silence_is_a_failure_after_a_while() {
    let server = NameServer::start(|_, _| Reply::Silence);
    let begun = Instant::now();
    assert_eq!(said(&server), [failure("timeout"), failure("timeout")]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_port_that_nobody_listens_on_is_a_failure() {
    let address = NameServer::start(|_, _| Reply::Silence).address;
    let resolved = resolve(&BTreeSet::from([host(HOST)]), &asking(&[address]));
    for outcome in &resolved.expect("name servers")[0].outcomes {
        assert!(matches!(outcome.answer, DnsAnswer::Failure(_)), "{outcome:?}");
    }
}

#[test]
fn truncation_leads_to_tcp() {
    let server = NameServer::start(|question, _| match question.transport {
        Transport::Udp => Reply::Truncated,
        Transport::Tcp => Reply::Addresses(vec![nth(1)]),
    });
    assert_eq!(said(&server)[0], records(&["203.0.113.1"]));
}

#[test]
fn truncation_by_tcp_too_is_a_failure() {
    let server = NameServer::start(|_, _| Reply::Truncated);
    assert_eq!(said(&server), [failure("truncated"), failure("truncated")]);
}

#[test]
fn nxdomain_is_told() {
    let server = NameServer::start(|_, _| Reply::Code(ResponseCode::NXDomain));
    assert_eq!(said(&server), [DnsAnswer::NxDomain, DnsAnswer::NxDomain]);
}

#[test]
fn nxdomain_that_comes_back_is_forgotten() {
    let server = NameServer::start(|_, before| match before {
        0 => Reply::Code(ResponseCode::NXDomain),
        _ => Reply::Addresses(vec![nth(1), ip("2001:db8::1")]),
    });
    assert_eq!(said(&server), [records(&["203.0.113.1"]), records(&["2001:db8::1"])]);
}

#[test]
fn nxdomain_beside_a_failure_is_a_failure() {
    let server = NameServer::start(|_, before| match before {
        0 => Reply::Code(ResponseCode::NXDomain),
        _ => Reply::Code(ResponseCode::ServFail),
    });
    assert_eq!(said(&server)[0], failure("SERVFAIL"));
}

#[test]
fn an_empty_answer_is_no_data() {
    for vouched in [true, false] {
        let server = NameServer::start(move |_, _| if vouched { Reply::NoData } else { Reply::Empty });
        assert_eq!(said(&server), [DnsAnswer::NoData, DnsAnswer::NoData], "{vouched}");
    }
}

#[test]
fn one_family_failing_hides_not_the_other() {
    for failing in [RecordType::A, RecordType::AAAA] {
        let server = NameServer::start(move |question, _| match question.kind {
            kind if kind == failing => Reply::Code(ResponseCode::ServFail),
            _ => Reply::Addresses(vec![nth(1), ip("2001:db8::1")]),
        });
        let mut expected = [records(&["203.0.113.1"]), records(&["2001:db8::1"])];
        expected[usize::from(failing == RecordType::AAAA)] = failure("SERVFAIL");
        assert_eq!(said(&server), expected);
    }
}

#[test]
fn ttl_0_rotation_through_40_addresses_is_seen_whole() {
    let server = NameServer::start(|_, before| {
        Reply::Addresses((0..10).map(|index| nth((before * 10 + index) % 40)).collect())
    });
    let resolved = ask(&[&server]);
    let DnsAnswer::Records(seen) = &resolved.outcomes[0].answer else { panic!("{resolved:?}") };
    assert_eq!(seen.len(), 40);
    assert!(!resolved.rotates);
    // Four rounds with something new, two without.
    let of_ipv6 = 2;
    assert_eq!(server.asked(HOST, Transport::Udp), 6 + of_ipv6);
}

#[test]
fn ttl_0_rotation_without_end_is_told() {
    let server = NameServer::start(|_, before| Reply::Addresses(vec![nth(before)]));
    let resolved = ask(&[&server]);
    assert!(resolved.rotates);
    let DnsAnswer::Records(seen) = &resolved.outcomes[0].answer else { panic!("{resolved:?}") };
    assert_eq!(seen.len(), 8);
}

#[test]
fn a_cname_loop_is_a_failure() {
    let server = NameServer::start(|question, _| {
        let target = if question.name == HOST { "b.example.test" } else { HOST };
        Reply::Records(vec![alias(&question.name, target)])
    });
    let text = "its CNAME records lead nowhere";
    assert_eq!(said(&server), [failure(text), failure(text)]);
}

#[test]
fn a_cname_loop_in_one_answer_is_a_failure() {
    let server = NameServer::start(|_, _| {
        Reply::Records(vec![alias(HOST, "b.example.test"), alias("b.example.test", HOST)])
    });
    assert_eq!(said(&server)[0], failure("its CNAME records lead nowhere"));
}

fn link(number: usize) -> String {
    if number == 0 { HOST.to_owned() } else { format!("link{number}.example.test") }
}

/// Replies with what is left of a chain of so many links, its last link first where it is reversed.
fn chain(links: usize, reversed: bool) -> NameServer {
    NameServer::start(move |question, _| {
        let first = (0..links).find(|number| link(*number) == question.name).unwrap_or(links);
        let mut all: Vec<_> =
            (first..links).map(|number| alias(&link(number), &link(number + 1))).collect();
        if question.kind == RecordType::A {
            all.push(address(&link(links), nth(1)));
        }
        if reversed {
            all.reverse();
        }
        Reply::Records(all)
    })
}

#[test]
fn a_chain_of_12_is_followed() {
    assert_eq!(said(&chain(12, false))[0], records(&["203.0.113.1"]));
}

#[test]
fn a_chain_in_reverse_order_is_followed_or_fails() {
    assert_eq!(said(&chain(5, true))[0], records(&["203.0.113.1"]));
    assert_eq!(said(&chain(12, true))[0], failure("its CNAME records lead nowhere"));
}

#[test]
fn a_chain_of_12_one_link_at_a_time_is_never_taken_for_no_addresses() {
    let server = NameServer::start(|question, _| {
        let number = (0..12).find(|number| link(*number) == question.name);
        Reply::Records(match number {
            Some(number) => vec![alias(&link(number), &link(number + 1))],
            None => vec![address(&question.name, nth(1))],
        })
    });
    assert_eq!(said(&server)[0], failure("its CNAME records lead nowhere"));
}

#[test]
fn addresses_of_other_names_are_not_taken() {
    let server = NameServer::start(|_, _| {
        Reply::Records(vec![
            alias(HOST, "cdn.example.test"),
            address("cdn.example.test", nth(1)),
            address("other.example.test", nth(2)),
            address("example.test", nth(3)),
        ])
    });
    assert_eq!(said(&server)[0], records(&["203.0.113.1"]));
}

#[test]
fn an_answer_of_300_addresses_is_read_by_tcp() {
    let server = NameServer::start(|_, _| Reply::Addresses((0..300).map(nth).collect()));
    let [DnsAnswer::Records(seen), DnsAnswer::NoData] = said(&server) else { panic!("no records") };
    assert_eq!(seen.len(), 300);
    assert!(server.asked(HOST, Transport::Tcp) > 0);
}

#[test]
fn a_name_server_that_lies_in_one_vantage_only_stands_alone() {
    let honest = NameServer::start(|_, _| Reply::Addresses(vec![nth(1)]));
    let liar = NameServer::start(|_, _| Reply::Code(ResponseCode::NXDomain));
    let outcomes = ask(&[&honest, &liar]).outcomes;
    let of = |server: &NameServer| {
        let own = |outcome: &&netpol::edit::outcome::Outcome| {
            *outcome.vantage.server == *server.address.to_string() && outcome.family == Family::V4
        };
        outcomes.iter().find(own).expect("its outcome").answer.clone()
    };
    assert_eq!(of(&honest), records(&["203.0.113.1"]));
    assert_eq!(of(&liar), DnsAnswer::NxDomain);
}

#[test]
fn an_answer_that_turns_private_is_not_taken() {
    let server = NameServer::start(|_, _| Reply::Addresses(vec![ip("10.0.0.5"), nth(1)]));
    let key = Key { host: Host::Name(host(HOST)), ports: BTreeSet::from([ProtocolPort::tcp(443)]) };
    let mut entry = Entry::new(&key.host);
    entry.vantage = Some(VantageClass::Cluster);
    entry.ips.insert(ip("8.8.8.8"), None);
    entry.allow.insert(AddressClass::Documentation);
    let record = Record { entries: [(key.clone(), entry)].into() };
    let resolution = ask(&[&server]);
    let options = Options { consent: [AddressClass::Documentation].into(), ..Options::default() };
    let merged = merge(&record, &[resolution], Minute(1_000_000), &options);
    let change = &merged.changes[&key];
    assert_eq!(change.refused, [(ip("10.0.0.5"), Refusal::Rebound)].into());
    assert_eq!((&change.added, &change.kept), (&[nth(1)].into(), &[ip("8.8.8.8")].into()));
    assert!(change.removed.is_empty());
}

#[test]
fn one_silent_name_server_of_two_delays_and_hides_nothing() {
    let honest = NameServer::start(|_, _| Reply::Addresses(vec![nth(1), ip("2001:db8::1")]));
    let silent = NameServer::start(|_, _| Reply::Silence);
    let outcomes = ask(&[&honest, &silent]).outcomes;
    let records = outcomes.iter().filter(|outcome| matches!(outcome.answer, DnsAnswer::Records(_)));
    assert_eq!((outcomes.len(), records.count()), (4, 2));
}

#[test]
fn a_family_that_the_cluster_lacks_is_not_asked_for() {
    let server = NameServer::start(|question, _| match question.kind {
        RecordType::A => Reply::Addresses(vec![nth(1)]),
        kind => panic!("{kind} was asked for"),
    });
    let asking = Asking { families: vec![Family::V4], ..asking(&[server.address]) };
    let resolved = resolve(&BTreeSet::from([host(HOST)]), &asking).expect("name servers");
    assert_eq!(resolved[0].outcomes.len(), 1);
}

#[test]
fn five_hundred_hosts_are_all_asked_for_and_told() {
    let server = NameServer::start(|question, _| match &*question.name {
        "h7.example.test" => Reply::Code(ResponseCode::ServFail),
        _ => Reply::Addresses(vec![nth(1)]),
    });
    let hosts: BTreeSet<HostName> =
        (0..500).map(|number| host(&format!("h{number}.example.test"))).collect();
    let asking = Asking { families: vec![Family::V4], ..asking(&[server.address]) };
    let asking = Asking {
        patience: Patience {
            answer: Duration::from_secs(5),
            host: Duration::from_secs(30),
            ..asking.patience
        },
        ..asking
    };
    let (session, share) = (Session::new(asking), Share::new(ShareBounds::alone()));
    let mut told = 0;
    let resolved = resolve::run(session.addresses(&hosts, &share, || told += 1)).expect("name servers");
    assert_eq!(told, hosts.len());
    assert!(resolved.iter().map(|resolved| &resolved.host).eq(&hosts));
    let is_whole = |resolved: &&Resolution| resolved.outcomes[0].answer == records(&["203.0.113.1"]);
    assert_eq!(resolved.iter().filter(is_whole).count(), 499);
}

#[test]
fn srv_records_lead_to_hosts_and_ports() {
    const NAME: &str = "_mongodb._tcp.example.test";
    let server = NameServer::start(|question, _| match (&*question.name, question.kind) {
        (NAME, RecordType::SRV) => Reply::Records(vec![
            service(NAME, "b.example.test", 27018),
            service(NAME, "A.example.test", 27017),
            service(NAME, "gone.example.test", 0),
        ]),
        _ => Reply::Code(ResponseCode::NXDomain),
    });
    let asking = asking(&[server.address]);
    let found = resolve_srv(&host(NAME), &asking).expect("targets");
    let expected = [(host("a.example.test"), 27017), (host("b.example.test"), 27018)];
    assert_eq!(found, BTreeSet::from(expected));
    let error = resolve_srv(&host("_none._tcp.example.test"), &asking).expect_err("no targets");
    let text = "the SRV records of _none._tcp.example.test cannot be had: the name does not exist";
    assert_eq!(error.to_string(), text);
}

#[test]
fn srv_records_of_many_names_are_asked_for_a_few_at_a_time() {
    let (under_way, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let server = NameServer::start(move |question, _| {
        seen.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        under_way.fetch_sub(1, Ordering::SeqCst);
        match &*question.name {
            "_m._tcp.n7.example.test" => Reply::Code(ResponseCode::ServFail),
            name => Reply::Records(vec![service(name, "member.example.test", 27017)]),
        }
    });
    let asking = Asking {
        patience: Patience {
            answer: Duration::from_secs(5),
            host: Duration::from_secs(30),
            ..asking(&[server.address]).patience
        },
        ..asking(&[server.address])
    };
    let names: BTreeSet<HostName> =
        (0..200).map(|number| host(&format!("_m._tcp.n{number}.example.test"))).collect();
    let (session, share) = (Session::new(asking), Share::new(ShareBounds::alone()));
    let found = resolve::run(session.services(&names, &share)).expect("name servers");
    assert!(found.keys().eq(&names));
    let failed: Vec<String> =
        found.values().filter_map(|own| Some(own.as_ref().err()?.to_string())).collect();
    assert_eq!(failed, ["the SRV records of _m._tcp.n7.example.test cannot be had: SERVFAIL"]);
    let most = most.load(Ordering::SeqCst);
    assert!((8..=64).contains(&most), "{most} questions were under way at once");
}

#[test]
fn addresses_of_name_servers_are_read() {
    let read = |text: &str| NameServers::named([text]).map_err(|error| error.to_string());
    let named = |text: &str| Ok(NameServers::Named(vec![text.parse().expect("an address")]));
    assert_eq!(read("10.0.0.10"), named("10.0.0.10:53"));
    assert_eq!(read("10.0.0.10:5353"), named("10.0.0.10:5353"));
    assert_eq!(read("fd00::a"), named("[fd00::a]:53"));
    assert_eq!(read("[fd00::a]"), named("[fd00::a]:53"));
    assert_eq!(read("[fd00::a]:5353"), named("[fd00::a]:5353"));
    for wrong in ["", "dns.example.com", "10.0.0.10:0", "10.0.0.10:x", "10.0.0.0/8"] {
        let text = format!("`{wrong}` is no address of a name server: use IP or IP:PORT");
        assert_eq!(read(wrong), Err(text));
    }
    let none = resolve(&BTreeSet::from([host(HOST)]), &asking(&[]));
    assert_eq!(
        none.map_err(|error| error.to_string()),
        Err("no name server is known: name one with --resolver IP".to_owned())
    );
}
