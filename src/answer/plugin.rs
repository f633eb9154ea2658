//! What the network plugin that enforces the policies means for an answer.

use std::collections::BTreeSet;

use crate::engine::class::SubjectId;
use crate::engine::network::Network;
use crate::model::cni::NetworkPlugin;
use crate::policy::{Direction, Rule, RuleId};

/// Names the plugin, and where it differs from the Kubernetes API for the rules of some subjects.
pub fn caveats_for(network: &Network<'_>, subjects: &BTreeSet<SubjectId>) -> Vec<String> {
    let of = |subject: SubjectId| {
        Direction::ALL.into_iter().flat_map(move |direction| network.governing(subject, direction))
    };
    let rules: BTreeSet<RuleId> =
        subjects.iter().flat_map(|subject| of(*subject)).map(|(rule, _)| rule).collect();
    caveats(network, rules.into_iter().map(|rule| network.rule(rule)))
}

/// Names the plugin, and where it differs from the Kubernetes API for some rules.
pub fn caveats<'a>(network: &Network<'_>, rules: impl IntoIterator<Item = &'a Rule>) -> Vec<String> {
    let plugin = &network.snapshot.plugin;
    let mut caveats: Vec<String> = match plugin {
        NetworkPlugin::Unknown | NetworkPlugin::Given(_) => Vec::new(),
        NetworkPlugin::NotRecognised => {
            vec!["no network plugin was recognised: policies may not be enforced".to_owned()]
        }
        NetworkPlugin::Recognised(agent) if agent.enforces => {
            vec![format!("policies are enforced by {} ({})", agent.cni, agent.evidence)]
        }
        NetworkPlugin::Recognised(agent) => {
            vec![format!("policies are NOT enforced: {} ({})", agent.cni, agent.evidence)]
        }
    };
    if let Some(cni) = plugin.cni() {
        let rules: Vec<&Rule> = rules.into_iter().collect();
        caveats.extend(
            network
                .profile
                .deviations(plugin.version(), &rules)
                .into_iter()
                .map(|text| format!("{cni}: {text}")),
        );
    }
    caveats
}
