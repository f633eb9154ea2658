//! The laws of the set types, on random sets, against naive sets of points.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::net::IpAddr;

use ipnet::IpNet;
use netpol::engine::class::ClassId;
use netpol::engine::class_set::ClassSet;
use netpol::engine::region::Region;
use netpol::model::interval::{IntervalSet, Point};
use netpol::model::ips::IpSet;
use netpol::model::ports::{PortSet, Protocol};
use proptest::collection::vec;
use proptest::prelude::{
    BoxedStrategy, Just, Strategy, TestCaseError, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use proptest::sample::select;
use proptest::test_runner::Config;

fn config() -> Config {
    Config { failure_persistence: None, ..Config::default() }
}

/// A canonical set that the laws are checked on.
trait Set: Clone + Default + PartialEq + Debug {
    type Point: Ord + Clone + Debug;
    fn or(&self, other: &Self) -> Self;
    fn and(&self, other: &Self) -> Self;
    fn minus(&self, other: &Self) -> Self;
    fn is_none(&self) -> bool;
    fn holds(&self, point: &Self::Point) -> bool;
    /// Lists points of which every set of the tests holds a different selection.
    fn points() -> Vec<Self::Point>;

    fn naive(&self) -> BTreeSet<Self::Point> {
        Self::points().into_iter().filter(|point| self.holds(point)).collect()
    }
}

macro_rules! laws {
    ($($name:ident: $sets:expr;)*) => {
        proptest! {
            #![proptest_config(config())]
            $(#[test]
            fn $name(a in $sets, b in $sets, c in $sets) {
                keep_the_laws(&a, &b, &c)?;
                agree_with_naive_sets(&a, &b)?;
            })*
        }
    };
}

laws! {
    interval_sets_keep_the_laws_of_sets: lines();
    port_sets_keep_the_laws_of_sets: port_sets();
    ip_sets_keep_the_laws_of_sets: ip_sets();
    class_sets_keep_the_laws_of_sets: class_sets();
    regions_keep_the_laws_of_sets: regions();
}

/// Checks the algebra; `==` compares representations, so it checks too that they are canonical.
fn keep_the_laws<S: Set>(a: &S, b: &S, c: &S) -> Result<(), TestCaseError> {
    let none = S::default();
    prop_assert_eq!(a.or(b), b.or(a));
    prop_assert_eq!(a.and(b), b.and(a));
    prop_assert_eq!(a.or(&b.or(c)), a.or(b).or(c));
    prop_assert_eq!(a.and(&b.and(c)), a.and(b).and(c));
    prop_assert_eq!(a.and(&b.or(c)), a.and(b).or(&a.and(c)));
    prop_assert_eq!(a.or(&b.and(c)), a.or(b).and(&a.or(c)));
    // De Morgan, with everything of `c` in the place of the universe.
    prop_assert_eq!(c.minus(&a.or(b)), c.minus(a).and(&c.minus(b)));
    prop_assert_eq!(c.minus(&a.and(b)), c.minus(a).or(&c.minus(b)));
    prop_assert_eq!(a.or(&a.and(b)), a.clone());
    prop_assert_eq!(a.and(&a.or(b)), a.clone());
    prop_assert_eq!((a.or(a), a.and(a), a.minus(a)), (a.clone(), a.clone(), none.clone()));
    prop_assert_eq!((a.or(&none), a.and(&none), a.minus(&none)), (a.clone(), none.clone(), a.clone()));
    prop_assert_eq!(a.minus(b).or(&a.and(b)), a.clone(), "however built");
    prop_assert_eq!(a.minus(b).and(b), none);
    Ok(())
}

fn agree_with_naive_sets<S: Set>(a: &S, b: &S) -> Result<(), TestCaseError> {
    let (left, right) = (a.naive(), b.naive());
    prop_assert_eq!(a.or(b).naive(), &left | &right);
    prop_assert_eq!(a.and(b).naive(), &left & &right);
    prop_assert_eq!(a.minus(b).naive(), &left - &right);
    prop_assert_eq!(a.is_none(), left.is_empty());
    prop_assert_eq!(a == b, left == right);
    Ok(())
}

macro_rules! set {
    ($type:ty, $point:ty, $points:expr, |$self:ident, $at:ident| $holds:expr) => {
        impl Set for $type {
            type Point = $point;
            fn or(&self, other: &Self) -> Self {
                self.union(other)
            }
            fn and(&self, other: &Self) -> Self {
                self.intersection(other)
            }
            fn minus(&self, other: &Self) -> Self {
                self.difference(other)
            }
            fn is_none(&self) -> bool {
                self.is_empty()
            }
            fn holds(&self, point: &Self::Point) -> bool {
                let ($self, $at) = (self, point);
                $holds
            }
            fn points() -> Vec<Self::Point> {
                $points
            }
        }
    };
}

// A line of sixteen points, so that its ends and all gaps are met.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tiny(u8);

impl Point for Tiny {
    fn next(self) -> Option<Self> {
        (self.0 < 15).then(|| Self(self.0 + 1))
    }
    fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }
}

set!(IntervalSet<Tiny>, Tiny, (0..16).map(Tiny).collect(), |set, point| set.contains(*point));

fn tiny_ranges() -> impl Strategy<Value = Vec<(Tiny, Tiny)>> {
    vec((0..16_u8, 0..16_u8).prop_map(|(low, high)| (Tiny(low), Tiny(high))), 0..=4)
}

fn lines() -> impl Strategy<Value = IntervalSet<Tiny>> {
    tiny_ranges().prop_map(IntervalSet::from_ranges)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn interval_sets_hold_the_points_of_their_ranges(ranges in tiny_ranges(), more in tiny_ranges()) {
        let set = IntervalSet::from_ranges(ranges.clone());
        let inside = |point: &Tiny| ranges.iter().any(|(low, high)| low <= point && point <= high);
        prop_assert_eq!(set.naive(), IntervalSet::<Tiny>::points().into_iter().filter(inside).collect());
        let one_by_one = ranges.iter().rev().map(|(low, high)| IntervalSet::range(*low, *high));
        prop_assert_eq!(one_by_one.fold(IntervalSet::default(), |all, range| all.union(&range)), set.clone());
        prop_assert_eq!(IntervalSet::from_ranges(set.ranges()), set.clone());
        let other = IntervalSet::from_ranges(more);
        prop_assert_eq!(set.is_subset(&other), set.naive().is_subset(&other.naive()));
        prop_assert_eq!(set.overlaps(&other), !set.naive().is_disjoint(&other.naive()));
    }
}

// Ports: the bounds of ranges, and one port of every gap between two.

type PortPoint = Option<(Protocol, u16)>;
const PORTS: [u16; 6] = [1, 2, 80, 81, 65534, 65535];
const BETWEEN: [u16; 2] = [40, 1000];

fn port_points() -> Vec<PortPoint> {
    let numbers = || PORTS.into_iter().chain(BETWEEN);
    let all = Protocol::ALL.into_iter();
    all.flat_map(|protocol| numbers().map(move |port| Some((protocol, port)))).chain([None]).collect()
}

fn others() -> PortSet {
    Protocol::ALL.iter().fold(PortSet::any(), |rest, own| rest.difference(&PortSet::protocol(*own)))
}

fn has_port(ports: &PortSet, point: &PortPoint) -> bool {
    point.map_or_else(|| others().is_subset(ports), |(protocol, port)| ports.contains(protocol, port))
}

set!(PortSet, PortPoint, port_points(), |set, point| has_port(set, point));

fn port_sets() -> impl Strategy<Value = PortSet> {
    let protocol = || select(Protocol::ALL.to_vec());
    let port = || select(PORTS.to_vec());
    let part = prop_oneof![
        4 => (protocol(), port(), port()).prop_map(|(protocol, low, high)| PortSet::range(protocol, low, high)),
        2 => (protocol(), port()).prop_map(|(protocol, port)| PortSet::port(protocol, port)),
        1 => protocol().prop_map(PortSet::protocol),
        1 => Just(others()),
        1 => Just(PortSet::any()),
    ];
    vec(part, 0..=4).prop_map(|parts| parts.iter().fold(PortSet::none(), |all, part| all.union(part)))
}

/// Reads what `PortSet::items` writes.
fn parse_item(item: &str) -> Option<PortSet> {
    match item {
        "any" => return Some(PortSet::any()),
        "other" => return Some(others()),
        _ => {}
    }
    let Some((protocol, ports)) = item.split_once('/') else {
        return Protocol::parse(item).map(PortSet::protocol);
    };
    let (low, high) = ports.split_once('-').unwrap_or((ports, ports));
    Some(PortSet::range(Protocol::parse(protocol)?, low.parse().ok()?, high.parse().ok()?))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn items_of_port_sets_read_back(ports in port_sets()) {
        let items: Option<Vec<PortSet>> = ports.items().iter().map(|item| parse_item(item)).collect();
        let read = items.map(|items| items.iter().fold(PortSet::none(), |all, item| all.union(item)));
        prop_assert_eq!(read, Some(ports));
    }

    #[test]
    fn port_zero_is_in_no_set(ports in port_sets(), high in any::<u16>()) {
        prop_assert!(Protocol::ALL.iter().all(|protocol| !ports.contains(*protocol, 0)));
        prop_assert!(!PortSet::range(Protocol::Udp, 0, high).contains(Protocol::Udp, 0));
    }
}

// Addresses: a few bits at either end of both families.

fn edge_ips() -> Vec<IpAddr> {
    let v4 = (0..8_u32).chain(u32::MAX - 7..=u32::MAX).map(|bits| IpAddr::V4(bits.into()));
    let v6 = (0..8_u128).chain(u128::MAX - 7..=u128::MAX).map(|bits| IpAddr::V6(bits.into()));
    v4.chain(v6).collect()
}

fn middle_ips() -> [IpAddr; 2] {
    [IpAddr::from([10, 0, 0, 1]), IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])]
}

set!(IpSet, IpAddr, edge_ips().into_iter().chain(middle_ips()).collect(), |set, ip| set.contains(*ip));

fn ip_ranges() -> impl Strategy<Value = Vec<(IpAddr, IpAddr)>> {
    vec((select(edge_ips()), select(edge_ips())), 0..=5)
}

fn ip_sets() -> impl Strategy<Value = IpSet> {
    ip_ranges().prop_map(IpSet::from_ranges)
}

fn cidrs() -> impl Strategy<Value = Vec<IpNet>> {
    let block = (any::<IpAddr>(), any::<u8>()).prop_filter_map("a prefix length", |(ip, length)| {
        IpNet::new(ip, length % 129).ok().map(|net| net.trunc())
    });
    vec(block, 0..=6)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn cidrs_of_ip_sets_read_back_and_are_the_fewest(ranges in ip_ranges(), blocks in cidrs()) {
        let set = IpSet::from_ranges(ranges).union(&blocks.into_iter().collect());
        let cidrs = set.cidrs();
        prop_assert_eq!(cidrs.iter().copied().collect::<IpSet>(), set);
        for (left, right) in cidrs.iter().zip(cidrs.iter().skip(1)) {
            let joins = left.prefix_len() == right.prefix_len() && left.supernet() == right.supernet();
            prop_assert!(!joins || left.supernet().is_none(), "{} and {} are one block", left, right);
            prop_assert!(!left.contains(right) && !right.contains(left));
        }
    }

    #[test]
    fn ip_sets_hold_the_addresses_of_their_blocks(blocks in cidrs(), random in any::<IpAddr>()) {
        let set: IpSet = blocks.iter().copied().collect();
        let bounds = blocks.iter().flat_map(|block| [block.network(), block.broadcast()]);
        for ip in bounds.chain([random]).chain(edge_ips()) {
            prop_assert_eq!(set.contains(ip), blocks.iter().any(|block| block.contains(&ip)), "{}", ip);
        }
    }
}

// Classes: in three words of a bitset, at their ends, and far away.

fn class_points() -> Vec<ClassId> {
    [0, 1, 62, 63, 64, 65, 127, 128, 130, 1000].map(ClassId::new).to_vec()
}

set!(ClassSet, ClassId, class_points(), |set, class| set.contains(*class));

fn class_sets() -> impl Strategy<Value = ClassSet> {
    vec(select(class_points()), 0..=8).prop_map(|classes| classes.into_iter().collect())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn class_sets_list_what_was_put_in(classes in vec(0..300_usize, 0..20), more in class_sets()) {
        let mut set: ClassSet = classes.iter().copied().map(ClassId::new).collect();
        let mut naive: BTreeSet<ClassId> = classes.into_iter().map(ClassId::new).collect();
        set.extend(more.iter());
        naive.extend(more.iter());
        prop_assert!(set.iter().eq(naive.iter().copied()));
        prop_assert_eq!((set.len(), set.first()), (naive.len(), naive.first().copied()));
        prop_assert!(more.is_subset(&set));
        prop_assert_eq!(set.is_subset(&more), naive.iter().all(|class| more.contains(*class)));
    }
}

// Regions, whose operations change them in place.

impl Set for Region {
    type Point = (ClassId, PortPoint);
    fn or(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.add(other.clone());
        all
    }
    fn and(&self, other: &Self) -> Self {
        self.clone().carve_region(other)
    }
    fn minus(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        rest.carve_region(other);
        rest
    }
    fn is_none(&self) -> bool {
        self.is_empty()
    }
    fn holds(&self, (class, port): &Self::Point) -> bool {
        self.ports_of(*class).is_some_and(|ports| has_port(ports, port))
    }
    fn points() -> Vec<Self::Point> {
        let ports = || port_points().into_iter();
        class_points().into_iter().flat_map(|class| ports().map(move |port| (class, port))).collect()
    }
}

fn blocks() -> BoxedStrategy<(ClassSet, PortSet)> {
    (class_sets(), port_sets()).boxed()
}

fn regions() -> impl Strategy<Value = Region> {
    let add = |mut all: Region, (classes, ports)| {
        all.add(Region::block(classes, ports));
        all
    };
    vec(blocks(), 0..=4).prop_map(move |blocks| blocks.into_iter().fold(Region::default(), add))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn carving_returns_what_is_in_both_and_leaves_the_rest(region in regions(), (classes, ports) in blocks()) {
        let mut rest = region.clone();
        let hit = rest.carve(&classes, &ports);
        let in_block = |(class, port): &(ClassId, PortPoint)| classes.contains(*class) && has_port(&ports, port);
        let (inside, outside): (BTreeSet<_>, BTreeSet<_>) = region.naive().into_iter().partition(in_block);
        prop_assert_eq!((hit.naive(), rest.naive()), (inside, outside));
        rest.add(hit);
        prop_assert_eq!(rest, region);
    }

    #[test]
    fn blocks_of_a_region_are_disjoint_and_make_it_up(region in regions()) {
        let (mut all, mut classes) = (Region::default(), ClassSet::default());
        for (own, ports) in region.blocks() {
            prop_assert!(!own.is_empty() && !ports.is_empty());
            prop_assert!(own.intersection(&classes).is_empty());
            classes = classes.union(own);
            all.add(Region::block(own.clone(), ports.clone()));
        }
        prop_assert_eq!((all, classes), (region.clone(), region.classes()));
    }
}
