//! The objects that are written, and the last look at them before they are sent.

use std::net::IpAddr;

use k8s_openapi::api::networking::v1::NetworkPolicy;
use netpol::edit::guard::{self, Plan};
use netpol::edit::host::Host;
use netpol::edit::merge::Options;
use netpol::edit::object::{self, IntoError, Pods, on_the_wire};
use netpol::edit::record::{ANNOTATION, Entry, Key, Record};
use netpol::model::ips::IpSet;
use netpol::model::ports::{Protocol, ProtocolPort};
use netpol::model::selector::{Requirement, Selector, Test};
use netpol::model::service::TargetPort;
use netpol::model::special::AddressClass;
use netpol::world::servers::{At, Servers};
use proptest::collection::btree_set;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

const NAME: &str = "netpol-ep-a";

fn record(hosts: &[(&str, u16, &[&str])]) -> Record {
    let entry = |(host, port, ips): &(&str, u16, &[&str])| {
        let host = Host::parse(host).unwrap();
        let mut entry = Entry::new(&host);
        entry.ips.extend(ips.iter().map(|ip| (ip.parse().unwrap(), None)));
        (Key { host, ports: [ProtocolPort::tcp(*port)].into() }, entry)
    };
    Record { entries: hosts.iter().map(entry).collect() }
}

fn web() -> Pods {
    let requirements = vec![
        Requirement::equals("app", "web"),
        Requirement { key: "old".into(), test: Test::DoesNotExist },
        Requirement { key: "tier".into(), test: Test::In(["a".into(), "b".into()].into()) },
    ];
    Pods {
        namespace: "shop".into(),
        workload: Some("Deployment/web".into()),
        selector: Selector { requirements },
    }
}

/// Builds the policy of remembered hosts, as it goes to the wire.
fn dedicated(record: &Record) -> Value {
    on_the_wire(&object::dedicated(&web(), NAME, record, &[]).unwrap().unwrap())
}

fn plan(record: &Record) -> Plan<'_> {
    Plan { record: Some(record), ..Plan::default() }
}

#[test]
fn a_policy_of_our_own_has_a_rule_for_each_host_and_isolates_egress_alone() {
    let record = record(&[
        ("api.example.com", 443, &["2a00::1", "8.8.8.9", "8.8.8.8", "8.8.8.11"]),
        ("b.example.com", 5432, &["8.8.8.10"]),
        ("unknown.example.com", 80, &[]),
    ]);
    let policy = dedicated(&record);
    assert_eq!(
        policy["spec"],
        json!({
            "podSelector": {
                "matchLabels": { "app": "web" },
                "matchExpressions": [
                    { "key": "old", "operator": "DoesNotExist" },
                    { "key": "tier", "operator": "In", "values": ["a", "b"] },
                ],
            },
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [
                        { "ipBlock": { "cidr": "8.8.8.8/31" } },
                        { "ipBlock": { "cidr": "8.8.8.11/32" } },
                        { "ipBlock": { "cidr": "2a00::1/128" } },
                    ],
                    "ports": [{ "protocol": "TCP", "port": 443 }],
                },
                {
                    "to": [{ "ipBlock": { "cidr": "8.8.8.10/32" } }],
                    "ports": [{ "protocol": "TCP", "port": 5432 }],
                },
            ],
        })
    );
    let annotation = policy["metadata"]["annotations"][ANNOTATION].as_str().unwrap();
    assert_eq!(Record::parse(annotation).unwrap(), record);
    assert_eq!(policy["metadata"]["labels"]["app.kubernetes.io/managed-by"], "kubectl-netpol");
    guard::check(&policy, plan(&record)).unwrap();
    serde_json::from_value::<NetworkPolicy>(policy).unwrap();
    assert_eq!(
        object::dedicated(&web(), NAME, &self::record(&[("a.example", 1, &[])]), &[]).unwrap(),
        None
    );
    assert_eq!(object::dedicated(&web(), NAME, &Record::default(), &[]).unwrap(), None);
}

#[test]
fn names_are_asked_for_at_the_ports_of_the_dns_pods() {
    let selector = Selector { requirements: vec![Requirement::equals("k8s-app", "kube-dns")] };
    let ports = [TargetPort::Number(5353), TargetPort::Name("dns".into())];
    let ports = ports.into_iter().map(|port| (Protocol::Udp, port)).collect();
    let pods = Servers { at: At::Pods { namespace: "kube-system".into(), selector }, ports };
    let at = At::Addresses(["169.254.20.10".parse().unwrap()].into());
    let local = Servers { at, ports: [(Protocol::Udp, TargetPort::Number(53))].into() };
    let rules = vec![object::dns_rule(&pods), object::dns_rule(&local), object::dns_everywhere()];
    let policy = on_the_wire(&object::dns(&web(), rules.clone()));
    assert_eq!(policy["metadata"]["name"], "netpol-dns-web-88b43ec069");
    let rules: Vec<Value> = rules.iter().map(on_the_wire).collect();
    assert_eq!(
        rules[0],
        json!({
            "to": [{
                "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "kube-system" } },
                "podSelector": { "matchLabels": { "k8s-app": "kube-dns" } },
            }],
            "ports": [
                { "protocol": "UDP", "port": 5353 },
                { "protocol": "TCP", "port": 5353 },
                { "protocol": "UDP", "port": "dns" },
                { "protocol": "TCP", "port": "dns" },
            ],
        })
    );
    assert_eq!(rules[1]["to"], json!([{ "ipBlock": { "cidr": "169.254.20.10/32" } }]));
    assert_eq!(rules[2]["to"].as_array().unwrap().len(), 3, "everything is said, and never left out");
    guard::check(&policy, Plan { rules: &rules, ..Plan::default() }).unwrap();
    assert!(guard::check(&policy, Plan { rules: &rules[..2], ..Plan::default() }).is_err());
    serde_json::from_value::<NetworkPolicy>(policy).unwrap();
}

/// A policy of somebody else, with a rule that opens port 53 of everything.
fn live() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7",
            "labels": { "team": "shop" }, "managedFields": [{}],
        },
        "spec": {
            "podSelector": { "matchLabels": { "app": "web" } },
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{}],
            "egress": [
                { "ports": [{ "protocol": "UDP", "port": 53 }] },
                { "to": [{ "podSelector": {} }] },
            ],
        },
    })
}

#[test]
fn a_policy_of_somebody_else_keeps_every_rule_that_was_read() {
    let old = record(&[]);
    let new = record(&[("a.example", 443, &["8.8.8.8"]), ("b.example", 80, &["8.8.4.4"])]);
    let first = object::into(&live(), (&old, &new), &[]).unwrap();
    let egress = first["spec"]["egress"].as_array().unwrap();
    assert_eq!(egress[..2], live()["spec"]["egress"].as_array().unwrap()[..]);
    assert_eq!(egress.len(), 4);
    assert_eq!(first["metadata"]["uid"], "u");
    assert_eq!(first["metadata"]["resourceVersion"], "7");
    assert_eq!(first["metadata"].get("managedFields"), None);
    assert_eq!(first["metadata"]["labels"].get("team"), None, "labels of others are theirs");
    assert_eq!(first["spec"].get("ingress"), None);
    let read = live();
    guard::check(&first, Plan { record: Some(&new), live: Some(&read), ..Plan::default() }).unwrap();
    // The next run: one host has another address, the other is gone, and somebody added a rule.
    let mut read = live();
    read["spec"]["egress"] = first["spec"]["egress"].clone();
    let theirs = json!({ "to": [{ "ipBlock": { "cidr": "1.1.1.1/32" } }] });
    read["spec"]["egress"].as_array_mut().unwrap().push(theirs.clone());
    let next = record(&[("a.example", 443, &["8.8.8.8", "8.8.8.9"])]);
    let second = object::into(&read, (&new, &next), &[]).unwrap();
    let egress = second["spec"]["egress"].as_array().unwrap();
    assert_eq!(egress.len(), 4);
    assert_eq!(egress[2]["to"], json!([{ "ipBlock": { "cidr": "8.8.8.8/31" } }]));
    assert_eq!(egress[3], theirs);
    guard::check(&second, Plan { record: Some(&next), live: Some(&read), ..Plan::default() }).unwrap();
    read["spec"]["egress"] = second["spec"]["egress"].clone();
    assert_eq!(
        object::into(&read, (&next, &next), &[]).unwrap()["spec"],
        second["spec"],
        "twice is once"
    );
    // A rule of ours that somebody changed is not ours any more.
    read["spec"]["egress"][2]["ports"][0]["port"] = json!(8443);
    let third = object::into(&read, (&Record::default(), &next), &[]).unwrap();
    assert_eq!(third["spec"]["egress"].as_array().unwrap().len(), 5);
}

#[test]
fn a_rule_that_is_there_like_one_of_ours_outlives_it() {
    let first = record(&[("api.example.com", 443, &["8.8.8.8"])]);
    let moved = record(&[("api.example.com", 443, &["9.9.9.9"])]);
    let mut live = live();
    let by_hand: Vec<Value> = object::rules(&first).iter().map(on_the_wire).collect();
    live["spec"]["egress"] = by_hand.clone().into();
    let taken = object::into(&live, (&Record::default(), &first), &[]).unwrap();
    let later = object::into(&taken, (&first, &moved), &[]).unwrap();
    let rules = later["spec"]["egress"].as_array().unwrap();
    assert!(rules.contains(&by_hand[0]), "{later:#}");
    assert!(rules.contains(&on_the_wire(&object::rules(&moved)[0])), "{later:#}");
}

#[test]
fn a_policy_in_which_a_rule_would_isolate_or_do_nothing_is_refused() {
    let new = record(&[("a.example", 443, &["8.8.8.8"])]);
    let try_into = |change: &dyn Fn(&mut Value)| {
        let mut live = live();
        change(&mut live);
        object::into(&live, (&Record::default(), &new), &[]).unwrap_err()
    };
    assert_eq!(try_into(&|live| live["spec"]["policyTypes"] = json!(["Ingress"])), IntoError::NotEgress);
    assert_eq!(try_into(&|live| live["spec"]["policyTypes"] = Value::Null), IntoError::NotEgress);
    assert_eq!(try_into(&|live| live["kind"] = json!("Pod")), IntoError::Kind);
    let open = IntoError::Open("spec.egress[1]".into());
    assert_eq!(try_into(&|live| live["spec"]["egress"][1] = json!({})), open);
}

#[test]
fn what_was_not_planned_is_not_sent() {
    let record = record(&[("a.example", 443, &["8.8.8.8", "8.8.8.9"]), ("b.example", 80, &["8.8.4.4"])]);
    let good = dedicated(&record);
    guard::check(&good, plan(&record)).unwrap();
    let changes: &[(&str, Value)] = &[
        ("/kind", json!("CiliumNetworkPolicy")),
        ("/apiVersion", json!("networking.k8s.io/v2")),
        ("/spec/policyTypes", Value::Null),
        ("/spec/policyTypes", json!([])),
        ("/spec/policyTypes", json!(["Ingress"])),
        ("/spec/policyTypes", json!(["Egress", "Ingress"])),
        ("/spec/podSelector", Value::Null),
        ("/spec/egress", Value::Null),
        ("/spec/egress/0", json!({})),
        ("/spec/egress/0/to", json!([])),
        ("/spec/egress/0/to", Value::Null),
        ("/spec/egress/0/ports", json!([])),
        ("/spec/egress/0/ports", Value::Null),
        ("/spec/egress/0/ports/0/port", json!(80)),
        ("/spec/egress/0/ports/0/port", Value::Null),
        ("/spec/egress/0/ports/0", json!({ "protocol": "TCP", "port": 443, "endPort": 500 })),
        ("/spec/egress/0/ports/0/protocol", json!("UDP")),
        ("/spec/egress/0/to/0", json!({})),
        ("/spec/egress/0/to/0", json!({ "namespaceSelector": {} })),
        ("/spec/egress/0/to/0/ipBlock/cidr", json!("0.0.0.0/0")),
        ("/spec/egress/0/to/0/ipBlock/cidr", json!("8.8.8.8/30")),
        ("/spec/egress/0/to/0/ipBlock/cidr", json!("8.8.4.4/32")),
        ("/spec/egress/0/to/0/ipBlock/cidr", json!("x")),
        ("/spec/egress/0/to/0/ipBlock", json!({ "cidr": "8.8.8.8/32", "except": [] })),
    ];
    for (path, value) in changes {
        let mut wire = good.clone();
        *wire.pointer_mut(path).unwrap() = value.clone();
        assert!(guard::check(&wire, plan(&record)).is_err(), "{path} {value}");
    }
    for field in ["policyTypes", "egress", "podSelector"] {
        let mut wire = good.clone();
        wire["spec"].as_object_mut().unwrap().remove(field);
        assert!(guard::check(&wire, plan(&record)).is_err(), "without {field}");
    }
    let mut wire = good.clone();
    wire["spec"]["ingress"] = json!([]);
    assert!(guard::check(&wire, plan(&record)).is_err());
    let read = live();
    let mut into = object::into(&read, (&Record::default(), &record), &[]).unwrap();
    let with = Plan { record: Some(&record), live: Some(&read), ..Plan::default() };
    guard::check(&into, with).unwrap();
    into["spec"]["podSelector"] = json!({});
    assert!(guard::check(&into, with).is_err(), "another selector than was read");
}

#[test]
fn an_address_that_no_name_server_could_open_is_not_sent() {
    let own = IpSet::from_iter(["9.9.9.9".parse::<IpAddr>().unwrap()]);
    let check = |host: &str, ip: &str, plan: &dyn Fn(Plan<'_>) -> Result<(), String>| {
        let record = record(&[(host, 443, &[ip])]);
        plan(self::plan(&record)).map_err(|error| format!("{host} {ip}: {error}"))
    };
    let wire = |plan: Plan<'_>| dedicated(plan.record.unwrap());
    let refused = |plan: Plan<'_>, options: &Options| {
        let plan = Plan { options: Some(options), ..plan };
        guard::check(&wire(plan), plan).map(drop).map_err(|error| error.to_string())
    };
    let options = Options { own, ..Options::default() };
    let hosts = [("a.example", "169.254.169.254"), ("a.example", "10.0.0.1"), ("a.example", "9.9.9.9")];
    for (host, ip) in hosts.into_iter().chain([("10.0.0.1", "10.0.0.1"), ("0.0.0.0", "0.0.0.0")]) {
        let error = check(host, ip, &|plan| refused(plan, &options)).unwrap_err();
        assert!(error.contains("has an address that may not be opened"), "{error}");
    }
    check("a.example", "8.8.8.8", &|plan| refused(plan, &options)).unwrap();
    // A record consents to it, and so does the user.
    let mut record = record(&[("a.example", 443, &["10.0.0.1"])]);
    let consent = Options { consent: [AddressClass::Private].into(), ..Options::default() };
    refused(plan(&record), &consent).unwrap_err();
    record.entries.values_mut().for_each(|entry| entry.allow = [AddressClass::Private].into());
    refused(plan(&record), &consent).unwrap();
    refused(plan(&record), &Options::default()).unwrap_err();
    // It is open already, or the user typed it.
    let live = dedicated(&record);
    refused(Plan { live: Some(&live), ..plan(&record) }, &Options::default()).unwrap();
    let typed = self::record(&[("10.0.0.1", 443, &[])]);
    let named = Some(&typed.entries);
    refused(Plan { named, ..plan(&typed) }, &Options::default()).unwrap();
    refused(plan(&typed), &Options::default()).unwrap_err();
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn blocks_hold_the_remembered_addresses_and_no_others(low in btree_set(any::<u8>(), 1..200), high: u8) {
        let mut record = record(&[("a.example", 443, &[])]);
        let ips = low.iter().map(|low| std::net::IpAddr::from([8, 8, high, *low]));
        record.entries.values_mut().for_each(|entry| entry.ips.extend(ips.clone().map(|ip| (ip, None))));
        let policy = dedicated(&record);
        prop_assert!(guard::check(&policy, plan(&record)).is_ok());
        let blocks = policy["spec"]["egress"][0]["to"].as_array().unwrap();
        let block = |peer: &Value| peer["ipBlock"]["cidr"].as_str().unwrap().parse::<ipnet::Ipv4Net>().unwrap();
        let all: Vec<std::net::Ipv4Addr> = blocks.iter().flat_map(|peer| {
            let net = block(peer);
            (net.network().to_bits()..=net.broadcast().to_bits()).map(std::net::Ipv4Addr::from_bits)
        }).collect();
        prop_assert_eq!(all, low.iter().map(|low| std::net::Ipv4Addr::new(8, 8, high, *low)).collect::<Vec<_>>());
    }
}
