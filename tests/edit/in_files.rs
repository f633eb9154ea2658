//! A refresh is written into the text of a file: what it says is what was planned, and every other byte stays.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol::edit::as_written::{defaulted, refreshed};
use netpol::edit::host::{Host, HostName};
use netpol::edit::outcome::{DnsAnswer, Outcome, Resolution, Vantage, VantageClass};
use netpol::edit::plan::{Learnt, refresh};
use netpol::edit::record::{ANNOTATION, Entry, Key, Minute, Record, Streak};
use netpol::files::patch::{Rewrite, patch};
use netpol::files::texts::ManifestText;
use netpol::model::ips::Family;
use netpol::model::ports::ProtocolPort;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::{Index, subsequence};
use proptest::test_runner::Config;
use serde_json::Value;

const NOW: Minute = Minute(30_000_000);

/// How somebody writes a policy with two hosts.
#[derive(Clone, Debug)]
struct Style {
    /// Whether lists stand further in than their key.
    inner: [bool; 3],
    /// How each peer is written.
    flow_peer: Vec<bool>,
    /// How the list of peers of each host is written, and whether its ports come first.
    flow_list: [bool; 2],
    ports_first: [bool; 2],
    /// Whether ports name their protocol.
    protocol: bool,
    quotes: Quotes,
    /// Where comments stand.
    comments: Vec<Index>,
    line_break: &'static str,
    in_list: bool,
    ends_in_break: bool,
}

#[derive(Clone, Copy, Debug)]
enum Quotes {
    Single,
    Double,
    Literal,
    Block,
}

/// What each host has, with what leaves, and what name servers say of it.
#[derive(Clone, Debug)]
struct Story {
    /// Addresses by their last byte, and whether each was missing for long.
    has: Vec<u8>,
    is_missing: Vec<bool>,
    answer: Vec<u8>,
}

fn styles() -> impl Strategy<Value = Style> {
    let flags = (any::<[bool; 3]>(), vec(any::<bool>(), 12), any::<[bool; 2]>(), any::<[bool; 2]>());
    let words = (any::<bool>(), 0..4_usize, vec(any::<Index>(), 0..5), any::<[bool; 3]>());
    (flags, words).prop_map(|((inner, flow_peer, flow_list, ports_first), words)| {
        let (protocol, quotes, comments, [dos, in_list, ends_in_break]) = words;
        let quotes = [Quotes::Single, Quotes::Double, Quotes::Literal, Quotes::Block][quotes];
        let line_break = if dos { "\r\n" } else { "\n" };
        Style {
            inner,
            flow_peer,
            flow_list,
            ports_first,
            protocol,
            quotes,
            comments,
            line_break,
            in_list,
            ends_in_break,
        }
    })
}

fn stories() -> impl Strategy<Value = Story> {
    let all: Vec<u8> = (1..7).collect();
    let lists = (subsequence(all.clone(), 1..6), vec(any::<bool>(), 6), subsequence(all, 1..6));
    lists.prop_map(|(has, is_missing, answer)| Story { has, is_missing, answer })
}

fn ip(host: usize, last: u8) -> IpAddr {
    // Far enough from each other that no block holds two.
    IpAddr::from([198, 41, u8::try_from(host).unwrap(), last * 9])
}

fn name(host: usize) -> HostName {
    HostName::try_from(format!("host-{host}.example.test")).unwrap()
}

fn record(stories: &[Story]) -> Record {
    let entry = |(host, story): (usize, &Story)| {
        let own = Host::Name(name(host));
        let mut entry = Entry { vantage: Some(VantageClass::Named), ..Entry::new(&own) };
        let long = Streak { since: Minute(NOW.0 - 9000), last: Minute(NOW.0 - 60), runs: 3, shown: 0 };
        let each = story.has.iter().zip(&story.is_missing);
        entry.ips = each.map(|(last, missing)| (ip(host, *last), missing.then_some(long))).collect();
        let port = ProtocolPort::tcp(443 + u16::try_from(host).unwrap());
        (Key { host: own, ports: BTreeSet::from([port]) }, entry)
    };
    Record { entries: stories.iter().enumerate().map(entry).collect() }
}

fn learnt(stories: &[Story]) -> Learnt {
    let resolution = |(host, story): (usize, &Story)| {
        let vantage = Vantage { class: VantageClass::Named, server: "192.0.2.1:53".into() };
        let answer = DnsAnswer::Records(story.answer.iter().map(|last| ip(host, *last)).collect());
        let outcomes = vec![Outcome { vantage, family: Family::V4, answer }];
        (name(host), Resolution { host: name(host), outcomes, rotates: false })
    };
    let resolutions: BTreeMap<_, _> = stories.iter().enumerate().map(resolution).collect();
    Learnt { resolutions, now: NOW, ..Learnt::default() }
}

/// Writes the file: a policy with the rules of both hosts, and what others have around them.
fn text(style: &Style, stories: &[Story]) -> String {
    let written = record(stories).write().unwrap();
    let value = match style.quotes {
        Quotes::Single => format!("'{written}'  # ours"),
        Quotes::Double => serde_json::to_string(&written).unwrap(),
        Quotes::Literal => format!("|-\n      {written}"),
        Quotes::Block => format!("|\n      {written}"),
    };
    let mut lines = vec![
        "apiVersion: networking.k8s.io/v1".to_owned(),
        "kind: NetworkPolicy".to_owned(),
        "metadata:".to_owned(),
        "  name: web".to_owned(),
        "  annotations:".to_owned(),
        "    team:   frontend # keep".to_owned(),
    ];
    lines.extend(format!("    {ANNOTATION}: {value}").lines().map(str::to_owned));
    lines.extend(["  labels: { kubectl-netpol/endpoint: 'be6a28a025',  keep: me }".to_owned()]);
    lines.extend(
        ["spec:", "  podSelector: {} # keep", "  policyTypes: [Egress]", "  egress:"].map(str::to_owned),
    );
    let pad = |depth: usize, inner: bool| " ".repeat(depth + if inner { 2 } else { 0 });
    let rule = pad(2, style.inner[0]);
    lines.push(format!("{rule}- to: [{{podSelector: {{}}}}] # keep"));
    for (host, story) in stories.iter().enumerate() {
        let protocol = if style.protocol { ", protocol: TCP" } else { "" };
        let ports = format!("ports: [{{port: {}{protocol}}}] # keep", 443 + host);
        let blocks: Vec<String> =
            story.has.iter().map(|last| format!("{}/32", ip(host, *last))).collect();
        let peers: Vec<String> = if style.flow_list[host] {
            let peers = blocks.iter().map(|block| format!("{{ipBlock: {{cidr: {block}}}}}"));
            vec![format!("to: [{}]", peers.collect::<Vec<_>>().join(",  "))]
        } else {
            let own = pad(0, style.inner[1 + host]);
            let each = blocks.iter().zip(style.flow_peer.iter().skip(6 * host));
            let peers = each.flat_map(|(block, is_flow)| match is_flow {
                true => vec![format!("{own}- {{ipBlock: {{cidr: {block}}}}}")],
                false => vec![format!("{own}- ipBlock:"), format!("{own}    cidr: \"{block}\"")],
            });
            ["to:".to_owned()].into_iter().chain(peers).collect()
        };
        let own: Vec<String> = match style.ports_first[host] {
            true => [ports].into_iter().chain(peers).collect(),
            false => peers.into_iter().chain([ports]).collect(),
        };
        let each = own.iter().enumerate();
        lines.extend(
            each.map(|(line, text)| format!("{rule}{} {text}", if line == 0 { "-" } else { " " })),
        );
    }
    lines.push(format!("{rule}- to: [{{namespaceSelector: {{}}}}]  # keep"));
    for (number, place) in style.comments.iter().enumerate() {
        // Inside a block of text a comment is none, and inside a peer it goes with that.
        let place = place.index(lines.len());
        let starts =
            |start: &str| lines.get(place).is_some_and(|line| line.trim_start().starts_with(start));
        let is_inside = starts("{\"v\"") || starts("cidr:");
        lines.insert(if is_inside { place + 1 } else { place }, format!("  # keep {number}"));
    }
    let around =
        |text: &str| format!("# keep\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {text}}}\n");
    let own = match style.in_list {
        true => {
            let items = lines.iter().enumerate();
            let items =
                items.map(|(line, text)| format!("{} {text}", if line == 0 { "-" } else { " " }));
            format!("apiVersion: v1\nkind: List\nitems:\n{}", items.collect::<Vec<_>>().join("\n"))
        }
        false => lines.join("\n"),
    };
    let end = if style.ends_in_break { "\n" } else { "" };
    let whole = format!("{}---\n{}---\n{own}{end}", around("first"), around("second"));
    whole.replace('\n', style.line_break)
}

/// The lines of what nobody may change.
fn kept(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').filter(|line| line.contains("keep")).collect()
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_file_says_what_was_planned_and_keeps_every_other_byte(
        style in styles(),
        stories in [stories(), stories()],
    ) {
        let old = ManifestText { file: "web.yaml".to_owned(), text: text(&style, &stories) };
        let policies = old.policies();
        prop_assert_eq!(policies.len(), 1, "{}", &old.text);
        let before = &policies[0].object;
        let planned = refresh(&defaulted(before), &learnt(&stories)).unwrap();
        let Some(planned) = planned.object else { return Ok(()) };
        let after = refreshed(before, planned.object());
        let rewrite = Rewrite { place: &policies[0].place, before, after: &after };
        let new = patch(&old.text, &[rewrite]);
        prop_assert!(new.is_ok(), "{}\n{after:#}", &old.text);
        let new = ManifestText { text: new.unwrap(), ..old.clone() };
        prop_assert_eq!(&new.policies()[0].object, &after, "{}", &new.text);
        // The rules that a cluster would have are those that were planned.
        let (own, planned) = (defaulted(&after), planned.object());
        prop_assert_eq!(&own["spec"]["egress"], &planned["spec"]["egress"], "{}", &new.text);
        let record = |object: &Value| object["metadata"]["annotations"][ANNOTATION].as_str().map(str::trim_end).map(str::to_owned);
        prop_assert_eq!(record(&own), record(planned), "{}", &new.text);
        let label = "labels: { kubectl-netpol/endpoint: '";
        let (mut was, mut is) = (kept(&old.text), kept(&new.text));
        for lines in [&mut was, &mut is] {
            lines.retain(|line| !line.contains(label));
        }
        prop_assert_eq!(was, is, "{}\n{}", &old.text, &new.text);
        prop_assert!(new.text.contains("',  keep: me }"), "{}", &new.text);
        if style.line_break == "\r\n" {
            prop_assert_eq!(new.text.matches('\n').count(), new.text.matches("\r\n").count());
        }
    }
}
