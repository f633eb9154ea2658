//! A connection between two classes: what both of its halves allow.

use std::collections::BTreeSet;

use super::class_set::ClassSet;
use super::decide::{Doubt, Observer, Piece, PieceVerdict, Why, decide};
use super::network::Network;
use super::region::Region;
use crate::engine::class::{ClassId, SubjectId};
use crate::model::ports::PortSet;
use crate::policy::{Direction, IsolationId, RuleId};

/// Why no policy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exempt {
    /// A pod to its own address: the packets never leave it.
    SamePod,
    /// One end is the node of the other, in a direction that the network plugin always lets through
    /// (kubelet probes).
    OwnNode,
    /// The end is a node, a host-network pod or an address: no policy governs it.
    NotGoverned,
}

/// The ports that something leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpenPorts {
    /// Those that are allowed for certain.
    pub allowed: PortSet,
    /// Those that may be allowed.
    pub unsure: PortSet,
}

impl OpenPorts {
    /// Joins the halves of a connection: what the egress of the source and the ingress of the
    /// destination both allow.
    pub fn both(egress: &Self, ingress: &Self) -> Self {
        let allowed = egress.allowed.intersection(&ingress.allowed);
        let possible = egress.possible().intersection(&ingress.possible());
        Self { unsure: possible.difference(&allowed), allowed }
    }

    /// Returns those that are or may be allowed.
    pub fn possible(&self) -> PortSet {
        self.allowed.union(&self.unsure)
    }

    /// Tells whether none is or may be allowed.
    pub fn is_empty(&self) -> bool {
        self.allowed.is_empty() && self.unsure.is_empty()
    }

    /// Returns those that are among some ports.
    pub fn among(&self, ports: &PortSet) -> Self {
        Self { allowed: self.allowed.intersection(ports), unsure: self.unsure.intersection(ports) }
    }
}

/// Tells whether packets can pass: the addresses are of one family, as far as is known.
pub fn compatible(network: &Network<'_>, source: ClassId, destination: ClassId) -> bool {
    let families = (network.classes.family(source), network.classes.family(destination));
    !matches!(families, (Some(source), Some(destination)) if source != destination)
}

/// Both directions of a connection between two classes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JudgedConnection {
    /// The ports that were asked.
    pub asked: PortSet,
    /// Those that are open.
    pub open: OpenPorts,
    /// What the policies of the source say.
    pub egress: HalfJudged,
    /// What the policies of the destination say.
    pub ingress: HalfJudged,
}

/// One direction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HalfJudged {
    /// The ports that it opens.
    pub open: OpenPorts,
    /// Why no policy was asked.
    pub exempt: Option<Exempt>,
    /// What decided the allowed ports; what denied, where none is.
    pub why: Why,
    /// The rules that govern the subject.
    pub rules: Vec<Asked>,
    /// The isolations that hold for it.
    pub isolations: Vec<(IsolationId, Option<Doubt>)>,
    /// Why the verdict is not certain.
    pub doubts: BTreeSet<Doubt>,
}

/// A rule that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The rule.
    pub rule: RuleId,
    /// Whether it matches some of the question for certain.
    pub hit: bool,
    /// Whether it may match some more.
    pub unsure: bool,
}

/// Judges the asked ports of a connection from one class to another.
pub fn judge(
    network: &Network<'_>,
    source: ClassId,
    destination: ClassId,
    asked: &PortSet,
    exempt: Option<Exempt>,
) -> JudgedConnection {
    let egress = half(network, Direction::Egress, source, destination, asked, exempt);
    let ingress = half(network, Direction::Ingress, destination, source, asked, exempt);
    JudgedConnection {
        asked: asked.clone(),
        open: OpenPorts::both(&egress.open, &ingress.open),
        egress,
        ingress,
    }
}

fn half(
    network: &Network<'_>,
    direction: Direction,
    subject: ClassId,
    peer: ClassId,
    asked: &PortSet,
    exempt: Option<Exempt>,
) -> HalfJudged {
    let governed = network.subject_of(subject);
    let exempt = exempt.filter(|exempt| match exempt {
        Exempt::OwnNode => governed.is_some() && network.profile.own_node.contains(&direction),
        Exempt::SamePod | Exempt::NotGoverned => true,
    });
    let exempt = exempt.or(governed.is_none().then_some(Exempt::NotGoverned));
    let subject = governed.filter(|_| exempt.is_none());
    let mut watch = Watch::default();
    let pieces = ask(network, subject, direction, peer, asked, &mut watch);
    let ports = |wanted: &dyn Fn(&&Piece) -> bool| {
        let found = pieces.iter().filter(wanted).flat_map(|piece| piece.region.blocks());
        found.fold(PortSet::none(), |ports, (_, own)| ports.union(own))
    };
    let deciding = pieces.iter().find(|piece| piece.verdict == PieceVerdict::Allow).or(pieces.first());
    HalfJudged {
        open: OpenPorts {
            allowed: ports(&|piece| piece.verdict == PieceVerdict::Allow && piece.doubt.is_none()),
            unsure: ports(&|piece| piece.doubt.is_some()),
        },
        exempt,
        why: deciding.map_or(Why::Default, |piece| piece.why),
        rules: watch.rules,
        isolations: watch.isolations,
        doubts: pieces.iter().filter_map(|piece| piece.doubt).collect(),
    }
}

fn ask(
    network: &Network<'_>,
    subject: Option<SubjectId>,
    direction: Direction,
    peer: ClassId,
    asked: &PortSet,
    watch: &mut Watch,
) -> Vec<Piece> {
    let question = Region::block(ClassSet::from_iter([peer]), asked.clone());
    decide(network, subject, direction, question, watch)
}

/// Remembers every rule and isolation that a decision asks.
#[derive(Default)]
struct Watch {
    rules: Vec<Asked>,
    isolations: Vec<(IsolationId, Option<Doubt>)>,
}

impl Observer for Watch {
    fn asked(
        &mut self,
        _: &Network<'_>,
        rule: RuleId,
        must: &dyn Fn() -> Region,
        maybe: &dyn Fn() -> Region,
    ) {
        self.rules.push(Asked { rule, hit: !must().is_empty(), unsure: !maybe().is_empty() });
    }

    fn isolated(&mut self, isolation: IsolationId, doubt: Option<Doubt>) {
        self.isolations.push((isolation, doubt));
    }
}
