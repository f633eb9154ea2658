//! What allow-endpoint writes opens exactly what was asked for, for exactly the pods that were meant, and
//! cuts only what pods did that had no egress policy before.
//!
//! The reference judges every packet before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use k8s_openapi::api::networking::v1::NetworkPolicySpec;
use netpol::answer::caveat::Caveat;
use netpol::edit::host::{Host, HostName};
use netpol::edit::merge::Options;
use netpol::edit::name::of_policy;
use netpol::edit::outcome::{DnsAnswer as Said, Outcome, Resolution, Vantage, VantageClass};
use netpol::edit::plan::{self, Hosts, Learnt, WantedPolicy, Whose};
use netpol::edit::record::{Entry, Key, Minute};
use netpol::ends::find::find_end;
use netpol::ends::target::Target;
use netpol::model::ips::Family;
use netpol::model::ports::ProtocolPort;
use netpol::model::special::AddressClass;
use netpol::plan::allowance::{PolicySubject, subject};
use netpol::world::addresses;
use proptest::collection::vec;
use proptest::prelude::{Strategy, TestCaseError, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::config;
use crate::fix::{both, is_one_pod};
use crate::question::{World, worlds};
use crate::reference::cluster::{End, Life, Packet, Pod, Policy, Port, Way};
use crate::reference::network_policy::{Answer, governs};

/// The port that is asked for.
const PORT: u16 = 5432;

/// Which pod, and which addresses outside its host has.
type Pick = (Index, Vec<Index>);

fn picks() -> impl Strategy<Value = Pick> {
    (any::<Index>(), vec(any::<Index>(), 1..5))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_opens_what_was_asked_and_nothing_else(world in worlds(), pick in picks()) {
        if let Some(asked) = Asked::of(&world, &pick) {
            holds(&world, &asked)?;
        }
    }
}

/// Pods, and the addresses that they are to reach.
struct Asked<'a> {
    pod: &'a Pod,
    subject: PolicySubject,
    ips: BTreeSet<IpAddr>,
}

impl<'a> Asked<'a> {
    /// Picks a pod that a policy can be for, and addresses that are not the cluster's own.
    fn of(world: &'a World, (pod, ips): &Pick) -> Option<Self> {
        let pods = &world.cluster.pods;
        let pod = pods.get(pod.index(pods.len().max(1)))?;
        let (namespace, name) = (Some(pod.namespace.clone()), pod.name.clone());
        let target = match pod.life {
            Life::Template(kind) => Target::Workload { namespace, kind: kind.to_owned(), name },
            _ => Target::Pod { namespace, name },
        };
        let network = world.network();
        let subject = subject(&world.snapshot, &find_end(&network, &target, "alpha").ok()?).ok()?;
        let own = addresses::of_cluster(&world.snapshot);
        let real = |ip: &IpAddr| ip.to_canonical() == *ip && !own.contains(*ip);
        let outside: Vec<IpAddr> = world.outside.iter().copied().filter(real).collect();
        let ips: BTreeSet<IpAddr> =
            ips.iter().filter_map(|ip| outside.get(ip.index(outside.len().max(1))).copied()).collect();
        (!ips.is_empty()).then_some(Self { pod, subject, ips })
    }

    /// Returns the policy that would be written, and what would be written over it a moment later.
    fn written(&self, world: &World) -> (Value, bool) {
        let host = Host::parse("api.example.com").unwrap();
        let name = HostName::try_from(host.to_string()).unwrap();
        let key = Key { host: host.clone(), ports: [ProtocolPort::tcp(PORT)].into() };
        let entry = Entry { allow: AddressClass::ALL.into(), ..Entry::new(&host) };
        let vantage = Vantage { class: VantageClass::Cluster, server: "10.0.0.10:53".into() };
        let outcome = |family| {
            let own = self.ips.iter().copied().filter(|ip| Family::of(*ip) == family).collect();
            Outcome { vantage: vantage.clone(), family, answer: Said::Records(own) }
        };
        let outcomes = Family::ALL.map(outcome).to_vec();
        let learnt = Learnt {
            resolutions: BTreeMap::from([(
                name.clone(),
                Resolution { host: name, outcomes, rotates: false },
            )]),
            now: Minute(30_000_000),
            options: Options {
                own: addresses::of_cluster(&world.snapshot),
                consent: AddressClass::ALL.into(),
                ..Options::default()
            },
            ..Learnt::default()
        };
        let wanted = WantedPolicy::Hosts(Hosts {
            policy: of_policy("Deployment/web", [&key].into_iter()),
            whose: Whose::Ours,
            hosts: BTreeMap::from([(key, entry)]),
            rules: Vec::new(),
            pods: self.subject.pods.clone(),
        });
        let object = wanted.plan(None, &learnt).unwrap().object.unwrap().into_object();
        let again = wanted.plan(Some(&object), &learnt).unwrap().object.is_some()
            || plan::refresh(&object, &learnt).unwrap().object.is_some();
        (object, again)
    }
}

fn holds(world: &World, asked: &Asked<'_>) -> Result<(), TestCaseError> {
    let (object, again) = asked.written(world);
    prop_assert!(!again, "a second time nothing changes");
    let spec: NetworkPolicySpec = serde_json::from_value(object["spec"].clone()).unwrap();
    let policy =
        Policy { namespace: asked.subject.pods.namespace.to_string(), name: "ours".to_owned(), spec };
    let mut cluster = world.cluster.clone();
    cluster.policies.push(policy);
    let after = World::new(cluster, world.outside.clone());
    let (old, new) = (world.reference(Answer::No), after.reference(Answer::No));
    let ours = after.cluster.policies.last().unwrap();
    let is_selected = |pod: &Pod| new.selects(ours, pod) == Answer::Yes;
    prop_assert!(is_selected(asked.pod));
    let is_isolated = |pod: &Pod| {
        let mut policies = world.cluster.policies.iter();
        policies.any(|own| governs(&own.spec, Way::Out) && old.selects(own, pod) == Answer::Yes)
    };
    let all = after.cluster.bounds().into_iter().chain(after.outside.iter().copied());
    let addresses: BTreeSet<IpAddr> = all.filter(|ip| ip.to_canonical() == *ip).collect();
    let ends = after.cluster.ends(&addresses.into_iter().collect::<Vec<_>>());
    let ports = after.cluster.interesting_ports();
    let some = ports.iter().enumerate().filter(|(index, port)| index % 5 == 0 || is_asked(**port));
    let ports: Vec<Port> = some.map(|(_, port)| *port).collect();
    for (source, destination) in ends.iter().flat_map(|source| ends.iter().map(move |to| (source, to))) {
        let Some(pod) = source.managed_pod() else { continue };
        if !source.can_reach(*destination) || is_one_pod(*source, *destination) {
            continue;
        }
        for port in &ports {
            let packet = Packet { source: *source, destination: *destination, port: *port };
            let (was, is) = (both(old, &packet), both(new, &packet));
            let meant = is_selected(pod)
                && is_asked(*port)
                && matches!(destination, End::Address(ip) if asked.ips.contains(ip));
            let opened = is.may_be_allowed && !was.may_be_allowed;
            prop_assert!(meant || !opened, "{packet:?} is opened by {object:#}");
            prop_assert!(!meant || !is.may_be_denied, "{packet:?} is not opened by {object:#}");
            let cut = was.may_be_allowed && !is.may_be_allowed;
            prop_assert!(
                !cut || is_selected(pod) && !is_isolated(pod),
                "{packet:?} is cut by {object:#}"
            );
        }
    }
    // Whom else the selector selects is told.
    let others = after.cluster.pods.iter().filter(|pod| is_selected(pod) && pod.name != asked.pod.name);
    let others = others.filter(|pod| !pod.host_network && !pod.has_finished()).count();
    let told = asked.subject.caveats.iter().any(|caveat| matches!(caveat, Caveat::SelectsOthers(..)));
    prop_assert_eq!(others > 0, told, "{:?}", asked.subject);
    Ok(())
}

fn is_asked(port: Port) -> bool {
    matches!(port, Port::Number(netpol::model::ports::Protocol::Tcp, PORT))
}

#[test]
fn random_clusters_have_pods_to_write_for_of_every_kind() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..200 {
        let world = worlds().new_tree(&mut runner).unwrap().current();
        let pick = picks().new_tree(&mut runner).unwrap().current();
        let Some(asked) = Asked::of(&world, &pick) else { continue };
        *counts.entry("asked").or_default() += 1;
        let told = !asked.subject.caveats.is_empty();
        *counts.entry(if told { "selects others too" } else { "selects one" }).or_default() += 1;
        let template = matches!(asked.pod.life, Life::Template(_));
        *counts.entry(if template { "template" } else { "pod" }).or_default() += 1;
    }
    for (kind, least) in
        [("asked", 60), ("selects others too", 5), ("selects one", 30), ("template", 5), ("pod", 30)]
    {
        assert!(counts.get(kind).copied().unwrap_or_default() >= least, "{kind}: {counts:?}");
    }
}
