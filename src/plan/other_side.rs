//! What `--both-sides` wrote for a Service, as far as nothing else needs it.

use super::allowance::other_side;
use super::changes::Changes;
use super::opening::service_target;
use crate::cluster::apply::PolicyName;
use crate::edit::service::{Backends, backends};
use crate::ends::end::End;
use crate::ends::find::find_end;
use crate::ends::target::Target;
use crate::engine::network::Network;
use crate::model::ports::ProtocolPort;
use crate::model::service::ServiceId;
use crate::model::snapshot::{PolicyObject, Snapshot};
use crate::policy::{Direction, network_policy};

/// A source, and the Service that it is to reach no more.
pub struct OtherSide<'a> {
    /// The source, as it is named.
    pub source: &'a Target,
    /// The namespace of names that give none.
    pub namespace: &'a str,
    /// The Service.
    pub service: ServiceId,
    /// Its port.
    pub port: ProtocolPort,
}

impl OtherSide<'_> {
    /// Finds the policies that open the ingress of the Service for the source, and for nothing else: without
    /// one of them, the same would be written again. None where another policy of the source's namespace that
    /// stays leads to the Service.
    pub fn written(&self, before: &Network<'_>, changes: &Changes) -> Vec<PolicyName> {
        let snapshot = before.snapshot;
        let (destination, _) = service_target(snapshot, self.service);
        if self.is_opened(snapshot, changes) {
            return Vec::new();
        }
        let namespace = destination.namespace();
        let is_candidate = |own: &&PolicyObject| {
            own.namespace.as_deref() == namespace.as_deref()
                && own.metadata.is_managed()
                && network_policy::governed(own, Direction::Egress).is_none()
        };
        let is_it = |own: &&PolicyObject| {
            let without = Network::with_changes(snapshot, &[], std::slice::from_ref(*own));
            let Some(source) = self.source_in(&without) else { return false };
            let again = other_side(&without, &source, (&destination, self.port), &[]);
            again.is_ok_and(|again| {
                again.is_some_and(|again| again.spec.as_ref() == network_policy::spec_of(own))
            })
        };
        let name = |own: &PolicyObject| PolicyName {
            namespace: own.namespace.as_deref().unwrap_or_default().to_owned(),
            name: own.name.to_string(),
        };
        snapshot.policies.iter().filter(is_candidate).filter(is_it).map(name).collect()
    }

    fn source_in(&self, network: &Network<'_>) -> Option<End> {
        find_end(network, self.source, self.namespace).ok()
    }

    /// Tells whether a policy that stays has the rule that opens the Service.
    fn is_opened(&self, snapshot: &Snapshot, changes: &Changes) -> bool {
        let backends = backends(snapshot, self.service, self.port, None);
        let Ok(Backends::Pods(rule)) = backends else { return false };
        let stays = |own: &&PolicyObject| {
            own.namespace.as_deref() == Some(self.namespace)
                && !changes.deleted.iter().any(|gone| *gone.name.name == *own.name)
        };
        let specs = snapshot.policies.iter().filter(stays).filter_map(network_policy::spec_of);
        let mut egress = specs.flat_map(|spec| spec.egress.iter().flatten());
        egress.any(|own| *own == rule)
    }
}
