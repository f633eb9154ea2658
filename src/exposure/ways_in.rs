//! Ways in from outside the cluster: what leads to a destination, and what policies let through.

use super::view::View;
use super::{direct as exposure_direct, findings as exposure_findings, routes as exposure_routes};
use crate::answer::finding::Finding;
use crate::ends::end::End;
use crate::ends::target::PortQuery;
use crate::engine::network::Network;
use crate::exposure::way::Exposure;

/// Lists the ways in to a destination, or to some ports of it.
pub fn exposures(network: &Network<'_>, destination: &End, port: Option<&PortQuery>) -> Vec<Exposure> {
    let view = View::new(network, destination, port);
    let direct = exposure_direct::by_services(&view).into_iter().chain(exposure_direct::by_pods(&view));
    direct.chain(exposure_routes::by_routes(&view)).collect()
}

/// Checks the Ingresses and routes of the destination's namespaces, and those that lead to it.
pub fn findings(network: &Network<'_>, destination: &End) -> Vec<Finding> {
    exposure_findings::findings(&View::new(network, destination, None))
}
