//! What the network plugin that enforces the policies means for an answer.

use std::collections::BTreeSet;

use crate::answer::caveat::Caveat;
use crate::engine::class::SubjectId;
use crate::engine::network::Network;
use crate::model::cni::NetworkPlugin;
use crate::policy::{Direction, Rule, RuleId};

/// Says what [`caveats`] does for the rules of some subjects.
pub fn caveats_for(network: &Network<'_>, subjects: &BTreeSet<SubjectId>) -> Vec<Caveat> {
    let of = |subject: SubjectId| {
        Direction::ALL.into_iter().flat_map(move |direction| network.governing(subject, direction))
    };
    let rules: BTreeSet<RuleId> =
        subjects.iter().flat_map(|subject| of(*subject)).map(|(rule, _)| rule).collect();
    caveats(network, rules.into_iter().map(|rule| network.rule(rule)))
}

/// Says where the plugin differs from the Kubernetes API for some rules, and that nothing enforces policies
/// where that is so; which plugin does is no limit of an answer, and stands in `doctor`.
pub fn caveats<'a>(network: &Network<'_>, rules: impl IntoIterator<Item = &'a Rule>) -> Vec<Caveat> {
    let plugin = &network.snapshot.plugin;
    let mut caveats: Vec<Caveat> = match plugin {
        NetworkPlugin::NotRecognised => vec![Caveat::NoPlugin],
        NetworkPlugin::Recognised(agent) if !agent.enforces => {
            vec![Caveat::NotEnforced(agent.cni, agent.evidence.clone())]
        }
        NetworkPlugin::Unknown | NetworkPlugin::Given(_) | NetworkPlugin::Recognised(_) => Vec::new(),
    };
    if let Some(cni) = plugin.cni() {
        let rules: Vec<&Rule> = rules.into_iter().collect();
        caveats.extend(
            network
                .profile
                .deviations(plugin.version(), &rules)
                .into_iter()
                .map(|text| Caveat::Deviation(cni, text)),
        );
    }
    caveats
}
