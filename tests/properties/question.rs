//! A random cluster as the engine sees it, and the questions that can be asked about it.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use netpol::engine::class::{ClassId, SubjectId};
use netpol::engine::class_set::ClassSet;
use netpol::engine::decide::{Piece, PieceVerdict, decide};
use netpol::engine::network::Network;
use netpol::engine::region::Region;
use netpol::engine::row::Row;
use netpol::model::ports::{PortSet, Protocol};
use netpol::model::snapshot::Snapshot;
use netpol::policy::{self, Direction, Profile, Rules};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;

use crate::reference::cluster::{Cluster, End, Packet, Port, Way};
use crate::reference::generate::clusters;
use crate::reference::network_policy::{Answer, Judgement, Reference};

/// A cluster, read by the real loader.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    /// Addresses outside, chosen to be at and beside the bounds of blocks, and some at random.
    pub(crate) outside: Vec<IpAddr>,
    pub(crate) snapshot: Snapshot,
    pub(crate) rules: Rules,
    /// Addresses of which each lies in other blocks.
    pub(crate) places: Vec<IpAddr>,
}

/// One cell of the map: what a subject may do, in a direction, with one class at one port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    pub(crate) way: Way,
    pub(crate) packet: Packet<'a>,
    pub(crate) subject: SubjectId,
    pub(crate) class: ClassId,
}

/// Returns random worlds.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    (clusters(), vec(any::<IpAddr>(), 3), vec(any::<Index>(), 10)).prop_map(
        |(cluster, random, picks)| {
            let bounds: Vec<IpAddr> = cluster.bounds().into_iter().collect();
            let picked = picks.iter().filter(|_| !bounds.is_empty()).map(|pick| *pick.get(&bounds));
            let outside: BTreeSet<IpAddr> = picked.chain(random).collect();
            World::new(cluster, outside.into_iter().collect())
        },
    )
}

/// Shows what the snapshot and the rules were made from.
impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#?}\noutside: {:?}", self.cluster, self.outside)
    }
}

impl World {
    pub(crate) fn new(cluster: Cluster, outside: Vec<IpAddr>) -> Self {
        let snapshot = cluster.objects().assemble();
        let rules = policy::translate(&snapshot);
        let places = cluster.places();
        Self { cluster, outside, snapshot, rules, places }
    }

    pub(crate) fn network(&self) -> Network<'_> {
        Network::build(&self.snapshot, Profile::of(&self.snapshot.plugin), self.rules.clone())
    }

    /// Returns the reference; `unaddressed` says how it reads blocks for what has no address.
    pub(crate) fn reference(&self, unaddressed: Answer) -> Reference<'_> {
        Reference { cluster: &self.cluster, places: &self.places, truth: None, unaddressed }
    }

    /// Lists the cells at which a verdict can change, one for each packet that can be sent.
    pub(crate) fn cells(&self, network: &Network<'_>) -> Vec<Cell<'_>> {
        let ports = self.cluster.interesting_ports();
        let questions =
            || Way::BOTH.into_iter().flat_map(|way| ports.iter().map(move |port| (way, *port)));
        let pairs = self.pairs(network).into_iter();
        pairs.flat_map(|pair| questions().map(move |(way, port)| pair.at(way, port))).collect()
    }

    fn pairs(&self, network: &Network<'_>) -> Vec<Pair<'_>> {
        let ends = self.cluster.ends(&self.outside);
        let classed: Vec<(End<'_>, ClassId)> =
            ends.into_iter().filter_map(|end| Some((end, class_of(network, end)?))).collect();
        let governed =
            classed.iter().filter_map(|(end, class)| Some((*end, network.subject_of(*class)?)));
        let with_others = governed.flat_map(|(own, subject)| {
            let reachable = classed.iter().filter(move |(other, _)| own.can_reach(*other));
            reachable.map(move |(other, class)| Pair { own, subject, other: *other, class: *class })
        });
        with_others.collect()
    }
}

/// A pod that policies govern, and another end that it can talk to.
struct Pair<'a> {
    own: End<'a>,
    subject: SubjectId,
    other: End<'a>,
    class: ClassId,
}

impl<'a> Pair<'a> {
    fn at(&self, way: Way, port: Port) -> Cell<'a> {
        let (source, destination) = match way {
            Way::In => (self.other, self.own),
            Way::Out => (self.own, self.other),
        };
        let packet = Packet { source, destination, port };
        Cell { way, packet, subject: self.subject, class: self.class }
    }
}

/// Finds the class of an end.
pub(crate) fn class_of(network: &Network<'_>, end: End<'_>) -> Option<ClassId> {
    let pod = match end {
        End::Address(ip) => return network.classes.outside(ip),
        End::Pod(pod, _) => pod,
    };
    let namespace = network.snapshot.namespace(&pod.namespace)?;
    let mut pods = network.snapshot.pods.iter();
    let (id, _) = pods.find(|(_, read)| read.namespace == namespace && *read.name == *pod.name)?;
    let mut own = network.addresses_of(id);
    let is_it = |(class, ip): &(ClassId, Option<IpAddr>)| {
        *ip == end.ip() && network.classes.family(*class) == end.family()
    };
    own.find(is_it).map(|(class, _)| class)
}

pub(crate) fn direction(way: Way) -> Direction {
    match way {
        Way::In => Direction::Ingress,
        Way::Out => Direction::Egress,
    }
}

/// Returns the set of one port.
pub(crate) fn port_set(port: Port) -> PortSet {
    match port {
        Port::Number(protocol, number) => PortSet::port(protocol, number),
        Port::Other => Protocol::ALL
            .into_iter()
            .fold(PortSet::any(), |rest, protocol| rest.difference(&PortSet::protocol(protocol))),
    }
}

/// Returns the question about everything.
pub(crate) fn everything(network: &Network<'_>) -> Region {
    Region::block(network.classes.all().clone(), PortSet::any())
}

impl Cell<'_> {
    pub(crate) fn direction(&self) -> Direction {
        direction(self.way)
    }

    /// Returns the question about this cell alone.
    pub(crate) fn region(&self) -> Region {
        Region::block(ClassSet::from_iter([self.class]), port_set(self.packet.port))
    }

    /// Tells whether the cell is in a set.
    pub(crate) fn is_in(&self, region: &Region) -> bool {
        let Some(ports) = region.ports_of(self.class) else { return false };
        match self.packet.port {
            Port::Number(protocol, number) => ports.contains(protocol, number),
            Port::Other => port_set(Port::Other).is_subset(ports),
        }
    }

    /// Returns what a row shows of the cell.
    pub(crate) fn in_row(&self, row: &Row) -> Judgement {
        match (self.is_in(&row.allowed), self.is_in(&row.unsure)) {
            (allowed, false) => Judgement::of(allowed),
            (allowed, true) => Judgement { may_be_allowed: true, may_be_denied: !allowed },
        }
    }

    /// Lists the pieces that hold the cell.
    pub(crate) fn pieces<'p>(&self, pieces: &'p [Piece]) -> Vec<&'p Piece> {
        pieces.iter().filter(|piece| self.is_in(&piece.region)).collect()
    }
}

impl From<PieceVerdict> for Judgement {
    fn from(verdict: PieceVerdict) -> Self {
        Self::of(verdict == PieceVerdict::Allow)
    }
}

/// Judges everything that one subject may do in one direction.
pub(crate) fn pieces_of(network: &Network<'_>, subject: SubjectId, direction: Direction) -> Vec<Piece> {
    decide(network, Some(subject), direction, everything(network), &mut ())
}
