//! Who else looks after an object: a tool that would undo an edit, or be undone by it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::snapshot::LAST_APPLIED;

/// A sign that an object is not the user's alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// What an edit in place does.
    pub weight: Weight,
    /// Who: `Argo CD`.
    pub tool: Box<str>,
    /// What shows it: `annotation argocd.argoproj.io/tracking-id`.
    pub sign: Box<str>,
}

/// What an edit in place does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The tool undoes it at its next run: it is refused.
    Refuse,
    /// Somebody may undo it by hand: it is told.
    Warn,
}

const ARGO: &str = "Argo CD";
const FLUX: &str = "Flux";
const HELM: &str = "Helm";

/// Field managers by the beginning of their names.
const MANAGERS: [(&str, &str); 10] = [
    ("argocd", ARGO),
    ("kustomize-controller", FLUX),
    ("helm-controller", FLUX),
    ("helm", HELM),
    ("fleet", "Fleet"),
    ("HashiCorp", "Terraform"),
    ("Terraform", "Terraform"),
    ("terraform", "Terraform"),
    ("pulumi", "Pulumi"),
    ("configsync", "Config Sync"),
];

/// Annotations and labels by the beginning of their keys.
const KEYS: [(&str, &str); 6] = [
    ("argocd.argoproj.io/", ARGO),
    ("meta.helm.sh/", HELM),
    ("kustomize.toolkit.fluxcd.io/", FLUX),
    ("helm.toolkit.fluxcd.io/", FLUX),
    ("objectset.rio.cattle.io/", "Fleet"),
    ("configsync.gke.io/", "Config Sync"),
];

/// The label that names a tool in words.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Lists who else looks after an object, by its metadata; whom an edit must not contradict first.
pub fn evidence(metadata: &Value) -> Vec<Evidence> {
    let keys = |field: &'static str, word: &'static str| {
        let pairs = metadata.get(field).and_then(Value::as_object).into_iter().flatten();
        pairs.filter_map(move |(key, value)| of_key(word, key, value.as_str().unwrap_or_default()))
    };
    let items = |field| metadata.get(field).and_then(Value::as_array).into_iter().flatten();
    let found: BTreeSet<Evidence> = keys("annotations", "annotation")
        .chain(keys("labels", "label"))
        .chain(items("managedFields").filter_map(of_manager))
        .chain(items("ownerReferences").filter_map(of_owner))
        .collect();
    found.into_iter().collect()
}

fn of_key(word: &str, key: &str, value: &str) -> Option<Evidence> {
    if key == LAST_APPLIED {
        return Some(warn("kubectl apply", format!("{word} {key}")));
    }
    if key == MANAGED_BY {
        let mut known = [HELM, "Terraform", "Pulumi"].into_iter();
        let tool = known.find(|tool| tool.eq_ignore_ascii_case(value))?;
        return Some(refuse(tool, format!("{word} {key}={value}")));
    }
    let (_, tool) = KEYS.into_iter().find(|(start, _)| key.starts_with(start))?;
    Some(refuse(tool, format!("{word} {key}")))
}

fn of_manager(entry: &Value) -> Option<Evidence> {
    let name = entry.get("manager")?.as_str()?;
    let sign = format!("field manager {name}");
    if let Some((_, tool)) = MANAGERS.into_iter().find(|(start, _)| name.starts_with(start)) {
        return Some(refuse(tool, sign));
    }
    // kubectl's own: kubectl, kubectl-edit, kubectl-client-side-apply; not the plugin's.
    let by_hand = name.starts_with("kubectl") && name != "kubectl-netpol";
    by_hand.then(|| warn("kubectl", sign))
}

fn of_owner(owner: &Value) -> Option<Evidence> {
    owner.get("controller")?.as_bool().filter(|is_controller| *is_controller)?;
    let text = |field| owner.get(field).and_then(Value::as_str).unwrap_or("?");
    let (kind, name) = (text("kind"), text("name"));
    Some(refuse(&format!("the controller of {kind} {name}"), format!("owner {kind}/{name}")))
}

fn refuse(tool: &str, sign: String) -> Evidence {
    Evidence { weight: Weight::Refuse, tool: tool.into(), sign: sign.into() }
}

fn warn(tool: &str, sign: String) -> Evidence {
    Evidence { weight: Weight::Warn, tool: tool.into(), sign: sign.into() }
}

/// Says how a tool leaves the fields alone that the plugin writes.
pub fn advice(tool: &str) -> &'static str {
    match tool {
        ARGO => {
            "add to its Application: spec.ignoreDifferences with managedFieldsManagers: [kubectl-netpol], \
             and the sync option RespectIgnoreDifferences=true"
        }
        FLUX => "annotate the object kustomize.toolkit.fluxcd.io/ssa: Merge, in Git",
        HELM => "take the rules into the values of its chart: -o yaml prints them",
        "Terraform" => "list spec[0].egress in lifecycle.ignore_changes of its resource",
        _ => "change the object where it comes from: -o yaml prints it",
    }
}
