//! What comes in numbers is read alike from protobuf and from JSON.

use std::collections::BTreeMap;
use std::fmt::Debug;

use netpol::objects::meta::{Meta, OwnerReference};
use netpol::objects::object::{
    Condition, Container, ContainerPort, Ip, NodeAddress, NodeObject, NodeStatus, PodObject, PodSpec,
    PodStatus,
};
use netpol::objects::service::{
    EndpointSliceObject, LoadBalancerIngress, LoadBalancerStatus, PortNumberOrName, ServiceObject,
    ServicePortObject, ServiceSpec, ServiceStatus, SliceConditions, SliceEndpoint, SlicePortObject,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Strategy, TestCaseError, any, prop_assert_eq, prop_oneof, proptest};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::config;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn pods_are_the_same_in_both_forms(pod in pods()) {
        is_read_alike(&pod)?;
    }

    #[test]
    fn nodes_are_the_same_in_both_forms(metadata in metadata(), addresses in vec(texts2(), 0..3)) {
        let addresses = addresses.into_iter().map(|(kind, address)| NodeAddress { kind, address });
        let status = NodeStatus { addresses: addresses.collect() };
        is_read_alike(&NodeObject { metadata, status })?;
    }

    #[test]
    fn services_are_the_same_in_both_forms(service in services()) {
        is_read_alike(&service)?;
    }

    #[test]
    fn endpoint_slices_are_the_same_in_both_forms(slice in slices()) {
        is_read_alike(&slice)?;
    }

    /// A server that is newer sends fields of which nobody here has heard.
    #[test]
    fn fields_that_are_not_known_are_skipped(pod in pods(), text in text(), number in any::<u64>()) {
        let mut bytes = pod.encode_to_vec();
        prost::encoding::string::encode(2000, &text, &mut bytes);
        prost::encoding::uint64::encode(2001, &number, &mut bytes);
        prop_assert_eq!(&PodObject::decode(&*bytes)?, &pod);
        let mut value = serde_json::to_value(&pod).map_err(failed)?;
        for place in ["", "/spec"] {
            let fields = value.pointer_mut(place).and_then(Value::as_object_mut);
            let unheard = json!({"text": text, "number": number});
            fields.map(|fields| fields.insert("unheardOf".to_owned(), unheard));
        }
        prop_assert_eq!(&serde_json::from_value::<PodObject>(value).map_err(failed)?, &pod);
    }

    /// No bytes that a server may send end the program.
    #[test]
    fn any_bytes_are_an_object_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        let _ = PodObject::decode(&*bytes);
        let _ = ServiceObject::decode(&*bytes);
        let _ = EndpointSliceObject::decode(&*bytes);
    }
}

fn failed(error: impl std::fmt::Display) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

fn is_read_alike<T>(object: &T) -> Result<(), TestCaseError>
where
    T: Message + Default + PartialEq + Debug + Serialize + DeserializeOwned,
{
    let json = serde_json::to_string(object).map_err(failed)?;
    let from_json: T = serde_json::from_str(&json).map_err(failed)?;
    let from_protobuf = T::decode(&*object.encode_to_vec()).map_err(failed)?;
    prop_assert_eq!(&from_protobuf, object);
    prop_assert_eq!(&from_json, object);
    Ok(())
}

fn text() -> impl Strategy<Value = String> + Clone {
    "\\PC{0,6}"
}

fn texts2() -> impl Strategy<Value = (String, String)> {
    (text(), text())
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..3)
}

pub(crate) fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(text(), text(), 0..4)
}

pub(crate) fn metadata() -> impl Strategy<Value = Meta> {
    let owner = (texts2(), text(), any::<bool>()).prop_map(|((api_version, kind), name, controller)| {
        OwnerReference { api_version, kind, name, controller }
    });
    (texts2(), texts2(), labels(), vec(owner, 0..3)).prop_map(
        |((name, generate_name), (namespace, resource_version), labels, owner_references)| Meta {
            name,
            generate_name,
            namespace,
            labels,
            resource_version,
            owner_references,
        },
    )
}

fn containers() -> impl Strategy<Value = Vec<Container>> {
    let numbers = (any::<i32>(), any::<i32>());
    let port = (texts2(), numbers, text()).prop_map(|((name, protocol), (number, host), host_ip)| {
        ContainerPort {
            name,
            container_port: i64::from(number),
            protocol,
            host_port: i64::from(host),
            host_ip,
        }
    });
    let container = (vec(port, 0..3), text())
        .prop_map(|(ports, restart_policy)| Container { ports, restart_policy });
    vec(container, 0..3)
}

fn ips() -> impl Strategy<Value = Vec<Ip>> {
    vec(text().prop_map(|ip| Ip { ip }), 0..3)
}

pub(crate) fn pods() -> impl Strategy<Value = PodObject> {
    let spec = (text(), any::<bool>(), containers(), containers()).prop_map(
        |(node_name, host_network, containers, init_containers)| PodSpec {
            node_name,
            host_network,
            containers,
            init_containers,
        },
    );
    let condition = texts2().prop_map(|(kind, status)| Condition { kind, status });
    let status = (text(), texts2(), ips(), ips(), vec(condition, 0..3)).prop_map(
        |(phase, (pod_ip, host_ip), pod_ips, host_ips, conditions)| PodStatus {
            phase,
            pod_ip,
            pod_ips,
            host_ip,
            host_ips,
            conditions,
        },
    );
    (metadata(), spec, status).prop_map(|(metadata, spec, status)| PodObject { metadata, spec, status })
}

pub(crate) fn services() -> impl Strategy<Value = ServiceObject> {
    let target = prop_oneof![
        any::<i32>().prop_map(|int_val| PortNumberOrName { int_val, str_val: String::new() }),
        "\\PC{1,6}".prop_map(|str_val| PortNumberOrName { int_val: 0, str_val }),
    ];
    let port = (texts2(), any::<i32>(), option::of(target), any::<i32>()).prop_map(
        |((name, protocol), port, target_port, node_port)| ServicePortObject {
            name,
            protocol,
            port,
            target_port,
            node_port,
        },
    );
    let first = (vec(port, 0..3), labels(), texts2(), texts(), texts());
    let second = (texts2(), texts(), texts2(), any::<bool>(), texts(), option::of(any::<bool>()));
    let spec = (first, second).prop_map(|(first, second)| {
        let (ports, selector, (cluster_ip, kind), cluster_ips, external_ips) = first;
        let (one, ranges, two, publish_not_ready_addresses, ip_families, allocate) = second;
        ServiceSpec {
            ports,
            selector,
            cluster_ip,
            cluster_ips,
            kind,
            external_ips,
            load_balancer_ip: one.0,
            load_balancer_source_ranges: ranges,
            external_name: one.1,
            external_traffic_policy: two.0,
            publish_not_ready_addresses,
            ip_families,
            ip_family_policy: two.1,
            allocate_load_balancer_node_ports: allocate,
        }
    });
    let ingress = texts2().prop_map(|(ip, hostname)| LoadBalancerIngress { ip, hostname });
    let status = vec(ingress, 0..3)
        .prop_map(|ingress| ServiceStatus { load_balancer: LoadBalancerStatus { ingress } });
    (metadata(), spec, status).prop_map(|(metadata, spec, status)| ServiceObject {
        metadata,
        spec,
        status,
    })
}

pub(crate) fn slices() -> impl Strategy<Value = EndpointSliceObject> {
    let endpoint = (texts(), option::of(any::<bool>())).prop_map(|(addresses, ready)| SliceEndpoint {
        addresses,
        conditions: SliceConditions { ready },
    });
    let port = (texts2(), option::of(any::<i32>()))
        .prop_map(|((name, protocol), port)| SlicePortObject { name, protocol, port });
    (metadata(), text(), vec(endpoint, 0..3), vec(port, 0..3)).prop_map(
        |(metadata, address_type, endpoints, ports)| EndpointSliceObject {
            metadata,
            address_type,
            endpoints,
            ports,
        },
    )
}
