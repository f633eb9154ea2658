//! The record of hosts: what is written is read, and what was not written so is refused.

use netpol::edit::host::Host;
use netpol::edit::name;
use netpol::edit::record::{Entry, Key, MOST_BYTES, Minute, Record, RecordError, Streak};
use netpol::model::ports::ProtocolPort;

fn host(text: &str) -> Host {
    Host::parse(text).unwrap()
}

fn key(text: &str, ports: &[u16]) -> Key {
    Key { host: host(text), ports: ports.iter().copied().map(ProtocolPort::tcp).collect() }
}

fn sample() -> Record {
    let mut entry = Entry::new(&host("api.example.com"));
    entry.scheme = Some("https".into());
    entry.ok = Some(Minute(29_000_000));
    entry.ips.insert("2a00::1".parse().unwrap(), None);
    entry.ips.insert(
        "8.8.4.4".parse().unwrap(),
        Some(Streak { since: Minute(29_000_000), last: Minute(29_000_060), runs: 2, shown: 0 }),
    );
    let literal = Entry::new(&host("[2a00::7]"));
    let entries = [(key("api.example.com", &[443]), entry), (key("[2a00::7]", &[80, 443]), literal)];
    Record { entries: entries.into_iter().collect() }
}

const TEXT: &str = concat!(
    r#"{"v":2,"hosts":[{"host":"2a00::7","ports":[80,443],"grace":1440,"ips":{"2a00::7":null}},"#,
    r#"{"host":"api.example.com","ports":[443],"scheme":"https","grace":1440,"ok":29000000,"#,
    r#""ips":{"8.8.4.4":[29000000,29000060,2],"2a00::1":null}}]}"#
);

#[test]
fn what_is_written_is_read() {
    assert_eq!(sample().write().unwrap(), TEXT);
    assert_eq!(Record::parse(TEXT).unwrap(), sample());
    assert_eq!(Record::parse(&TEXT.replace(',', ", ")).unwrap(), sample(), "blanks do not matter");
}

#[test]
fn what_would_lose_something_is_refused() {
    let damaged = |text: &str| matches!(Record::parse(text), Err(RecordError::Damaged(_)));
    assert_eq!(Record::parse(&TEXT.replace(r#""v":2"#, r#""v":3"#)), Err(RecordError::Newer(3)));
    assert_eq!(Record::parse(r#"{"v":7,"anything":{}}"#), Err(RecordError::Newer(7)));
    for (from, to) in [
        ("api.example.com", "API.example.com"),
        ("api.example.com", "*.example.com"),
        ("\"api.example.com\"", "\"2a00::7\""),
        ("2a00::1", "::ffff:1.2.3.4"),
        ("[443]", "[0]"),
        ("[443]", "[\"443/TCP\"]"),
        ("[443]", "[\"443/udp\"]"),
        ("[443]", "[\"0/UDP\"]"),
        ("[443]", "[]"),
        ("[443]", "[70000]"),
        ("1440", "1"),
        ("1440", "-1"),
        ("1440", "99999999"),
        (",2]", ",9]"),
        (r#""scheme""#, r#""schemes""#),
        (r#""v":2,"#, ""),
        (r#""v":2,"#, r#""v":2,"more":0,"#),
        (",2]", ",2,0]"),
        (",2]", ",2,9999]"),
        (",2]", ",2,20,1]"),
        (r#""ips":{"8"#, r#""rotates":false,"ips":{"8"#),
        (r#""ips":{"8"#, r#""closed":[],"ips":{"8"#),
        (r#""ips":{"8"#, r#""closed":["2a00::1"],"ips":{"8"#),
        (r#""ips":{"2a00::7"#, r#""closed":["2a00::8"],"ips":{"2a00::7"#),
        (r#"{"2a00::7":null}"#, r#"{"2a00::8":null}"#),
        (r#"{"2a00::7":null}"#, "{}"),
    ] {
        let text = TEXT.replace(from, to);
        assert_ne!(text, TEXT, "{from}");
        assert!(damaged(&text), "{text}: {:?}", Record::parse(&text));
    }
    for end in 0..TEXT.len() {
        assert!(damaged(TEXT.get(..end).unwrap()), "{end}");
    }
    let row = r#"{"host":"a.example","ports":[443],"grace":1440,"ips":{}}"#;
    assert!(damaged(&format!(r#"{{"v":1,"hosts":[{row},{row}]}}"#)));
    assert!(damaged(&" ".repeat(MOST_BYTES + 1)));
}

/// Version 1 knew neither hosts that show a few addresses at a time nor closed ones.
#[test]
fn the_version_before_is_read_and_written_as_this_one() {
    let before = TEXT.replace(r#""v":2"#, r#""v":1"#);
    assert_eq!(Record::parse(&before).unwrap(), sample());
    assert_eq!(Record::parse(&before).unwrap().write().unwrap(), TEXT);
    let more = r#""rotates":true,"closed":["8.8.4.5"],"ips":{"8.8.4.4":[29000000,29000060,2,40]"#;
    let text = TEXT.replace(r#""ips":{"8.8.4.4":[29000000,29000060,2]"#, more);
    let record = Record::parse(&text).unwrap();
    let entry = &record.entries[&key("api.example.com", &[443])];
    assert!(entry.rotates && entry.closed == ["8.8.4.5".parse().unwrap()].into());
    assert_eq!(entry.ips[&"8.8.4.4".parse::<std::net::IpAddr>().unwrap()].unwrap().shown, 40);
    assert_eq!(record.write().unwrap(), text);
}

#[test]
fn a_version_that_there_never_was_is_refused() {
    let refused = |to: &str, why: &str| {
        let error = Record::parse(&TEXT.replace(r#""v":2"#, to)).unwrap_err();
        assert!(error.to_string().contains(why), "{to}: {error}");
    };
    refused(r#""v":0"#, "damaged: it has a version that there never was");
    for none in [r#""v":-1"#, r#""v":null"#, r#""v":"1""#, r#""v":0.5"#, r#""version":1"#] {
        refused(none, "damaged: it has no version");
    }
    refused(r#""v":2,"v":2"#, "damaged: character");
}

#[test]
fn a_policy_has_room_for_a_thousand_addresses() {
    let mut record = Record::default();
    for index in 0..5u32 {
        let mut entry = Entry::new(&host("a.example"));
        let ips =
            (0..200).map(|low| std::net::Ipv4Addr::from_bits(0x0800_0000 + index * 1000 + low).into());
        entry.ips = ips
            .map(|ip| {
                (
                    ip,
                    Some(Streak {
                        since: Minute(29_000_000),
                        last: Minute(29_000_060),
                        runs: 3,
                        shown: 5120,
                    }),
                )
            })
            .collect();
        record.entries.insert(key(&format!("h{index}.example.com"), &[443]), entry);
    }
    let text = record.write().unwrap();
    assert_eq!(Record::parse(&text).unwrap(), record);
    record.entries.insert(key("8.8.8.8", &[443]), Entry::new(&host("8.8.8.8")));
    assert!(matches!(record.write(), Err(RecordError::TooLarge(_))));
}

#[test]
fn names_are_labels_and_tell_workloads_and_endpoints_apart() {
    let one = |text: &str, ports: &[u16]| Record {
        entries: [(key(text, ports), Entry::new(&host(text)))].into_iter().collect(),
    };
    let long = "a-very-long-label-of-more-than-forty-characters-which.example.com";
    let records = [
        one("api.example.com", &[443]),
        one("api.example.com", &[443, 80]),
        one("api-example.com", &[443]),
        one("_x._tcp.example.com", &[443]),
        one("[2a00::1]", &[443]),
        one("8.8.8.8", &[443]),
        one(long, &[443]),
        sample(),
    ];
    let mut names = std::collections::BTreeSet::new();
    for record in &records {
        for workload in ["", "Deployment/web", "StatefulSet/web"] {
            let name = name::of_policy(workload, record.entries.keys());
            assert!(name.len() <= 63, "{name}");
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{name}"
            );
            assert!(!name.contains("--") || name.contains("xn--") || !name.starts_with('-'), "{name}");
            assert!(names.insert(name.clone()), "{name} twice");
        }
        assert_eq!(name::hash(record).len(), 10);
    }
    assert_eq!(
        name::of_policy("Deployment/web", records[0].entries.keys()),
        "netpol-ep-api-example-com-603be303f7"
    );
}
