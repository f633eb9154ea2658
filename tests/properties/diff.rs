//! A diff against the difference of two full lists, member by member.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::ControlFlow;

use netpol::answer::endpoint::Endpoint;
use netpol::answer::verdict::Verdict;
use netpol::diff::joint::JointEnds;
use netpol::diff::network_diff::Diff;
use netpol::diff::sides::Sides;
use netpol::ends::units::Level;
use netpol::engine::network::Network;
use netpol::files::manifests::{self, ReadOptions};
use netpol::files::saved;
use netpol::model::ips::Family;
use netpol::model::snapshot::Snapshot;
use netpol::objects::meta::OwnerReference;
use netpol::objects::object::{Object, Objects};
use netpol::report::list::List;
use netpol::report::query::ListQuery;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;

use crate::config;
use crate::reference::cluster::{Cluster, Pod};
use crate::reference::generate::clusters;

/// Certain and uncertain ports.
type Ports = [BTreeSet<String>; 2];
/// What is open between members: pods, nodes and addresses, each with one of its addresses.
type Map = BTreeMap<(String, String), Ports>;

/// A cluster, and how pods are brought together as workloads.
struct Side {
    snapshot: Snapshot,
}

impl Side {
    fn of(objects: Objects) -> Self {
        Self { snapshot: objects.assemble() }
    }
}

/// A cluster before and after some edits, and addresses outside.
#[derive(Debug)]
struct Edited {
    clusters: Sides<Cluster>,
    outside: Vec<IpAddr>,
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_diff_is_the_difference_of_two_lists(edited in edits()) {
        let sides = edited.clusters.each().map(|cluster| side(cluster, &edited.clusters));
        let networks = sides.each().map(|side| Network::of(&side.snapshot));
        let networks = networks.each();
        let families = networks.map(|network| network.snapshot.known_families());
        // Where the families become known, no pod has the classes that it had.
        if !families.each().map(Vec::is_empty).agree() {
            return Ok(());
        }
        let outside = edited.outside(networks);
        let lists = networks.map(|network| full_list(network, &outside));
        let members = networks.map(|network| members(network, &outside));
        let mut expected: BTreeMap<(String, String), Sides<Ports>> = BTreeMap::new();
        let all: BTreeSet<&(String, String)> = lists.each().list().into_iter().flat_map(|own| own.keys()).collect();
        for pair in all {
            let own = |((list, members), network): ((&Map, &BTreeMap<String, Member>), &Network<'_>)| {
                list.get(pair).cloned().unwrap_or_else(|| unlisted(members, network, pair))
            };
            let ports = lists.each().zip(members.each()).zip(networks).map(own);
            if ports.before != ports.after {
                expected.insert(pair.clone(), ports);
            }
        }
        let ends = JointEnds::build(networks);
        let diff = Diff::new(networks, &ends, None);
        let told = told(&diff, &members, &outside)?;
        let pairs: BTreeSet<_> = told.keys().chain(expected.keys()).collect();
        for pair in pairs {
            prop_assert_eq!(told.get(pair), expected.get(pair), "{:?}", pair);
        }
    }

    #[test]
    fn nothing_differs_from_itself(cluster in clusters()) {
        let both = Sides { before: cluster.clone(), after: cluster };
        let changes = changes(both.each().map(|cluster| side(cluster, &both)).each());
        prop_assert!(changes.is_empty(), "{:#?}", changes);
    }

    #[test]
    fn nothing_differs_from_its_snapshot_file(cluster in clusters()) {
        let both = Sides { before: cluster.clone(), after: cluster };
        let folder = tempfile::tempdir()?;
        let path = [folder.path().join("saved.json").display().to_string()];
        saved::save(&objects(&both.before, &both), &path.concat())?;
        let options = ReadOptions::of("default");
        let (own, read) = (side(&both.before, &both), Side::of(manifests::read(&path, options)?));
        prop_assert_eq!(own.snapshot.policies.len(), read.snapshot.policies.len());
        let changes = [
            changes(Sides { before: &own, after: &read }),
            changes(Sides { before: &read, after: &own }),
            changes(Sides { before: &read, after: &read }),
        ];
        prop_assert!(changes.iter().all(Vec::is_empty), "{:#?}", changes);
    }
}

/// Writes every difference.
fn changes(sides: Sides<&Side>) -> Vec<String> {
    let networks = sides.map(|side| Network::of(&side.snapshot));
    let networks = networks.each();
    let ends = JointEnds::build(networks);
    let diff = Diff::new(networks, &ends, None);
    // Before the walk and after it, the same.
    let differs = Diff::new(networks, &ends, None).differs();
    let isolations = diff.isolations();
    let mut changes: Vec<String> = isolations.iter().map(|own| format!("{:?}", own.told)).collect();
    let _ = diff.each(&mut |changed| {
        changes.push(format!("{changed:?}"));
        ControlFlow::Continue(())
    });
    assert_eq!([differs, diff.differs()], [!changes.is_empty(); 2]);
    changes
}

/// Reads a cluster; pods of an even number that both sides have belong to a set of their namespace.
fn side(cluster: &Cluster, both: &Sides<Cluster>) -> Side {
    Side::of(objects(cluster, both))
}

fn objects(cluster: &Cluster, both: &Sides<Cluster>) -> Objects {
    let mut objects = cluster.objects();
    for (key, object) in &mut objects.items {
        let Object::Pod(pod) = object else { continue };
        let here = |cluster: &Cluster| {
            cluster
                .pods
                .iter()
                .any(|pod| pod.name == key.name && pod.namespace == key.namespace && !pod.has_finished())
        };
        let even = key.name.ends_with(['2', '4', '6', '8']);
        if even && here(&both.before) && here(&both.after) {
            pod.metadata.owner_references = vec![OwnerReference {
                api_version: "apps/v1".to_owned(),
                kind: "StatefulSet".to_owned(),
                name: "set".to_owned(),
                controller: true,
            }];
        }
    }
    objects
}

/// Returns clusters that differ in some policies, labels, named ports, namespaces and pods.
fn edits() -> impl Strategy<Value = Edited> {
    let picks = || vec(0..4_u8, 24);
    (clusters(), clusters(), picks(), picks(), vec(any::<IpAddr>(), 3), vec(any::<Index>(), 10))
        .prop_map(|(before, other, pods, rest, random, bounds)| {
            let after = edit(&before, &other, &pods, &rest);
            let all: Vec<IpAddr> = before.bounds().into_iter().chain(after.bounds()).collect();
            let picked = bounds.iter().filter(|_| !all.is_empty()).map(|pick| *pick.get(&all));
            let outside = picked.chain(random).collect();
            Edited { clusters: Sides { before, after }, outside }
        })
}

fn edit(before: &Cluster, other: &Cluster, pods: &[u8], rest: &[u8]) -> Cluster {
    let mut after = before.clone();
    let pick = |picks: &[u8], index: usize| picks.get(index).copied().unwrap_or_default();
    after.pods.clear();
    for (index, pod) in before.pods.iter().enumerate() {
        let relabelled = other.pods.get(index).map(|other| Pod {
            labels: other.labels.clone(),
            ports: other.ports.clone(),
            ..pod.clone()
        });
        match pick(pods, index) {
            0 => after.pods.extend(relabelled),
            1 if index % 2 == 0 => {}
            _ => after.pods.push(pod.clone()),
        }
    }
    let fresh = other.pods.iter().enumerate().filter(|(index, _)| pick(pods, index + 12) == 0);
    after.pods.extend(fresh.map(|(_, pod)| Pod {
        name: format!("new-{}", pod.name),
        namespace: before.namespaces.keys().next().cloned().unwrap_or_default(),
        // It would tell other addresses of a node of this name.
        node: None,
        ..pod.clone()
    }));
    after.policies.clear();
    for (index, policy) in before.policies.iter().enumerate() {
        match (pick(rest, index), other.policies.get(index)) {
            (0, _) => {}
            (1, Some(other)) => {
                let mut changed = policy.clone();
                changed.spec = other.spec.clone();
                after.policies.push(changed);
            }
            _ => after.policies.push(policy.clone()),
        }
    }
    for (index, policy) in other.policies.iter().enumerate() {
        if pick(rest, index + 12) == 0 && before.namespaces.contains_key(&policy.namespace) {
            let mut fresh = policy.clone();
            fresh.name = format!("new-{}", fresh.name);
            after.policies.push(fresh);
        }
    }
    for (index, (name, labels)) in after.namespaces.iter_mut().enumerate() {
        if pick(rest, index + 18) == 0
            && let (Some(labels), Some(Some(other))) = (labels, other.namespaces.get(name))
        {
            *labels = other.clone();
        }
    }
    after
}

impl Edited {
    /// Returns the addresses that neither side's pods and nodes hold.
    fn outside(&self, networks: Sides<&Network<'_>>) -> Vec<IpAddr> {
        let held: BTreeSet<IpAddr> = networks
            .list()
            .into_iter()
            .flat_map(|network| {
                let snapshot = network.snapshot;
                let pods = snapshot.pods.values().flat_map(|pod| pod.ips.clone());
                pods.chain(snapshot.nodes.values().flat_map(|node| node.ips.clone())).collect::<Vec<_>>()
            })
            .collect();
        self.outside.iter().copied().filter(|ip| !held.contains(ip)).collect()
    }
}

/// What a list can name.
#[derive(Clone, Debug)]
struct Member {
    /// The name of the end that it belongs to at the level of workloads.
    end: String,
    pod: Option<String>,
    ip: Option<IpAddr>,
    family: Option<Family>,
    governed: bool,
    template: bool,
}

impl Member {
    fn of_address(end: String, ip: IpAddr) -> Self {
        let family = Some(Family::of(ip));
        Self { end, pod: None, ip: Some(ip), family, governed: false, template: false }
    }
}

/// Names everything that can be an end.
fn members(network: &Network<'_>, outside: &[IpAddr]) -> BTreeMap<String, Member> {
    let snapshot = network.snapshot;
    let mut members = BTreeMap::new();
    for (id, pod) in snapshot.pods.iter() {
        let namespace = &snapshot.namespaces.at(pod.namespace).name;
        let workload = pod.workload.map(|id| snapshot.workloads.at(id));
        let end = workload.map_or(format!("{namespace}/Pod/{}", pod.name), |workload| {
            format!("{namespace}/{}/{}", workload.kind, workload.name)
        });
        for (class, ip) in network.addresses_of(id) {
            let family = network.classes.family(class);
            let member = Member {
                end: end.clone(),
                pod: Some(pod.name.to_string()),
                ip,
                family,
                governed: pod.is_managed(),
                template: pod.is_template(),
            };
            let unknown = family.filter(|_| ip.is_none());
            members.insert(format!("{end} {} {ip:?} {unknown:?}", pod.name), member);
        }
    }
    for node in snapshot.nodes.values() {
        let end = format!("/Node/{}", node.name);
        for ip in &node.ips {
            let member = Member::of_address(end.clone(), *ip);
            let ip = Some(*ip);
            members.insert(format!("{end} {ip:?}"), member);
        }
    }
    for ip in outside {
        members.insert(format!("outside {ip}"), Member::of_address("outside".to_owned(), *ip));
    }
    members
}

/// Lists the members that an endpoint of an answer means.
fn meant<'m>(
    endpoint: &Endpoint,
    members: &'m BTreeMap<String, Member>,
) -> Vec<(&'m String, &'m Member)> {
    let end = match endpoint.kind.name() {
        "IPBlock" => "outside".to_owned(),
        kind => {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            format!("{}/{kind}/{}", part(&endpoint.namespace), part(&endpoint.name))
        }
    };
    let is_meant = |member: &Member| {
        let here = |ip: &IpAddr| endpoint.cidrs.iter().any(|block| block.contains(ip));
        match endpoint.kind.name() {
            "IPBlock" => member.ip.as_ref().is_some_and(here),
            _ => {
                let pods = &endpoint.pods;
                let (ips, families) = (&endpoint.ips, &endpoint.families);
                (pods.is_empty() || member.pod.as_ref().is_some_and(|pod| pods.contains(pod)))
                    && (ips.is_empty() || member.ip.is_none_or(|ip| ips.contains(&ip)))
                    && (families.is_empty()
                        || member.ip.is_some()
                        || member.family.is_none_or(|own| families.contains(&own)))
            }
        }
    };
    members.iter().filter(|(_, member)| member.end == end && is_meant(member)).collect()
}

/// Lists the pairs of members that two endpoints of an answer mean.
fn pairs(
    source: &Endpoint,
    destination: &Endpoint,
    sources: &BTreeMap<String, Member>,
    destinations: &BTreeMap<String, Member>,
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (from, source) in meant(source, sources) {
        for (to, destination) in meant(destination, destinations) {
            let families = source.family.zip(destination.family);
            let compatible = families.is_none_or(|(one, other)| one == other);
            let itself = source.end == destination.end
                && source.pod.is_some()
                && source.pod == destination.pod
                && !source.template;
            if compatible && !itself && (source.governed || destination.governed) {
                pairs.push((from.clone(), to.clone()));
            }
        }
    }
    pairs
}

/// Lists everything of one side, pair by pair.
fn full_list(network: &Network<'_>, outside: &[IpAddr]) -> Map {
    let query = ListQuery {
        level: Level::Workloads,
        direction: None,
        from: None,
        to: None,
        port: None,
        namespace: None,
    };
    let members = members(network, outside);
    let mut map = Map::new();
    let _ = List::new(network, query).each(&mut |listed| {
        for pair in pairs(listed.source, listed.destination, &members, &members) {
            let ports = map.entry(pair).or_default();
            let own = if listed.verdict == Verdict::Depends { &mut ports[1] } else { &mut ports[0] };
            own.extend(listed.ports.iter().cloned());
        }
        ControlFlow::Continue(())
    });
    map
}

/// Returns what is open between members that a list does not tell of: everything if both are there
/// and no policy governs either, else nothing.
fn unlisted(
    members: &BTreeMap<String, Member>,
    _: &Network<'_>,
    (from, to): &(String, String),
) -> Ports {
    match (members.get(from), members.get(to)) {
        (Some(from), Some(to)) if !from.governed && !to.governed => {
            [BTreeSet::from(["any".to_owned()]), BTreeSet::new()]
        }
        _ => Ports::default(),
    }
}

/// Lists what a diff tells, pair by pair; nothing may be told twice.
fn told(
    diff: &Diff<'_, '_>,
    members: &Sides<BTreeMap<String, Member>>,
    _: &[IpAddr],
) -> Result<BTreeMap<(String, String), Sides<Ports>>, proptest::test_runner::TestCaseError> {
    let all: BTreeMap<String, Member> =
        members.before.clone().into_iter().chain(members.after.clone()).collect();
    let mut map = BTreeMap::new();
    let mut twice = Vec::new();
    let _ = diff.each(&mut |changed| {
        for pair in pairs(changed.source, changed.destination, &all, &all) {
            let ports = changed.ports.map(|ports| {
                [ports.open.iter().cloned().collect(), ports.unsure.iter().cloned().collect()]
            });
            if map.insert(pair.clone(), ports).is_some() {
                twice.push(pair);
            }
        }
        ControlFlow::Continue(())
    });
    prop_assert!(twice.is_empty(), "told twice: {:#?}", twice);
    Ok(map)
}
