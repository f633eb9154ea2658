//! Services, and the EndpointSlices that belong to them.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::object::{Object, ObjectKey};
use super::service::{EndpointSliceObject, ServiceObject, ServicePortObject};
use crate::model::arena::Arena;
use crate::model::endpoint::NamespaceId;
use crate::model::ips::{Family, IpSet};
use crate::model::ports::{Protocol, port_number};
use crate::model::selector::Selector;
use crate::model::service::{
    LoadBalancer, OutsideAccess, Service, ServiceAddress, ServicePort, Slice, SlicePort, TargetPort,
};
use crate::model::snapshot::Snapshot;
use crate::objects::object::parse_ip;

/// The label by which an EndpointSlice names its Service.
pub(crate) const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";
/// The label of who writes an EndpointSlice, and the controller that follows selectors.
const MANAGED_BY: (&str, &str) =
    ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");

/// Builds the Services of a snapshot whose namespaces are there.
pub(crate) fn services(items: &BTreeMap<ObjectKey, Object>, snapshot: &Snapshot) -> Arena<Service> {
    let mut slices: HashMap<(&str, &str), Vec<Slice>> = HashMap::new();
    for (key, object) in items {
        if let Object::EndpointSlice(read) = object
            && let Some(service) = read.metadata.labels.get(SERVICE_NAME_LABEL)
        {
            slices.entry((&key.namespace, service)).or_default().push(slice(&key.name, read));
        }
    }
    let built = items.iter().filter_map(|(key, object)| {
        let Object::Service(read) = object else { return None };
        let found = slices.remove(&(&*key.namespace, &*key.name)).unwrap_or_default();
        Some(service(snapshot.namespace(&key.namespace)?, &key.name, read, found))
    });
    built.collect()
}

/// Drops the EndpointSlices that follow selectors: a controller would write them anew after a change.
pub(crate) fn forget_slices_of_controllers(items: &mut BTreeMap<ObjectKey, Object>) {
    items.retain(|_, object| match object {
        Object::EndpointSlice(slice) => {
            slice.metadata.labels.get(MANAGED_BY.0).is_none_or(|writer| writer != MANAGED_BY.1)
        }
        _ => true,
    });
}

fn service(namespace: NamespaceId, name: &str, read: &ServiceObject, slices: Vec<Slice>) -> Service {
    let spec = &read.spec;
    let address = match (&*spec.kind, &*spec.cluster_ip) {
        ("ExternalName", _) => ServiceAddress::Name(spec.external_name.as_str().into()),
        (_, "None") => ServiceAddress::Headless,
        (_, single) => {
            let listed = ips(&spec.cluster_ips);
            let single = parse_ip(single).into_iter().collect();
            ServiceAddress::Own(if listed.is_empty() { single } else { listed })
        }
    };
    let selector = Selector::of_labels(&spec.selector);
    Service {
        namespace,
        name: name.into(),
        families: families(read, &address),
        address,
        ports: spec.ports.iter().filter_map(port).collect(),
        selector: (!selector.is_empty()).then_some(selector),
        not_ready_too: spec.publish_not_ready_addresses,
        slices,
        outside: outside(read),
    }
}

/// Returns the families that a Service sends to, as far as it tells.
fn families(read: &ServiceObject, address: &ServiceAddress) -> Vec<Family> {
    let spec = &read.spec;
    let named = spec.ip_families.iter().filter_map(|name| match &**name {
        "IPv4" => Some(Family::V4),
        "IPv6" => Some(Family::V6),
        _ => None,
    });
    let of_address = match address {
        ServiceAddress::Own(ips) => ips.iter().map(|ip| Family::of(*ip)).collect(),
        ServiceAddress::Headless | ServiceAddress::Name(_) => Vec::new(),
    };
    let named: Vec<Family> = named.collect();
    match (named.is_empty(), of_address.is_empty(), &*spec.ip_family_policy) {
        (true, _, "PreferDualStack" | "RequireDualStack") => Family::ALL.to_vec(),
        (true, false, _) => of_address,
        _ => named,
    }
}

fn port(read: &ServicePortObject) -> Option<ServicePort> {
    let port = port_number(read.port)?;
    Some(ServicePort {
        name: read.name.as_str().into(),
        protocol: Protocol::given(&read.protocol)?,
        port,
        target: match &read.target_port {
            Some(target) if !target.str_val.is_empty() => {
                TargetPort::Name(target.str_val.as_str().into())
            }
            Some(target) => TargetPort::Number(port_number(target.int_val).unwrap_or(port)),
            None => TargetPort::Number(port),
        },
        node_port: port_number(read.node_port),
    })
}

fn outside(read: &ServiceObject) -> OutsideAccess {
    let spec = &read.spec;
    let given = &read.status.load_balancer.ingress;
    let names = given.iter().filter(|ingress| !ingress.hostname.is_empty());
    let ranges = spec.load_balancer_source_ranges.iter();
    let balancer = || LoadBalancer {
        ips: given.iter().filter_map(|ingress| parse_ip(&ingress.ip)).collect(),
        asked: parse_ip(&spec.load_balancer_ip),
        host_names: names.map(|ingress| ingress.hostname.as_str().into()).collect(),
        sources: ranges.filter_map(|range| range.trim().parse::<IpNet>().ok()).collect::<IpSet>(),
    };
    let balanced = spec.kind == "LoadBalancer";
    OutsideAccess {
        node_ports: spec.kind == "NodePort"
            || (balanced && spec.allocate_load_balancer_node_ports != Some(false)),
        load_balancer: balanced.then(balancer),
        external_ips: ips(&spec.external_ips),
        local_only: spec.external_traffic_policy == "Local",
    }
}

fn slice(name: &str, read: &EndpointSliceObject) -> Slice {
    // A slice of host names (addressType FQDN) has no address, and proxies do not read it.
    let is_ready = |ready: &Option<bool>| *ready != Some(false);
    let ready = read.endpoints.iter().filter(|endpoint| is_ready(&endpoint.conditions.ready));
    let ports = read.ports.iter().filter_map(|port| {
        let number = port.port.and_then(port_number);
        let name = port.name.as_str().into();
        Some(SlicePort { name, protocol: Protocol::given(&port.protocol)?, port: number })
    });
    Slice {
        name: name.into(),
        // Of several addresses only the first has a meaning.
        ips: ready.filter_map(|endpoint| parse_ip(endpoint.addresses.first()?)).collect(),
        not_ready: read
            .endpoints
            .iter()
            .filter(|endpoint| !is_ready(&endpoint.conditions.ready))
            .count(),
        ports: ports.collect(),
    }
}

fn ips(list: &[String]) -> Vec<IpAddr> {
    list.iter().filter_map(|ip| parse_ip(ip)).collect()
}
