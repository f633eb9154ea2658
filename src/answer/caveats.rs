//! What limits an answer: what is not known, and what the network plugin does otherwise.

use crate::answer::plugin;
use crate::engine::decide::Doubt;
use crate::engine::network::Network;
use crate::policy::Direction;

/// Says why a verdict is not certain.
pub fn doubt_text(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Address => "a pod has no address yet: whether a rule by ipBlock matches it is not known",
        Doubt::ControllerLabels => {
            "a rule selects by labels that controllers set: pods from a template do not show them"
        }
        Doubt::NamespaceLabels => {
            "a rule selects by labels of a namespace that was not read: whether it matches is not known"
        }
        Doubt::UnreadPods => "pods were not read: an address may be that of a pod that policies govern",
        Doubt::Unjudged => "policies that were not read or judged may decide (see the gaps)",
    }
}

/// Lists the limits of whatever is told of all connections, or of one direction of them.
pub(crate) fn limits(network: &Network<'_>, direction: Option<Direction>) -> Vec<String> {
    let rules = &network.rules;
    let mut limits: Vec<String> = Vec::new();
    let isolates = |direction| rules.isolations.values().any(|own| own.direction == direction);
    let own_node = network.profile.own_node.contains(&Direction::Ingress);
    if own_node && isolates(Direction::Ingress) && direction != Some(Direction::Egress) {
        limits.push("ingress from a pod's own node is always allowed and not listed".to_owned());
    }
    for doubt in network.doubts() {
        limits.push(match doubt {
            Doubt::Address => {
                "pods without an address are listed as if no ipBlock held them, unless it holds every \
                 address"
                    .to_owned()
            }
            doubt => doubt_text(doubt).to_owned(),
        });
    }
    limits.extend(plugin::caveats(network, rules.rules.values()));
    limits
}
