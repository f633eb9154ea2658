//! Which workload a pod belongs to.

use std::collections::{BTreeMap, HashMap};

use super::object::{Object, ObjectKey, PodObject, WorkloadObject, WorkloadSelector};
use crate::model::selector::Selector;
use crate::objects::meta::{Meta, OwnerReference, group_of};

/// Longest chain of controllers that is followed; real ones have two links.
const LONGEST_CHAIN: usize = 8;

/// Answers which workload owns what, over one set of objects.
pub(crate) struct Owners<'a> {
    items: &'a BTreeMap<ObjectKey, Object>,
    selectors: HashMap<&'a str, Vec<(Selector, ObjectKey)>>,
}

impl<'a> Owners<'a> {
    pub(crate) fn new(items: &'a BTreeMap<ObjectKey, Object>) -> Self {
        let mut owners = Self { items, selectors: HashMap::new() };
        let mut selectors: HashMap<&str, Vec<_>> = HashMap::new();
        for (key, object) in items {
            if let Object::Workload(workload) = object
                && let Some(selector) = selector(workload)
            {
                selectors
                    .entry(&key.namespace)
                    .or_default()
                    .push((selector, owners.of_workload(key, workload)));
            }
        }
        owners.selectors = selectors;
        owners
    }

    /// Returns the workload of a pod: the top of its controller chain or, for a pod that nothing
    /// controls, a workload whose selector selects it.
    pub(crate) fn of_pod(&self, key: &ObjectKey, pod: &PodObject) -> Option<ObjectKey> {
        self.chain_of_pod(key, pod).pop()
    }

    /// Lists the controllers of a pod, the nearest first.
    pub(crate) fn chain_of_pod(&self, key: &ObjectKey, pod: &PodObject) -> Vec<ObjectKey> {
        let labels = &pod.metadata.labels;
        if controller(&pod.metadata).is_some() {
            return self.chain(&key.namespace, &pod.metadata, labels.get("pod-template-hash"));
        }
        let selectors = self.selectors.get(&*key.namespace).into_iter().flatten();
        let selects = |selector: &Selector| selector.matches(|key| labels.get(key).map(String::as_str));
        let found = selectors.into_iter().find(|(selector, _)| selects(selector));
        found.map(|(_, owner)| owner.clone()).into_iter().collect()
    }

    /// Returns the top of a workload's controller chain, itself where nothing controls it.
    pub(crate) fn of_workload(&self, key: &ObjectKey, workload: &WorkloadObject) -> ObjectKey {
        self.chain_of_workload(key, workload).pop().unwrap_or_else(|| key.clone())
    }

    /// Lists the controllers of a workload, the nearest first.
    pub(crate) fn chain_of_workload(
        &self,
        key: &ObjectKey,
        workload: &WorkloadObject,
    ) -> Vec<ObjectKey> {
        let hash = workload.template().metadata.labels.get("pod-template-hash");
        self.chain(&key.namespace, &workload.metadata, hash)
    }

    /// Lists the controllers of an object of which only the metadata was read, the nearest first.
    pub(crate) fn chain_of_owner(&self, key: &ObjectKey, meta: &Meta) -> Vec<ObjectKey> {
        self.chain(&key.namespace, meta, meta.labels.get("pod-template-hash"))
    }

    fn chain(&self, namespace: &str, meta: &Meta, hash: Option<&String>) -> Vec<ObjectKey> {
        let mut chain = Vec::new();
        let mut next = controller(meta);
        while let Some(owner) = next
            && chain.len() < LONGEST_CHAIN
        {
            let key = key_of(namespace, owner);
            next = match self.items.get(&key) {
                Some(Object::Workload(workload)) => controller(&workload.metadata),
                Some(Object::Owner(meta)) => controller(meta),
                _ => {
                    chain.extend([key.clone()].into_iter().chain(deployment_of(&key, hash)));
                    return chain;
                }
            };
            chain.push(key);
        }
        chain
    }
}

/// Returns the Deployment of a ReplicaSet that was not read, by the hash that ends its name.
fn deployment_of(replica_set: &ObjectKey, hash: Option<&String>) -> Option<ObjectKey> {
    let name = replica_set.name.strip_suffix(hash?.as_str())?.strip_suffix('-')?;
    let is_replica_set = replica_set.kind == "ReplicaSet" && !name.is_empty();
    is_replica_set.then(|| ObjectKey::new("apps", "Deployment", &replica_set.namespace, name))
}

/// Returns the controller of an object; a node, which owns its static pods, is not a workload, and one
/// without a kind is nobody.
fn controller(meta: &Meta) -> Option<&OwnerReference> {
    let is_workload = |kind: &str| !kind.is_empty() && kind != "Node";
    meta.owner_references.iter().find(|owner| owner.controller && is_workload(&owner.kind))
}

fn key_of(namespace: &str, owner: &OwnerReference) -> ObjectKey {
    ObjectKey::new(group_of(&owner.api_version), &owner.kind, namespace, &owner.name)
}

/// Returns a workload's selector; one that would select everything is as good as none.
pub(crate) fn selector(workload: &WorkloadObject) -> Option<Selector> {
    let selector = match workload.spec.selector.as_ref()? {
        WorkloadSelector::Selector(selector) => Selector::new(selector),
        WorkloadSelector::Labels(labels) => Selector::of_labels(labels),
    };
    (!selector.is_empty()).then_some(selector)
}
