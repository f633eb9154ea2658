//! What limits an answer: what is not known, and what the network plugin does otherwise.

use crate::answer::caveat::Caveat;
use crate::answer::plugin;
use crate::engine::decide::Doubt;
use crate::engine::network::Network;
use crate::policy::Direction;

/// Lists the limits of whatever is told of all connections, or of one direction of them.
pub(crate) fn limits(network: &Network<'_>, direction: Option<Direction>) -> Vec<Caveat> {
    let rules = &network.rules;
    let mut limits: Vec<Caveat> = Vec::new();
    let isolates = |direction| rules.isolations.values().any(|own| own.direction == direction);
    let own_node = network.profile.own_node.contains(&Direction::Ingress);
    if own_node && isolates(Direction::Ingress) && direction != Some(Direction::Egress) {
        limits.push(Caveat::OwnNodeNotListed);
    }
    for doubt in network.doubts() {
        limits.push(match doubt {
            Doubt::Address => Caveat::NoAddressListed,
            doubt => Caveat::Doubt(doubt),
        });
    }
    limits.extend(plugin::caveats(network, rules.rules.values()));
    limits
}
