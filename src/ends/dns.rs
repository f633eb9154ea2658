//! Where pods ask for names, as classes and ports of a network; and whether they may.

use std::collections::BTreeSet;

use crate::ends::end::{End, holders, push_pod};
use crate::ends::target::PortQuery;
use crate::engine::class::ClassId;
use crate::engine::connection::judge;
use crate::engine::network::Network;
use crate::model::ips::IpSet;
use crate::model::ports::{PortSet, Protocol};
use crate::model::service::TargetPort;
use crate::world::pods::selected;
use crate::world::servers::{At, Port, Servers, dns};

/// It is not known where the cluster's DNS is, and no rule opens its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDns;

/// Lists where pods ask for names and may not, or may not for certain; nothing where they may.
///
/// # Errors
/// It is not known where the cluster's DNS is, and no rule opens its port.
pub fn to_open(network: &Network<'_>, end: &End) -> Result<Vec<Servers>, UnknownDns> {
    let sources: BTreeSet<ClassId> = end.members.iter().map(|member| member.class).collect();
    let governed = sources.into_iter().filter(|class| network.subject_of(*class).is_some());
    let sources: Vec<ClassId> = governed.collect();
    let servers = dns(network.snapshot);
    if servers.is_empty() {
        let everywhere = network.classes.classes.iter().map(|(id, _)| id);
        let port = PortSet::port(Protocol::Udp, 53);
        let everywhere: Vec<ClassId> = everywhere.collect();
        let any = |from: &ClassId| everywhere.iter().any(|to| may(network, *from, *to, &port));
        return if sources.iter().all(any) { Ok(Vec::new()) } else { Err(UnknownDns) };
    }
    let is_closed = |servers: &Servers| {
        let to = classes_of(network, &servers.at);
        sources.iter().any(|from| {
            to.iter().any(|to| !may(network, *from, *to, &asked_ports(network, *to, &servers.ports)))
        })
    };
    Ok(servers.into_iter().filter(is_closed).collect())
}

/// Tells whether egress to a class is open for certain at all of some ports.
fn may(network: &Network<'_>, from: ClassId, to: ClassId, ports: &PortSet) -> bool {
    ports.is_subset(&judge(network, from, to, ports, None).egress.open.allowed)
}

/// Lists the classes of servers.
pub fn classes_of(network: &Network<'_>, at: &At) -> BTreeSet<ClassId> {
    let mut members = Vec::new();
    match at {
        At::Addresses(ips) => {
            let ips: IpSet = ips.iter().copied().collect();
            members = holders(network, &ips);
        }
        At::Pods { namespace, selector } => {
            for pod in selected(network.snapshot, namespace, selector) {
                push_pod(network, pod, &IpSet::everything(), &mut members);
            }
        }
    }
    members.into_iter().map(|member| member.class).collect()
}

/// Returns the UDP ports of servers: whoever may ask by UDP asks by TCP only for long answers.
pub fn asked_ports(network: &Network<'_>, to: ClassId, ports: &BTreeSet<Port>) -> PortSet {
    let own = ports.iter().filter(|(protocol, _)| *protocol == Protocol::Udp);
    own.fold(PortSet::none(), |all, (protocol, port)| {
        let query = match port {
            TargetPort::Number(number) => {
                return all.union(&PortSet::port(*protocol, *number));
            }
            TargetPort::Name(name) => {
                PortQuery::Name { name: name.to_string(), protocol: Some(*protocol) }
            }
        };
        all.union(&query.resolve(network, to))
    })
}
