//! A snapshot file says all that was read: whatever is empty, false or absent stays so.

use std::collections::BTreeMap;

use netpol::files::manifests::{self, ReadOptions};
use netpol::files::saved;
use netpol::objects::object::{Object, ObjectKey, Objects, WorkloadObject, WorkloadSelector};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};

use crate::config;
use crate::wire::{labels, metadata, pods, services, slices};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_snapshot_file_is_read_back_as_it_was(items in vec(objects(), 0..6)) {
        let items: BTreeMap<ObjectKey, Object> = (0..).zip(items).map(|(number, item)| key(number, item)).collect();
        let objects = Objects { items, ..Objects::default() };
        let folder = tempfile::tempdir()?;
        let path = [folder.path().join("saved.json").display().to_string()];
        saved::save(&objects, &path.concat())?;
        let read = manifests::read(&path, ReadOptions::of("default"))?;
        prop_assert_eq!(read.items, objects.items);
        prop_assert_eq!(read.gaps, objects.gaps);
    }
}

fn key(number: u32, object: Object) -> (ObjectKey, Object) {
    let (group, kind) = match object {
        Object::Pod(_) => ("", "Pod"),
        Object::Service(_) => ("", "Service"),
        Object::EndpointSlice(_) => ("discovery.k8s.io", "EndpointSlice"),
        Object::Workload(_) => ("apps", "Deployment"),
        _ => ("", "Namespace"),
    };
    (ObjectKey::new(group, kind, "shop", &format!("own-{number}")), object)
}

fn objects() -> impl Strategy<Value = Object> {
    prop_oneof![
        pods().prop_map(|pod| Object::Pod(Box::new(pod))),
        services().prop_map(|service| Object::Service(Box::new(service))),
        slices().prop_map(|slice| Object::EndpointSlice(Box::new(slice))),
        workloads().prop_map(|workload| Object::Workload(Box::new(workload))),
        metadata().prop_map(Object::Namespace),
    ]
}

fn workloads() -> impl Strategy<Value = WorkloadObject> {
    let selector = option::of(labels().prop_map(WorkloadSelector::Labels));
    let parts = (metadata(), pods(), selector, option::of(any::<u32>()), option::of(any::<u32>()));
    parts.prop_map(|(metadata, pod, selector, replicas, parallelism)| {
        let mut workload = WorkloadObject { metadata, ..WorkloadObject::default() };
        (workload.spec.selector, workload.spec.replicas) = (selector, replicas);
        workload.spec.parallelism = parallelism;
        (workload.spec.template.metadata, workload.spec.template.spec) = (pod.metadata, pod.spec);
        workload
    })
}
