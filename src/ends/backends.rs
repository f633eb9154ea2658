//! The pods and addresses behind a Service: by its EndpointSlices, or by its selector.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::end::{End, Member, Who, holders, push_pod};
use super::naming::{name_of, service_endpoint};
use crate::answer::caveat::Caveat;
use crate::answer::endpoint::Endpoint;
use crate::answer::finding::Finding;
use crate::engine::network::Network;
use crate::model::endpoint::Pod;
use crate::model::ips::{Family, IpSet};
use crate::model::service::{Service, ServiceAddress, ServiceId, ServicePort, Slice, TargetPort};
use crate::world::services::{Hop, pods_behind, port_at_pod, port_at_slice};

/// Collects the backends of a Service; of one address of it, those of its family.
pub fn backends_of(network: &Network<'_>, id: ServiceId, address: Option<IpAddr>) -> End {
    let service = network.snapshot.services.at(id);
    let endpoint = service_endpoint(network.snapshot, id);
    let mut found = BackendSearch { network, service, members: Vec::new(), notes: Notes::default() };
    if let ServiceAddress::Name(name) = &service.address {
        found.notes.finding(
            "external-name",
            format!("the Service is another name for {name}: the address behind it decides"),
        );
    } else if service.slices.is_empty() {
        found.by_selector();
    } else {
        found.by_slices();
    }
    found.keep_families(address);
    found.check_headless();
    let BackendSearch { members, notes, .. } = found;
    let caveat = address.map(|ip| Caveat::AddressOf(ip, name_of(&endpoint)));
    End {
        endpoint: Endpoint { ips: address.into_iter().collect(), ..endpoint },
        members,
        caveats: caveat.into_iter().chain(notes.caveats).collect(),
        findings: notes.findings,
        service: Some(id),
    }
}

/// What the user should know about a Service.
#[derive(Default)]
struct Notes {
    caveats: Vec<Caveat>,
    findings: Vec<Finding>,
}

impl Notes {
    fn finding(&mut self, id: &'static str, message: String) {
        self.findings.push(Finding { id, message, rule: None });
    }

    fn no_backends(&mut self, message: &str) {
        self.finding("service-without-backends", format!("{message}: nothing answers"));
    }
}

struct BackendSearch<'a, 'b> {
    network: &'a Network<'b>,
    service: &'a Service,
    members: Vec<Member>,
    notes: Notes,
}

impl<'a> BackendSearch<'a, '_> {
    fn by_selector(&mut self) {
        let Some(selector) = &self.service.selector else {
            let message = "the Service has no selector, and no EndpointSlice of it was read";
            return self.notes.no_backends(message);
        };
        let pods: Vec<_> = pods_behind(self.network.snapshot, self.service).collect();
        let serves = |pod: &Pod| pod.ready || self.service.not_ready_too;
        let ready: Vec<_> = pods.iter().filter(|(_, pod)| serves(pod)).collect();
        match (pods.len(), ready.len()) {
            (0, _) if self.network.rules.unread_pods => {
                return self.notes.caveats.push(Caveat::UnreadBackends);
            }
            (0, _) => return self.notes.no_backends(&format!("no pod has the labels {selector}")),
            (1, 0) => return self.notes.no_backends("its only pod is not ready"),
            (all, 0) => return self.notes.no_backends(&format!("none of its {all} pods is ready")),
            (all, ready) => self.not_ready(all - ready, Caveat::PodsNotReady),
        }
        let mut known: BTreeMap<Vec<Hop>, Arc<[Hop]>> = BTreeMap::new();
        let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
        for (id, pod) in &ready {
            let hops = self.hops_of(pod, &mut missing);
            let hops = Arc::clone(known.entry(hops).or_insert_with_key(|hops| hops.clone().into()));
            let before = self.members.len();
            // One in its node's network is a backend at the addresses of its status only.
            let own: IpSet = pod.ips.iter().copied().collect();
            push_pod(self.network, *id, &own, &mut self.members);
            for member in self.members.iter_mut().skip(before) {
                member.hops = Some(Arc::clone(&hops));
            }
        }
        for (name, count) in missing {
            let message = match (count, ready.len()) {
                (count, all) if count == all => {
                    format!("targetPort {name}: no pod of the Service has a port of this name")
                }
                (count, all) => format!("targetPort {name}: {count} of {all} pods have no such port"),
            };
            self.notes.finding("target-port-unknown", message);
        }
    }

    /// Lists where the ports of the Service lead at a pod, and counts the names that it lacks.
    fn hops_of(&self, pod: &Pod, missing: &mut BTreeMap<&'a str, usize>) -> Vec<Hop> {
        let mut hops = Vec::new();
        for port in &self.service.ports {
            let target = match &port.target {
                _ if self.is_headless() => Some(port.port),
                target => {
                    let found = port_at_pod(self.network.snapshot, pod, port);
                    if let (None, TargetPort::Name(name)) = (found, target) {
                        *missing.entry(name).or_default() += 1;
                    }
                    found
                }
            };
            hops.extend(target.map(|target| Hop::new(port, target)));
        }
        hops
    }

    fn by_slices(&mut self) {
        let not_ready = self.service.slices.iter().map(|slice| slice.not_ready).sum();
        let mut by_hops: BTreeMap<Vec<Hop>, Vec<IpAddr>> = BTreeMap::new();
        for slice in &self.service.slices {
            by_hops.entry(self.hops_of_slice(slice)).or_default().extend(&slice.ips);
        }
        for (hops, ips) in by_hops {
            let hops: Arc<[Hop]> = hops.into();
            let own = holders(self.network, &ips.into_iter().collect()).into_iter();
            self.members.extend(own.map(|member| Member { hops: Some(Arc::clone(&hops)), ..member }));
        }
        if self.members.is_empty() {
            let message = "no address in the EndpointSlices of the Service is ready";
            return self.notes.no_backends(message);
        }
        self.not_ready(not_ready, Caveat::EndpointsNotReady);
        let leads = |port: &ServicePort| {
            let mut hops = self.members.iter().filter_map(|member| member.hops.as_deref()).flatten();
            hops.any(|hop| hop.name == port.name && hop.protocol == port.protocol)
        };
        let lost: Vec<&ServicePort> = self.service.ports.iter().filter(|port| !leads(port)).collect();
        for port in lost {
            let message = format!("port {}: no EndpointSlice has it", port.port);
            self.notes.finding("target-port-unknown", message);
        }
    }

    /// Lists where the ports of the Service lead at the addresses of a slice.
    fn hops_of_slice(&self, slice: &Slice) -> Vec<Hop> {
        let hop = |port: &ServicePort| {
            let target = port_at_slice(slice, port)?;
            Some(Hop::new(port, if self.is_headless() { port.port } else { target }))
        };
        self.service.ports.iter().filter_map(hop).collect()
    }

    /// Tells whether clients come to the backends' own ports.
    fn is_headless(&self) -> bool {
        self.service.address == ServiceAddress::Headless
    }

    fn not_ready(&mut self, count: usize, caveat: fn(usize) -> Caveat) {
        if count > 0 {
            self.notes.caveats.push(caveat(count));
        }
    }

    /// Drops the addresses of families that the Service does not send to.
    fn keep_families(&mut self, address: Option<IpAddr>) {
        let own = match (address, &*self.service.families) {
            (Some(ip), _) => vec![Family::of(ip)],
            (None, []) if self.service.slices.is_empty() => {
                vec![self.network.snapshot.primary_family()]
            }
            (None, []) => return,
            (None, families) => families.to_vec(),
        };
        let had_any = !self.members.is_empty();
        let classes = &self.network.classes;
        self.members
            .retain(|member| classes.family(member.class).is_none_or(|family| own.contains(&family)));
        if had_any && self.members.is_empty() {
            let message = "no pod of the Service has an address of its family";
            self.notes.no_backends(message);
        }
    }

    /// Says where clients of a headless Service do not come to its targetPort.
    fn check_headless(&mut self) {
        if !self.is_headless() {
            return;
        }
        let differs = |port: &&ServicePort| match &port.target {
            TargetPort::Number(number) => *number != port.port,
            TargetPort::Name(_) => self.members.iter().any(|member| {
                let Who::Pod(pod) = member.who else { return false };
                let snapshot = self.network.snapshot;
                port_at_pod(snapshot, snapshot.pods.at(pod), port) != Some(port.port)
            }),
        };
        if let Some(port) = self.service.ports.iter().find(differs) {
            self.notes.caveats.push(Caveat::Headless(port.port, port.target.to_string()));
        }
    }
}
